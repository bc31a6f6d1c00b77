"""PDF files as books: paragraphs made out of lines, chapters by bookmarks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from batchtts.books import Book, pdflines, read_book
from batchtts.errors import JobError

pytest.importorskip("pypdfium2")

Line = tuple[float, float, str] | tuple[float, float, str, int]
"""Where a line stands, from the left and from the bottom, its words, their size."""


def pdf(
    pages: Sequence[Sequence[Line]], bookmarks: Sequence[tuple[str, int]] = ()
) -> bytes:
    """Return a PDF of some pages, with bookmarks to them by their numbers."""
    objects = {
        1: "<</Type/Catalog/Pages 2 0 R/Outlines 3 0 R>>",
        2: f"<</Type/Pages/Count {len(pages)}/Kids["
        + " ".join(f"{10 + 2 * n} 0 R" for n in range(len(pages)))
        + "]>>",
        4: "<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>",
        5: "<</Title(The Harbour)/Author(Ann Lee)>>",
    }
    first = 10 + 2 * len(pages)
    if bookmarks:
        last = first + len(bookmarks) - 1
        count = len(bookmarks)
        objects[3] = (
            f"<</Type/Outlines/First {first} 0 R/Last {last} 0 R/Count {count}>>"
        )
    for n, (title, page) in enumerate(bookmarks, first):
        after = f"/Next {n + 1} 0 R" if n < last else ""
        objects[n] = (
            f"<</Title({title})/Parent 3 0 R{after}/Dest[{10 + 2 * page} 0 R/Fit]>>"
        )
    for n, lines in enumerate(pages):
        shown = "".join(_shown(*line) for line in lines)
        objects[10 + 2 * n] = (
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]/Resources<</Font<</F 4 0 R"
            f">>>>/Contents {11 + 2 * n} 0 R>>"
        )
        objects[11 + 2 * n] = f"<</Length {len(shown)}>>stream\n{shown}\nendstream"
    written = "%PDF-1.4\n"
    offsets = {}
    for number, content in objects.items():
        offsets[number] = len(written)
        written += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{n} 1\n{at:010} 00000 n \n" for n, at in offsets.items())
    start = len(written)
    size = max(objects) + 1
    written += f"xref\n{table}trailer<</Size {size}/Root 1 0 R/Info 5 0 R>>\n"
    return (written + f"startxref\n{start}\n%%EOF").encode("latin-1")


def _shown(x: float, y: float, words: str, size: int = 10) -> str:
    return f"BT /F {size} Tf {x} {y} Td ({words}) Tj ET\n"


def book(folder: Path, data: bytes) -> Book:
    """Write a PDF and read it."""
    path = folder / "a.pdf"
    path.write_bytes(data)
    return read_book(path, "a.pdf")


FULL = "a line that is as long as the lines of this page are when they are full"
PROSE: Sequence[Line] = [
    (60, 500, f"It was {FULL}"),
    (50, 488, f"and more of it, {FULL}"),
    (50, 476, "and the end."),
    (60, 464, f"Then another began, {FULL}"),
    (50, 452, "with a word that is hyphen-"),
    (50, 440, f"ated, {FULL} and so on."),
    (50, 400, f"Far below stands a third, {FULL} as before."),
]


def test_paragraphs(tmp_path: Path) -> None:
    """Lines are joined; indents, gaps and short last lines part paragraphs."""
    (chapter,) = book(tmp_path, pdf([PROSE])).chapters
    assert chapter.words.split("\n\n") == [
        f"It was {FULL} and more of it, {FULL} and the end.",
        f"Then another began, {FULL} with a word that is hyphenated, {FULL} and so on.",
        f"Far below stands a third, {FULL} as before.",
    ]


def test_pages(tmp_path: Path) -> None:
    """A paragraph goes on over a page; running heads and page numbers are left out."""
    pages: list[list[Line]] = [
        [
            (50, 550, "THE HARBOUR"),
            (50, 500, f"Page {word} begins, {FULL}"),
            (50, 488, f"and {word} goes on, {FULL}"),
            (200, 40, f"{number}"),
        ]
        for number, word in enumerate(("one", "two", "three"), 11)
    ]
    found = book(tmp_path, pdf(pages))
    (chapter,) = found.chapters
    assert chapter.words == " ".join(
        f"Page {word} begins, {FULL} and {word} goes on, {FULL}"
        for word in ("one", "two", "three")
    )
    assert [str(one) for one in found.omissions] == [
        "3 running heads (33 characters)",
        "3 page numbers (6 characters)",
    ]


def test_heads_with_numbers(tmp_path: Path) -> None:
    """A head that counts the pages is left out, one that counts chapters is not."""
    words = ("one", "two", "three", "four", "five", "six")
    pages: list[list[Line]] = [
        [
            (50, 550, f"{11 + n} Ann Lee"),
            (50, 500, f"And {word}." if n % 2 else f"Chapter {n // 2 + 1}", 16),
            (50, 460, f"Words of {word}."),
        ]
        for n, word in enumerate(words)
    ]
    found = book(tmp_path, pdf(pages))
    titles = [chapter.title for chapter in found.chapters]
    assert titles == ["Chapter 1", "Chapter 2", "Chapter 3"]
    assert [str(one) for one in found.omissions] == ["6 running heads (60 characters)"]


def test_chapters(tmp_path: Path) -> None:
    """Bookmarks open chapters at the lines that say the same, else with the page."""
    pages: list[list[Line]] = [
        [(50, 500, "The Harbour", 20), (50, 400, "by Ann")],
        [(50, 500, "1 Dawn", 16), (50, 450, "Early."), (50, 400, "2 Day", 16)],
        [(50, 500, "Late.")],
        [],
    ]
    marks = [("Dawn", 1), ("2 Day", 1), ("Night", 2), ("Night again", 2), ("Gone", 3)]
    found = book(tmp_path, pdf(pages, marks))
    assert [(c.title, c.words) for c in found.chapters] == [
        ("", "The Harbour\n\nby Ann"),
        ("Dawn", "1 Dawn\n\nEarly."),
        ("2 Day", "2 Day"),
        ("Night", "Late."),
    ]
    assert (found.title, found.author) == ("The Harbour", "Ann Lee")


def test_chapters_without_bookmarks(tmp_path: Path) -> None:
    """Without bookmarks clear headings open chapters, as in plain text."""
    pages: list[list[Line]] = [
        [(50, 500, f"Chapter {n}", 16), (50, 450, "Words.")] for n in (1, 2)
    ]
    found = book(tmp_path, pdf(pages))
    assert [c.title for c in found.chapters] == ["Chapter 1", "Chapter 2"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"%PDF-1.4 junk", "it is damaged or protected by a password"),
        (pdf([[], []]), "there are no words in it, only pictures"),
    ],
    ids=["damaged", "pictures"],
)
def test_refused(tmp_path: Path, data: bytes, expected: str) -> None:
    """What has no words that can be read is refused."""
    with pytest.raises(JobError) as caught:
        book(tmp_path, data)
    assert str(caught.value).startswith(f"a.pdf: {expected} (")


@pytest.mark.parametrize(
    ("cap", "expected"),
    [("MAX_PAGES", "more than 1 pages"), ("MAX_CHARACTERS", "more than 1 characters")],
)
def test_caps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cap: str, expected: str
) -> None:
    """There is an end to pages and to characters."""
    monkeypatch.setattr(f"batchtts.books.pdf.{cap}", 1)
    with pytest.raises(JobError, match=expected):
        book(tmp_path, pdf([PROSE, PROSE]))


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package the error says how it is installed."""
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(JobError) as caught:
        book(tmp_path, pdf([PROSE]))
    assert str(caught.value) == (
        'a.pdf: PDF files need the package "pypdfium2", which is not installed'
        " (pip install 'batchtts[pdf]')"
    )


def test_lines_without_spaces() -> None:
    """Lines of Chinese and Japanese are joined as they are."""
    lines = [
        pdflines.Line(0, words, 0, 100, 600 - 12 * n, 590 - 12 * n, 10)
        for n, words in enumerate(["港の風", "が冷た", "い a", "b"])
    ]
    assert pdflines.joined(lines).words == "港の風が冷たい a b"
