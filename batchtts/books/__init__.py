"""Books as chapters, from EPUB, HTML, Markdown, Word, PDF and plain text.

A book is read whole, within a cap: it is its chapters that become texts. What
makes it unreadable is raised as a JobError with the place in the file. No
reader follows a link out of the file, and none writes anything.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from batchtts.books.book import Book, Chapter, Cover, Omission, Stretch
from batchtts.errors import JobError, Problem
from batchtts.model import Place

__all__ = [
    "SUFFIXES",
    "Book",
    "Chapter",
    "Cover",
    "Omission",
    "Stretch",
    "read_book",
    "read_cover",
]

Reader = Callable[[Path, str], Book]


def _docx() -> Reader:
    from batchtts.books.docx import read_docx

    return read_docx


def _epub() -> Reader:
    from batchtts.books.epub import read_epub

    return read_epub


def _markdown() -> Reader:
    from batchtts.books.markdown import read_markdown

    return read_markdown


def _webpage() -> Reader:
    from batchtts.books.webpage import read_webpage

    return read_webpage


def _pdf() -> Reader:
    from batchtts.books.pdf import read_pdf

    return read_pdf


def _plain() -> Reader:
    from batchtts.books.plain import read_plain

    return read_plain


# Each is loaded when a file needs it: some bring a large library.
_READERS: dict[str, Callable[[], Reader]] = {
    ".docx": _docx,
    ".epub": _epub,
    ".htm": _webpage,
    ".html": _webpage,
    ".markdown": _markdown,
    ".md": _markdown,
    ".pdf": _pdf,
    ".txt": _plain,
    ".xhtml": _webpage,
}

SUFFIXES = tuple(_READERS)


def read_book(path: Path, shown: str) -> Book:
    """Read the chapters of a file; its ending says how.

    Raises JobError when the content cannot be used, and LocalError when the
    file cannot be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        message = f'files that end in "{path.suffix}" cannot be read'
        known = f"these can: {', '.join(SUFFIXES)}"
        raise JobError([Problem(Place(shown), message, known)])
    return reader()(path, shown)


def read_cover(path: Path, shown: str) -> Cover | None:
    """Return the picture on a book's cover; None where there is none.

    Raises JobError when the content cannot be used, and LocalError when the
    file cannot be read.
    """
    if path.suffix.lower() != ".epub":
        return None
    from batchtts.books.epub import read_epub_cover

    return read_epub_cover(path, shown)
