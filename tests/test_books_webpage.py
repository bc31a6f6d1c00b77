"""HTML files as books."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchtts.books import Book, read_book
from batchtts.errors import JobError
from batchtts.model import Passage


def book(folder: Path, markup: str | bytes, name: str = "tale.html") -> Book:
    """Write a file and read it."""
    path = folder / name
    path.write_bytes(markup if isinstance(markup, bytes) else markup.encode())
    return read_book(path, name)


def outline(found: Book) -> list[tuple[str, str, int]]:
    """Return title, words and line of every chapter."""
    return [(c.title, c.words, c.line) for c in found.chapters]


PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>The Harbour - Ann's tales</title>
<meta name="Author" content="Ann  Lee"><meta name=description content="A tale.">
<meta name="date" content="2020-01-02">
</head><body>
<h1>The Harbour</h1>
<p>For Bo.
<h2>Dawn &amp; day</h2><p>It was <i lang=fr>tôt</i>.
<h2>Dusk</h2>
<p>It was late.
<h3>Later</h3>
</body></html>"""


@pytest.mark.parametrize("name", ["a.html", "a.htm", "a.xhtml", "A.HTML"])
def test_chapters(tmp_path: Path, name: str) -> None:
    """Headings of level 1 and 2 open chapters, with the lines where they stand."""
    found = book(tmp_path, PAGE, name)
    assert outline(found) == [
        ("The Harbour", "The Harbour\n\nFor Bo.", 6),
        ("Dawn & day", "Dawn & day\n\nIt was tôt.", 8),
        ("Dusk", "Dusk\n\nIt was late.\n\n\nLater", 9),
    ]
    assert found.chapters[1].passages == (Passage(19, 22, "fr"),)


def test_metadata(tmp_path: Path) -> None:
    """What the page says of itself is known; its only heading of level 1 names it."""
    found = book(tmp_path, PAGE)
    assert (found.title, found.author) == ("The Harbour", "Ann Lee")
    assert (found.description, found.date) == ("A tale.", "2020-01-02")
    assert found.language == "en"


def test_title_without_words(tmp_path: Path) -> None:
    """A title above the chapters is no chapter of its own."""
    found = book(tmp_path, "<title>x</title><h1>Tale</h1><h2>A</h2>a<h2>B</h2>b")
    assert (found.title, [c.title for c in found.chapters]) == ("Tale", ["A", "B"])


def test_no_headings(tmp_path: Path) -> None:
    """A page without headings is one chapter; words before the first are one too."""
    assert outline(book(tmp_path, "just\nwords")) == [("", "just words", 1)]
    found = book(tmp_path, "<p>before</p><h1>A</h1><p>a</p><h1>B</h1><p>b</p>")
    assert [(c.title, c.words) for c in found.chapters] == [
        ("", "before"),
        ("A", "A\n\na"),
        ("B", "B\n\nb"),
    ]
    assert found.title == ""


def test_left_out(tmp_path: Path) -> None:
    """What is left out is listed."""
    found = book(tmp_path, "<nav>Home</nav><p>a</p><img src=a><img src=b>")
    assert [str(one) for one in found.omissions] == [
        "1 navigation (4 characters)",
        "2 pictures without a text alternative",
    ]


def test_encoding(tmp_path: Path) -> None:
    """A page says how it is written; what does not fit is refused with its line."""
    found = book(tmp_path, b"<meta charset=windows-1251><p>\xec\xe8\xf0</p>")
    assert found.chapters[0].words == "мир"
    with pytest.raises(JobError, match=r"tale.html:2: the byte 0xEC at offset 4 is"):
        book(tmp_path, b"<p>\n\xec\xe8\xf0</p>")


def test_empty(tmp_path: Path) -> None:
    """A page that says nothing has no chapters."""
    assert book(tmp_path, "<p>***</p>").chapters == ()
