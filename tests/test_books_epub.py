"""EPUBs as books: chapters, titles, metadata, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from epubs import Epub, page

from batchtts.books import Book, read_book, read_cover
from batchtts.books.epub import read_epub_bound
from batchtts.errors import JobError
from batchtts.model import Passage

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20
ONE, TWO, THREE = (
    page(f"<p>Words of {n}.</p>", title="Tale") for n in ("one", "two", "three")
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder for books."""
    return tmp_path


def read(folder: Path, epub: Epub) -> Book:
    """Write a book and read it."""
    return read_book(epub.write(folder / "a.epub"), "a.epub")


def outline(folder: Path, epub: Epub) -> list[tuple[str, str]]:
    """Return the titles and words of a book's chapters."""
    return [(one.title, one.words) for one in read(folder, epub).chapters]


def left_out(book: Book) -> list[str]:
    """Return what a person is told of a book's omissions."""
    return [str(omission) for omission in book.omissions]


def refused(folder: Path, epub: Epub) -> str:
    """Return why a book is refused."""
    with pytest.raises(JobError) as caught:
        read(folder, epub)
    return str(caught.value)


# --- order and titles ---------------------------------------------------------


def test_reading_order(folder: Path) -> None:
    """Pages follow as the spine says, whatever the manifest and the names say."""
    epub = Epub(
        pages={"a.xhtml": ONE, "b.xhtml": TWO, "c.xhtml": THREE},
        nav=[("A", "a.xhtml"), ("B", "b.xhtml"), ("C", "c.xhtml")],
        spine='<itemref idref="p2"/><itemref idref="p0"/><itemref idref="p1"/>',
    )
    assert outline(folder, epub) == [
        ("C", "Words of three."),
        ("A", "Words of one."),
        ("B", "Words of two."),
    ]


@pytest.mark.parametrize("kind", ["nav", "ncx"])
def test_contents_list(folder: Path, kind: str) -> None:
    """Each line of the contents list opens a chapter, wherever it leads."""
    first = page(
        "<h1>Part One</h1><h2 id='c1'>I</h2><p>a</p><h2 id='c2'>II</h2><p>b</p>"
    )
    lines = [
        ("Part &amp; One", "a.xhtml"),
        ("> I", "a.xhtml#c1"),
        ("> II", "a.xhtml#c2"),
        ("Part Two", "b.xhtml"),
    ]
    pages = {"a.xhtml": first, "b.xhtml": TWO}
    epub = (
        Epub(pages=pages, nav=lines) if kind == "nav" else Epub(pages=pages, ncx=lines)
    )
    assert outline(folder, epub) == [
        ("Part & One", "Part One"),
        ("I", "I\n\na"),
        ("II", "II\n\nb"),
        ("Part Two", "Words of two."),
    ]


def test_lines_that_lead_to_one_place(folder: Path) -> None:
    """A part and its first chapter on one page are one chapter with both names."""
    entries = [("Part One", "a.xhtml"), ("> I", "a.xhtml"), ("Again", "a.xhtml")]
    epub = Epub(pages={"a.xhtml": ONE}, nav=entries)
    assert [title for title, _ in outline(folder, epub)] == ["Part One: I"]


def test_pages_without_a_line(folder: Path) -> None:
    """A page that nothing names goes on with the chapter, unless it has a heading."""
    epub = Epub(
        pages={
            "0.xhtml": page("<p>For Ann.</p>"),
            "1.xhtml": ONE,
            "2.xhtml": page("<p>Still one.</p><h2>Not first</h2>"),
            "3.xhtml": page("<h2>Interlude</h2><p>x</p>"),
            "4.xhtml": TWO,
        },
        nav=[("One", "1.xhtml"), ("Two", "4.xhtml")],
    )
    assert outline(folder, epub) == [
        ("", "For Ann."),
        ("One", "Words of one.\n\nStill one.\n\n\nNot first"),
        ("Interlude", "Interlude\n\nx"),
        ("Two", "Words of two."),
    ]


