"""What earlier runs made is made again where it fits, and only there."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace

import pytest
from cutting import cut
from hypothesis import given
from hypothesis import strategies as st

from batchtts.earlier import NOTHING, Earlier, cut_as_before, fingerprints
from batchtts.lock.marks import PREFIX, Mark, digest, mark_of
from batchtts.model import (
    Boundary,
    Place,
    Request,
    TextId,
    Voice,
    VoiceName,
)
from batchtts.pieces import Piece

VOICE = Voice(
    name=VoiceName("narrator"),
    parameters=(("modelId", "arcana"), ("speaker", "astra")),
    audio_format="pcm",
    sampling_rate=24_000,
    lang="eng",
    place=Place("job.yaml"),
)
STORY = " ".join(
    f"This is sentence number {number}, and it is about a lamp that a keeper lit."
    for number in range(40)
)


class Known:
    """One earlier reading of one text."""

    def __init__(self, made: Sequence[Piece]) -> None:
        """Remember the pieces."""
        self.words = digest("".join(piece.chunk.text for piece in made))
        self.made = [_mark(piece) for piece in made]
        self.retake = ""

    def marks(
        self, text: TextId, voice: VoiceName, words: str, rules: str
    ) -> Sequence[Mark]:
        """Know the same words."""
        assert (voice, rules) == ("narrator", "300 eng")
        return self.made if words == self.words else ()

    def former(self, text: TextId, voice: VoiceName) -> Collection[Mark]:
        """Know the reading of the one text."""
        return self.made if text == "story" else ()

    def wanted(self, text: TextId, voice: VoiceName, request: Request) -> Request:
        """Want another take of one request."""
        if request.fingerprint.startswith(self.retake or "none"):
            return replace(request, take=1)
        return request


def _mark(piece: Piece) -> Mark:
    assert piece.request is not None
    chunk = piece.chunk
    fingerprint = piece.request.fingerprint[:PREFIX]
    return Mark(fingerprint, chunk.end - chunk.start, chunk.boundary)


def _pieces(words: str, earlier: Earlier = NOTHING) -> tuple[Piece, ...]:
    return cut(words, VOICE, limit=300, earlier=earlier)


def _requests(made: Sequence[Piece]) -> set[str]:
    return {piece.request.fingerprint for piece in made if piece.request}


def test_an_edit_makes_few_requests_again() -> None:
    """The chunks around an edit stay; cut afresh, most of them would move."""
    before = _pieces(STORY)
    new = STORY.replace("number 7,", "number seven, which the sea had once taken,")
    after = _pieces(new, Known(before))
    assert len(_requests(after) - _requests(before)) <= 2
    assert len(_requests(_pieces(new)) - _requests(before)) > 2
    assert "".join(piece.chunk.text for piece in after) == new


def test_the_same_words_are_cut_as_before() -> None:
    """Cuts that an edit once led to stay when there is no further edit."""
    new = STORY.replace("number 7,", "number seven, which the sea had once taken,")
    after = _pieces(new, Known(_pieces(STORY)))
    assert _pieces(new, Known(after)) == after
    assert _pieces(new) != after


def test_another_take_is_another_request_of_the_same_words() -> None:
    """A retake changes one request; what it stands for is known beside it."""
    before = _pieces(STORY)
    known = Known(before)
    known.retake = known.made[2].request
    after = _pieces(STORY, known)
    assert [piece.first is not None for piece in after] == [
        number == 2 for number in range(len(after))
    ]
    assert after[2].first == before[2].request
    assert len(_requests(after) - _requests(before)) == 1


@pytest.mark.parametrize("lengths", [[], [5], [5, 7], [11, 1], [12]], ids=str)
def test_cuts_that_do_not_fit_are_not_made(lengths: list[int]) -> None:
    """Damaged or foreign marks lose no word and break no limit."""
    text = "Hello there."
    marks = [Mark("0" * PREFIX, length, Boundary.SENTENCE) for length in lengths]
    found = cut_as_before(text, marks, 11)
    if lengths in ([5, 7], [11, 1]):
        assert found is not None
        assert "".join(one.text for one in found) == text
    else:
        assert found is None


@given(
    st.builds(
        Mark,
        st.just("") | st.text("0123456789abcdef", min_size=PREFIX, max_size=PREFIX),
        st.integers(1, 10**8),
        st.sampled_from(Boundary),
        st.integers(0, 10**8),
        st.just("") | st.just("a1" * (PREFIX // 2)),
    )
)
def test_marks_are_read_as_they_were_written(mark: Mark) -> None:
    """What is written of a chunk says all that is known of it."""
    assert mark_of(str(mark)) == mark


@pytest.mark.parametrize("written", ["", "x", "-:0e", "-:3", "00:3e", "-:3e#0"])
def test_other_marks_are_refused(written: str) -> None:
    """What is no description of a chunk is not taken for one."""
    with pytest.raises(ValueError, match="does not describe a chunk"):
        mark_of(written)


@given(st.text(), st.text(max_size=5))
def test_quick_fingerprints_are_the_requests_own(text: str, value: str) -> None:
    """There is one fingerprint of a request, however it is reckoned."""
    parameters = (("a", value), ("b", "1"))
    quick = fingerprints("rime", parameters)
    assert quick(text) == Request("rime", parameters, text).fingerprint
    assert len(quick(text)) == hashlib.sha256().digest_size * 2
