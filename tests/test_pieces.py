"""From words to requests: notations kept whole, speeds dealt out, nothing lost."""

from __future__ import annotations

from cutting import cut

from batchtts.chunking import Markup
from batchtts.model import Place, Voice, VoiceName
from batchtts.pieces import Piece, notations


def _voice(**parameters: str) -> Voice:
    sent = {"speaker": "astra", "modelId": "mistv2", **parameters}
    return Voice(
        name=VoiceName("narrator"),
        parameters=tuple(sorted(sent.items())),
        audio_format="pcm",
        sampling_rate=22_050,
        lang="eng",
        place=Place("job.yaml"),
    )


def _pieces(words: str, voice: Voice, *, separate: bool = False) -> tuple[Piece, ...]:
    return cut(words, voice, limit=60, separate=separate)


def _sent(made: tuple[Piece, ...]) -> list[tuple[str, str | None]]:
    return [
        (one.request.text, dict(one.request.parameters).get("inlineSpeedAlpha"))
        for one in made
        if one.request is not None
    ]


def test_inline_speeds_are_dealt_out_by_their_brackets() -> None:
    """Each request carries the speeds of its own brackets, or none."""
    words = (
        "This is [very] slow and this one is [quite] quick, I think. "
        "Nothing is in brackets in this sentence, which is as long. "
        "And at the very end [the last] one is here for all of us."
    )
    sent = _sent(_pieces(words, _voice(inlineSpeedAlpha="0.5, 2,1.5")))
    assert [speeds for _, speeds in sent] == ["0.5,2", None, "1.5"]
    assert " ".join(text for text, _ in sent) == words


def test_only_the_notations_in_use_are_protected() -> None:
    """A switch of the voice protects its notation; a model may know spell()."""
    assert notations(_voice()) == {Markup.SPELL}
    assert notations(_voice(modelId="arcana")) == set()
    assert notations(_voice(modelId="arcana", pauseBetweenBrackets="true")) == {
        Markup.PAUSES
    }
    switched = _voice(
        modelId="x", phonemizeBetweenBrackets="true", inlineSpeedAlpha="1"
    )
    assert notations(switched) == {Markup.PHONEMES, Markup.SPEEDS}
    assert notations(_voice(modelId="x", pauseBetweenBrackets="false")) == set()


def test_a_long_notation_stays_whole() -> None:
    """What the engine reads as one is never cut where there is room for it."""
    phonemes = "{h0El1o w1Rld h0El1o w1Rld h0El1o}"
    words = f"We say it so, as everybody does, {phonemes} and go on from there."
    made = _pieces(words, _voice(phonemizeBetweenBrackets="true"))
    assert len(made) > 1
    assert any(phonemes in one.chunk.text for one in made)


def test_paragraphs_are_kept_apart_when_asked() -> None:
    """Joined by default, separate when each pause has to be exact."""
    words = "One.\n\nTwo."
    voice = _voice()
    assert len(_pieces(words, voice)) == 1
    assert [text for text, _ in _sent(_pieces(words, voice, separate=True))] == [
        "One.",
        "Two.",
    ]


def test_what_cannot_be_spoken_has_no_request() -> None:
    """Marks alone are a pause."""
    [piece] = _pieces("* * *", _voice())
    assert piece.request is None


def test_a_pause_that_the_engine_obeys_is_not_spoken() -> None:
    """A paragraph of a pause alone goes with words, and alone is no request."""
    voice = _voice(pauseBetweenBrackets="true")
    made = _pieces("One.\n\n<2000>\n\nTwo.", voice, separate=True)
    assert [text for text, _ in _sent(made)] == ["One.", "<2000>\n\nTwo."]
    [alone] = _pieces("<2000>", voice)
    assert alone.request is None
    [spoken] = _pieces("<2000>", _voice())
    assert spoken.request is not None


def test_equal_voices_make_equal_requests() -> None:
    """The name of a voice is not part of what is sent."""
    first = _pieces("Hello.", _voice())
    again = _pieces("Hello.", _voice())
    assert [one.request for one in first] == [one.request for one in again]
