"""Chapters by their headings, in files that have no contents list."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from batchtts.books.pages.prose import Heading

__all__ = ["Outline", "Section", "outline"]

_CHAPTER_LEVEL = 2  # and above


@dataclass(frozen=True, slots=True)
class Section:
    """The words of a chapter in those of a file; ``title`` is empty without heading."""

    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Outline:
    """A book's title, empty where no heading gives it, and its chapters."""

    title: str
    sections: tuple[Section, ...]


def outline(words: str, headings: Sequence[Heading]) -> Outline:
    """Divide a file's words at its headings of level 1 and 2.

    The only heading of level 1, when it stands before those of level 2, is the
    book's title; it opens a chapter only if words follow it.
    """
    opening = [head for head in headings if head.level <= _CHAPTER_LEVEL]
    edges = [0, *(head.offset for head in opening), len(words)]
    titles = ["", *(head.title for head in opening)]
    sections = [
        Section(title, start, end)
        for title, (start, end) in zip(titles, itertools.pairwise(edges), strict=True)
    ]
    levels = [head.level for head in opening]
    if levels[:1] != [1] or levels.count(1) > 1:
        return Outline("", _worded(words, sections))
    head = sections[1]
    if len(levels) > 1 and words[head.start : head.end].strip() == head.title:
        sections.remove(head)
    return Outline(head.title, _worded(words, sections))


def _worded(words: str, sections: Sequence[Section]) -> tuple[Section, ...]:
    return tuple(
        section
        for section in sections
        if any(character.isalnum() for character in words[section.start : section.end])
    )
