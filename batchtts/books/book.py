"""What every reader of books makes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Book", "Chapter"]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The words of a chapter, its heading first.

    Paragraphs stand one empty line apart, sections two. ``title`` is empty
    where the file gives none.
    """

    title: str
    words: str
    line: int


@dataclass(frozen=True, slots=True)
class Book:
    """The chapters of a file in reading order; empty metadata is unknown."""

    chapters: tuple[Chapter, ...]
    title: str = ""
    author: str = ""