def test_chapter_that_goes_on_into_a_page(folder: Path) -> None:
    """Words before a page's first line belong to the chapter before it."""
    second = page('<p>End of one.</p><h2 id="two">Two</h2><p>b</p>')
    epub = Epub(
        pages={"1.xhtml": ONE, "2.xhtml": second},
        nav=[("One", "1.xhtml"), ("Two", "2.xhtml#two")],
    )
    assert outline(folder, epub) == [
        ("One", "Words of one.\n\nEnd of one."),
        ("Two", "Two\n\nb"),
    ]


def test_no_contents_list(folder: Path) -> None:
    """Without a contents list each page is a chapter with the name it gives itself."""
    epub = Epub(
        pages={
            "a.xhtml": page("<h3>The <em>Boy</em></h3><p>a</p>", title="Tale"),
            "b.xhtml": page("<p>b</p>", title="The Girl"),
            "c.xhtml": page("<p>c</p>", title="Tale"),
        }
    )
    assert [title for title, _ in outline(folder, epub)] == ["The Boy", "The Girl", ""]


@pytest.mark.parametrize(
    "nav",
    [
        "",
        "<html><body><nav epub:type='toc'><ol></ol></nav></body></html>",
        "not even markup < & >",
        '<html><nav epub:type="toc"><ol><li><a href="gone.xhtml">A</a></nav>',
        '<html><nav epub:type="toc"><ol><li><a href="http://x.example/">A</a></nav>',
    ],
    ids=["empty", "no lines", "no markup", "missing page", "remote"],
)
def test_broken_nav(folder: Path, nav: str) -> None:
    """Where the navigation document leads nowhere, the NCX has the titles."""
    epub = Epub(pages={"a.xhtml": ONE}, nav=nav, ncx=[("From NCX", "a.xhtml")])
    assert outline(folder, epub) == [("From NCX", "Words of one.")]


def test_lenient_nav(folder: Path) -> None:
    """A contents list is read with what is wrong in it: end tags, roles, case."""
    nav = '<html><NAV><ol><li><a href="A.xhtml#none">One &amp; only</a><li><a>No</a>'
    assert outline(folder, Epub(pages={"a.xhtml": ONE}, nav=nav)) == [
        ("One & only", "Words of one.")
    ]


def test_passages_of_joined_pages(folder: Path) -> None:
    """Passages keep their place where pages are joined and chapters cut."""
    first = page('<p><i lang="fr">un</i> a</p><h2 id="x">B <i lang="fr">deux</i></h2>')
    second = page('<p lang="fr">trois</p>')
    epub = Epub(
        pages={"a.xhtml": first, "b.xhtml": second},
        nav=[("A", "a.xhtml"), ("B", "a.xhtml#x")],
    )
    a, b = read(folder, epub).chapters
    assert (a.words, a.passages) == ("un a", (Passage(0, 2, "fr"),))
    assert b.words == "B deux\n\ntrois"
    assert b.passages == (Passage(2, 6, "fr"), Passage(8, 13, "fr"))


# --- what is left out ---------------------------------------------------------


def test_notes_tables_and_pictures(folder: Path) -> None:
    """Notes are left out across pages, tables read by rows, pictures by their words."""
    first = page(
        "<h1>One</h1><p>Late<sup><a href='notes.xhtml#n1' id='r1'>1</a></sup>."
        "<span epub:type='pagebreak'>7</span></p>"
        "<table><tr><th>Tea</th><th>1</th></tr></table>"
        "<figure><img src='m.png' alt='A map'/></figure><p><img src='x.png'/></p>"
    )
    notes = page('<p id="n1"><a href="a.xhtml#r1">1.</a> Ibid.</p>')
    epub = Epub(
        pages={"a.xhtml": first, "notes.xhtml": notes},
        nav=[("One", "a.xhtml"), ("Notes", "notes.xhtml")],
    )
    book = read(folder, epub)
    assert [c.words for c in book.chapters] == ["One\n\nLate.\n\nTea, 1\n\nA map"]
    assert left_out(book) == [
        '"Notes" (note)',
        "1 note reference (1 character)",
        "1 page number (1 character)",
        "1 picture without a text alternative",
    ]


