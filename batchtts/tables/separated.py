"""The rows of a CSV or TSV file (RFC 4180, the separator aside)."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from batchtts.errors import Problem
from batchtts.model import Place
from batchtts.tables.lines import TOO_LONG, Lines, Row, TooLongError

__all__ = ["MAX_CELL_CHARS", "separated_rows"]

MAX_CELL_CHARS = 1024 * 1024

if TYPE_CHECKING:
    from _csv import Reader

_QUOTE = 'a quote inside a quoted cell is written twice: ""'
_OPEN_QUOTE = "is a quote left open?"

# Part of what the csv module says, and what a person is told.
_REASONS = {
    "field limit": (
        f"a cell is longer than {MAX_CELL_CHARS:,} characters",
        _OPEN_QUOTE,
    ),
    "unexpected end": ("a quote is opened and not closed", _QUOTE),
    "expected after": ("words follow the closing quote of a cell", _QUOTE),
}


def separated_rows(lines: Lines, shown: str, separator: str) -> Iterator[Row | Problem]:
    """Yield the rows under the header, and a Problem for each unusable one."""
    csv.field_size_limit(MAX_CELL_CHARS)
    source = iter(lines)
    reader = csv.reader(())
    try:
        first = next(source, "")
        if separator == "," and _by_semicolons(first):
            separator = ";"
        every = itertools.chain([first], source)
        reader = csv.reader(every, delimiter=separator, strict=True)
        header = next((c for c in reader if c and not _names_the_separator(c)), [])
    except (csv.Error, TooLongError) as exc:
        yield lines.take_fault() or _broken(Place(shown, 1), exc)
        return
    place = Place(shown, max(reader.line_num, 1))
    if problem := lines.take_fault() or _header_problem(place, header):
        yield problem
        return
    yield from _data_rows(reader, header, lines, shown)


def _by_semicolons(first: str) -> bool:
    """Tell by its first line a table of the kind that spreadsheets write.

    Where the comma is for decimals they put semicolons between the cells, and
    some a line ``sep=;`` on top.
    """
    return ";" in first and "," not in first


def _names_the_separator(cells: list[str]) -> bool:
    return cells == ["sep=", ""]


def _data_rows(
    reader: Reader, header: list[str], lines: Lines, shown: str
) -> Iterator[Row | Problem]:
    width = len(header)
    while True:
        line = reader.line_num + 1
        try:
            for cells in reader:
                lines.row_chars = 0
                if lines.fault is not None:
                    yield lines.fault
                    lines.fault = None
                elif len(cells) == width:
                    # As long as each other; `strict=` would cost a fifth of the speed.
                    yield line, dict(zip(header, cells)), ()  # noqa: B905 -- above
                elif cells:
                    yield _width_problem(Place(shown, line), cells, header)
                line = reader.line_num + 1
        except (csv.Error, TooLongError) as exc:
            yield lines.take_fault() or _broken(Place(shown, line), exc)
            if not _can_go_on(exc):
                return
        else:
            return


def _can_go_on(exc: Exception) -> bool:
    """Tell whether the next line after a broken row is the start of a row."""
    return isinstance(exc, csv.Error) and "field limit" not in str(exc)


def _header_problem(place: Place, header: list[str]) -> Problem | None:
    if not header:
        return Problem(place, "the table is empty", "its first line names the columns")
    for name, times in Counter(header).items():
        if name and times > 1:
            return Problem(place, f'{times} columns are called "{name}"', "rename them")
    return None


def _width_problem(place: Place, cells: list[str], header: list[str]) -> Problem:
    return Problem(
        place,
        f"the row has {_count(len(cells), 'cell')},"
        f" the table {_count(len(header), 'column')}",
        "a cell with a separator in it is written in quotes"
        if len(cells) > len(header)
        else "is a cell missing?",
    )


def _broken(place: Place, exc: Exception) -> Problem:
    """Say in a person's words why the csv module cannot go on with a row."""
    if isinstance(exc, TooLongError):
        return Problem(place, TOO_LONG, _OPEN_QUOTE)
    reason = str(exc)
    known = (said for part, said in _REASONS.items() if part in reason)
    message, hint = next(known, (f"the row cannot be read: {reason}", ""))
    return Problem(place, message, hint)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
