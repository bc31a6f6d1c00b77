# ruff: noqa: RUF001 -- letters of other scripts look like Latin ones
"""Books of every kind are heard word for word, or refused: tones read back."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import av
import numpy as np
import pytest
from epubs import Epub, page
from overlays import Made

import batchtts
from batchtts.books import read_book
from batchtts.errors import JobError
from batchtts.localserver import tone_reader

JAPANESE = """<h1>第一章　<ruby>猫<rp>(</rp><rt>ねこ</rt><rp>)</rp></ruby>の話</h1>
<p>　<ruby>吾輩<rt>わがはい</rt></ruby>は
猫である。名前はまだ無い。どこで<ruby><rb>生</rb>
<rb>れ</rb><rtc><rt>うま</rt></rtc></ruby>たか。</p>
<p>「やあ、元気かい？」と彼は言った。<span class="tcy">12</span>月、３．５度だった。</p>
<p>神\U000e0100の㍍——黙って……答えた。</p>"""
HEBREW = """<h1>פֶּרֶק א׳</h1>
<p>בְּרֵאשִׁית בָּרָא אֱלֹהִים׃ <bdo dir="rtl">שלום</bdo>, אמר ד״ר כהן.</p>
<p>\u202bהוא אמר: \u202aHello, world\u202c ועזב.\u202c \u2067עוד\u2069 \u200fסוף\u200e!
12.5% ו־3,000 ש״ח.</p><p>״מה שלומך?״ שאלה רות.</p>
<p lang="ar">قالَ: «مرحبًا»، ثمّ رَحَلَ؟ لا\u200cإله ١٢٣٫٥.</p>"""
NOTES = """<h1>One</h1><p>Late<a epub:type="noteref" href="#n1">1</a> as<sup><a
 href="notes.xhtml#n2">*</a></sup> ever, x<sup>2</sup>.<span epub:type="pagebreak"
 id="p7" title="7"/><span class="pagenum">[8]</span></p>
<aside epub:type="footnote" id="n1"><p>Not this.</p></aside>
<table><caption>Tides.</caption><thead><tr><th>Port</th><th>High</th></tr></thead>
<tbody><tr><td>Ayr</td><td>7.30</td></tr><tr><td/><td>8</td></tr></tbody></table>
<figure><img src="x.png" alt="A map of the bay."/>
<figcaption>Map 1.</figcaption></figure>
<p><img src="y.png" alt=""/><img src="z.png"/>So.</p>"""

JOB = """
engine: local
local: {synthesiser: tone}
voices:
  a: {speaker: astra}
  b: {speaker: luna}
  ja: {speaker: astra, lang: ja}
  he: {speaker: astra, lang: he}
texts:
  - {file: ja.epub, voice: ja, dialogue: b}
  - {file: he.epub, voice: he, dialogue: b}
  - {file: notes.epub, voice: a}
audio: {loudness: none}
outputs:
  - {kind: audiobook, path: "out/{book}.flac", profile: none, subtitles: [srt, lrc]}
  - {kind: read-along, path: "out/{book}.epub"}
