# ruff: noqa: RUF001 -- letters of other scripts look like Latin ones
"""Books in other scripts: exactly the words that should be read."""

from __future__ import annotations

from pathlib import Path

from epubs import Epub, page

from batchtts.books import read_book


def test_japanese(tmp_path: Path) -> None:
    """A vertical Japanese book with ruby: each word once, by its base."""
    body = (
        "<h1>第一章　<ruby>春<rt>はる</rt></ruby></h1>"
        "<p>　<ruby><rb>吾輩</rb><rp>（</rp><rt>わがはい</rt><rp>）</rp></ruby>は"
        "<ruby>猫<rt>ねこ</rt></ruby>である。</p>"
        "<p>「名前はまだ<span lang='ja-JP'>無い</span>。」</p>"
    )
    epub = Epub(
        pages={"a.xhtml": page(body, lang="ja")},
        nav=[("第一章　<ruby>春<rt>はる</rt></ruby>", "a.xhtml")],
        metadata="<dc:title>猫</dc:title><dc:language>ja</dc:language>",
    )
    book = read_book(epub.write(tmp_path / "a.epub"), "a.epub")
    assert [(c.title, c.words, c.passages) for c in book.chapters] == [
        (
            "第一章 春",
            "第一章　春\n\n　吾輩は猫である。\n\n「名前はまだ無い。」",
            (),
        )
    ]
    assert [str(one) for one in book.omissions] == ["3 ruby readings (8 characters)"]
    assert book.language == "ja"


def test_right_to_left(tmp_path: Path) -> None:
    """A Hebrew book: words in the order of reading, points and all; English marked."""
    body = (
        '<h2>פרק א</h2><p dir="rtl">בְּרֵאשִׁית בָּרָא אֱלֹהִים.</p>'
        '<p>הוא אמר <span xml:lang="en" dir="ltr">good morning</span> והלך.</p>'
    )
    epub = Epub(
        pages={"a.xhtml": page(body, lang="he")},
        ncx=[("פרק א", "a.xhtml")],
        metadata="<dc:title>ספר</dc:title><dc:language>he</dc:language>",
    )
    (chapter,) = read_book(epub.write(tmp_path / "a.epub"), "a.epub").chapters
    assert chapter.title == "פרק א"
    assert chapter.words == ("פרק א\n\nבְּרֵאשִׁית בָּרָא אֱלֹהִים.\n\nהוא אמר good morning והלך.")
    (passage,) = chapter.passages
    assert chapter.words[passage.start : passage.end] == "good morning"
    assert passage.lang == "en"
