"""Markdown files as books: what is spoken, and in which chapter."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchtts.books import Book, read_book
from batchtts.errors import JobError


def book(text: str, name: str = "tale.md") -> Book:
    """Write a Markdown file and read it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode())
        return read_book(path, name)


def words(text: str) -> str:
    """Return what is spoken of a file that is one chapter."""
    (chapter,) = book(text).chapters
    return chapter.words


def outline(text: str) -> list[tuple[str, str, int]]:
    """Return title, words and line of every chapter."""
    return [(c.title, c.words, c.line) for c in book(text).chapters]


# --- what is spoken -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\ntwo\n\nthree", "one two\n\nthree"),
        ("one  \ntwo\\\nthree", "one\ntwo\nthree"),
        ("some *words* are __loud__ and ~~gone~~", "some words are loud and gone"),
        ("a [link](http://x.example 'tip') text", "a link text"),
        ("a [link][1] text\n\n[1]: http://x.example", "a link text"),
        ("see <https://x.example>", "see https://x.example"),
        ("a ![grey *cat*](cat.png) here", "a grey cat here"),
        ("say `x = 1` now", "say x = 1 now"),
        ("5 &lt; 6 &amp; caf&eacute; \\*", "5 < 6 & café *"),
        ("a <b>bold</b> word<!-- no --> and<br>more<br />yet", None),
        ("> one\n> two\n>\n> three", "one two\n\nthree"),
        ("吾輩は\n*猫*\na", "吾輩は猫 a"),
        ("before\n\n> quote\n\nafter", "before\n\nquote\n\nafter"),
    ],
    ids=range(13),
)
def test_running_text(text: str, expected: str | None) -> None:
    """The words of a paragraph are spoken, its markup is not."""
    assert words(text) == (expected or "a bold word and\nmore\nyet")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "to buy:\n\n- tea\n- *milk*\n\nthat is all",
            "to buy:\n\ntea\nmilk\n\nthat is",
        ),
        ("- a\n\n  b\n\n- c", "a\nb\nc"),
        ("- a\n  - b\n    - c\n- d", "a\nb\nc\nd"),
        ("1. one\n2. two", "1. one\n2. two"),
        ("3) one\n\n   more", "3) one\nmore"),
        ("1. - a\n   - b", "1. a\nb"),
        ("1984. A year.", "1984. A year."),
        ("1984.", "1984."),
        ("- a\n\n      code\n- > q\n  > r", "a\ncode\n\nq r"),
        ("- a\n\n***\n\n- b", "a\n\n\nb"),
    ],
    ids=range(10),
)
def test_lists(text: str, expected: str) -> None:
    """An item is a line, with its number if it has one."""
    assert words(text).startswith(expected)


def test_table() -> None:
    """A row is a line, its cells follow one another, empty ones are passed over."""
    text = "Before\n\n| a | b |\n|---|:-:|\n| *c* | d |\n| | e |\n\nAfter"
    assert words(text) == "Before\n\na, b\nc, d\ne\n\nAfter"


def test_code_blocks() -> None:
    """Code is read line by line without its fences."""
    text = "Type\n\n```sh\nls -l\n\n\n\npwd\n```\n\n    indented\n\nand go"
    assert words(text) == "Type\n\nls -l\n\npwd\n\nindented\n\nand go"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\n<!-- not\n\nthis -->\n\nb", "a\n\nb"),
        (
            "<div>\n<p>One <i>small</i>\nstep</p><p>Two</p>\n</div>",
            "One small step\nTwo",
        ),
        ("<div>5 < 6 &amp; 7<br>8</div>", "5 < 6 & 7\n8"),
        ("<script>\nvar x;\n</script>\n\na", "a"),
        ("<div><style>p {}</style>a<!-- b -->c</div>", "ac"),
        ("<p>a <script>never closed</p>", "a"),
        ("<p>a <b never closed", "a"),
        ("a\n\n<!-- never closed\n\nb", "a"),
        ("<?php x ?>\n\na", "a"),
    ],
    ids=range(9),
)
def test_html_blocks(text: str, expected: str) -> None:
    """Of HTML only the words between the tags are spoken."""
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("late[^1] and[^long-name].\n\n[^1]: Ibid.", "late and.\n\nIbid."),
        ("a[^1]\n\n[^1]: one\n[^2]: two\n    more", "a\n\none\n\ntwo more"),
        ("a\n[^1]: right below", "a\n\nright below"),
        ("`[^abc]` is code", "[^abc] is code"),
        ("a [^ b] c", "a [^ b] c"),
        ("    [^1]: code", "[^1]: code"),
        ("- a[^1]\n\n  [^1]: in a list", "a\nin a list"),
    ],
    ids=range(7),
)
def test_footnotes(text: str, expected: str) -> None:
    """The words of a footnote are spoken, its marks are not."""
    assert words(text) == expected


