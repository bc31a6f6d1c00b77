"""Word documents as books."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from batchtts.books import Book, read_book
from batchtts.errors import JobError
from batchtts.model import Passage

STYLES = """<w:styles>
<w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val="en-GB"/></w:rPr>
</w:rPrDefault></w:docDefaults>
<w:style w:styleId="Ttl"><w:name w:val="Title"/></w:style>
<w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="Berschrift2"><w:name w:val="Heading 2"/></w:style>
<w:style w:styleId="My"><w:name w:val="My own"/><w:basedOn w:val="H1"/></w:style>
<w:style w:styleId="Out"><w:name w:val="Other"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr>
</w:style><w:style w:styleId="Loop"><w:basedOn w:val="Loop"/></w:style>
<w:style w:styleId="T1"><w:name w:val="toc 1"/></w:style></w:styles>"""
CORE = """<cp:coreProperties><dc:title>The Harbour</dc:title>
<dc:creator>Ann Lee</dc:creator>
<dc:description>A tale.</dc:description></cp:coreProperties>"""


def paragraph(text: str, style: str = "", more: str = "") -> str:
    """Return a paragraph with one run."""
    style = style and f'<w:pStyle w:val="{style}"/>'
    properties = f"<w:pPr>{style}{more}</w:pPr>"
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def book(folder: Path, body: str, **files: str) -> Book:
    """Write a document and read it; ``files`` are others, by their names."""
    path = folder / "a.docx"
    document = f"<w:document><w:body>{body}</w:body></w:document>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", document)
        archive.writestr("word/styles.xml", files.get("styles", STYLES))
        archive.writestr("docProps/core.xml", files.get("core", CORE))
    return read_book(path, "a.docx")


def words(folder: Path, body: str) -> str:
    """Return what is read of a document without headings."""
    (chapter,) = book(folder, body).chapters
    return chapter.words


def left_out(found: Book) -> list[str]:
    """Return what a person is told of what is not read."""
    return [str(one) for one in found.omissions]


def test_chapters(tmp_path: Path) -> None:
    """Styles make headings: by their names, what they are based on, or their level."""
    body = "".join(
        [
            paragraph("The Harbour", "Ttl"),
            paragraph("Dawn", "H1"),
            paragraph("It was early."),
            paragraph("So &amp; so", "Out"),
            paragraph("x"),
            paragraph("Dusk", "My"),
            paragraph("Night", "Berschrift2"),
            paragraph("Later", more='<w:outlineLvl w:val="2"/>'),
            paragraph("y", "Loop"),
            paragraph("z", "unknown"),
        ]
    )
    found = book(tmp_path, body)
    assert [(c.title, c.words) for c in found.chapters] == [
        ("Dawn", "Dawn\n\nIt was early."),
        ("So & so", "So & so\n\nx"),
        ("Dusk", "Dusk"),
        ("Night", "Night\n\nLater\n\ny\n\nz"),
    ]


def test_metadata(tmp_path: Path) -> None:
    """What the document says of itself is known."""
    found = book(tmp_path, paragraph("a"))
    assert (found.title, found.author) == ("The Harbour", "Ann Lee")
    assert (found.description, found.language) == ("A tale.", "en-GB")
    bare = book(tmp_path, paragraph("Tale", "Ttl") + paragraph("a"), core="<x/>")
    assert (bare.title, [c.words for c in bare.chapters]) == ("Tale", ["Tale\n\na"])


RUNS = """<w:p><w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr>
<w:r><w:t>un</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>believable</w:t></w:r>
<w:r><w:tab/><w:t>a</w:t><w:noBreakHyphen/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>
<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>
<w:ins><w:r><w:t xml:space="preserve"> new</w:t></w:r></w:ins>
<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom>
<w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"""


def test_runs(tmp_path: Path) -> None:
    """Runs are joined as they are; changes are taken as made."""
    assert words(tmp_path, RUNS) == "unbelievable a-b\nc new"


def test_lists_and_tables(tmp_path: Path) -> None:
    """An item or a row is a line; cells follow one another."""
    item = "<w:numPr><w:ilvl/></w:numPr>"
    cells = "".join(
        f"<w:tc>{paragraph(text)}{paragraph('more') if text == '2' else ''}</w:tc>"
        for text in ("1", "2")
    )
    body = (
        paragraph("To buy:")
        + paragraph("tea", more=item)
        + paragraph("milk", more=item)
        + f"<w:tbl><w:tr>{cells}</w:tr><w:tr>{cells}</w:tr></w:tbl>"
        + paragraph("end")
    )
    expected = "To buy:\n\ntea\nmilk\n\n1, 2 more\n1, 2 more\n\nend"
    assert words(tmp_path, body) == expected


def test_languages(tmp_path: Path) -> None:
    """Runs in another language than the document's are passages."""
    body = (
        '<w:p><w:r><w:t xml:space="preserve">He said </w:t></w:r><w:r><w:rPr>'
        '<w:lang w:val="fr-FR"/></w:rPr><w:t>bon</w:t></w:r><w:r><w:rPr>'
        '<w:lang w:val="en-US"/></w:rPr><w:t>.</w:t></w:r></w:p>'
    )
    (chapter,) = book(tmp_path, body).chapters
    assert (chapter.words, chapter.passages) == (
        "He said bon.",
        (Passage(8, 11, "fr-FR"),),
    )


