"""The lines of a table, streamed, with the first fault among them."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import TextIO

from batchtts.errors import Problem
from batchtts.model import Place

__all__ = ["MAX_ROW_CHARS", "TOO_LONG", "Lines", "Row", "TooLongError"]

MAX_ROW_CHARS = 16 * 1024 * 1024  # also of one line
TOO_LONG = f"a row is longer than {MAX_ROW_CHARS:,} characters"

Row = tuple[int, dict[str, str], tuple[str, ...]]
"""The line a row begins on, its cells by column, and the names of the columns
that hold a list or an object in this row. A plain tuple: there may be millions."""

_BLOCK_CHARS = 64 * 1024
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


class TooLongError(Exception):
    """A line, or a row of many lines, goes on beyond the cap."""


class Lines:
    """The lines of a file, block by block, with the first fault among them.

    Whole blocks are searched for what no line may hold; only in a block where
    something was found the lines are looked at one by one. So there is no
    Python code between the file and the row, which doubles the speed.
    """

    def __init__(self, file: TextIO, shown: str, newline: str) -> None:
        """Read ``file``; ``newline`` is what ends a line, empty for any."""
        self._file = file
        self._shown = shown
        self._newline = newline
        self._given = 0  # lines
        self.fault: Problem | None = None
        self.row_chars = 0  # read since the reader of the rows last set it to 0

    def __iter__(self) -> Iterator[str]:
        """Yield the lines with their ends; raise TooLongError past the cap."""
        return itertools.chain.from_iterable(map(self._split, self._blocks()))

    def take_fault(self) -> Problem | None:
        """Return the fault found since the last call."""
        fault, self.fault = self.fault, None
        return fault

    def _blocks(self) -> Iterator[str]:
        """Yield the file in pieces that end where a line ends."""
        rest = ""
        # Asking for as much as there is already keeps a long line linear.
        while block := self._file.read(max(_BLOCK_CHARS, len(rest))):
            self.row_chars += len(block)
            if self.row_chars > MAX_ROW_CHARS:
                raise TooLongError
            block = rest + block
            end = block.rfind("\n") + 1
            if not end and not self._newline:
                end = block.rfind("\r", 0, -1) + 1  # the last may be half of CR LF
            rest = block[end:]
            if end:
                yield block[:end]
        if rest:
            yield rest

    def _split(self, block: str) -> Iterator[str]:
        lines = io.StringIO(block, newline=self._newline).readlines()
        self._given += len(lines)
        if _is_clean(block):
            return iter(lines)
        return self._examined(lines, self._given - len(lines))

    def _examined(self, lines: Sequence[str], before: int) -> Iterator[str]:
        for number, line in enumerate(lines, before + 1):
            if self.fault is None and (found := _UNREADABLE.search(line)):
                place = Place(self._shown, number, found.start() + 1)
                self.fault = _unreadable(found.group(), place)
            yield line


def _is_clean(block: str) -> bool:
    if "\0" in block:
        return False
    if block.isascii():
        return True
    try:
        block.encode()  # many times faster than searching for surrogates
    except UnicodeEncodeError:
        return False
    return True


def _unreadable(character: str, place: Place) -> Problem:
    if character == "\0":
        return Problem(place, "a NUL character stands in the table", "remove it")
    byte = ord(character) & 0xFF
    return Problem(place, f"the byte 0x{byte:02X} is not UTF-8", "save it as UTF-8")
