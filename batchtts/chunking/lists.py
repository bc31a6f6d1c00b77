"""Find the items of a list that stands in one line: "1. Salt 2. Bread"."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["items"]

_BULLETS = "\u2022\u2043\u2023\u25e6\u25aa\u00b7\u25cf\u2013-"
_FIRST = re.compile(rf"[{_BULLETS}]?[ ]?(\d{{1,3}}|[a-z])(\.\)|\)|\.)[ ]")
_REACH = 2000  # characters after an item in which the next is looked for


def items(text: str, start: int, end: int) -> Iterator[int]:
    """Give where the second and later items start of a list that starts a line.

    Items are numbered or lettered, each one more than the one before, and all
    with the same mark; else there is no list.
    """
    found = _FIRST.match(text, start, end)
    if found is None:
        return
    label, mark = found.group(1), found.group(2)
    bullet = text[start : found.start(1)]
    position = found.end()
    while True:
        label = str(int(label) + 1) if label.isdigit() else chr(ord(label) + 1)
        item = text.find(
            f" {bullet}{label}{mark} ", position, min(end, position + _REACH)
        )
        if item < 0:
            return
        position = item + 1
        yield position
