"""Plain text files: decoded, with newlines made one, and as they are otherwise."""

from __future__ import annotations

import codecs
import os
import re
from pathlib import Path

from batchtts.books.book import Book, Chapter, Omission
from batchtts.books.headlines import sections
from batchtts.errors import JobError, Problem
from batchtts.files import local_errors
from batchtts.model import Place

__all__ = ["MAX_BYTES", "read_bytes", "read_plain", "read_text"]

MAX_BYTES = 16 * 1024 * 1024  # nearly 300 hours of speech

_MARK = r"(?m)^\*\*\* ?{} OF TH(?:E|IS) PROJECT GUTENBERG EBOOK[^\n*]{{0,300}}\*\*\*$"
_START = re.compile(_MARK.format("START"))
_END = re.compile(_MARK.format("END"))
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_plain(path: Path, shown: str) -> Book:
    """Read a file as one text or, where headings clearly part it, as chapters.

    What Project Gutenberg puts around its texts is left out.
    """
    text = read_text(path, shown)
    begin, end = _unwrapped(text)
    divided = sections(text[begin:end])
    if len(divided) == 1 and end - begin == len(text):
        return Book((Chapter("", text, 1),))
    chapters = []
    for section in divided:
        words = text[begin + section.start : begin + section.end]
        start = begin + section.start + len(words) - len(words.lstrip())
        line = text.count("\n", 0, start) + 1
        chapters.append(Chapter(section.title, words.strip(), line))
    around = len(text[:begin].strip()) + len(text[end:].strip())
    licence = Omission("Project Gutenberg licence", "", 1, around)
    return Book(tuple(chapters), omissions=(licence,) if around else ())


def _unwrapped(text: str) -> tuple[int, int]:
    """Return where a text begins and ends between Project Gutenberg's marks."""
    start = _START.search(text)
    end = _END.search(text, start.end() if start else 0)
    return start.end() if start else 0, end.start() if end else len(text)


def read_text(path: Path, shown: str, max_bytes: int = MAX_BYTES) -> str:
    r"""Return the characters of a file, every newline as ``\n``.

    The file is UTF-8, or UTF-16 where it begins with a byte order mark. Raises
    JobError, with the place, for any other encoding, for NUL characters and for
    more than ``max_bytes``.
    """
    text = _decoded(read_bytes(path, shown, max_bytes), shown)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if (found := text.find("\0")) >= 0:
        place = _place(shown, text[:found])
        message = "a NUL character stands in the text"
        raise JobError([Problem(place, message, "save the file as UTF-8")])
    return text


def read_bytes(path: Path, shown: str, max_bytes: int) -> bytes:
    """Return what a file holds; raises JobError for more than ``max_bytes``."""
    with local_errors("cannot read"), path.open("rb") as file:
        too_large = os.fstat(file.fileno()).st_size > max_bytes
        data = b"" if too_large else file.read(max_bytes + 1)
    if too_large or len(data) > max_bytes:
        message = f"the file is larger than {max_bytes // 1024**2} MiB"
        raise JobError([Problem(Place(shown), message, "split it into several")])
    return data


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
