"""Which split a row belongs to: decided by the row alone, so that it never moves."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from batchtts.corpora import Splits
from batchtts.outputs.datasets.rows import Row

__all__ = ["group_of", "split_of", "words_of"]

_SPAN = 1 << 64
_WORDS = re.compile("[0-9a-z]+")


def split_of(row: Row, splits: Splits) -> str:
    """Return the split of a row."""
    if row.voice in splits.held_out:
        return splits.held_out[row.voice]
    seeded = f"{splits.seed}\0{group_of(row, splits.by)}"
    digest = hashlib.sha256(seeded.encode("utf-8", "surrogatepass")).digest()
    point = int.from_bytes(digest[:8], "big")
    whole = sum(splits.shares.values())
    below = 0.0
    for name, share in splits.shares.items():
        below += share
        if point < below / whole * _SPAN:
            return name
    return tuple(splits.shares)[-1]  # rounding left a hair beyond the last border


def group_of(row: Row, by: str) -> str:
    """Return what stands for all rows that may not be parted from this one.

    Texts that differ in case, punctuation or spacing only are one group.
    """
    if by == "voice":
        return row.voice
    if by != "text":
        return row.columns.get(by, "")
    return " ".join(words_of(row.normalised)) or row.normalised


def words_of(text: str) -> list[str]:
    """Return the words of a text, without case and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if folded.isascii():
        return _WORDS.findall(folded)
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
    return kept.split()
