"""Texts with slots: which texts they become, and which they stay."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.model import Place, TextId
from batchtts.names import id_problem
from batchtts.sources import InlineText
from batchtts.templates import count_of, filled

STATES = ("on", "off")
DEVICES = ("lamp", "living room", "Living Room", "TV", "fan é", "!?")


def template(
    devices: tuple[str, ...] = DEVICES, *, sample: int | None = None, seed: str = ""
) -> InlineText:
    """Return a command with two slots."""
    return InlineText(
        id=TextId("turn"),
        words="Turn {state} the {device}, {device}!",
        voice=None,
        title="{device}",
        slots=(("state", STATES), ("device", devices)),
        sample=sample,
        seed=seed,
        place=Place("job.yaml", 1),
    )


def test_every_choice_is_a_text() -> None:
    """In the order of the lists, with the words as columns."""
    texts = list(filled(template()))
    assert len(texts) == count_of(template()) == 12
    assert texts[0].words == "Turn on the lamp, lamp!"
    assert (texts[0].id, texts[0].title) == ("turn-on-lamp", "lamp")
    assert texts[-1].columns == {"state": "off", "device": "!?"}
    assert texts == list(filled(template()))
    ids = [text.id for text in texts]
    assert len({name.casefold() for name in ids}) == 12
    assert [name for name in ids if id_problem(name)] == []


def test_a_text_without_slots_is_itself() -> None:
    """Its braces are none of a template's."""
    plain = InlineText(
        id=TextId("x"), words="{h0El1o}", voice=None, title=None, place=Place("j")
    )
    [text] = filled(plain)
    assert (text.id, text.words, text.title) == ("x", "{h0El1o}", "x")


def test_words_are_no_slots() -> None:
    """A word that looks like a slot is said as it is."""
    texts = [text.words for text in filled(template(("{state}",)))]
    assert texts == ["Turn on the {state}, {state}!", "Turn off the {state}, {state}!"]


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=6, unique=True))
def test_ids_do_not_depend_on_other_words(words: list[str]) -> None:
    """Each is the same with and without the others."""
    together = {text.words: text.id for text in filled(template(tuple(words)))}
    for word in words:
        for text in filled(template((word,))):
            assert together[text.words] == text.id


def test_a_sample_is_even_and_repeatable() -> None:
    """Each word about as often as the others; none twice; others by another seed."""
    words = tuple(f"w{number}" for number in range(100))
    drawn = [text.id for text in filled(template(words, sample=100))]
    assert len(set(drawn)) == 100
    assert drawn == [text.id for text in filled(template(words, sample=100))]
    states = Counter(name.split("-")[1] for name in drawn)
    assert 30 < states["on"] < 70
    other = [text.id for text in filled(template(words, sample=100, seed="2"))]
    assert len(set(other) & set(drawn)) < 75


def test_a_further_word_leaves_most_of_a_sample_alone() -> None:
    """What was paid for is mostly still wanted."""
    words = tuple(f"w{number}" for number in range(100))
    before = {text.id for text in filled(template(words, sample=80))}
    after = {text.id for text in filled(template((*words, "new"), sample=80))}
    assert len(after - before) <= 8


@pytest.mark.parametrize("sample", [1, 6])
def test_a_sample_has_an_end(sample: int) -> None:
    """Up to half of all choices are found soon."""
    assert len(list(itertools.islice(filled(template(sample=sample)), 99))) == sample
