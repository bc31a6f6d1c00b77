"""Put letters and their marks together, in time that grows as the text does."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

__all__ = ["composed"]

_MARKS = re.compile(r"[^\w\s\x00-\x7f]{32,}")


def composed(text: str) -> str:
    """Give ``text`` in Unicode's form NFC."""
    return unicodedata.normalize("NFC", _MARKS.sub(_ordered, text))


def _ordered(found: re.Match[str]) -> str:
    """Put the marks of a long run into their canonical order.

    Python brings each mark to its place by stepping over those before it, which
    for a text of marks alone, a file to do harm, takes hours. Marks that stand
    in their order already it only passes.
    """
    marks = "".join(unicodedata.normalize("NFD", mark) for mark in found.group())
    ordered: list[str] = []
    for _, run in groupby(marks, key=lambda char: unicodedata.combining(char) > 0):
        ordered += sorted(run, key=unicodedata.combining)
    return "".join(ordered)
