"""A read-along EPUB keeps the book's words, and every rule of media overlays."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from epubs import Epub, page
from overlays import OPF, OPS, SMIL, XHTML, Made, resolved

from batchtts.books.epub import read_epub_bound
from batchtts.chunking import clean, sentences
from batchtts.errors import JobError
from batchtts.outputs.captions import Sentence
from batchtts.outputs.readalong import ChapterAudio, write_read_along

SPAN = re.compile(r'<((?:\w+:)?span) id="said[-\d]*">(.*?)</\1>', re.DOTALL)
LINK = re.compile(r'<(?:\w+:)?link rel="stylesheet" [^>]*active.css"/>')

ONE = page(
    "<h1>One</h1>\n<p>He <em>said: “No.  Never</em> again.” He\n left<a"
    ' href="#n1"><sup>1</sup></a>, or&#160;so &amp; so.</p><p>Caf\u00e9 <img alt="A'
    ' boat at sea" src="b.png"/></p>'
)
TWO = page(
    "<p id='said1'>Dr.<br/>Who? <ruby>漢<rt>kan</rt></ruby>字。</p><table><tr><td>a"
    "</td><td>b.</td></tr></table><p><svg xmlns='http://www.w3.org/2000/svg'><text>"
    "Drawn.</text></svg> Af\u00adter <a href='x'>all<b> that.</b></a></p>"
)


def _book(folder: Path, *pages: str, package: str | None = None) -> Path:
    names = [f"text/p {number}.xhtml" for number in range(len(pages))]
    book = Epub(
        pages=dict(zip(names, pages, strict=True)),
        hrefs={name: name.replace(" ", "%20") for name in names},
        nav=[(f"C{n}", name.replace(" ", "%20")) for n, name in enumerate(names)],
        metadata='<dc:identifier id="uid">x</dc:identifier><dc:title>T</dc:title>'
        "<dc:language>en</dc:language>"
        '<meta property="dcterms:modified">2020-01-01T00:00:00Z</meta>',
        package=package,
    )
    return book.write(folder / "book.epub")


def _audio(folder: Path, book: Path, suffix: str = ".mp3") -> list[ChapterAudio]:
    """Have each sentence of each chapter heard for a second, with pauses between."""
    chapters = []
    for number, bound in enumerate(read_epub_bound(book, "book.epub"), 1):
        audio = folder / f"{number}{suffix}"
        audio.write_bytes(b"sound of %d" % number)
        said = tuple(
            Sentence(written, 0.5 + 1.5 * at, 1.5 + 1.5 * at)
            for at, written in enumerate(
                sentences(clean(bound.chapter.words).text, "eng")
            )
        )
        length_s = 1.5 * len(said) + 0.25
        chapters.append(
            ChapterAudio(number=number, audio=audio, length_s=length_s, sentences=said)
        )
    return chapters


def _write(folder: Path, book: Path, chapters: Sequence[ChapterAudio]) -> Path:
    path = folder / "out" / "book.epub"
    write_read_along(book, "book.epub", path, chapters, narrators=["A & B"])
    return path


def _seconds(clock: str) -> float:
    assert re.fullmatch(r"\d+:[0-5]\d:[0-5]\d\.\d{3}", clock)
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Make a read-along of a book with much that is awkward."""
    book = _book(tmp_path, ONE, TWO)
    return Made(_write(tmp_path, book, _audio(tmp_path, book)))


def test_the_words_are_untouched(made: Made, tmp_path: Path) -> None:
    """Without what was put in, each page is the source's, byte for byte."""
    with zipfile.ZipFile(tmp_path / "book.epub") as source:
        for name in source.namelist():
            found = made.files[name]
            if name.startswith("OPS/text/"):
                markup = LINK.sub("", found.decode())
                while SPAN.search(markup):
                    markup = SPAN.sub(r"\2", markup)
                assert markup == source.read(name).decode()
            elif name != "OPS/book.opf":
                assert found == source.read(name)


