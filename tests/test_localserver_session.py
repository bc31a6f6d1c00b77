"""The conversation on `/ws` without its socket: what is spoken, and when."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.localserver.query import Segment
from batchtts.localserver.session import Action, Finish, Overflow, Session, Speak

THREE = "One is here. Two came after! Was there a third?"


def _actions(frames: list[str], segment: Segment = "bySentence") -> list[list[Action]]:
    session = Session(segment, 500)
    return [list(session.receive(frame)) for frame in frames]


def _spoken(frames: list[str], segment: Segment = "bySentence") -> list[str]:
    return [
        sentence
        for actions in _actions(frames, segment)
        for action in actions
        if isinstance(action, Speak)
        for sentence in action.sentences
    ]


def test_by_sentence_speaks_each_sentence_once_it_is_complete() -> None:
    """A sentence is complete when white space follows its end."""
    assert _actions(["One is", " here.", " Two", " came. ", "Three"]) == [
        [],
        [],
        [Speak(("One is here.",))],
        [Speak(("Two came.",))],
        [],
    ]


def test_a_final_full_stop_waits_for_more() -> None:
    """It may be a decimal point, or have more of its sentence after it."""
    assert _spoken(["It costs 3.", "50 at most.", "<EOS>"]) == [
        "It costs 3.50 at most."
    ]


def test_fragments_are_joined_as_they_are() -> None:
    """Spaces are the client's job: without them two words become one."""
    assert _spoken(["har", "bour", "town.", "Next", "<EOS>"]) == ["harbourtown.Next"]


def test_never_waits_for_the_flush() -> None:
    """Nothing is spoken before it is asked for, then sentence by sentence."""
    assert _actions([THREE, " More. ", "<FLUSH>"], "never") == [
        [],
        [],
        [
            Speak(
                ("One is here.", "Two came after!", "Was there a third?", "More."),
            )
        ],
    ]


def test_immediate_speaks_every_fragment() -> None:
    """No fragment waits for the next one."""
    assert _spoken(["One", " is", " here."], "immediate") == ["One", "is", "here."]


@pytest.mark.parametrize("segment", ["bySentence", "never"])
def test_clear_drops_what_waits_and_no_more(segment: Segment) -> None:
    """Text after a clear is spoken as if nothing had been before it."""
    frames = ["Forget this", "<CLEAR>", "Say this.", "<EOS>"]
    assert _spoken(frames, segment) == ["Say this."]


def test_clear_cannot_take_back_what_was_handed_out() -> None:
    """A complete sentence is being spoken already."""
    assert _spoken(["Said. Not", "<CLEAR>", "<EOS>"]) == ["Said."]


def test_eos_speaks_the_rest_and_finishes() -> None:
    """After it nothing is heard any more."""
    assert _actions(["Rest", "<EOS>", "Too late. ", "<EOS>"]) == [
        [],
        [Speak(("Rest",)), Finish()],
        [],
        [],
    ]


def test_eos_with_nothing_to_speak_only_finishes() -> None:
    """There is no empty sentence."""
    assert _actions(["  ", "<EOS>"]) == [[], [Finish()]]


@pytest.mark.parametrize(
    "frame", ["<eos>", " <EOS>", "<EOS> ", "say <EOS>", "<EOS><EOS>", "<FLUSH>\n"]
)
def test_only_exact_frames_are_commands(frame: str) -> None:
    """Anything else is text, and waits to be spoken."""
    assert _spoken([frame, "<EOS>"]) == [frame.strip()]


@pytest.mark.parametrize(
    "text",
    ["Mr. Grey met Dr. Moss.", "He was J. K. Hart.", "It is 3.5 m.", "So... yes"],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(text: str) -> None:
    """Titles, initials and decimal points belong to their sentence."""
    expected = ["So...", "yes"] if text.startswith("So") else [text]
    assert _spoken([text, "<EOS>"]) == expected


def test_closing_quotes_stay_with_their_sentence() -> None:
    """So do brackets; full-width marks need no space after them."""
    text = "\u201cGo!\u201d he said. (Or not.) Well. 一。二\uff01"
    assert _spoken([text, "<EOS>"]) == [
        "\u201cGo!\u201d",
        "he said.",
        "(Or not.)",
        "Well.",
        "一。",
        "二\uff01",
    ]


def test_marks_alone_are_nothing_to_speak() -> None:
    """They are spoken with words, or not at all."""
    assert _actions(["... ! ", "<EOS>"]) == [[], [Finish()]]
    assert _spoken(["... ! Well. ", "<EOS>"]) == ["... ! Well."]
    assert _spoken(["Well. . . ", "<EOS>"]) == ["Well.", ".", "."]


@pytest.mark.parametrize("segment", ["bySentence", "never", "immediate"])
def test_too_much_waiting_text_ends_the_conversation(segment: Segment) -> None:
    """Whatever is counted: 251 characters outside the BMP are 502 units."""
    assert _actions(["\U0001f6a2" * 251, "More", "<EOS>"], segment) == [
        [Overflow(502)],
        [],
        [],
    ]


def test_the_limit_is_for_what_waits() -> None:
    """A long talk is no long text, as long as its sentences are short."""
    session = Session("bySentence", 20)
    spoken = [session.receive("Ten letters. ") for _ in range(50)]
    assert spoken == [(Speak(("Ten letters.",)),)] * 50
    assert session.receive("x" * 20) == (Overflow(21),)


def test_without_a_limit_any_text_is_spoken() -> None:
    """None is no limit."""
    session = Session("never", None)
    assert session.receive("x" * 10_000) == ()
    assert session.receive("<FLUSH>") == (Speak(("x" * 10_000,)),)


_TEXT = st.text("ab .!?\"')\n3M", max_size=60)


@given(_TEXT, st.lists(st.integers(0, 60)))
def test_how_a_text_is_cut_into_frames_does_not_matter(
    text: str, cuts: list[int]
) -> None:
    """The sentences of a text are those of its fragments."""
    edges = sorted({0, *(c for c in cuts if c < len(text)), len(text)})
    pieces = [text[a:b] for a, b in itertools.pairwise(edges)]
    assert _spoken([*pieces, "<EOS>"]) == _spoken([text, "<EOS>"])


@given(_TEXT, st.sampled_from(["bySentence", "never"]))
def test_no_word_is_lost(text: str, segment: Segment) -> None:
    """All that is not white space is spoken once there is a word among it."""
    spoken = "".join("".join(_spoken([text, "<EOS>"], segment)).split())
    whole = "".join(text.split())
    assert spoken == (whole if any(c.isalnum() for c in whole) else "")
