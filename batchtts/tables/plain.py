"""The rows of a file of lines: each is a text."""

from __future__ import annotations

from collections.abc import Iterator

from batchtts.errors import Problem
from batchtts.model import Place
from batchtts.tables.lines import TOO_LONG, Lines, Row, TooLongError

__all__ = ["line_rows"]


def line_rows(lines: Lines, shown: str) -> Iterator[Row | Problem]:
    """Yield a row with the column ``text`` for each line that is not blank."""
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            lines.row_chars = 0
            if lines.fault is not None:
                yield lines.fault
                lines.fault = None
            elif words := line.strip():
                yield number, {"text": words}, ()
    except TooLongError:
        yield Problem(Place(shown, number + 1), TOO_LONG)
