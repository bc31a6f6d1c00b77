"""The rows of a JSON Lines file: one object a line."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from batchtts.errors import Problem
from batchtts.model import Place
from batchtts.tables.lines import TOO_LONG, Lines, Row, TooLongError

__all__ = ["json_rows"]

_SURROGATE = re.compile("[\ud800-\udfff]")


class _JsonError(Exception):
    """Something the json module would take and JSON does not have."""


def json_rows(lines: Lines, shown: str) -> Iterator[Row | Problem]:
    """Yield the row of each line, and a Problem for each unusable one."""
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            lines.row_chars = 0
            if lines.fault is not None:
                yield lines.fault
                lines.fault = None
            elif not line.isspace():
                yield _json_row(line, Place(shown, number))
    except TooLongError:
        yield Problem(Place(shown, number + 1), TOO_LONG)


def _json_row(line: str, place: Place) -> Row | Problem:
    values: object
    try:
        values = _DECODER.decode(line.rstrip("\r\n"))
    except json.JSONDecodeError as exc:
        place = Place(place.file, place.line, exc.colno)
        return Problem(place, f"the line is not JSON: {_lower(exc.msg)}")
    except _JsonError as exc:
        return Problem(place, str(exc))
    except RecursionError:
        return Problem(place, "lists or objects are nested too deeply")
    if not isinstance(values, dict):
        return Problem(place, "the line is not an object", "write {...} on every line")
    nested = tuple(k for k, v in values.items() if isinstance(v, dict | list))
    cells = {k: _written(v) for k, v in values.items() if k not in nested}
    if "\\u" in line and any(map(_SURROGATE.search, (*cells, *cells.values()))):
        half = "half of a surrogate pair stands in the line"
        return Problem(place, half, "write the character itself")
    return place.line or 0, cells, nested


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _written(value: object) -> str:
    """Return a scalar as the file has it; numbers are read as text already."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return "true" if value else "false"


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = Counter(name for name, _ in pairs)
        twice = next(name for name, times in names.items() if times > 1)
        raise _JsonError(f'the name "{twice}" stands twice in an object')
    return made


def _no_constant(name: str) -> str:
    raise _JsonError(f"{name} is not JSON, write null or a text in quotes")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_constant=_no_constant,
    parse_float=str,
    parse_int=str,
)
