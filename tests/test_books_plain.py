"""Plain text files as books."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from batchtts.books import SUFFIXES, Book, Chapter, read_book
from batchtts.books.plain import read_text
from batchtts.errors import JobError, LocalError


def book(folder: Path, data: bytes, name: str = "tale.txt") -> Book:
    """Write a file and read it."""
    path = folder / name
    path.write_bytes(data)
    return read_book(path, name)


def test_one_chapter(tmp_path: Path) -> None:
    """A text file is one chapter without a title."""
    found = book(tmp_path, "Once.\n\nTwice, naïvely.\n".encode())
    assert found == Book((Chapter("", "Once.\n\nTwice, naïvely.\n", 1),))


def test_newlines(tmp_path: Path) -> None:
    """Every kind of newline becomes a line feed, and other white space stays."""
    found = book(tmp_path, b"a\r\nb\rc\n\r\n\x0cd\t e")
    assert found.chapters[0].words == "a\nb\nc\n\n\x0cd\t e"


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + "Größe\n".encode(),
        codecs.BOM_UTF16_LE + "Größe\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Größe\n".encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-16-le", "utf-16-be"],
)
def test_byte_order_mark(tmp_path: Path, data: bytes) -> None:
    """A byte order mark says how the file is written and is no part of it."""
    assert book(tmp_path, data).chapters[0].words == "Größe\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            "a\r\nb\rgroß".encode("latin-1"),
            (
                "tale.txt:3:4: the byte 0xDF at offset 8 is not UTF-8"
                " (save the file as UTF-8)"
            ),
        ),
        (
            codecs.BOM_UTF8 + b"\xc3\xa9\n\xff",
            (
                "tale.txt:2:1: the byte 0xFF at offset 6 is not UTF-8"
                " (save the file as UTF-8)"
            ),
        ),
        (
            codecs.BOM_UTF16_LE + b"a\x00\n\x00b\x00\x00\xdc",
            (
                "tale.txt:2:2: the byte 0x00 at offset 8 is not UTF-16"
                " (save the file as UTF-8)"
            ),
        ),
        (
            "one\ntwo".encode("utf-16-le"),
            (
                "tale.txt:1:2: a NUL character stands in the text"
                " (save the file as UTF-8)"
            ),
        ),
        (
            b"one\ntw\0o",
            (
                "tale.txt:2:3: a NUL character stands in the text"
                " (save the file as UTF-8)"
            ),
        ),
    ],
    ids=["latin-1", "after a mark", "half a pair", "utf-16 unmarked", "nul"],
)
def test_undecodable(tmp_path: Path, data: bytes, expected: str) -> None:
    """What cannot be decoded is told with its line, column and offset."""
    with pytest.raises(JobError) as caught:
        book(tmp_path, data)
    assert str(caught.value) == expected


def test_size(tmp_path: Path) -> None:
    """A file may have as many bytes as the cap and not one more."""
    path = tmp_path / "tale.txt"
    with path.open("wb") as file:
        file.write(b"x" * 1024 * 1024)
    assert len(read_text(path, "tale.txt", 1024 * 1024)) == 1024 * 1024
    with path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(JobError) as caught:
        read_text(path, "tale.txt", 1024 * 1024)
    expected = "tale.txt: the file is larger than 1 MiB (split it into several)"
    assert str(caught.value) == expected


def test_missing(tmp_path: Path) -> None:
    """A file that cannot be opened is a problem of this machine."""
    with pytest.raises(LocalError, match="cannot read"):
        read_book(tmp_path / "none.txt", "none.txt")


def test_unknown_kind(tmp_path: Path) -> None:
    """A file of another kind is refused with the kinds that can be read."""
    with pytest.raises(JobError) as caught:
        book(tmp_path, b"", "tale.doc")
    assert str(caught.value) == (
        'tale.doc: files that end in ".doc" cannot be read'
        f" (these can: {', '.join(SUFFIXES)})"
    )


def test_kind_in_capitals(tmp_path: Path) -> None:
    """The case of the ending is no matter."""
    assert book(tmp_path, b"Once.", "TALE.TXT").chapters[0].words == "Once."