ROLES = {
    "cover.xhtml": page("<p>Cover</p>", role="cover"),
    "title.xhtml": page("<section epub:type='titlepage'><h1>Tale</h1></section>"),
    "imprint.xhtml": page("<section role='doc-colophon'><p>Made by</p></section>"),
    "preface.xhtml": page("<h2>Preface</h2><p>x</p>", role="frontmatter preface"),
    "one.xhtml": ONE,
    "index.xhtml": page("<h2>Index</h2><p>cat, 7</p>", role="index"),
}


def test_left_out_by_role(folder: Path) -> None:
    """Front and back matter is left out by its role, and listed by its title."""
    entries = [(name.partition(".")[0].title(), name) for name in ROLES]
    book = read(folder, Epub(pages=ROLES, nav=entries))
    assert [c.title for c in book.chapters] == ["Preface", "One"]
    assert left_out(book) == [
        '"Cover" (cover)',
        '"Title" (title page)',
        '"Imprint" (colophon)',
        '"Index" (index)',
    ]


def test_left_out_in_the_middle_of_a_page(folder: Path) -> None:
    """A part that the contents list names, and its role leaves out, is listed by it."""
    body = (
        "<h2>One</h2><p>a</p><section epub:type='bibliography' id='b'><h2>Books</h2>"
        "<p>x</p></section><h2 id='t'>Two</h2><p>b</p>"
    )
    entries = [("One", "a.xhtml"), ("Books", "a.xhtml#b"), ("Two", "a.xhtml#t")]
    book = read(folder, Epub(pages={"a.xhtml": page(body)}, nav=entries))
    assert [c.title for c in book.chapters] == ["One", "Two"]
    assert left_out(book) == ['"Books" (bibliography)']


@pytest.mark.parametrize("kind", ["guide", "landmarks"])
def test_left_out_by_guide_or_landmarks(folder: Path, kind: str) -> None:
    """The roles that a book's guide or landmarks give to pages count as well."""
    pages = {"c.xhtml": page("<p>Rights.</p>"), "a.xhtml": ONE}
    if kind == "guide":
        guide = (
            '<guide><reference type="copyright-page" href="c.xhtml"/>'
            '<reference type="text" href="a.xhtml"/>'
            '<reference type="toc" href="a.xhtml#x"/></guide>'
        )
        epub = Epub(pages=pages, guide=guide, ncx=[("One", "a.xhtml")])
    else:
        nav = page(
            "<nav epub:type='toc'><ol><li><a href='a.xhtml'>One</a></li></ol></nav>"
            "<nav epub:type='landmarks'><ol><li><a epub:type='copyright-page'"
            " href='c.xhtml'>C</a></li><li><a epub:type='bodymatter' href='a.xhtml'>"
            "Start</a></li></ol></nav>"
        )
        epub = Epub(pages=pages, nav=nav)
    book = read(folder, epub)
    assert [c.title for c in book.chapters] == ["One"]
    assert left_out(book) == ['"OPS/c.xhtml" (copyright page)']


def test_long_page_with_a_role_of_its_guide(folder: Path) -> None:
    """A "title page" as long as a chapter is read: its guide is wrong."""
    long = page(f"<p>{'Words and words. ' * 2000}</p>")
    guide = '<guide><reference type="title-page" href="a.xhtml"/></guide>'
    assert len(read(folder, Epub(pages={"a.xhtml": long}, guide=guide)).chapters) == 1


def test_pages_that_no_role_names(folder: Path) -> None:
    """A first page that is a picture is the cover, one of links the contents list."""
    links = "".join(f'<p><a href="c{n}.xhtml">Chapter {n}</a></p>' for n in range(5))
    pages = {
        "cover.xhtml": page('<div><img src="c.jpg" alt="The cover"/></div>'),
        "contents.xhtml": page(f"<h2>Toc</h2>{links}"),
    }
    pages |= {f"c{n}.xhtml": page(f"<h2>{n}</h2><p>words</p>") for n in range(5)}
    book = read(folder, Epub(pages=pages))
    assert len(book.chapters) == 5
    assert left_out(book) == ['"OPS/cover.xhtml" (cover)', '"Toc" (contents list)']