"""


def _write_books(folder: Path) -> None:
    upright = page(JAPANESE, lang="ja").replace(
        "<body", '<body style="writing-mode: vertical-rl"'
    )
    Epub(
        pages={"一.xhtml": upright, "二.xhtml": page("<p>二つ目。</p>", lang="ja")},
        nav=[("猫", "一.xhtml"), ("おわり", "二.xhtml")],
        metadata="<dc:title>猫</dc:title><dc:language>ja</dc:language>",
    ).write(folder / "ja.epub")
    Epub(
        pages={"a.xhtml": page(HEBREW, lang="he").replace("<body", '<body dir="rtl"')},
        metadata="<dc:title>\u202bסֵפֶר\u202c</dc:title><dc:language>he</dc:language>",
    ).write(folder / "he.epub")
    Epub(
        pages={
            "a.xhtml": page(NOTES),
            "notes.xhtml": page(
                '<ol><li id="n2">Nor <i>this</i>.</li></ol>', role="endnotes"
            ),
        },
        nav=[("One", "a.xhtml"), ("Notes", "notes.xhtml")],
    ).write(folder / "notes.epub")


class Heard:
    """What one run made of three books."""

    def __init__(self, folder: Path) -> None:
        """Make them."""
        _write_books(folder)
        job = folder / "job.yaml"
        job.write_text(JOB, encoding="utf-8")
        report = batchtts.run(batchtts.load_job(job))
        assert report.exit_code == 0
        self.warnings = report.warnings
        self.folder = folder / "out"

    def listen(self, name: str) -> tone_reader.Reading:
        """Return what a book says."""
        with av.open(str(self.folder / f"{name}.flac")) as file:
            rate_hz = file.streams.audio[0].rate
            frames = [frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)]
        heard = tone_reader.read(np.concatenate(frames), rate_hz)
        assert heard.whole
        return heard

    def starts(self, name: str) -> list[tuple[str, float]]:
        """Return the chapters that a player shows, and when they begin, in seconds."""
        with av.open(str(self.folder / f"{name}.flac")) as file:
            return [
                (mark["metadata"]["title"], float(mark["start"] * mark["time_base"]))  # type: ignore[operator] # it is known
                for mark in file.chapters()
            ]

    def lines(self, name: str) -> list[str]:
        """Return the sentences of a book's subtitles."""
        lines = (self.folder / f"{name}.lrc").read_text("utf-8").splitlines()
        return [line[10:] for line in lines if line[1].isdigit() and line[10:]]


def test_books_are_heard_word_for_word(tmp_path: Path) -> None:
    """Three books of one run: from the pages to the sound, and to what is shown."""
    books = Heard(tmp_path)
    _japanese(books)
    _right_to_left(books)
    _with_notes_and_tables(books)


def _japanese(books: Heard) -> None:
    """Upright, ruby once, sentences without spaces; who speaks, and when, is known."""
    heard = books.listen("猫")
    assert "".join(heard.text.split()) == (
        "第一章猫の話吾輩は猫である。名前はまだ無い。どこで生れたか。"
        "「やあ、元気かい？」と彼は言った。12月、３．５度だった。"
        "神\U000e0100の㍍——黙って……答えた。二つ目。"
    )
    narrator = heard.utterances[0].voice
    said = [one.text.strip() for one in heard.utterances if one.voice != narrator]
    assert said == ["「やあ、元気かい？」"]
    (_, first), (title, second) = books.starts("猫")
    assert (first, title) == (0, "おわり")
    assert 0 <= heard.utterances[-1].start_s - second < 0.1
    assert books.lines("猫") == [
        "第一章 猫の話",
        "吾輩は猫である。",
        "名前はまだ無い。",
        "どこで生れたか。",
        "「やあ、元気かい？」と彼は言った。",
        "12月、３．５度だった。",
        "神\U000e0100の㍍——黙って……答えた。",
        "二つ目。",
    ]
    made = Made(books.folder / "猫.epub")
    words = "".join(made.said("OPS/一.xhtml")[3].split())
    assert words == "どこで生れうまたか。"  # with the ruby's own
    markup = made.files["OPS/一.xhtml"].decode()
    assert "<ruby><rb>生</rb>\n<rb>れ</rb><rtc><rt>うま</rt></rtc></ruby>" in markup


def _right_to_left(books: Heard) -> None:
    """In its logical order, with its points; what only turns text is not spoken."""
    heard = books.listen("סֵפֶר")
    assert " ".join(heard.text.split()) == (
        "פֶּרֶק א׳ בְּרֵאשִׁית בָּרָא אֱלֹהִים׃ שלום, אמר ד״ר כהן."
        " הוא אמר: Hello, world ועזב. עוד סוף! 12.5% ו־3,000 ש״ח."
        " ״מה שלומך?״ שאלה רות."
        " قالَ: «مرحبًا»، ثمّ رَحَلَ؟ لا\u200cإله ١٢٣٫٥."
    )
    narrator = heard.utterances[0].voice
    said = [one.text.strip() for one in heard.utterances if one.voice != narrator]
    assert said == ["״מה שלומך?״", "«مرحبًا»،"]
    assert books.lines("סֵפֶר")[2:6] == [
        "הוא אמר: Hello, world ועזב.",
        "עוד סוף!",
        "12.5% ו־3,000 ש״ח.",
        "״מה שלומך?״",
    ]
    title = (books.folder / "סֵפֶר.lrc").read_text("utf-8").splitlines()[0]
    assert title == "[ti:\u202bסֵפֶר\u202c]"
    lines = (books.folder / "סֵפֶר.srt").read_text("utf-8").splitlines()
    assert "\u202b״מה שלומך?״\u202c" in lines
    made = Made(books.folder / "סֵפֶר.epub")
    assert "עוד\u2069 \u200fסוף\u200e!" in made.said("OPS/a.xhtml")


