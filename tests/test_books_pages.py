"""Pages of XHTML and HTML: exactly the words that should be read."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.books.pages import Prose, Target, Wanted, read_page
from batchtts.markup.tokens import Close, Open, Words, tokens
from batchtts.model import Passage

FILE = "a.xhtml"


def resolve(link: str) -> Target:
    """Follow links inside the page only."""
    return (FILE, link[1:]) if link.startswith("#") else (None, "")


def read(markup: str, language: str = "en", ids: frozenset[str] = frozenset()) -> Prose:
    """Read a page of an English book."""
    wanted = Wanted(ids=ids, language=language, file=FILE, resolve=resolve)
    return read_page(markup, wanted)


def words(markup: str) -> str:
    """Return what is read of a page."""
    return read(markup).words


def omitted(markup: str) -> list[tuple[str, int]]:
    """Return what is left out of a page: what it is, and how long."""
    return [(one.kind, one.characters) for one in read(markup).omitted]


# --- layout -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>One\n\t<em>small</em>  step</p>", "One small step"),
        ("<p>un<b>believ</b>able</p>", "unbelievable"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<div>a<p>b</p>c</div>d", "a\n\nb\n\nc\n\nd"),
        ("<p>a<br/>b<br />c</p>", "a\nb\nc"),
        ("<h2>A</h2><p>b</p><h2>C</h2>", "A\n\nb\n\n\nC"),
        ("<h1>I</h1>\n<h2>The Boy</h2><p>b</p>", "I\n\nThe Boy\n\nb"),
        ("<section><p>a</p></section><section><p>b</p></section>", "a\n\n\nb"),
        ("<p>a</p><hr/><p>b</p>", "a\n\n\nb"),
        ("<p>a</p><p>* * *</p><p>&#160;</p><p>b</p>", "a\n\n\nb"),
        ("<p>a</p><p>&nbsp;</p><p>b</p>", "a\n\nb"),
        ("<p>a</p><p>&#8212;</p>", "a"),
        ("<p>5 &lt; 6 &amp; caf&eacute;&#x21; &nosuch;</p>", "5 < 6 & café! &nosuch;"),
        ("<pre>a\n  b\n\nc</pre>", "a\nb\nc"),
        ("<p>say <q>so</q>.</p>", "say “so”."),
        ("<![CDATA[a &amp; <b>]]>", "a &amp; <b>"),
        ("<p>5 < 6 and a <> b</p>", "5 < 6 and a <> b"),
        ("<p>a</p><!-- <p>no</p> --><?php no ?><script>if (a < b) no</script>", "a"),
        ("<head><title>no</title><style>no</style></head><body>a</body>", "a"),
        ("<title>no</title>a", "a"),
        ("<p>a &amp b</p>", "a & b"),
        (
            "<p>吾輩は\n <b>猫。</b>\nだ a\n猫 犬\n한\n국</p>",
            "吾輩は猫。だ a 猫 犬 한 국",
        ),
    ],
    ids=range(22),
)
def test_layout(markup: str, expected: str) -> None:
    """Blocks stand an empty line apart, sections two, and markup says nothing."""
    assert words(markup) == expected


TABLE = """<table><caption>Prices</caption><thead><tr><th>Tea</th><th>Milk</th></tr>
</thead><tr><td> 1 </td><td/><td><p>2</p><p>or 3</p></td></tr></table>after"""


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (
            "<p>To buy:</p><ul><li>tea</li><li>milk</li></ul><p>b</p>",
            "To buy:\n\ntea\nmilk\n\nb",
        ),
        (
            "<ul><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ul>",
            "a\nb\nc\nd",
        ),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "a\nb"),
        (
            TABLE,
            "Prices\n\nTea, Milk\n1, 2 or 3\n\nafter",
        ),
        ("<table><tr><td>So.</td><td>a<br/>b</td></tr></table>", "So. a b"),
    ],
    ids=range(5),
)
def test_lists_and_tables(markup: str, expected: str) -> None:
    """An item or a row is a line; cells follow one another."""
    assert words(markup) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>a<p>b<div>c<p>d", "a\n\nb\n\nc\n\nd"),
        ("<ul><li>a<li>b</ul>c", "a\nb\n\nc"),
        ("<dl><dt>a<dd>b<dt>c</dl>", "a\nb\nc"),
        ("<table><tr><td>a<td>b<tr><td>c</table>d", "a, b\nc\n\nd"),
        ("<ruby>漢<rt>かん字<rb>字<rt>じ</ruby>。", "漢字。"),
        ("<p>a</b></p></div>b", "a\n\nb"),
        ("<p hidden>no<p>yes", "yes"),
        ("<b><p>a</b>b</p>c", "a\n\nb\n\nc"),
        ("<p>a <b never closed", "a"),
        ("<p>a<!-- never closed", "a"),
        ("<p title='never closed>a</p><p>b</p>", "a\n\nb"),
        ("<script>never closed", ""),
        ('<!DOCTYPE html [<!ELEMENT a ANY>]><p title="a>b">c</p>', "c"),
        ("<P>A<BR>B</P>", "A\nB"),
        ("<x:p>a</x:p><x:p>b</x:p>", "a\n\nb"),
    ],
    ids=range(15),
)
def test_broken_markup(markup: str, expected: str) -> None:
    """Pages are taken as browsers take them, whatever is never closed."""
    assert words(markup) == expected


# --- pictures, ruby, notes ----------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "expected", "left_out"),
    [
        ('<p><img alt="I"/>t was</p>', "It was", []),
        ('<p>a<img alt="A map of it."/>b</p>', "a A map of it. b", []),
        ('<p>a<img alt=""/>b</p>', "ab", []),
        (
            '<p>a<img src="x.png"/>b</p>',
            "ab",
            [("picture without a text alternative", 0)],
        ),
        ('<img alt="img_001.JPG"/>a', "a", [("picture without a text alternative", 0)]),
        ('<img role="presentation"/>a', "a", []),
        ('<img aria-label="A cat" alt="no"/>', "A cat", []),
        (
            '<figure><img alt="A cat"/><figcaption>Tom</figcaption></figure>',
            "A cat\n\nTom",
            [],
        ),
        (
            "<p>a</p><svg><title>A chart</title><text>no</text></svg>",
            "a\n\nA chart",
            [],
        ),
        ('<svg aria-label="B"><title>no</title></svg>', "B", []),
        ("<p>a</p><svg><text>no</text></svg>", "a", [("drawing", 2)]),
        ('<math alttext="x squared"><mi>x</mi></math> is', "x squared is", []),
        ("<math><mi>x</mi><annotation>no</annotation></math>", "x", []),
        ("<video>no</video>a", "a", [("video", 2)]),
        ("<audio src='x'/>a", "a", [("recording", 0)]),
        ("<iframe src='http://x.example'></iframe>a", "a", [("embedded object", 0)]),
    ],
    ids=range(16),
)
def test_pictures(markup: str, expected: str, left_out: list[tuple[str, int]]) -> None:
    """Of a picture its text alternative is read; what has none is listed."""
    assert words(markup) == expected
    assert omitted(markup) == left_out


def test_ruby() -> None:
    """Ruby is read once, by its base."""
    markup = "<p><ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>を読む。</p>"
    assert words(markup) == "漢字を読む。"
    assert omitted(markup) == [("ruby reading", 3)]


NOTE_BY_ROLE = """<p>late.<a epub:type="noteref" href="#n">1</a> So</p>
<aside epub:type="footnote" id="n"><p>Ibid.</p></aside>"""
NOTE_BY_LINK = """<p>a<sup><a href="#n">1</a></sup>.</p>
<p id="n"><a href="#r">1</a> No.</p><p>b</p>"""


NOTES_OF_JAPAN = """<p>猫<sup
><a href="#a">※23</a></sup>と<a href="#b"><sup>①</sup></a>犬
<a href="#c">[注3]</a>。</p><p id="a">※1 甲。</p>
<p id="b">① 乙。</p>"""


@pytest.mark.parametrize(
    ("markup", "expected", "left_out"),
    [
        (
            NOTE_BY_ROLE,
            "late. So",
            [("note reference", 1), ("note", 5)],
        ),
        ('<p>a<sup role="doc-noteref">*</sup></p>', "a", [("note reference", 1)]),
        (
            '<section role="doc-endnotes"><h2>N</h2><p>b</p></section>a',
            "a",
            [("notes", 2)],
        ),
        (
            NOTE_BY_LINK,
            "a.\n\nb",
            [("note reference", 1), ("note", 4)],
        ),
        (
            '<p>a<a href="#n"><sup>[1]</sup></a></p><p><a id="n"/>1. No</p><p>b</p>',
            "a\n\nb",
            [("note reference", 3), ("note", 5)],
        ),
        ('<p>a<a href="#n">[*]</a></p>', "a", [("note reference", 3)]),
        ('<p>See <a href="#n">12</a> and <a href="#m">there</a>.</p>', None, []),
        ("<p>x<sup>2</sup> and the 1<sup>st</sup></p>", "x2 and the 1st", []),
        ('<p>a<sup><a href="http://x.example">1</a></sup></p>', "a1", []),
        ('<p>a <a href="#b">b<img alt="c"/></a>d</p>', "a bcd", []),
        ('<p>a<a href="#b"><p>1</p></a></p>', "a\n\n1", []),
        (
            NOTES_OF_JAPAN,
            "猫と犬。",
            [("note reference", n) for n in (3, 1, 4)] + [("note", n) for n in (5, 4)],
        ),
    ],
    ids=range(12),
)
def test_notes(
    markup: str, expected: str | None, left_out: list[tuple[str, int]]
) -> None:
    """Notes and their marks are left out: by role, or by a raised mark's link."""
    assert words(markup) == (expected or "See 12 and there.")
    assert omitted(markup) == left_out


