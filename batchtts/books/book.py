"""What every reader of books makes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from batchtts.jobfile.problems import quoted
from batchtts.model import Passage
from batchtts.text_safety import many

__all__ = ["Book", "Chapter", "Cover", "Omission", "Stretch"]

_REST = re.compile(r"(?= (?:of|outside|without) )")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a file in a book, in characters, with the words that it gives.

    ``offset`` is where its words begin in those of the chapter.
    """

    file: str  # its name in the book
    start: int
    end: int
    offset: int


@dataclass(frozen=True, slots=True)
class Chapter:
    """The words of a chapter, its heading first.

    Paragraphs stand one empty line apart, sections two. ``title`` is empty
    where the file gives none. ``passages`` are in order and do not overlap.
    """

    title: str
    words: str
    line: int
    file: str = ""  # in the book; empty: the book is one file
    passages: tuple[Passage, ...] = ()
    sources: tuple[Stretch, ...] = ()  # where the words stand; empty: not known


@dataclass(frozen=True, slots=True)
class Omission:
    """Something in a book that is not read: what it is, and how much of it.

    A whole chapter has its title; of smaller things those of a kind are counted.
    """

    kind: str
    title: str = ""
    count: int = 1
    characters: int = 0

    def __str__(self) -> str:
        """Give ``"Imprint" (imprint)`` or ``12 notes (3,400 characters)``."""
        if self.title:
            return f"{quoted(self.title)} ({self.kind})"
        noun = self.kind if self.count == 1 else _plural(self.kind)
        size = f" ({many(self.characters, 'character')})" if self.characters else ""
        return f"{self.count:,} {noun}{size}"


def _plural(kind: str) -> str:
    """Return the plural of what is called "page number" or "list of tables"."""
    noun, *rest = _REST.split(kind, maxsplit=1)
    if noun.endswith("y"):
        noun = noun[:-1] + "ie"
    elif noun.endswith("x"):
        noun += "e"
    return "".join([noun.removesuffix("s"), "s", *rest])


@dataclass(frozen=True, slots=True)
class Book:
    """The chapters of a file in reading order; empty metadata is unknown.

    ``author`` and ``narrator`` name several people with commas between.
    """

    chapters: tuple[Chapter, ...]
    title: str = ""
    author: str = ""
    narrator: str = ""
    language: str = ""  # as in the book: "en-GB"
    series: str = ""
    series_index: str = ""
    description: str = ""
    date: str = ""  # YYYY, YYYY-MM or YYYY-MM-DD, or as it is written
    publisher: str = ""
    identifier: str = ""
    omissions: tuple[Omission, ...] = ()


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture as it is in the book."""

    data: bytes
    media_type: str  # "image/jpeg"
