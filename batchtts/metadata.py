"""What is written into an audiobook beside its sound."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "MOST_COMMENT_CHAPTERS",
    "MOST_PICTURE_BYTES",
    "Label",
    "Mark",
    "Metadata",
    "Picture",
    "picture_type",
]

MOST_PICTURE_BYTES = 2**24 - 2**8
"""The largest cover that every kind of file can hold: a FLAC's block has 16 MiB."""

MOST_COMMENT_CHAPTERS = 999
"""How many chapters Opus and FLAC hold: they have three digits, counted from 1."""

_YEAR = re.compile(r"\d{4}")
_DAY = re.compile(r"\d{4}-(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What is known of a book; empty is unknown.

    ``author`` and ``narrator`` may name several people, with commas between.
    """

    title: str
    author: str = ""
    narrator: str = ""
    series: str = ""
    series_index: str = ""  # "2", "2.5"
    description: str = ""
    date: str = ""  # YYYY, YYYY-MM or YYYY-MM-DD
    publisher: str = ""
    language: str = ""  # "en", "en-GB", "eng"
    genre: str = "Audiobook"

    @property
    def year(self) -> str:
        """Return the year of the date, if there is one."""
        found = _YEAR.match(self.date)
        return found.group() if found else ""

    @property
    def day_and_month(self) -> str:
        """Return the date's day and month as DDMM, if it has both."""
        found = _DAY.match(self.date)
        return found.group(2) + found.group(1) if found else ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A cover."""

    data: bytes
    media_type: Literal["image/jpeg", "image/png"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter's place in a file: where it begins, in samples."""

    title: str
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Everything that one file says of itself.

    The metadata's title is the file's: the book's, or the chapter's in a book of
    several files, of which ``album`` is the book and ``track`` the number and how
    many there are. ``language`` is in three letters (ISO 639-2), empty if not
    known. Marks are in order, the first at 0.
    """

    metadata: Metadata
    album: str
    language: str = ""
    track: tuple[int, int] | None = None
    picture: Picture | None = None
    marks: tuple[Mark, ...] = ()


def picture_type(data: bytes) -> Literal["image/jpeg", "image/png"] | None:
    """Tell which of the two kinds of picture that players show this is, if any."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/png" if data.startswith(b"\x89PNG\r\n\x1a\n") else None