def test_pages_outside_the_text(folder: Path) -> None:
    """What is not linear, not in the spine, twice in it or no page is listed."""
    manifest = (
        '<item id="x" href="x.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="pic" href="pic.svg" media-type="image/svg+xml"/>'
        '<item id="draw" href="d.svg" media-type="image/svg+xml" fallback="p1"/>'
    )
    epub = Epub(
        pages={"a.xhtml": ONE, "b.xhtml": TWO, "c.xhtml": THREE},
        manifest=manifest,
        files={"OPS/x.xhtml": page("<p>x</p>"), "OPS/pic.svg": "<svg/>"},
        spine='<itemref idref="p0"/><itemref idref="p2" linear="no"/>'
        '<itemref idref="p0"/><itemref idref="p0"/><itemref idref="gone"/>'
        '<itemref idref="pic"/>'
        '<itemref idref="draw"/>',
    )
    book = read(folder, epub)
    assert [c.words for c in book.chapters] == ["Words of one.", "Words of two."]
    assert left_out(book) == [
        '"c.xhtml" (page outside the text)',
        '"gone" (unknown page)',
        '"pic.svg" (page without words)',
        '"a.xhtml" (repeated page)',
        '"x.xhtml" (page outside the text)',
    ]


# --- metadata -----------------------------------------------------------------

EPUB_3 = """
<dc:identifier>urn:isbn:1</dc:identifier>
<dc:identifier id="uid">urn:uuid:2</dc:identifier>
<dc:title id="sub">A Tale</dc:title><dc:title id="main">The  Harbour</dc:title>
<meta refines="#main" property="title-type">main</meta>
<meta refines="#sub" property="title-type">subtitle</meta>
<dc:creator id="a">Ann Lee</dc:creator><dc:creator id="b">Bo Ek</dc:creator>
<dc:creator id="ill">Ida Hand</dc:creator>
<dc:contributor id="n">Nora Vox</dc:contributor>
<meta refines="#a" property="role" scheme="marc:relators">aut</meta>
<meta refines="#ill" property="role">ill</meta>
<meta refines="#n" property="role">nrt</meta>
<dc:language>en-GB</dc:language><dc:language>fr</dc:language>
<dc:date>2014-05-25T00:00:00Z</dc:date><dc:publisher>Pier &amp; Sons</dc:publisher>
<dc:description>&lt;p&gt;A &lt;i&gt;tale&lt;/i&gt;.&lt;/p&gt;</dc:description>
<meta property="belongs-to-collection" id="set">Best Novels</meta>
<meta refines="#set" property="collection-type">set</meta>
<meta property="belongs-to-collection" id="ser">Harbours</meta>
<meta refines="#ser" property="collection-type">series</meta>
<meta refines="#ser" property="group-position">2</meta>
"""
EPUB_2 = """
<dc:identifier>x</dc:identifier><dc:title>The Harbour</dc:title>
<dc:creator opf:role="aut">Ann Lee</dc:creator>
<dc:creator opf:role="nrt">Nora Vox</dc:creator>
<dc:language>de</dc:language><dc:date opf:event="modification">2020-01-01</dc:date>
<dc:date opf:event="publication">1999</dc:date><dc:description> Short. </dc:description>
<meta name="calibre:series" content="Harbours"/>
<meta name="calibre:series_index" content="2.5"/>
"""


def test_metadata(folder: Path) -> None:
    """What an EPUB 3 says of itself is known: refined by roles, without markup."""
    book = read(folder, Epub(pages={"a.xhtml": ONE}, metadata=EPUB_3))
    assert (book.title, book.author) == ("The Harbour", "Ann Lee, Bo Ek")
    assert (book.narrator, book.language) == ("Nora Vox", "en-GB")
    assert (book.series, book.series_index) == ("Harbours", "2")
    assert (book.date, book.publisher) == ("2014-05-25", "Pier & Sons")
    assert (book.description, book.identifier) == ("A tale.", "urn:uuid:2")


