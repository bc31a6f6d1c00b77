"""The lines of a lock: one JSON object each, its first key saying what it is.

A *file* is an output with all that decides its bytes, and its checksum; a *shared*
one is a file that many readings went into. What many
files have in common stands once, in a line that they name by its digest: how they
were *spoken* (the engine and its parameters), how they *sound* (format, pauses,
loudness, rule of mixing), and by which *codecs* they were written, which is told
but decides nothing. A *take* is a person's wish for another reading of a chunk, a
*pin* for a recording in its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from batchtts.lock.marks import digest, mark_of

__all__ = [
    "HEADER",
    "Definition",
    "DefinitionKind",
    "FileLine",
    "Line",
    "Made",
    "PinLine",
    "SharedLine",
    "TakeLine",
    "body",
    "definition",
    "line_of",
    "made_of",
    "written",
]

VERSION = 1

DefinitionKind = Literal["speech", "sound", "codecs"]


@dataclass(frozen=True, slots=True)
class Definition:
    """What many files have in common."""

    kind: DefinitionKind
    id: str
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What the file of a reading is to be made of.

    ``words`` is the digest of what is spoken, ``cut`` the rules of cutting,
    ``chunks`` are `Mark`s as they are written.
    """

    text: str
    voice: str
    words: str
    cut: str
    chunks: tuple[str, ...]
    speech: str
    sound: str
    tags: Mapping[str, str] = field(default_factory=dict)

    def sounds_as(self, other: Made) -> bool:
        """Tell whether the other's file has the same bytes, by the same codecs."""
        return (self.sound, self.chunks, self.tags) == (
            other.sound,
            other.chunks,
            other.tags,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """An output file of one reading, and what it was made of.

    ``facts`` are what else the report tells of the file: its size, length and
    levels, and takes in doubt.
    """

    path: str  # from the job's folder, with slashes
    made: Made
    codecs: str
    sha256: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLine:
    """An output file that many readings went into, such as an audiobook.

    ``key`` stands for all that decides its bytes.
    """

    path: str
    key: str
    sha256: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeLine:
    """Another reading of a chunk of a text, asked for by a person."""

    request: str  # the beginning of the fingerprint of its first take
    text: str
    voice: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PinLine:
    """A recording to be used in the place of a chunk's take."""

    request: str
    text: str
    voice: str
    recording: str  # its path from the job's folder, with slashes
    sha256: str


Line = Definition | FileLine | SharedLine | TakeLine | PinLine


def definition(kind: DefinitionKind, content: Mapping[str, object]) -> Definition:
    """Return what files have in common, under the digest of its content."""
    name = digest(json.dumps([kind, content], sort_keys=True))
    return Definition(kind, name, content)


def written(line: Line) -> str:
    """Return a line as it stands in the lock, without its end."""
    if isinstance(line, Definition):
        return _json({line.kind: line.id, **line.content})
    if isinstance(line, SharedLine):
        head = {"shared": line.path, "key": line.key, "sha256": line.sha256}
        return _json({**head, **line.facts})
    if isinstance(line, TakeLine):
        return _json(
            {
                "take": line.request,
                "text": line.text,
                "voice": line.voice,
                "number": line.number,
            }
        )
    if isinstance(line, PinLine):
        return _json(
            {
                "pin": line.request,
                "text": line.text,
                "voice": line.voice,
                "recording": line.recording,
                "sha256": line.sha256,
            }
        )
    return _json(
        {
            "file": line.path,
            **body(line.made),
            "codecs": line.codecs,
            "sha256": line.sha256,
            **line.facts,
        }
    )


def body(made: Made) -> dict[str, object]:
    """Return the part of a file's line that says what it was made of."""
    return {
        "text": made.text,
        "voice": made.voice,
        "words": made.words,
        "cut": made.cut,
        "chunks": made.chunks,
        "speech": made.speech,
        "sound": made.sound,
        **({"tags": dict(made.tags)} if made.tags else {}),
    }


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
        sound=take.text("sound"),
        tags=tags,
    )


def _shared(values: dict[str, Any]) -> SharedLine:
    take = _Taker(values)
    return SharedLine(
        path=take.text("shared"),
        key=take.text("key"),
        sha256=take.text("sha256"),
        facts=values,
    )


def _take(values: dict[str, Any]) -> TakeLine:
    take = _Taker(values)
    number = values.get("number")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError('"number" is not a number from 1 up')
    return TakeLine(
        request=take.text("take"),
        text=take.text("text"),
        voice=take.text("voice"),
        number=number,
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


def _texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def _json(values: Mapping[str, object]) -> str:
    # Not `visible_json`: what it escapes more makes no difference to a reader, and
    # a lock has many lines. Line ends, which would, are escaped by JSON itself.
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return text if text.isprintable() else json.dumps(values, separators=(",", ":"))


HEADER = _json({"lock": "batchtts", "version": VERSION})