def test_notes_in_another_page() -> None:
    """What a page's marks lead to is left out of later pages."""
    notes: set[Target] = set()
    first = '<p>a<sup><a href="b.xhtml#n">1</a></sup></p>'
    read_page(first, Wanted(resolve=lambda link: ("b.xhtml", link[-1]), notes=notes))
    second = '<ol><li id="n">No.</li><li id="m">Yes.</li></ol>'
    assert read_page(second, Wanted(file="b.xhtml", notes=notes)).words == "Yes."


@pytest.mark.parametrize(
    ("markup", "left_out"),
    [
        ('<span epub:type="pagebreak">12</span>', [("page number", 2)]),
        ('<span epub:type="pagebreak" id="p12" title="12"/>', []),
        ('<span role="doc-pagebreak" aria-label="12"></span>', []),
        ('<span class="pagenum">[12]</span>', [("page number", 4)]),
        ('<nav epub:type="toc"><ol><li>One</li></ol></nav>', [("contents list", 3)]),
        ("<nav><a>Next</a></nav>", [("navigation", 4)]),
        ('<section epub:type="index"><p>cat</p></section>', [("index", 3)]),
        ('<span aria-hidden="true">|</span>', [("hidden passage", 1)]),
        ('<p style="color: red; display : none">no</p>', [("hidden passage", 2)]),
        ("<p hidden>no</p>", [("hidden passage", 2)]),
        ('<p epub:type="footnote">n</p>', [("note", 1)]),
    ],
    ids=range(11),
)
def test_left_out_by_role(markup: str, left_out: list[tuple[str, int]]) -> None:
    """What serves the eye or the hand is left out between what is read, and listed."""
    assert words(f"<div>a</div>{markup}<div>b</div>").split() == ["a", "b"]
    assert omitted(markup) == left_out


