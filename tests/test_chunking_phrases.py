"""Unspaced scripts are cut at words, by their letters or by a package that knows."""

from __future__ import annotations

import sys

import pytest

from batchtts.chunking import Rules, chunk
from batchtts.chunking.phrases import _parser, phrase_ends
from batchtts.errors import JobError
from batchtts.model import Boundary

JAPANESE = (
    "港の小さな食堂では夜になると決まって同じ席に同じ漁師が座り"
    "同じ汁物を頼んで窓の外を眺めていた"
)
CHINESE = (
    "傍晚的雨还没有停下渔夫已经收好了网回到了码头"
    "他在那里住了三十年的木屋从来没有关过一天"
)
THAI = "เมื่อคืนฝนตกหนักมากจนน้ำท่วมถนนหน้าบ้านเด็กจึงไปโรงเรียนไม่ได้แม่ค้าก็ขายของไม่ได้"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (JAPANESE, ["食堂", "漁師", "汁物", "小さな"]),
        (CHINESE, ["三十年", "一天"]),
        (THAI, ["น้ำ", "ได้"]),
    ],
)
def test_letters_tell_something_of_words(text: str, words: list[str]) -> None:
    """Without the package, kanji stay together and numbers with what they count."""
    chunks = chunk(text * 3, limit=40)
    for one in chunks[:-1]:
        for word in words:
            place = (text * 3).find(word)
            while place >= 0:
                assert not place < one.end < place + len(word)
                place = (text * 3).find(word, place + 1)


def test_words_between_letters_are_named() -> None:
    """A cut between words without spaces is a cut between words."""
    kinds = {one.boundary for one in chunk(JAPANESE * 3, limit=40)}
    assert kinds == {Boundary.WORD, Boundary.END}


@pytest.mark.parametrize("text", [JAPANESE, CHINESE, THAI])
def test_phrases_are_cut_where_the_package_says(text: str) -> None:
    """With the package and its switch, every cut is at the end of a phrase."""
    pytest.importorskip("budoux")
    whole = text * 3
    chunks = chunk(whole, limit=40, rules=Rules(phrases=True))
    ends = phrase_ends(whole, 0, len(whole))
    assert "".join(one.text for one in chunks) == whole
    assert len(ends) > 20
    assert {one.end for one in chunks} <= ends


def test_other_scripts_have_no_phrases() -> None:
    """Letters of scripts with spaces are never asked about."""
    assert phrase_ends("x" * 100, 0, 100) == frozenset()
    assert chunk("x" * 100, limit=40, rules=Rules(phrases=True)) == chunk(
        "x" * 100, limit=40
    )


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The switch without the package is a mistake, and the remedy is said."""
    _parser.cache_clear()
    monkeypatch.setitem(sys.modules, "budoux", None)
    with pytest.raises(JobError, match=r'"budoux", which is not installed \(pip inst'):
        chunk(CHINESE * 3, limit=40, rules=Rules(phrases=True))