@pytest.mark.parametrize(
    "text",
    ["a\n\n---\n\nb", "a\n\n* * *\n\nb", "---\n\na\n\n***\n\n***\n\nb\n\n___"],
    ids=range(3),
)
def test_section_breaks(text: str) -> None:
    """A rule across the page is two empty lines, and nothing at either end."""
    assert words(text) == "a\n\n\nb"


def test_deeper_headings() -> None:
    """A heading of level 3 or below is a paragraph that opens a section."""
    text = "# One\n\na\n\n### Deeper *still*\n\nb\n\n###### Deepest\nc"
    assert words(text) == "One\n\na\n\n\nDeeper still\n\nb\n\n\nDeepest\n\nc"


def test_headings_in_quotes() -> None:
    """A heading inside a quotation opens no chapter."""
    assert outline("# One\n\n> # Sign\n> words") == [
        ("One", "One\n\n\nSign\n\nwords", 1)
    ]


# --- chapters -----------------------------------------------------------------


def test_no_heading() -> None:
    """A file without headings is one chapter without a title."""
    assert outline("\nJust words.\n") == [("", "Just words.", 2)]


def test_chapters_of_level_1() -> None:
    """Headings of level 1 open chapters, and are spoken first."""
    assert outline("# One\n\na\n\nTwo\n===\nb\n") == [
        ("One", "One\n\na", 1),
        ("Two", "Two\n\nb", 5),
    ]


def test_chapters_of_level_2() -> None:
    """Headings of level 2 open chapters where there are no others."""
    assert outline("## One\na\n## Two\nb") == [
        ("One", "One\n\na", 1),
        ("Two", "Two\n\nb", 3),
    ]


def test_book_title() -> None:
    """A first and only heading of level 1 names the book of the chapters."""
    found = book("# The *Book*\n\n## One\n\na\n\n## Two\n\nb")
    assert found.title == "The Book"
    assert [c.title for c in found.chapters] == ["One", "Two"]


def test_words_under_the_book_title() -> None:
    """Words between the book's title and its first chapter are not lost."""
    assert outline("# Book\n\nFor Ann.\n\n## One\n\na") == [
        ("Book", "Book\n\nFor Ann.", 1),
        ("One", "One\n\na", 5),
    ]


def test_parts_and_chapters() -> None:
    """Where level 1 stands more than once, both levels open chapters."""
    found = book("# Part one\n\n## A\n\na\n\n# Part two\n\n## B\n\nb")
    assert [c.words for c in found.chapters] == [
        "Part one",
        "A\n\na",
        "Part two",
        "B\n\nb",
    ]
    assert found.title == ""


def test_late_heading_of_level_1() -> None:
    """A heading of level 1 behind others is no title."""
    found = book("## A\n\na\n\n# B\n\nb")
    assert [c.title for c in found.chapters] == ["A", "B"]
    assert found.title == ""


def test_title_alone() -> None:
    """A book that is nothing but its title is one chapter."""
    assert outline("# Book\n") == [("Book", "Book", 1)]


def test_title_below_other_words() -> None:
    """A heading of level 1 that no chapter follows is spoken."""
    assert outline("Hello.\n\n# Book\n") == [("", "Hello.", 1), ("Book", "Book", 3)]