def test_sentences_are_held_as_the_markup_allows(made: Made) -> None:
    """One element a sentence, several where elements cross its ends; none in SVG."""
    assert made.said("OPS/text/p 0.xhtml") == [
        "One",
        "He",
        "said: “No.",
        "Never",
        "again.”",
        "He\n left1, or\u00a0so & so.",
        "Caf\u00e9",
    ]
    assert made.said("OPS/text/p 1.xhtml") == [
        "Dr.Who?", "漢kan字。", "a", "b.", "Af\u00adter all that."
    ]  # fmt: skip


def test_the_container_is_an_epubs(made: Made) -> None:
    """The media type first and bare; each file once; no time of day."""
    first = made.infos[0]
    assert (first.filename, first.compress_type, first.extra) == (
        "mimetype",
        zipfile.ZIP_STORED,
        b"",
    )
    assert made.files["mimetype"] == b"application/epub+zip"
    assert len({info.filename for info in made.infos}) == len(made.infos)
    assert {info.date_time for info in made.infos} == {(1980, 1, 1, 0, 0, 0)}


def test_the_package_names_every_file(made: Made) -> None:
    """And nothing that is not there, each under an id of its own."""
    listed = [made.name(item) for item in made.items.values()]
    outside = {"mimetype", "META-INF/container.xml", "OPS/book.opf"}
    assert sorted(listed) == sorted(set(made.files) - outside)
    ids = [item.get("id") for item in made.package.iter(f"{OPF}item")]
    assert len(set(ids)) == len(ids)
    types = {made.name(item): item.get("media-type") for item in made.items.values()}
    assert types["OPS/read-along/0001.mp3"] == "audio/mpeg"
    assert types["OPS/read-along/active.css"] == "text/css"
    assert types["OPS/read-along/0001.smil"] == "application/smil+xml"


def test_overlays_are_tied_to_pages(made: Made) -> None:
    """One a page; its text elements are in that page, each once and in order."""
    assert len(made.overlays()) == 2
    for identifier, (file, smil) in made.overlays().items():
        name = made.name(made.items[identifier])
        assert (smil.tag, smil.get("version")) == (f"{SMIL}smil", "3.0")
        [body] = smil
        assert body.tag == f"{SMIL}body"
        assert resolved(name, body.get(f"{OPS}textref", "")) == file
        ids = [par.get("id") for par in body]
        assert len(set(ids)) == len(ids) > 0
        heard = []
        for par in body:
            assert [child.tag for child in par] == [f"{SMIL}text", f"{SMIL}audio"]
            link, _, fragment = par[0].get("src", "").partition("#")
            assert resolved(name, link) == file
            heard.append(fragment)
            assert resolved(name, par[1].get("src", "")) in made.files
        root = ET.fromstring(made.files[file])
        there = [e.get("id") for e in root.iter() if e.get("id", "") in heard]
        assert there == heard
        every = [e.get("id") for e in root.iter() if e.get("id")]
        assert len(set(every)) == len(every)


def test_all_of_the_audio_is_played_once(made: Made) -> None:
    """Clips follow one another from beginning to end, and lengths are theirs."""
    lengths = {}
    clips: dict[str, list[tuple[float, float]]] = {}
    for identifier, (_, smil) in made.overlays().items():
        times = [
            (audio.get("src", ""), _seconds(a), _seconds(b))
            for audio in smil.iter(f"{SMIL}audio")
            for a, b in [(audio.get("clipBegin", ""), audio.get("clipEnd", ""))]
        ]
        assert all(start < end for _, start, end in times)
        lengths[f"#{identifier}"] = sum(end - start for _, start, end in times)
        for source, start, end in times:
            clips.setdefault(source, []).append((start, end))
    for number, found in enumerate(clips.values()):
        assert found[0][0] == 0
        assert [end for _, end in found[:-1]] == [start for start, _ in found[1:]]
        assert found[-1][1] == pytest.approx([9.25, 6.25][number], abs=2)
    told = {about: _seconds(clock) for about, clock in made.metas("media:duration")}
    total = told.pop("")
    assert told == pytest.approx(lengths)
    assert total == pytest.approx(sum(lengths.values()))


