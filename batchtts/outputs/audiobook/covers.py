"""The picture of a book: the job's, or the one that the book brings."""

from __future__ import annotations

from pathlib import Path

from batchtts.books import read_cover
from batchtts.files import local_errors
from batchtts.metadata import MOST_PICTURE_BYTES, Picture, picture_type

__all__ = ["cover_of"]


def cover_of(asked: Path | None, book: Path | None) -> tuple[Picture | None, str]:
    """Return a book's picture, and why there is none although the book has one.

    Raises LocalError when a file cannot be read, JobError when the book is damaged.
    """
    if asked is not None:
        with local_errors("cannot read the cover"), asked.open("rb") as file:
            data = file.read(MOST_PICTURE_BYTES + 1)
    elif book is None or (found := read_cover(book, book.name)) is None:
        return None, ""
    else:
        data = found.data
    kind = picture_type(data)
    if kind is None:
        return None, "its cover is neither a JPEG nor a PNG, and is left out"
    if len(data) > MOST_PICTURE_BYTES:
        most = f"{MOST_PICTURE_BYTES:,} bytes"
        return None, f"its cover has more than {most}, and is left out"
    return Picture(data, kind), ""