@pytest.mark.parametrize("role", ["dedication", "foreword", "appendix", "prologue"])
def test_read_by_role(role: str) -> None:
    """What an author wrote to be read is read, whatever its role."""
    markup = f'<section epub:type="frontmatter {role}"><p>For Ann.</p></section>'
    assert words(markup) == "For Ann."


# --- languages, headings, marks -----------------------------------------------


def test_passages() -> None:
    """Passages in other languages are noted, the innermost language counts."""
    markup = (
        '<html lang="en-US"><p>He said <i xml:lang="fr">bon <b lang="la">idem</b></i>'
        ' <i lang="fr">jour</i>, <i lang="en-GB">old chap</i>.</p>'
        '<p lang="de">Ja.</p><p lang="de">Nein.</p><p lang="und">x</p></html>'
    )
    found = read(markup, "en-GB")
    assert found.language == "en-US"
    stretches = [(found.words[p.start : p.end], p.lang) for p in found.passages]
    assert stretches == [
        ("bon", "fr"),
        ("idem", "la"),
        ("jour", "fr"),
        ("Ja.\n\nNein.", "de"),
    ]


def test_language_of_the_page() -> None:
    """Where the book names no language, that of the page is no passage."""
    markup = '<html lang="fr"><p>Oui, <i lang="en">yes</i>.</p></html>'
    assert read(markup, "").passages == (Passage(5, 8, "en"),)


def test_headings() -> None:
    """Headings are known with their levels, their words and where they begin."""
    found = read(
        "<p>a</p><h2>The <i>Boy</i><br/>again</h2><p>b</p><h3> </h3><h4>C</h4>"
    )
    heads = [(head.level, head.title, head.offset) for head in found.headings]
    assert heads == [(2, "The Boy again", 4), (4, "C", len(found.words) - 1)]