def test_what_is_heard_is_shown(made: Made) -> None:
    """One class for it, which every page's style sheet knows, and who reads."""
    [(about, name)] = made.metas("media:active-class")
    assert (about, name) == ("", "-epub-media-overlay-active")
    assert made.metas("media:narrator") == [("", "A & B")]
    assert f".{name} {{" in made.files["OPS/read-along/active.css"].decode()
    for file in ("OPS/text/p 0.xhtml", "OPS/text/p 1.xhtml"):
        [link] = ET.fromstring(made.files[file]).iter(f"{XHTML}link")
        assert resolved(file, link.get("href", "")) == "OPS/read-along/active.css"


def test_same_inputs_same_bytes(tmp_path: Path) -> None:
    """And a name that is the book's own is not taken."""
    book = _book(tmp_path, ONE)
    chapters = _audio(tmp_path, book, ".m4a")
    first = _write(tmp_path, book, chapters).read_bytes()
    assert _write(tmp_path, book, chapters).read_bytes() == first
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr("OPS/read-along/x.txt", "x")
    again = Made(_write(tmp_path, book, chapters))
    assert again.files["OPS/read-along-2/0001.m4a"] == b"sound of 1"


def test_some_chapters_are_enough(tmp_path: Path) -> None:
    """Pages of the others are as they were."""
    book = _book(tmp_path, ONE, TWO)
    made = Made(_write(tmp_path, book, _audio(tmp_path, book)[1:]))
    assert made.files["OPS/text/p 0.xhtml"] == ONE.encode()
    assert len(made.overlays()) == 1


def test_prefixes_and_encodings_are_kept_up_with(tmp_path: Path) -> None:
    """An element put in has the prefix of the page's own; what is written is UTF-8."""
    body = "<h:body><h:p>Un caf\u00e9.</h:p></h:body>"
    markup = (
        '<?xml version="1.0" encoding="utf-16"?><h:html'
        f' xmlns:h="http://www.w3.org/1999/xhtml"><h:head/>{body}</h:html>'
    )
    book = _book(tmp_path, page("<p>x</p>"))
    with zipfile.ZipFile(book) as source:
        files = {name: source.read(name) for name in source.namelist()}
    files["OPS/text/p 0.xhtml"] = markup.encode("utf-16")
    with zipfile.ZipFile(book, "w") as target:
        for name, data in files.items():
            target.writestr(name, data)
    made = Made(_write(tmp_path, book, _audio(tmp_path, book)))
    assert made.said("OPS/text/p 0.xhtml") == ["Un caf\u00e9."]


OLD = """<package xmlns="http://www.idpf.org/2007/opf" version="{}"><metadata
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>T</dc:title></metadata>
<manifest><item id="p" href="text/p%200.xhtml" media-type="application/xhtml+xml"
 {}/></manifest><spine><itemref idref="p"/></spine></package>"""


@pytest.mark.parametrize(
    ("version", "more", "told"),
    [
        ("1.2", "", 'book.epub/OPS/book.opf: it is an EPUB of the version "1.2"'),
        ("3.0", 'media-overlay="x"', "the book has audio of its own already"),
    ],
)
def test_some_books_cannot_be_read_along(
    tmp_path: Path, version: str, more: str, told: str
) -> None:
    """Which is said, and nothing written."""
    book = _book(tmp_path, ONE, package=OLD.format(version, more))
    with pytest.raises(JobError) as caught:
        _write(tmp_path, book, _audio(tmp_path, book))
    assert told in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_other_words_than_the_books_are_refused(tmp_path: Path) -> None:
    """The audio would be heard at the wrong places."""
    book = _book(tmp_path, ONE, TWO)
    one, two = _audio(tmp_path, book)
    other = replace(one, sentences=two.sentences)
    with pytest.raises(JobError, match=r"p 0.xhtml: the words of chapter 1 are not"):
        _write(tmp_path, book, [other])
    words = [replace(said, written=said.written.swapcase()) for said in one.sentences]
    with pytest.raises(JobError, match=r"the words of chapter 1 are not"):
        _write(tmp_path, book, [replace(one, sentences=tuple(words))])
    other = replace(one, number=3)
    with pytest.raises(JobError, match="the book has no chapter 3"):
        _write(tmp_path, book, [other])
