"""PDF files: the words of their pages, one chapter a bookmark.

A PDF knows letters on paper, not paragraphs: these are made out by indents and
gaps, and running heads and page numbers left out. What is a picture of a page
has no words. It needs the extra ``pdf``.
"""

from __future__ import annotations

import importlib
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from batchtts.books.book import Book, Chapter
from batchtts.books.headlines import sections
from batchtts.books.outline import Section
from batchtts.books.pages import counted
from batchtts.books.pdflines import Line, Text, joined
from batchtts.books.plain import read_bytes
from batchtts.errors import JobError, Problem
from batchtts.model import Place

__all__ = ["read_pdf"]

MAX_BYTES = 64 * 1024 * 1024
MAX_PAGES = 10_000
MAX_CHARACTERS = 20_000_000
_DEEPEST = 2  # bookmarks of this level and above open chapters
_MOST_BOOKMARKS = 2_000
_LINE = re.compile(r"[^\r\n]+")
_UNSEEN = re.compile("[\ufffe\uffff\0]")  # \ufffe: where a word was hyphenated


class _Text(Protocol):
    """What is used of a page's characters."""

    def get_text_range(self) -> str:
        """Return all of them."""

    def get_charbox(
        self, index: int, *, loose: bool
    ) -> tuple[float, float, float, float]:
        """Return the left, lower, right and upper end of one."""


class _Page(Protocol):
    def get_textpage(self) -> _Text:
        """Return its characters."""


class _Destination(Protocol):
    def get_index(self) -> int | None:
        """Return the number of a page."""


class _Bookmark(Protocol):
    def get_dest(self) -> _Destination | None:
        """Return where it leads."""

    def get_title(self) -> str:
        """Return what it says."""


class _Document(Protocol):
    """What is used of pypdfium2's documents, which it has no types for."""

    def __len__(self) -> int:
        """Return the number of pages."""

    def __getitem__(self, number: int) -> _Page:
        """Return a page."""

    def get_toc(self, max_depth: int) -> Iterator[_Bookmark]:
        """Yield the bookmarks."""

    def get_metadata_dict(self) -> Mapping[str, str]:
        """Return what the document says of itself."""

    def close(self) -> None:
        """Let go of it."""


def read_pdf(path: Path, shown: str) -> Book:
    """Read the chapters of a PDF.

    Raises JobError when it is damaged, protected or only pictures, and when
    the package that reads it is not installed.
    """
    document = _opened(read_bytes(path, shown, MAX_BYTES), shown)
    try:
        lines = list(_lines(document, shown))
        bookmarks = list(_bookmarks(document))
        about = document.get_metadata_dict()
    except RuntimeError as exc:
        raise _refused(shown, "it is damaged", "get it once more") from exc
    finally:
        document.close()
    if not lines:
        hint = "pictures of pages must be recognised by another program first"
        raise _refused(shown, "there are no words in it, only pictures", hint)
    text = joined(lines)
    chapters = (
        Chapter(section.title, text.words[section.start : section.end].strip(), 1)
        for section in _sections(text, lines, bookmarks)
    )
    return Book(
        tuple(one for one in chapters if any(map(str.isalnum, one.words))),
        title=about.get("Title", "").strip(),
        author=about.get("Author", "").strip(),
        omissions=counted(text.omitted),
    )


def _opened(data: bytes, shown: str) -> _Document:
    try:
        package = importlib.import_module("pypdfium2")
    except ImportError as exc:
        message = 'PDF files need the package "pypdfium2", which is not installed'
        raise _refused(shown, message, "pip install 'batchtts[pdf]'") from exc
    try:
        document: _Document = package.PdfDocument(data)
    except RuntimeError as exc:  # of which its own error is one
        hint = "save it without a password, or get it once more"
        raise _refused(shown, "it is damaged or protected by a password", hint) from exc
    return document


def _refused(shown: str, message: str, hint: str) -> JobError:
    return JobError([Problem(Place(shown), message, hint)])


def _lines(document: _Document, shown: str) -> Iterator[Line]:
    """Yield the lines of all pages, from the top of each to its bottom."""
    if len(document) > MAX_PAGES:
        message = f"there are more than {MAX_PAGES:,} pages in it"
        raise _refused(shown, message, "split it into several")
    characters = 0
    for number in range(len(document)):
        text = document[number].get_textpage()
        written = text.get_text_range()
        characters += len(written)
        if characters > MAX_CHARACTERS:
            message = f"there are more than {MAX_CHARACTERS:,} characters in it"
            raise _refused(shown, message, "split it into several")
        for found in _LINE.finditer(written):
            words = " ".join(_UNSEEN.sub("", found.group()).split())
            if words:
                left, low, _, top = text.get_charbox(found.start(), loose=True)
                _, bottom, right, _ = text.get_charbox(found.end() - 1, loose=True)
                yield Line(number, words, left, right, top, bottom, top - low)


def _bookmarks(document: _Document) -> Iterator[tuple[int, str]]:
    """Yield the pages that bookmarks lead to, with their titles."""
    marks = document.get_toc(max_depth=_DEEPEST)
    for _, mark in zip(range(_MOST_BOOKMARKS), marks, strict=False):
        target = mark.get_dest()
        page = None if target is None else target.get_index()
        title = " ".join(_UNSEEN.sub("", mark.get_title()).split())
        if page is not None and title:
            yield page, title


def _sections(
    text: Text, lines: list[Line], bookmarks: list[tuple[int, str]]
) -> Iterator[Section]:
    """Divide the text where bookmarks lead; without any, where headings clearly are."""
    starts: dict[int, str] = {}
    for page, title in bookmarks:
        starts.setdefault(_place(text, lines, page, title), title)
    if not starts:
        yield from sections(text.words)
        return
    starts.setdefault(0, "")
    edges = [*sorted(starts), len(text.words)]
    for start, end in itertools.pairwise(edges):
        yield Section(starts[start], start, end)


def _place(text: Text, lines: list[Line], page: int, title: str) -> int:
    """Return where a chapter begins: at the line on its page that is its title."""
    wanted = _letters(title)
    on_page = [n for n in text.starts if lines[n].page == page]
    for number in on_page:
        letters = _letters(lines[number].words)
        if letters and (wanted.startswith(letters) or letters.startswith(wanted)):
            return text.starts[number]
    return text.starts[on_page[0]] if on_page else len(text.words)


def _letters(words: str) -> str:
    return "".join(filter(str.isalnum, words)).casefold()
