"""HTML files: the words that a browser would show, one chapter a heading."""

from __future__ import annotations

from pathlib import Path

from batchtts.books.book import Book
from batchtts.books.outline import outline
from batchtts.books.pages.drafts import Draft, Page, counted
from batchtts.books.pages.prose import Target, Wanted
from batchtts.books.pages.reading import read_page
from batchtts.books.plain import read_bytes
from batchtts.markup.charset import decoded_markup
from batchtts.markup.tokens import Open, tokens

__all__ = ["read_webpage"]

MAX_BYTES = 16 * 1024 * 1024
_HEAD_CHARACTERS = 1 << 16


def read_webpage(path: Path, shown: str) -> Book:
    """Read the chapters of an HTML file; nothing it links to is looked at.

    Headings part it as those of Markdown do. Raises JobError when it cannot be
    decoded.
    """
    markup = decoded_markup(read_bytes(path, shown, MAX_BYTES), shown)
    wanted = Wanted(file=shown, resolve=lambda link: _resolve(shown, link))
    prose = read_page(markup, wanted)
    page = Page("", markup, prose, [])
    divided = outline(prose.words, prose.headings)
    chapters = []
    for section in divided.sections:
        draft = Draft(section.title, "", page.line(section.start))
        draft.add(page, section.start, section.end)
        chapters.append(draft.bound().chapter)
    about = _about(markup)
    return Book(
        chapters=tuple(chapters),
        title=divided.title or prose.title,
        author=about.get("author", "") or about.get("dc.creator", ""),
        language=prose.language,
        description=about.get("description", ""),
        date=about.get("date", "") or about.get("dc.date", ""),
        publisher=about.get("publisher", "") or about.get("dc.publisher", ""),
        omissions=counted(prose.omitted),
    )


def _resolve(shown: str, link: str) -> Target:
    """Tell whether a link leads to a place in the same file."""
    return (shown, link[1:]) if link.startswith("#") else (None, link)


def _about(markup: str) -> dict[str, str]:
    """Return what the head of a page says about it, by its names in lower case."""
    found: dict[str, str] = {}
    for token in tokens(markup[:_HEAD_CHARACTERS]):
        if not isinstance(token, Open):
            continue
        if token.local == "body":
            break
        if token.local == "meta":
            name = token.attributes.get("name", "").lower()
            content = " ".join(token.attributes.get("content", "").split())
            found.setdefault(name, content)
    return found