RUBY = """<w:p><w:r><w:ruby><w:rt><w:r><w:t>ねこ</w:t></w:r></w:rt><w:rubyBase><w:r>
<w:t>猫</w:t></w:r></w:rubyBase></w:ruby></w:r><w:r><w:t>だ。</w:t></w:r></w:p>"""
PICTURES = """<w:p><w:r><w:drawing><wp:docPr descr="A map"/><pic:pic/></w:drawing></w:r>
<w:r><w:drawing><wp:docPr id="2"/><pic:pic/></w:drawing></w:r></w:p>"""
BOX = """<w:p><w:r><mc:AlternateContent><mc:Choice><w:drawing><w:txbxContent><w:p><w:r>
<w:t>boxed</w:t></w:r></w:p></w:txbxContent></w:drawing></mc:Choice><mc:Fallback>
<w:r><w:t>boxed</w:t></w:r></mc:Fallback></mc:AlternateContent></w:r></w:p>"""
HIDDEN = """<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>no</w:t></w:r><w:r><w:rPr>
<w:vanish w:val="false"/></w:rPr><w:t>yes</w:t></w:r></w:p>"""


def test_left_out(tmp_path: Path) -> None:
    """Notes, ruby readings, contents lists, boxes and what is hidden are listed."""
    note = '<w:p><w:r><w:t>late</w:t><w:footnoteReference w:id="1"/></w:r></w:p>'
    body = note + RUBY + PICTURES + BOX + HIDDEN + paragraph("Dawn 3", "T1")
    found = book(tmp_path, body)
    assert found.chapters[0].words == "late\n\n猫だ。\n\nA map\n\nyes"
    assert left_out(found) == [
        "1 note",
        "1 ruby reading (2 characters)",
        "1 picture without a text alternative",
        "1 text box (5 characters)",
        "1 hidden passage (2 characters)",
        "1 line of a contents list (6 characters)",
    ]


def test_document_elsewhere(tmp_path: Path) -> None:
    """The text is the file that the document's relations name."""
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w/doc2.xml", paragraph("a"))
        archive.writestr(
            "_rels/.rels",
            '<Relationships><Relationship Type="http://x/relationships/officeDocument"'
            ' Target="/w/doc2.xml"/></Relationships>',
        )
    found = read_book(path, "a.docx")
    assert [(c.title, c.words, c.line) for c in found.chapters] == [("", "a", 1)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 500,
            "a.docx: it is protected by a password, or a .doc file (save it",
        ),
        (
            b"hello",
            "a.docx: the file is damaged, or not of the kind that its name says",
        ),
        (
            b"PK\x05\x06" + b"\0" * 18,
            "a.docx/word/document.xml: it has no text in it (is it a Word document?)",
        ),
    ],
    ids=["old", "no archive", "empty archive"],
)
def test_refused(tmp_path: Path, data: bytes, expected: str) -> None:
    """What is no Word document is refused, with what it seems to be."""
    path = tmp_path / "a.docx"
    path.write_bytes(data)
    with pytest.raises(JobError) as caught:
        read_book(path, "a.docx")
    assert str(caught.value).startswith(expected)


def test_stray_tags(tmp_path: Path) -> None:
    """End tags that end nothing, and text outside of runs, say nothing."""
    body = "</w:tr></w:p></w:r>stray<w:t>stray</w:t>" + paragraph("a")
    assert words(tmp_path, body) == "a"
