"""How the lock writes down the chunks that a file was made of.

``9f86d081884c7d65:187s`` is one of 187 characters, white space included, that
ends with a sentence; the digits begin the fingerprint of its request. ``#2``
after it is the number of a retake, ``=`` and 16 digits are those of a recording
that stands in for the take. A chunk with nothing to speak is ``-:3P``.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from batchtts.model import Boundary

__all__ = ["PREFIX", "Mark", "digest", "mark_of"]

PREFIX = 16  # digits of a fingerprint that tell it from all others of a job

_LETTERS = {
    Boundary.END: "e",
    Boundary.SECTION: "S",
    Boundary.PARAGRAPH: "P",
    Boundary.LINE: "L",
    Boundary.SENTENCE: "s",
    Boundary.CLAUSE: "c",
    Boundary.WORD: "w",
    Boundary.GRAPHEME: "g",
}
_BOUNDARIES = {letter: boundary for boundary, letter in _LETTERS.items()}
_MARK = re.compile(
    rf"(-|[0-9a-f]{{{PREFIX}}}):([1-9]\d{{0,8}})([{''.join(_BOUNDARIES)}])"
    rf"(?:#([1-9]\d{{0,8}}))?(?:=([0-9a-f]{{{PREFIX}}}))?"
)


class Mark(NamedTuple):
    """A chunk as the lock knows it."""

    request: str  # the beginning of its first take's fingerprint; empty: none
    length: int  # characters (code points)
    boundary: Boundary
    take: int = 0
    recording: str = ""  # the beginning of its SHA-256; empty: the engine spoke

    def __str__(self) -> str:
        """Give what is written."""
        take = f"#{self.take}" if self.take else ""
        recording = f"={self.recording}" if self.recording else ""
        letter = _LETTERS[self.boundary]
        return f"{self.request or '-'}:{self.length}{letter}{take}{recording}"


def mark_of(written: str) -> Mark:
    """Read what `Mark` writes. Raises ValueError where it is something else."""
    found = _MARK.fullmatch(written)
    if found is None:
        raise ValueError(f'"{written}" does not describe a chunk')
    request, length, letter, take, recording = found.groups()
    return Mark(
        request.removeprefix("-"),
        int(length),
        _BOUNDARIES[letter],
        int(take or 0),
        recording or "",
    )


def digest(content: str) -> str:
    """Name some content by the beginning of its SHA-256."""
    data = content.encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:PREFIX]
