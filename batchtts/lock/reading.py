"""Read a lock, line by line, one that git could not merge as well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from batchtts.errors import JobError, Problem
from batchtts.files import local_errors
from batchtts.lock.lines import Line
from batchtts.lock.parsing import line_of
from batchtts.model import Place

__all__ = ["Found", "read_lock"]

_MOST_BYTES = 1 << 24  # in one line
_OURS, _BASE, _MIDDLE, _THEIRS = b"<<<<<<< ", b"||||||| ", b"=======", b">>>>>>> "


@dataclass(frozen=True, slots=True)
class Found:
    """A line with its number. ``line`` None: a mark of a conflict stands there."""

    number: int
    line: Line | None


def read_lock(path: Path) -> Iterator[Found]:
    """Yield the lines of a lock.

    Between git's marks of a conflict the lines of both sides are yielded, those
    of their common ancestor are not. Raises JobError that names the line where
    something else stands, and LocalError where the file cannot be read.
    """
    with local_errors("cannot read the lock"), path.open("rb") as file:
        yield from read_lines(file, path.name)


def read_lines(file: IO[bytes], shown: str) -> Iterator[Found]:
    """Yield the lines of a lock that is open; see `read_lock`."""
    in_base = False
    number = 0
    while raw := file.readline(_MOST_BYTES):
        number += 1
        if raw.startswith((_OURS, _BASE, _THEIRS)) or raw.rstrip() == _MIDDLE:
            in_base = raw.startswith(_BASE)
            if raw.startswith(_OURS):
                yield Found(number, None)
            continue
        if in_base or raw.isspace():
            continue
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            line = line_of(text.rstrip())
        except json.JSONDecodeError as exc:
            place = Place(shown, number, exc.colno)
            raise JobError([_damaged(place, "it is not JSON")]) from exc
        except (ValueError, RecursionError) as exc:
            raise JobError([_damaged(Place(shown, number), _reason(exc))]) from exc
        if line is not None:
            yield Found(number, line)


def _reason(exc: Exception) -> str:
    if isinstance(exc, UnicodeDecodeError):
        return "it is not UTF-8"
    return "it is nested too deeply" if isinstance(exc, RecursionError) else str(exc)


def _damaged(place: Place, reason: str) -> Problem:
    return Problem(
        place,
        f"this line of the lock cannot be used: {reason}",
        "restore the file from version control; without it, `batchtts run` "
        "writes a new one",
    )