def _with_notes_and_tables(books: Heard) -> None:
    """Leave out notes, their marks and page numbers; read rows and pictures."""
    assert " ".join(books.listen("Tale").text.split()) == (
        "One Late as ever, x2. Tides. Port, High Ayr, 7.30 8"
        " A map of the bay. Map 1. So."
    )
    assert (
        'notes.epub: left out: "Notes" (notes), 2 note references (2 characters), 1'
        " page number (3 characters), 1 note (9 characters),"
        " 1 picture without a text alternative"
    ) in books.warnings


# --- broken books -----------------------------------------------------------------

ONE = page("<h1>One</h1><p>Caf&eacute;&nbsp;one &bogus; two &amp; three & four.</p>")
TWO = page("<h1>Two</h1><p>Two words.</p>")
WORDS = "One Café one &bogus; two & three & four. Two Two words."
ITEM = '<item id="{0}" href="{0}.xhtml" media-type="application/xhtml+xml"/>'
LOCKS = """<encryption><EncryptedData><EncryptionMethod Algorithm="x:aes"/><CipherData>
<CipherReference URI="OPS/b.xhtml"/></CipherData></EncryptedData></encryption>"""

Damage = Callable[[dict[str, bytes]], Mapping[str, bytes]]


def _without(name: str) -> Damage:
    return lambda files: {one: data for one, data in files.items() if one != name}


def _with(name: str, data: bytes) -> Damage:
    return lambda files: {**files, name: data}


@pytest.mark.parametrize(
    ("damage", "more", "expected"),
    [
        (dict, {"manifest": ITEM.format("gone")}, WORDS),
        (dict, {"metadata": "<dc:title>A & &bogus;</dc:title>"}, WORDS),
        (_with("mimetype", b"application/zip"), {}, WORDS),
        (_without("mimetype"), {}, WORDS),
        (dict, {"manifest": '<item id="ncx" href="x.ncx" media-type="x"/>'}, WORDS),
        (dict, {"ncx": "<ncx><navMap><navPoint>"}, WORDS),
        (_without("OPS/b.xhtml"), {}, 'the page "b.xhtml" is missing from the book'),
        (_with("META-INF/encryption.xml", LOCKS.encode()), {}, "is protected by DRM"),
        (_without("OPS/book.opf"), {}, "it has no package document"),
    ],
    ids=[
        "missing item", "entities", "wrong mimetype", "no mimetype", "missing NCX",
        "broken NCX", "missing page", "protected", "no package",
    ],
)  # fmt: skip
def test_a_broken_book(
    tmp_path: Path, damage: Damage, more: Mapping[str, str], expected: str
) -> None:
    """It gives all of its words, or is refused with the place."""
    path = tmp_path / "book.epub"
    Epub(pages={"a.xhtml": ONE, "b.xhtml": TWO}, **more).write(path)  # type: ignore[arg-type] # of each part its own
    with zipfile.ZipFile(path) as whole:
        files = damage({name: whole.read(name) for name in whole.namelist()})
    with zipfile.ZipFile(path, "w") as broken:
        for name, data in files.items():
            broken.writestr(name, data)
    if expected is WORDS:
        words = " ".join(one.words for one in read_book(path, "book.epub").chapters)
        assert " ".join(words.split()) == WORDS
        return
    with pytest.raises(JobError, match=expected):
        read_book(path, "book.epub")


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_cut_book(tmp_path: Path, part: float) -> None:
    """A download that ended early is refused as a whole."""
    path = Epub(pages={"a.xhtml": ONE, "b.xhtml": TWO}).write(tmp_path / "book.epub")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(JobError, match=r"book\.epub: the file is damaged"):
        read_book(path, "book.epub")
