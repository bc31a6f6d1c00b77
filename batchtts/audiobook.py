"""What a job asks of an audiobook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from batchtts import names
from batchtts.metadata import Metadata
from batchtts.model import Output, Sharing
from batchtts.profiles import PROFILES, Profile

__all__ = ["CHAPTER_FIELDS", "AudiobookOutput", "Spacing"]

CHAPTER_FIELDS = frozenset({"chapter", "id", "index", "title"})
"""The fields of a path that are another one for each chapter of a book."""


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
    def norm(self) -> Profile | None:
        """Return the norm that the files are held against, if any."""
        return None if self.profile is None else PROFILES[self.profile]