def test_metadata_of_epub_2(folder: Path) -> None:
    """What an EPUB 2 says of itself is known."""
    book = read(folder, Epub(pages={"a.xhtml": ONE}, metadata=EPUB_2))
    assert (book.title, book.author, book.narrator) == (
        "The Harbour",
        "Ann Lee",
        "Nora Vox",
    )
    assert (book.language, book.date, book.description) == ("de", "1999", "Short.")
    assert (book.series, book.series_index) == ("Harbours", "2.5")
    assert (book.identifier, book.publisher) == ("x", "")


def test_no_metadata(folder: Path) -> None:
    """What is not known is empty; the language is that of the first page."""
    epub = Epub(pages={"a.xhtml": page("<p>Oui.</p>", lang="fr")}, metadata="")
    book = read(folder, epub)
    assert (book.title, book.author, book.language) == ("", "", "fr")
    assert book.chapters[0].passages == ()


# --- covers -------------------------------------------------------------------


def covered(folder: Path, **parts: object) -> tuple[bytes, str] | None:
    """Return the cover of a book with some more parts."""
    epub = Epub(pages={"a.xhtml": ONE}, **parts)  # type: ignore[arg-type]
    cover = read_cover(epub.write(folder / "a.epub"), "a.epub")
    return None if cover is None else (cover.data, cover.media_type)


def test_cover_of_epub_3(folder: Path) -> None:
    """The cover is the item with that property, whatever type it is given."""
    item = '<item id="c" href="c.img" media-type="x" properties="cover-image"/>'
    found = covered(folder, manifest=item, files={"OPS/c.img": PNG})
    assert found == (PNG, "image/png")


def test_cover_of_epub_2(folder: Path) -> None:
    """The cover is what a meta element names, or the picture on the guide's page."""
    item = '<item id="c" href="c.jpg" media-type="image/jpeg"/>'
    named = covered(
        folder,
        metadata='<meta name="cover" content="c"/>',
        manifest=item,
        files={"OPS/c.jpg": JPEG},
    )
    assert named == (JPEG, "image/jpeg")
    guided = covered(
        folder,
        guide='<guide><reference type="cover" href="cover.xhtml"/></guide>',
        files={
            "OPS/cover.xhtml": "<svg><image xlink:href='img/c%20d.jpg'/></svg>",
            "OPS/img/c d.jpg": JPEG,
        },
    )
    assert guided == named


def test_drawn_cover(folder: Path) -> None:
    """Of a drawing that holds a picture the picture is the cover."""
    svg = '<svg><image href="data:image/png;base64,iVBORw0KGgo="/></svg>'
    item = '<item id="c" href="c.svg" media-type="x" properties="cover-image"/>'
    found = covered(folder, manifest=item, files={"OPS/c.svg": svg})
    assert found == (b"\x89PNG\r\n\x1a\n", "image/png")


@pytest.mark.parametrize(
    "svg",
    [
        "<svg/>",
        "<svg><image href='data:image/png;base64,='/></svg>",
        "<svg><image href='data:text/plain,a'/><image href='c.svg'/></svg>",
        "<svg><image href='http://x.example/c.png'/><image href='gone.png'/></svg>",
    ],
    ids=["no picture", "broken", "itself", "elsewhere"],
)
def test_no_cover(folder: Path, svg: str) -> None:
    """A cover that cannot be shown is none."""
    item = '<item id="c" href="c.svg" media-type="x" properties="cover-image"/>'
    assert covered(folder, manifest=item, files={"OPS/c.svg": svg}) is None
    assert read_cover(folder / "a.txt", "a.txt") is None


# --- where words stand --------------------------------------------------------


