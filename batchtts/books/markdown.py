"""Markdown: CommonMark with tables and strikethrough, one chapter a heading.

Headings of level 1 and 2 open chapters. The only heading of level 1, when it
stands before those of level 2, is the book's title; it opens a chapter only if
words follow it. Deeper headings open a section inside their chapter.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from batchtts.books.book import Book, Chapter
from batchtts.books.footnotes import without_footnote_marks
from batchtts.books.plain import read_text
from batchtts.books.spoken import inline_words, spoken
from batchtts.errors import JobError, Problem
from batchtts.jobfile import front_matter
from batchtts.model import Place

__all__ = ["read_markdown"]

# A file is parsed whole: in some 25 times its size, and up to a kilobyte and 20
# microseconds a mark. A novel has 50,000.
MAX_MARKS = 300_000
_MARKS = "\n[]!*_~`|#<&\\"

_PARSER = without_footnote_marks(
    MarkdownIt("commonmark").enable(["strikethrough", "table"])
)


def read_markdown(path: Path, shown: str) -> Book:
    """Read the chapters of a Markdown file, and its front matter.

    Raises JobError when it cannot be decoded, its front matter not be read or
    when it has more marks than any book.
    """
    text = read_text(path, shown)
    if sum(map(text.count, _MARKS)) > MAX_MARKS:
        message = f"the file has more than {MAX_MARKS:,} lines and marks of Markdown"
        raise JobError([Problem(Place(shown), message, "split it into several")])
    known, offset = front_matter(text, shown)
    parts = list(_parts(_PARSER.parse(text[offset:])))
    known = {name: _one_line(value) for name, value in known.items()}
    title = known.get("title", "")
    if heading := _book_heading(parts):
        title = title or heading.title
        if spoken(heading.tokens) == heading.title and parts[-1].level > 1:
            parts.remove(heading)
    lines_before = text.count("\n", 0, offset)
    chapters = (part.chapter(lines_before) for part in parts)
    return Book(
        chapters=tuple(chapter for chapter in chapters if _speakable(chapter)),
        title=title,
        author=known.get("author", ""),
        narrator=known.get("narrator", ""),
        language=known.get("language", known.get("lang", "")),
        series=known.get("series", ""),
        series_index=known.get("series_index", ""),
        description=known.get("description", ""),
        date=known.get("date", ""),
        publisher=known.get("publisher", ""),
        identifier=known.get("identifier", ""),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands from one chapter heading to the next, the heading first."""

    level: int  # of the heading; 0: the words before the first
    tokens: Sequence[Token]

    @property
    def title(self) -> str:
        if not self.level:
            return ""
        return inline_words(self.tokens[1].children or []).replace("\n", " ")

    def chapter(self, lines_before: int) -> Chapter:
        """Return the part as a chapter of a file with ``lines_before`` it."""
        begin = next((token.map for token in self.tokens if token.map), [0, 0])
        return Chapter(self.title, spoken(self.tokens), lines_before + begin[0] + 1)


def _parts(tokens: Sequence[Token]) -> Iterator[_Part]:
    starts = [n for n, token in enumerate(tokens) if _opens_chapter(token)]
    edges = [0, *starts, len(tokens)]
    for start, end in itertools.pairwise(edges):
        if start < end:
            token = tokens[start]
            level = int(token.tag[1]) if _opens_chapter(token) else 0
            yield _Part(level, tokens[start:end])


def _opens_chapter(token: Token) -> bool:
    return (
        token.type == "heading_open" and token.level == 0 and token.tag in {"h1", "h2"}
    )


def _book_heading(parts: Sequence[_Part]) -> _Part | None:
    """Return the part whose heading is the first and the only one of level 1."""
    headed = [part for part in parts if part.level]
    levels = [part.level for part in headed]
    return headed[0] if levels[:1] == [1] and levels.count(1) == 1 else None


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _speakable(chapter: Chapter) -> bool:
    return any(character.isalnum() for character in chapter.words)
