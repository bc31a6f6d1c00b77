"""Plain text files as books."""

from __future__ import annotations

import codecs
import time
from pathlib import Path

import pytest

from batchtts.books import SUFFIXES, Book, Chapter, read_book
from batchtts.books.headlines import sections
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


# --- chapters ------------------------------------------------------------------


def outline(text: str) -> list[tuple[str, str]]:
    """Return the titles and words of a text's sections."""
    return [(one.title, text[one.start : one.end]) for one in sections(text)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("CHAPTER I.", "CHAPTER II."),
        ("Chapter 1: Down", "Chapter 2: Up"),
        ("Chapter Twenty-Nine", "Chapter Thirty"),
        ("PART THE FIRST", "Part the Second"),
        ("Kapitel 8", "Kapitel 9"),
        ("Chapitre IX", "CHAPITRE X"),
        ("Глава 1", "Глава 2"),
        ("פרק כ״ב", "פרק כג: אב"),
        ("الفصل العاشر", "الفصل الحادي عشر"),
        ("第一章 春", "第二章 夏"),
        ("第十九回", "第二十回"),
        ("第〇九話", "第一〇話"),
        ("제 1 장", "제 2 장"),
        ("Stave 1", "  Stave 2  "),
    ],
)
def test_headings(first: str, second: str) -> None:
    """Two headings that count on make a text a book of chapters."""
    text = f"A tale\n\n{first}\n\nOnce.\n\nMore.\n\n{second}\n\nTwice."
    assert outline(text) == [
        ("", "A tale\n\n"),
        (first, f"{first}\n\nOnce.\n\nMore.\n\n"),
        (second.strip(), f"{second}\n\nTwice."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Chapter 1\n\nOnce.",
        "I\n\nOnce.\n\nII\n\nTwice.",
        "1. Tea\n\n2. Milk\n\n3. Bread\n\n4. Salt",
        "In Chapter 1\n\nwe saw.\n\nIn Chapter 2\n\nwe see.",
        "Chapter 1\nand much more\nof it\n\nChapter 2\nand much more\nof it\n",
        "Chapter 1\n\na\n\nChapter 3\n\nb",
        "Chapter 12345\n\na\n\nChapter 12346\n\nb",
        "Prologue\n\na\n\nEpilogue\n\nb",
        "Chapter 1 " + "x" * 80 + "\n\na\n\nChapter 2 " + "x" * 80 + "\n\nb",
        "Mix\n\na\n\nLiv\n\nb\n\nVic\n\nc",
        "",
    ],
    ids=range(11),
)
def test_no_clear_headings(text: str) -> None:
    """What does not clearly count on is one text."""
    assert [title for title, _ in outline(text)] in ([""], [])


def test_bare_numbers() -> None:
    """Three numbers on lines of their own, one after the other, are headings."""
    text = "I.\n\na\n\nII.\n\nb\n\nIII.\n\nc"
    assert [title for title, _ in outline(text)] == ["I.", "II.", "III."]


def test_parts_and_chapters() -> None:
    """Chapters that begin anew in each part count on."""
    text = "Part 1\n\nChapter 1\n\na\n\nChapter 2\n\nb\n\nPart 2\n\nChapter 1\n\nc"
    assert [title for title, _ in outline(text)] == [
        "Part 1",
        "Chapter 1",
        "Chapter 2",
        "Part 2",
        "Chapter 1",
    ]


def test_second_lines_and_names() -> None:
    """A heading may have a second line; between chapters names are headings too."""
    text = "Prologue\n\nx\n\nChapter 1\nThe Boy\n\na\n\nChapter 2.\nThe Girl\n\nb"
    assert [title for title, _ in outline(text)] == [
        "Prologue",
        "Chapter 1: The Boy",
        "Chapter 2. The Girl",
    ]


def test_contents_list() -> None:
    """Headings in a row that come again further down are a contents list."""
    listed = "Chapter 1\n\nChapter 2\n\nChapter 3\n\n"
    text = f"{listed}CHAPTER 1\n\na\n\nCHAPTER 2\n\nb\n\nCHAPTER 3\n\nc"
    assert [title for title, _ in outline(text)] == [
        "",
        "CHAPTER 1",
        "CHAPTER 2",
        "CHAPTER 3",
    ]


def test_chapters_of_a_file(tmp_path: Path) -> None:
    """Chapters know their lines; Project Gutenberg's words around them are left out."""
    text = (
        "The Project Gutenberg eBook of Tale\n\n"
        "*** START OF THE PROJECT GUTENBERG EBOOK TALE ***\n\n\n"
        "Chapter 1\n\nOnce.\n\nChapter 2\n\nTwice.\n\n"
        "*** END OF THE PROJECT GUTENBERG EBOOK TALE ***\nLicence\n"
    )
    found = book(tmp_path, text.encode())
    assert [(c.title, c.words, c.line) for c in found.chapters] == [
        ("Chapter 1", "Chapter 1\n\nOnce.", 6),
        ("Chapter 2", "Chapter 2\n\nTwice.", 10),
    ]
    (omission,) = found.omissions
    assert (omission.kind, omission.count) == ("Project Gutenberg licence", 1)
    one = book(tmp_path, b"*** START OF THIS PROJECT GUTENBERG EBOOK A ***\n\nOnce.\n")
    assert [(c.title, c.words, c.line) for c in one.chapters] == [("", "Once.", 3)]


@pytest.mark.parametrize("piece", ["a\n\n", " ", "\n", "I\n\n", "Chapter 1\n\n", "1"])
def test_headings_in_linear_time(piece: str) -> None:
    """Looking for headings takes as long as the text allows, whatever it is made of."""
    used = []
    for size in (50_000, 200_000):
        began = time.process_time()
        sections(piece * (size // len(piece)))
        used.append(time.process_time() - began)
    assert used[1] < 10 * used[0] + 0.2
