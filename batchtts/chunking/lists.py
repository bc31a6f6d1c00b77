"""Find the items of a list that stands in one line: "1. Salt 2. Bread"."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

__all__ = ["items", "starts_item"]

_BULLETS = "\u2022\u2043\u2023\u25e6\u25aa\u00b7\u25cf\u2013-"
_FIRST = re.compile(rf"[{_BULLETS}]?[ ]?(\d{{1,3}}|[a-z]|I)(\.\)|\)|\.)[ ]")
_ROMAN = "II III IV V VI VII VIII IX X XI XII XIII XIV XV".split()  # noqa: SIM905
_ITEM = re.compile(
    rf"[*{_BULLETS}][ ]|\(?(?:\d{{1,3}}|[^\W\d_]|[ivx]{{2,5}}|[IVX]{{2,5}})\.?\)[ ]"
    r"|(?:\d{1,3}(?:\.\d{1,3}){0,3}|[a-z]|[ivx]{2,5}|[IVX]{2,5})\.[ ]"
)
_REACH = 2000  # characters after an item in which the next is looked for


def starts_item(text: str, position: int) -> bool:
    """Whether the line that starts at ``position`` is an item of a list."""
    return _ITEM.match(text, position) is not None


def items(text: str, start: int, end: int) -> Iterator[int]:
    """Give where the second and later items start of a list that starts a line.

    Items are numbered, in Roman letters too, or lettered, each one more than the
    one before, and all with the same mark; else there is no list.
    """
    found = _FIRST.match(text, start, end)
    if found is None:
        return
    label, mark = found.group(1), found.group(2)
    bullet = text[start : found.start(1)]
    position = found.end()
    for later in _labels(label):
        reach = min(end, position + _REACH)
        item = text.find(f" {bullet}{later}{mark} ", position, reach)
        if item < 0:
            return
        position = item + 1
        yield position


def _labels(first: str) -> Iterator[str]:
    """Give the labels after the first one; "i" counts in Roman letters."""
    if first.isdigit():
        yield from map(str, itertools.count(int(first) + 1))
    elif first in "iI":
        yield from _ROMAN if first == "I" else map(str.lower, _ROMAN)
    else:
        yield from map(chr, range(ord(first) + 1, ord("z") + 1))
