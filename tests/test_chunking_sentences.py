"""Sentences end where readers of each language say they end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from batchtts.chunking import chunk, clean, units
from batchtts.chunking.grades import QUOTED, SENTENCE
from batchtts.chunking.languages import language
from batchtts.chunking.sentences import sentence_cuts

FILLERS = (
    "so it was that all of us went on and on along the shore without a word",
    "那天晚上我们沿着海边一直走了很久很久也没有人说过一句话" * 3,
)
DATA = Path(__file__).parent / "data" / "chunking"


@dataclass(frozen=True, slots=True)
class Expected:
    """A text by its sentences; ``inside``: some of them are inside a quotation."""

    lang: str
    sentences: list[str]
    why: str
    join: str = " "
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Hard:
    """A text, and what of it must stay whole where it fits the limit.

    What is ``soft`` may be cut where it is inside a longer sentence.
    """

    id: str
    lang: str
    text: str
    whole: list[str]
    soft: list[str] = field(default_factory=list)

    def cut_ones(self, text: str, limit: int) -> list[str]:
        """Give what is cut although it must be whole, wherever ``text`` has it."""
        chunks = chunk(text, limit=limit, lang=self.lang)
        assert "".join(one.text for one in chunks) == text
        ends = {one.end for one in chunks[:-1]}
        found = []
        for piece in map(str, self.whole):
            whole = clean(piece).text
            start = text.find(whole)
            assert start >= 0, f"{piece!r} is not in the text"
            while start >= 0 and units(whole) <= limit:
                if ends & set(range(start + 1, start + len(whole))):
                    found.append(piece)
                start = text.find(whole, start + 1)
        return found


def _lines(name: str) -> list[str]:
    return (DATA / name).read_text(encoding="utf-8").splitlines()


EXPECTED = [Expected(**json.loads(line)) for line in _lines("sentences.jsonl")]
HARD = [Hard(**json.loads(line)) for line in _lines("cases.jsonl")]


def _sentences(text: str, lang: str, worst: int) -> list[str]:
    found = []
    start = 0
    for cut in sentence_cuts(text, language(lang)):
        if cut.penalty < worst:
            found.append(text[start : cut.start].strip())
            start = cut.start
    return [*found, text[start:].strip()]


@pytest.mark.parametrize("case", EXPECTED, ids=lambda case: f"{case.lang}-{case.why}")
def test_sentences_end_where_they_should(case: Expected) -> None:
    """Joined and cut again, the sentences are the same."""
    text = case.join.join(case.sentences)
    worst = SENTENCE + QUOTED if case.inside else 1000
    assert _sentences(text, case.lang, worst) == case.sentences


@pytest.mark.parametrize("limit", [500, 250, 120, 60, 40])
@pytest.mark.parametrize("case", HARD, ids=lambda case: case.id)
def test_what_belongs_together_stays_together(case: Hard, limit: int) -> None:
    """At every limit, what fits it and must not be cut is not."""
    assert case.cut_ones(clean(case.text).text, limit) == []


@pytest.mark.parametrize("case", HARD, ids=lambda case: case.id)
def test_it_stays_together_wherever_the_limit_falls(case: Hard) -> None:
    """Behind the start of a sentence, of any length, it is as whole."""
    unspaced = case.lang in {"ja", "zh"}
    start = FILLERS[unspaced]
    for length in range(3, 60, 8):
        before = start[:length] if unspaced else start[:length].rstrip() + " "
        cut = case.cut_ones(clean(before + case.text).text, 60)
        assert set(cut) <= set(case.soft), length


@pytest.mark.parametrize(
    ("two", "three"), [("de", "deu"), ("ger", "deu"), ("EN", "eng"), ("pt-BR", "por")]
)
def test_codes_of_two_and_three_letters_agree(two: str, three: str) -> None:
    """A language is the same by each of its codes."""
    assert language(two) == language(three)
    assert language(three).code == three


def test_an_unknown_language_knows_what_all_know() -> None:
    """A code without a table still keeps "Dr." with its name."""
    assert _sentences("Dr. Ash left. Nobody saw.", "qqq", 1000) == [
        "Dr. Ash left.",
        "Nobody saw.",
    ]


def test_a_line_is_cut_by_how_it_ends() -> None:
    """Lines that end with a stop, a title or nothing; not those that run on."""
    text = "The Mill\nIt was old.\nIt stood by\nthe river, and\nMr.\nHale ran it.\nEnd"
    lines = [
        text[: cut.end].rsplit("\n", 1)[-1]
        for cut in sentence_cuts(text, language("en"))
    ]
    assert lines == ["The Mill", "It was old.", "Hale ran it."]


@pytest.mark.parametrize(
    "text",
    [
        "it rained.The road was gone.",
        "It cost 1,000.That is a lot.",
        "nobody came.Everyone slept.",
    ],
)
def test_a_missing_space_is_seen(text: str) -> None:
    """A stop with no space after it ends a sentence between words."""
    assert len(_sentences(text, "en", 1000)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "Read www.example.Com today.",
        "It is on Node.Js now.",
        "Open my.File.txt or a/b.C please.",
        "A U.S.Army truck.",
        "Say a.B or x.Y.",
    ],
)
def test_a_dot_in_a_name_is_no_stop(text: str) -> None:
    """Addresses, files and code keep their dots."""
    assert len(_sentences(text, "en", 1000)) == 1