def test_words_before_the_first_heading() -> None:
    """Words before the first heading are a chapter if there are any."""
    assert outline("Hello.\n\n# One\na") == [("", "Hello.", 1), ("One", "One\n\na", 3)]
    assert outline("***\n\n![](x.png)\n\n# One\na") == [("One", "One\n\na", 5)]


def test_empty_heading() -> None:
    """A heading without words opens a chapter without a title."""
    assert outline("# One\na\n\n#\n\nb") == [("One", "One\n\na", 1), ("", "b", 4)]


@pytest.mark.parametrize("text", ["", "\n\n", "---", "<!-- x -->", "# \n\n...\n"])
def test_nothing_to_speak(text: str) -> None:
    """A file without a word has no chapter."""
    assert book(text).chapters == ()


# --- front matter -------------------------------------------------------------


def test_front_matter() -> None:
    """Front matter gives title and author, and is not spoken."""
    text = "---\ntitle: The  Book\nauthor: Ann\n---\n\n# One\n\na\n"
    found = book(text)
    assert (found.title, found.author) == ("The Book", "Ann")
    assert [(c.words, c.line) for c in found.chapters] == [("One\n\na", 6)]


def test_front_matter_goes_before_the_heading() -> None:
    """The title in the front matter wins over the heading of the book."""
    found = book("---\ntitle: Full Title\n---\n# Short\n\n## One\n\na")
    assert found.title == "Full Title"
    assert [c.title for c in found.chapters] == ["One"]


def test_bad_front_matter() -> None:
    """Front matter that cannot be read is told with its place."""
    with pytest.raises(JobError) as caught:
        book("---\ntitle: [\n---\n\nwords")
    assert str(caught.value).startswith("tale.md:")


def test_windows_file() -> None:
    """Lines are counted alike under any kind of newline."""
    text = "---\r\ntitle: T\r\n---\r\n\r\n# One\r\n\r\na\r\nb\r\n"
    assert outline(text) == [("One", "One\n\na b", 5)]


def test_other_ending() -> None:
    """A file may also end in .markdown."""
    assert book("*a*", "tale.markdown").chapters[0].words == "a"


# --- whatever comes -----------------------------------------------------------


@settings(deadline=None)
@given(st.text(st.sampled_from("ab1.)#>-*_~`|:[](){}<!/=&;\\^ \t\n"), max_size=200))
def test_any_input(text: str) -> None:
    """Whatever stands there, words come out, in order, with sane gaps."""
    found = book(text)
    for chapter in found.chapters:
        assert chapter.words == chapter.words.strip()
        assert "\n\n\n\n" not in chapter.words
        assert chapter.title in chapter.words.replace("\n", " ")
    lines = [chapter.line for chapter in found.chapters]
    assert lines == sorted(set(lines))


@settings(deadline=None)
@given(st.text(st.sampled_from("abc12 .\n#>-+*"), max_size=300))
def test_no_letter_is_lost(text: str) -> None:
    """Of text without links and HTML every letter is spoken, in order."""
    found = book(f"# x\n\n# y\n\n{text}")
    said = "".join(chapter.words for chapter in found.chapters)
    assert letters(said) == letters(f"xy{text}")


@pytest.mark.parametrize(
    "piece",
    ["[", "![", "*a _b ", "`a``b```c", "<a ", "> ", "- ", "<!--", "[^a]: ", "<p"],
)
def test_hostile_input(piece: str) -> None:
    """Markup that is opened over and over is read in time."""
    book(piece * (10_000 // len(piece)))


def letters(text: str) -> str:
    """Return the letters of a text."""
    return "".join(character for character in text if character.isalpha())


@pytest.mark.parametrize("words", ["One <EOS> two.", "<EOS>\n\nTwo.", "A\n<clear>\nB."])
def test_what_looks_like_a_command_is_not_lost(tmp_path: Path, words: str) -> None:
    """A service's command in Markdown is words, not a tag to be passed over."""
    path = tmp_path / "t.md"
    path.write_text(words, encoding="utf-8")
    [chapter] = read_book(path, "t.md").chapters
    assert "<eos>" in chapter.words.lower() or "<clear>" in chapter.words.lower()
