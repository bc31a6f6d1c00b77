"""Plain text files: decoded, with newlines made one, and otherwise as they are."""

from __future__ import annotations

import codecs
from pathlib import Path

from batchtts.books.book import Book, Chapter
from batchtts.errors import JobError, Problem
from batchtts.files import local_errors
from batchtts.model import Place

__all__ = ["MAX_BYTES", "read_plain", "read_text"]

MAX_BYTES = 64 * 1024 * 1024

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_plain(path: Path, shown: str) -> Book:
    """Read a file that is one text."""
    return Book((Chapter("", read_text(path, shown), 1),))


def read_text(path: Path, shown: str, max_bytes: int = MAX_BYTES) -> str:
    r"""Return the characters of a file, every newline as ``\n``.

    The file is UTF-8, or UTF-16 where it begins with a byte order mark. Raises
    JobError, with the place, for any other encoding, for NUL characters and for
    more than ``max_bytes``.
    """
    with local_errors("cannot read"), path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        message = f"the file is larger than {max_bytes // 1024**2} MiB"
        raise JobError([Problem(Place(shown), message, "split it into several")])
    text = _decoded(data, shown)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if (found := text.find("\0")) >= 0:
        place = _place(shown, text[:found])
        message = "a NUL character stands in the text"
        raise JobError([Problem(place, message, "save the file as UTF-8")])
    return text


def _decoded(data: bytes, shown: str) -> str:
    encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as exc:
        # For utf-8-sig the offset counts from behind the byte order mark.
        skipped = len(data) - len(exc.object)
        offset = exc.start + skipped
        before = data[:offset].decode(encoding, "replace")
        name = "UTF-16" if encoding == "utf-16" else "UTF-8"
        message = f"the byte 0x{data[offset]:02X} at offset {offset:,} is not {name}"
        problem = Problem(_place(shown, before), message, "save the file as UTF-8")
        raise JobError([problem]) from exc


def _place(shown: str, before: str) -> Place:
    """Return the place of what stands behind ``before``."""
    before = before.replace("\r\n", "\n").replace("\r", "\n")
    line = before.count("\n") + 1
    return Place(shown, line, len(before) - before.rfind("\n"))
