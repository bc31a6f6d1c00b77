"""Books as chapters: plain text and Markdown.

A book is read whole, within a cap: it is its chapters that become texts. What
makes it unreadable is raised as a JobError with the place in the file.
"""

from __future__ import annotations

from pathlib import Path

from batchtts.books.book import Book, Chapter
from batchtts.books.markdown import read_markdown
from batchtts.books.plain import read_plain
from batchtts.errors import JobError, Problem
from batchtts.model import Place

__all__ = ["SUFFIXES", "Book", "Chapter", "read_book"]

_READERS = {".markdown": read_markdown, ".md": read_markdown, ".txt": read_plain}

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
    return reader(path, shown)