def test_origins(folder: Path) -> None:
    """Each chapter knows its page and line, and every word its place in the files."""
    first = page('<p>One &amp; <i>two</i>\n three.</p>\n<h2 id="x">B</h2><p>b</p>')
    second = page("<p>More of b.</p>")
    epub = Epub(
        pages={"a.xhtml": first, "b.xhtml": second},
        nav=[("A", "a.xhtml"), ("B", "a.xhtml#x")],
    )
    path = epub.write(folder / "a.epub")
    files = {"OPS/a.xhtml": first, "OPS/b.xhtml": second}
    bound = list(read_epub_bound(path, "a.epub"))
    assert [one.chapter for one in bound] == list(read_book(path, "a.epub").chapters)
    assert [(one.chapter.file, one.chapter.line) for one in bound] == [
        ("OPS/a.xhtml", 4),
        ("OPS/a.xhtml", 6),
    ]
    for one in bound:
        words = one.chapter.words
        for file, origin in one.origins:
            said = words[origin.start : origin.start + origin.length]
            written = files[file][origin.at : origin.at + origin.written]
            assert written == said or (written, said) == ("&amp;", "&")
        covered = {
            n for _, o in one.origins for n in range(o.start, o.start + o.length)
        }
        assert all(words[n].isspace() for n in range(len(words)) if n not in covered)
    for stretch in bound[1].chapter.sources:
        said = bound[1].chapter.words[stretch.offset :]
        assert files[stretch.file][stretch.start] == said[0]


# --- broken books -------------------------------------------------------------


def test_names_that_nearly_fit(folder: Path) -> None:
    """Pages are found by their names in another case, form or escape."""
    epub = Epub(
        pages={"Kapitel Ä.xhtml": ONE, "B.xhtml": TWO, "c%20d.xhtml": THREE},
        hrefs={
            "Kapitel Ä.xhtml": "kapitel%20A%CC%88.xhtml",
            "B.xhtml": "./x/../b.XHTML",
            "c%20d.xhtml": "c%20d.xhtml",
        },
        ncx=[
            ("A", "KAPITEL%20Ä.xhtml#"),
            ("B", "../OPS/B.xhtml"),
            ("C", "c%20d.xhtml?x"),
        ],
    )
    assert [title for title, _ in outline(folder, epub)] == ["A", "B", "C"]


def test_missing_page(folder: Path) -> None:
    """A page that is not there makes the book unusable: words would be lost."""
    missing = Epub(pages={"a.xhtml": ONE}, hrefs={"a.xhtml": "b.xhtml"})
    assert refused(folder, missing) == (
        'a.epub/OPS/book.opf: the page "b.xhtml" is missing from the book'
        " (get the book once more)"
    )


@pytest.mark.parametrize("href", ["../../a.xhtml", "/etc/passwd", "http://x.example/"])
def test_page_elsewhere(folder: Path, href: str) -> None:
    """A page outside the archive is missing; nothing is looked for on disk or web."""
    epub = Epub(pages={"a.xhtml": ONE}, hrefs={"a.xhtml": href})
    assert "is missing from the book" in refused(folder, epub)


def test_missing_page_that_is_not_read(folder: Path) -> None:
    """A page that is missing and would not be read anyway is listed."""
    epub = Epub(
        pages={"a.xhtml": ONE},
        manifest='<item id="x" href="x.xhtml" media-type="application/xhtml+xml"/>',
        spine='<itemref idref="p0"/><itemref idref="x" linear="no"/>',
    )
    assert left_out(read(folder, epub)) == ['"x.xhtml" (page outside the text)']


def test_no_container(folder: Path) -> None:
    """Without a container the only package document is the right one."""
    assert outline(folder, Epub(pages={"a.xhtml": ONE}, container=None)) == [
        ("", "Words of one.")
    ]
    two = Epub(pages={"a.xhtml": ONE}, container=None, files={"b.opf": "<package/>"})
    assert refused(folder, two) == (
        "a.epub/META-INF/container.xml: it has no package document, which says what the"
        " book is made of (is it an EPUB?)"
    )


