"""Rows of datasets: their names, their splits, their way through JSON."""

from __future__ import annotations

from collections import Counter

import pytest
from corpus import row
from hypothesis import given
from hypothesis import strategies as st

from batchtts.corpora import Splits, label_problem, speaker_label
from batchtts.outputs.datasets.rows import (
    Row,
    one_line,
    utterance_key,
)
from batchtts.outputs.datasets.splits import group_of, split_of

THREE = Splits(shares={"train": 0.8, "validation": 0.1, "test": 0.1})
WORDS = st.text(st.sampled_from("abc ,.é"), max_size=12)


@pytest.mark.parametrize(
    ("row_id", "voice", "key"),
    [
        ("0001", None, "0001"),
        ("0001", "astra", "astra-0001"),
        ("0001", "en-us", "en_us-0001"),
        ("größe", None, "größe"),
        ("a_b-c", None, "a_b-c"),
    ],
)
def test_a_key_is_voice_and_id(row_id: str, voice: str | None, key: str) -> None:
    """Where every loader takes the id as it is, it stays as it is."""
    assert utterance_key(row_id, voice) == key


@given(st.text(min_size=1, max_size=300), st.none() | st.text(min_size=1, max_size=40))
def test_a_key_is_safe_everywhere(row_id: str, voice: str | None) -> None:
    """No dot, space, quote or separator is in a key, and it fits a file's name."""
    key = utterance_key(row_id, voice)
    assert all(c.isalnum() or c in "_-" for c in key)
    if voice is None or len(voice.encode("utf-8", "replace")) < 80:
        assert len(key.encode()) < 200


def test_ids_that_must_be_changed_stay_apart() -> None:
    """What differs in a dot only gets other keys, the same in every run."""
    keys = [utterance_key(one, None) for one in ("a.b", "a b", "a_b", "a/b")]
    assert len(set(keys)) == 4
    assert keys[0] == "a_b-2e7336dc"


def test_speakers_sort_as_their_utterances_do() -> None:
    """Kaldi wants a list sorted by utterance to be sorted by speaker too."""
    voices = ["a", "a-b", "a1", "ab", "b", "a_c"]
    keys = {
        utterance_key(one, voice): speaker_label(voice)
        for voice in voices
        for one in ("-", "0", "z", "b-1")
    }
    by_key = [keys[key] for key in sorted(keys, key=str.encode)]
    assert by_key == sorted(by_key, key=str.encode)


def test_voices_that_look_the_same_are_told() -> None:
    """Two voices with one label cannot be in one dataset."""
    assert label_problem(["a", "b"]) is None
    told = label_problem(["en-us", "x", "en_us"])
    assert told == 'the voices "en-us" and "en_us" would both be "en_us"'


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_a_row_comes_back_from_json(text: str, columns: dict[str, str]) -> None:
    """Whatever stands in a row, it is the same after it was stored."""
    one = row("id", "x")
    one = Row(
        key=one.key,
        id=one.id,
        text=text,
        normalised=text,
        voice=one.voice,
        language=one.language,
        columns=columns,
        provenance=one.provenance,
    )
    assert Row.read(one.content()) == one
    assert "\n" not in one.content()


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    """No reader finds a line's end in it, and no control character."""
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert not any(ord(c) < 32 for c in line)


@given(st.lists(st.tuples(WORDS, st.sampled_from(["a", "b"])), max_size=30), st.data())
def test_a_row_never_moves(texts: list[tuple[str, str]], data: st.DataObject) -> None:
    """Insertion, deletion and another order leave every other row where it was."""
    told = [row(str(number), text, voice) for number, (text, voice) in enumerate(texts)]
    before = {one.key: split_of(one, THREE) for one in told}
    kept = (
        data.draw(st.lists(st.sampled_from(told), unique_by=lambda r: r.key))
        if (told)
        else []
    )
    more = [row(f"new {n}", data.draw(WORDS)) for n in range(3)]
    after = {one.key: split_of(one, THREE) for one in (*more, *kept)}
    assert all(after[one.key] == before[one.key] for one in kept)


@given(st.lists(st.tuples(WORDS, st.sampled_from("abc")), max_size=40))
def test_no_sentence_is_in_two_splits(texts: list[tuple[str, str]]) -> None:
    """Texts that differ in case, spacing and punctuation only stay together."""
    splits: dict[str, set[str]] = {}
    for number, (text, voice) in enumerate(texts):
        for form in (text, f" {text.upper()}!", text.replace(" ", "  ")):
            one = row(str(number), form, voice)
            plain = "".join(c for c in text.casefold() if c.isalnum())
            splits.setdefault(plain or form, set()).add(split_of(one, THREE))
    assert all(
        len(found) == 1 for text, found in splits.items() if any(map(str.isalnum, text))
    )


def test_shares_are_met() -> None:
    """Of ten thousand texts about as many are in a split as were asked for."""
    found = Counter(split_of(row(str(n), f"text {n}"), THREE) for n in range(10_000))
    assert found["train"] == pytest.approx(8000, abs=150)
    assert found["validation"] == pytest.approx(1000, abs=120)
    assert found["test"] == pytest.approx(1000, abs=120)


def test_a_share_of_nothing_gets_nothing() -> None:
    """A split with a share of 0 stays empty, wherever it stands."""
    splits = Splits(shares={"a": 0.0, "b": 3.0, "c": 0.0})
    assert {split_of(row(str(n), f"text {n}"), splits) for n in range(300)} == {"b"}


def test_another_seed_deals_otherwise() -> None:
    """The seed is part of the hash."""
    other = Splits(shares=THREE.shares, seed="2")
    told = [row(str(n), f"text {n}") for n in range(200)]
    assert [split_of(r, THREE) for r in told] != [split_of(r, other) for r in told]


def test_voices_and_columns_are_groups_too() -> None:
    """By voice or by a column, what is the same there stays together."""
    by_voice = Splits(shares=THREE.shares, by="voice")
    by_scene = Splits(shares=THREE.shares, by="scene")
    rows = [row(str(n), f"text {n}", scene=str(n % 5)) for n in range(50)]
    assert len({split_of(one, by_voice) for one in rows}) == 1
    for scene in range(5):
        same = [one for one in rows if one.columns["scene"] == str(scene)]
        assert len({split_of(one, by_scene) for one in same}) == 1


def test_a_held_out_voice_goes_where_it_is_sent() -> None:
    """Its texts do not matter then."""
    splits = Splits(shares=THREE.shares, held_out={"luna": "unseen"})
    assert splits.names == ("train", "validation", "test", "unseen")
    for number in range(50):
        one = row(str(number), f"text {number}", "luna")
        assert split_of(one, splits) == "unseen"


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("The  Ferry -- leaves!", "the ferry leaves"),
        ("Straße", "strasse"),
        ("ﬁne", "fine"),
        ("नमस्ते", "नमस्ते"),
        ("?!", "?!"),
    ],
)
def test_a_group_is_the_words_alone(text: str, group: str) -> None:
    """Marks that are part of letters stay; a text without words is its own group."""
    assert group_of(row("x", text), "text") == group
