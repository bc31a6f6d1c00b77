"""What a line of a lock says, read and looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, cast, get_args

from batchtts.lock.lines import (
    VERSION,
    DatasetLine,
    Definition,
    DefinitionKind,
    FileLine,
    Line,
    Made,
    PartLine,
    PieceLine,
    PinLine,
    SharedLine,
    TakeLine,
)
from batchtts.lock.marks import mark_of

__all__ = ["line_of", "made_of"]


def line_of(content: str) -> Line | None:
    """Read a line; None for the first one, which only says what this is.

    Raises ValueError where it is not a line of a lock, or of a later kind.
    """
    values = json.loads(content)
    if not isinstance(values, dict) or not values:
        raise ValueError("it is not an object")
    kind = next(iter(values))
    if kind == "lock":
        if values.get("version") != VERSION:
            raise ValueError("it was written by a later version of batchtts")
        return None
    if kind not in _READERS:
        raise ValueError(f'a line "{kind}" is not known')
    return _READERS[kind](values)


def _file(values: dict[str, Any]) -> FileLine:
    take = _Taker(values)
    return FileLine(
        path=take.text("file"),
        made=made_of(values),
        codecs=take.text("codecs"),
        sha256=take.text("sha256"),
        facts=values,
    )


def made_of(values: dict[str, Any]) -> Made:
    """Take what `body` gives out of ``values``. Raises ValueError."""
    take = _Taker(values)
    chunks = values.pop("chunks", ())
    tags = values.pop("tags", {})
    if not isinstance(chunks, list) or not _texts(chunks):
        raise ValueError('"chunks" is not a list of texts')
    if not isinstance(tags, dict) or not _texts(tags.values()):
        raise ValueError('"tags" is not an object of texts')
    for chunk in chunks:
        mark_of(chunk)
    return Made(
        text=take.text("text"),
        voice=take.text("voice"),
        words=take.text("words"),
        cut=take.text("cut"),
        chunks=tuple(chunks),
        speech=take.text("speech"),
        sound=take.text("sound") if "sound" in values else "",
        tags=tags,
    )


def _shared(values: dict[str, Any]) -> SharedLine:
    take = _Taker(values)
    return SharedLine(
        path=take.text("shared"),
        key=take.text("key"),
        about=take.object("about"),
        sha256=take.text("sha256"),
        facts=values,
    )


def _part(values: dict[str, Any]) -> PartLine:
    take = _Taker(values)
    return PartLine(of=take.text("of"), key=take.text("part"), made=made_of(values))


def _dataset(values: dict[str, Any]) -> DatasetLine:
    take = _Taker(values)
    return DatasetLine(path=take.text("dataset"), about=take.object("about"))


def _piece(values: dict[str, Any]) -> PieceLine:
    take = _Taker(values)
    return PieceLine(
        path=take.text("piece"),
        of=take.text("of"),
        sha256=take.text("sha256"),
        bytes=take.number("bytes", least=0),
    )


def _take(values: dict[str, Any]) -> TakeLine:
    take = _Taker(values)
    return TakeLine(
        request=take.text("take"),
        text=take.text("text"),
        voice=take.text("voice"),
        number=take.number("number", least=1),
    )


def _pin(values: dict[str, Any]) -> PinLine:
    take = _Taker(values)
    return PinLine(
        request=take.text("pin"),
        text=take.text("text"),
        voice=take.text("voice"),
        recording=take.text("recording"),
        sha256=take.text("sha256"),
    )


def _definition(values: dict[str, Any]) -> Definition:
    kind = next(name for name in get_args(DefinitionKind) if name in values)
    name = _Taker(values).text(kind)
    return Definition(cast("DefinitionKind", kind), name, values)


_READERS: dict[str, Callable[[dict[str, Any]], Line]] = {
    "file": _file,
    "shared": _shared,
    "dataset": _dataset,
    "part": _part,
    "piece": _piece,
    "take": _take,
    "pin": _pin,
    "speech": _definition,
    "sound": _definition,
    "codecs": _definition,
}


class _Taker:
    """Takes values out of a line."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        """Return a text. Raises ValueError where there is none."""
        value = self._values.pop(name, None)
        if isinstance(value, str):
            return value
        raise ValueError(f'"{name}" is missing or not a text')

    def object(self, name: str) -> dict[str, object]:
        """Return an object. Raises ValueError where there is none."""
        value = self._values.pop(name, {})
        if isinstance(value, dict):
            return value
        raise ValueError(f'"{name}" is not an object')

    def number(self, name: str, *, least: int) -> int:
        """Return a whole number. Raises ValueError where there is none."""
        value = self._values.pop(name, None)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        raise ValueError(f'"{name}" is not a number from {least} up')


def _texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)