PICTURES = """<package><manifest><item id="a" href="b.jpg" fallback="a"/></manifest>
<spine><itemref idref="a"/></spine></package>"""


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("", "it does not say which pages the book has, and in which order"),
        ("<package><manifest/>", "it does not say which pages"),
        ("<package><manifest/><spine/>", "no page stands in the book's reading order"),
        (
            PICTURES,
            "no page stands in the book's reading order",
        ),
    ],
    ids=["empty", "no spine", "nothing in it", "only a picture"],
)
def test_broken_package(folder: Path, package: str, expected: str) -> None:
    """A package document that names no pages is refused with its place."""
    message = refused(folder, Epub(pages={"a.xhtml": ONE}, package=package or " "))
    assert message.startswith(f"a.epub/OPS/book.opf: {expected}")


def test_package_with_faults(folder: Path) -> None:
    """A package document that is not well made is read with its faults."""
    package = (
        "<opf:package><metadata><dc:title>Tom & Ann</metadata><opf:manifest>"
        "<opf:item id=a href=a.xhtml media-type='text/html'><item id='a' href='b'/>"
        "</opf:manifest><spine><itemref idref='a'><itemref idref='a'></package>"
    )
    book = read(folder, Epub(pages={"a.xhtml": ONE}, package=package))
    assert (book.title, len(book.chapters)) == ("Tom & Ann", 1)


def test_page_with_faults(folder: Path) -> None:
    """A page that is not well formed gives its words all the same."""
    broken = "<html><body><p>One & <b>two<p>three <img alt='four'>&nbsp;five</body>"
    assert outline(folder, Epub(pages={"a.xhtml": broken})) == [
        ("", "One & two\n\nthree four\xa0five")
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("<p>Größe</p>".encode("utf-16"), "Größe"),
        (b"\xef\xbb\xbf<p>Gr\xc3\xb6\xc3\x9fe</p>", "Größe"),
        ('<?xml version="1.0" encoding="utf-16"?><p>Größe</p>'.encode(), "Größe"),
        ("<?xml version='1.0' encoding='koi8-r'?><p>мир</p>".encode("koi8-r"), "мир"),
        (b'<meta charset="iso-8859-1"><p>\x93Gr\xf6\xdfe\x94</p>', "“Größe”"),
        ("<meta content='text/html; charset=sjis'><p>猫</p>".encode("sjis"), "猫"),
        ("<p>a</p>".encode("utf-16-le"), "a"),
    ],
    ids=range(7),
)
def test_encodings(folder: Path, data: bytes, expected: str) -> None:
    """A page is decoded by its byte order mark, its declaration, or as UTF-8."""
    epub = Epub(pages={"a.xhtml": ""}, files={"OPS/a.xhtml": data})
    assert outline(folder, epub) == [("", expected)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<p>a\n\xff</p>", "OPS/a.xhtml:2: the byte 0xFF at offset 5 is not UTF-8"),
        (
            b'<?xml version="1.0" encoding="rot13"?><p>a</p>',
            "OPS/a.xhtml: it is written in an unknown encoding, 'rot13'",
        ),
        (
            b'<meta charset="nonsense">',
            "it is written in an unknown encoding, 'nonsense'",
        ),
    ],
    ids=["not UTF-8", "no encoding of texts", "unknown"],
)
def test_undecodable(folder: Path, data: bytes, expected: str) -> None:
    """A page that cannot be decoded is refused with its place: no word is guessed."""
    epub = Epub(pages={"a.xhtml": ""}, files={"OPS/a.xhtml": data})
    assert expected in refused(folder, epub)


def test_nothing_to_read(folder: Path) -> None:
    """A book of pictures has no chapters, and says what it has."""
    epub = Epub(
        pages={"a.xhtml": page("<img src='a.png'/>")}, nav=[("Cats", "a.xhtml")]
    )
    book = read(folder, epub)
    assert book.chapters == ()
    assert left_out(book) == ['"Cats" (picture without a text alternative)']
