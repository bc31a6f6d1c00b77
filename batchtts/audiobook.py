"""What a job asks of an audiobook, and of a book to read along with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from batchtts import names
from batchtts.metadata import MOST_COMMENT_CHAPTERS, Metadata
from batchtts.model import Output, Sharing
from batchtts.profiles import PROFILES, Profile

__all__ = ["CHAPTER_FIELDS", "AudiobookOutput", "ReadAlongOutput", "Spacing"]

CHAPTER_FIELDS = frozenset({"chapter", "id", "index", "title"})
"""The fields of a path that are another one for each chapter of a book."""

_IN_PATHS = (
    "author",
    "date",
    "language",
    "narrator",
    "publisher",
    "series",
    "series_index",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spacing:
    """What is heard where nobody speaks: before, between and after chapters."""

    head_s: float = 0.0
    gap_s: float = 1.5
    tail_s: float = 0.0
    room_tone_db: float | None = None  # RMS, dBFS; None: digital silence


@dataclass(frozen=True, slots=True, kw_only=True)
class AudiobookOutput(Output):
    """Books: the readings with the same path are one file, their chapters in order.

    With a field of `CHAPTER_FIELDS` in the path each chapter is a file of its
    own, and those with the same values of all other fields are one book.
    """

    about: Metadata  # what is empty is what the book says of itself
    cover: Path | None  # None: the book's own
    spacing: Spacing
    profile: str | None  # a name of `PROFILES`
    sample_s: float | None  # only a sample of the book, so long at most

    sharing: ClassVar[Sharing] = "file"

    @property
    def own_files(self) -> bool:
        """Tell whether each chapter is a file of its own."""
        return not CHAPTER_FIELDS.isdisjoint(names.fields(self.pattern))

    @property
    def most_parts(self) -> int | None:
        """Return how many chapters one file can hold."""
        is_vorbis = self.suffix in {".opus", ".flac"}
        return MOST_COMMENT_CHAPTERS if is_vorbis and not self.own_files else None

    @property
    def values(self) -> Mapping[str, str]:
        """Return what the job says of the book, for its path."""
        about = {name: getattr(self.about, name) for name in _IN_PATHS}
        about["book"] = self.about.title
        return {name: value for name, value in about.items() if value}

    @property
    def norm(self) -> Profile | None:
        """Return the norm that the files are held against, if any."""
        return None if self.profile is None else PROFILES[self.profile]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAlongOutput(Output):
    """EPUBs: the readings with the same path are chapters of one book.

    ``suffix`` is that of the audio in it.
    """

    narrator: str  # several with commas between; empty: as the book says
    sharing: ClassVar[Sharing] = "file"
