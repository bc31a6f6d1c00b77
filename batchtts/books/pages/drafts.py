"""Chapters of an EPUB while they are put together."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from batchtts.books.book import Chapter, Omission, Stretch
from batchtts.books.pages.layout import Origin
from batchtts.books.pages.prose import Omitted, Prose
from batchtts.model import Passage

__all__ = ["Bound", "Draft", "Page", "counted"]


@dataclass(frozen=True, slots=True)
class Bound:
    """A chapter, and where in which of the book's files its words stand."""

    chapter: Chapter
    origins: tuple[tuple[str, Origin], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A file of the book, and what was read of it."""

    file: str
    markup: str
    prose: Prose
    omitted: list[Omitted]  # that no line of the contents list names

    def line(self, offset: int) -> int:
        """Return the line of the file in which the words at ``offset`` stand."""
        origins = self.prose.origins
        number = bisect_left(origins, offset, key=lambda origin: origin.start)
        at = origins[number].at if number < len(origins) else 0
        return self.markup.count("\n", 0, at) + 1


def counted(omitted: Iterable[Omitted]) -> tuple[Omission, ...]:
    """Return what was left out, those of a kind together."""
    counts: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    for one in omitted:
        counts[one.kind] += 1
        characters[one.kind] += one.characters
    return tuple(
        Omission(kind, "", count, characters[kind]) for kind, count in counts.items()
    )


@dataclass(slots=True)
class Draft:
    """A chapter that may go on."""

    title: str
    file: str
    line: int
    words: str = ""
    passages: list[Passage] = field(default_factory=list)
    sources: list[Stretch] = field(default_factory=list)
    origins: list[tuple[str, Origin]] = field(default_factory=list)
    omitted: list[Omitted] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Tell whether it has no words that could be spoken."""
        return not any(character.isalnum() for character in self.words)

    def add(self, page: Page, start: int, end: int | None) -> None:
        """Go on with some words of a page, and with what was left out among them.

        They end at the page's end where ``end`` is None.
        """
        prose = page.prose
        self.omitted += (
            one
            for one in page.omitted
            if start <= one.offset and (end is None or one.offset < end)
        )
        words = prose.words[start:end].rstrip()
        start += len(words) - len(words.lstrip())
        words = words.lstrip()
        if not words:
            return
        self.words += "\n\n" if self.words else ""
        shift = len(self.words) - start
        end = start + len(words)
        self.words += words
        self.passages += (
            replace(
                one, start=max(one.start, start) + shift, end=min(one.end, end) + shift
            )
            for one in prose.passages
            if one.start < end and start < one.end
        )
        self._add_origins(page, start, end, shift)

    def bound(self) -> Bound:
        """Return the chapter."""
        chapter = Chapter(
            title=self.title,
            words=self.words,
            line=self.line,
            file=self.file,
            passages=tuple(self.passages),
            sources=tuple(self.sources),
        )
        return Bound(chapter, tuple(self.origins))

    def _add_origins(self, page: Page, start: int, end: int, shift: int) -> None:
        origins = page.prose.origins
        first, last = (
            bisect_left(origins, offset, key=lambda origin: origin.start)
            for offset in (start, end)
        )
        if first == last:
            return
        behind = origins[last - 1].at + origins[last - 1].written
        self.sources.append(
            Stretch(page.file, origins[first].at, behind, start + shift)
        )
        self.origins += (
            (page.file, replace(origin, start=origin.start + shift))
            for origin in origins[first:last]
        )
