"""Which voices read which texts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.design import assigned
from batchtts.model import Assignment, TextId, VoiceName

VOICES = tuple(map(VoiceName, ("astra", "luna", "orion", "vega", "zest")))
TEXTS = tuple(TextId(f"t{number}") for number in range(2000))


def test_turns_are_exactly_even() -> None:
    """Round-robin: each voice has its turn before any has its second."""
    how = Assignment(in_turn=True)
    read = [assigned(VOICES, how, text, turn) for turn, text in enumerate(TEXTS)]
    assert read[:6] == [(voice,) for voice in (*VOICES, VOICES[0])]
    assert set(Counter(read).values()) == {len(TEXTS) // len(VOICES)}


@pytest.mark.parametrize("each", [1, 2, 5])
def test_voices_are_drawn_evenly(each: int) -> None:
    """Each has about its share, and as many read a text as were asked for."""
    how = Assignment(voices_each=each)
    counts: Counter[VoiceName] = Counter()
    for text in TEXTS:
        read = assigned(VOICES, how, text, 0)
        assert len(set(read)) == each
        counts.update(read)
    share = len(TEXTS) * each / len(VOICES)
    assert all(abs(count - share) < 0.15 * share for count in counts.values())


@given(st.text(), st.integers(1, 4), st.integers())
def test_neither_place_nor_order_matters(text: str, each: int, turn: int) -> None:
    """What is drawn depends on the text's id and on which voices there are."""
    how = Assignment(voices_each=each, seed="s")
    read = assigned(VOICES, how, TextId(text), 0)
    assert assigned(VOICES, how, TextId(text), turn) == read
    assert set(assigned(VOICES[::-1], how, TextId(text), turn)) == set(read)


def test_a_further_voice_moves_nothing_between_the_others() -> None:
    """It takes its share; what it does not take stays where it was."""
    how = Assignment()
    for text in TEXTS:
        before = assigned(VOICES[:4], how, text, 0)
        assert assigned(VOICES, how, text, 0) in {before, VOICES[4:]}


def test_another_seed_draws_otherwise() -> None:
    """So that two corpora of the same texts differ."""
    read = [
        [assigned(VOICES, Assignment(seed=seed), text, 0) for text in TEXTS]
        for seed in ("1", "2")
    ]
    same = sum(one == other for one, other in zip(*read, strict=True))
    assert same < len(TEXTS) / 3