@pytest.mark.parametrize(
    "markup",
    [
        '<p>a</p><h2 id="x">B</h2>',
        '<p>a</p><h2><a name="x"></a>B</h2>',
        '<p>a</p><a id="x"/><h2>B</h2>',
        '<p>a<a id="x"/></p><h2>B</h2>',
        '<p>a</p><section id="x"><p>***</p><h2>B</h2></section>',
        '<p>a</p><p id="x">***</p><h2>B</h2>',
    ],
    ids=range(6),
)
def test_marks(markup: str) -> None:
    """An id marks the beginning of the block it is in or before."""
    found = read(markup, ids=frozenset({"x"}))
    assert found.words[found.marks["x"] :] == "B"


def test_mark_behind_everything() -> None:
    """An id behind the last words marks the end."""
    assert read('<p>a</p><div id="x"/>', ids=frozenset({"x"})).marks == {"x": 1}


def test_marks_left_out() -> None:
    """An id in what is left out names that."""
    markup = '<p>a</p><section epub:type="index" id="x"><p id="y">b</p></section>'
    found = read(markup, ids=frozenset({"x", "y"}))
    assert (found.unmarked, found.marks) == ({"x": 0, "y": 0}, {})


# --- where words stand --------------------------------------------------------

PIECES = """<p>|</p>|<b>|</b>|<br/>|<i lang='fr'>|</i>|***|<hr>|<p id='n'>|</svg>
|<sup><a href='#n'>1</a></sup>|<aside epub:type='footnote'>|</aside>|<table><tr><td>
|<td>|</table>|<pre>|</pre>|<q>|</q>|one|two three| |\n  |&amp;|&#x41;|&nbsp;|é😀|<|&
|<!-- c -->|<img alt='a cat'>|<h2>|</h2>|<svg>"""
MARKUP = st.lists(st.sampled_from(PIECES.split("|")), max_size=30).map("".join)


@given(MARKUP)
def test_origins(markup: str) -> None:
    """Every word that stands in the markup is found there again."""
    found = read(markup)
    last = 0
    for origin in found.origins:
        assert origin.start >= last
        last = origin.start + origin.length
        said = found.words[origin.start : last]
        written = markup[origin.at : origin.at + origin.written]
        assert said == written or written[0] == "&"
    covered = sum(origin.length for origin in found.origins)
    assert covered >= len("".join(found.words.split())) - found.pictured - 2 * 30


@given(MARKUP)
def test_what_is_made_of_anything(markup: str) -> None:
    """Any markup gives words without gaps at the ends, and passages inside them."""
    found = read(markup)
    assert found.words == found.words.strip(" \n")
    assert "\n\n\n\n" not in found.words
    assert "  " not in found.words
    ends = [0]
    for passage in found.passages:
        assert passage.start >= ends[-1]
        assert passage.end > passage.start
        ends.append(passage.end)
    assert ends[-1] <= len(found.words)


@given(st.text("<>/!-[]&;#'\"= aAbp?\n", max_size=60))
def test_tokens(markup: str) -> None:
    """Tokens stand in the markup in order, and what is between them says nothing."""
    at = 0
    for token in tokens(markup):
        assert token.start >= at
        if isinstance(token, Words):
            assert markup.startswith(token.written, token.start)
            at = token.start + len(token.written)
        else:
            assert isinstance(token, Open | Close)
            assert markup.startswith("<", token.start)
            at = token.end
    assert at <= len(markup)


UNENDING = """<a "|<a '"|<|<!--|<![CDATA[|</|&#9|<!DOCTYPE [|<a b='|<p>|<b>|<p>*</p>
|<td>|<script>|<h1>|<a id='x'>|<svg><title>|<a href='#x'>|<sup>|<li>"""


@pytest.mark.parametrize("piece", UNENDING.split("|"))
def test_time_is_linear(piece: str) -> None:
    """A long page takes no longer than its length allows, whatever is never closed."""
    used = []
    for size in (20_000, 80_000):
        began = time.process_time()
        read(piece * (size // len(piece)))
        used.append(time.process_time() - began)
    assert used[1] < 10 * used[0] + 0.2


def test_numbers_of_characters() -> None:
    """A number with thousands of digits is no character, and no error."""
    assert words(f"<p>a &#{'9' * 5000};</p>").endswith("9;")
