"""What can be told of a take by its length, its end and the others of its voice."""

from __future__ import annotations

import math
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchtts.completeness import ENOUGH, Doubt, Judge, agree, voice_of
from batchtts.completeness.doubt import NEVER, SUSPICIOUS
from batchtts.completeness.endings import LOUD, Endings, ending_of
from batchtts.completeness.pace import Pace
from batchtts.completeness.sound import Heard, Unheard, hear
from batchtts.completeness.units import KINDS, Close, Units, close_of, units_of
from batchtts.completeness.voice import Evidence, VoiceRecord
from batchtts.errors import Fault
from batchtts.localserver.tone import speak
from batchtts.model import Encoding, Recording, Request

RATE_HZ = 8_000
SENTENCE = (
    "the harbour lay quiet under a morning mist and nobody on that quay spoke above "
    "whisper until first boat had come in with lanterns still burning at its bow"
)
WORDS = SENTENCE.split()


def _counts(text: str, **parameters: str) -> dict[str, float]:
    units = units_of(text, parameters)
    found = zip((kind.name for kind in KINDS), units.counts, strict=True)
    return {name: count for name, count in found if count and name != "take"}


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(words)).capitalize() + "."


def _request(text: str, **parameters: str) -> Request:
    return Request("test", tuple(sorted(parameters.items())), text)


def _sound(seconds: float, *, silence_s: float = 0.2) -> Recording:
    """Return a hum between two silences."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hum = np.rint(8000 * np.sin(2 * np.pi * 220 * at)).astype("<i2").tobytes()
    lead, trail = bytes(2 * RATE_HZ // 20), bytes(2 * round(silence_s * RATE_HZ))
    return Recording("pcm", RATE_HZ, lead + hum + trail)


# --- what there is to say -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("No.", {"syllable": 1, "letter": 2, "word": 1, "sentence": 1}),
        ("a big tree", {"syllable": 3, "letter": 8, "word": 3}),
        ("Well, yes: no!", {"clause": 2, "sentence": 1}),
        ("One. Two! “Three?” Four…", {"sentence": 4}),
        ("3.5", {"figure": 2, "sign": 1}),
        ("7", {"figure": 1}),
        ("1,999,999", {"figure": 11.4}),  # one million, nine hundred ...
        ("1000", {"figure": 2}),
        ("100 000 000", {"figure": 3}),
        ("007", {"figure": 3}),
        ("1234567890123", {"figure": 13}),
        ("15", {"figure": 1.4}),
        ("50%", {"figure": 1.4, "sign": 1}),
        ("$5", {"figure": 1, "sign": 1}),
        ("NASA", {"capital": 4, "letter": 4}),
        ("HEADLINES", {"letter": 9}),
        ("Dr Fry", {"capital": 2}),
        ("мир", {"syllable": 1, "letter": 3}),
        ("Crème brûlée", {"syllable": 4, "letter": 11}),
        ("नमस्ते", {"syllable": 3, "letter": 7}),
        ("你好\uff0c世界。", {"syllable": 5.6, "clause": 1, "sentence": 1}),
        ("こんにちは", {"syllable": 5, "letter": 10}),
        ("안녕", {"syllable": 2, "letter": 5}),
        ("שלום", {"letter": 4}),
        ("The word мир", {"letter": 7, "stranger": 3}),
        ("你好 OK", {"letter": 7.6}),
    ],
)
def test_units_are_counted_by_script(text: str, counts: dict[str, float]) -> None:
    """Syllables, letters, marks and the words of numbers are found in any script."""
    found = _counts(text)
    assert {name: pytest.approx(found.get(name, 0)) for name in counts} == counts


@pytest.mark.parametrize(
    ("text", "parameters", "same_as", "pauses_s"),
    [
        ("Wait <750> now", {"pauseBetweenBrackets": "true"}, "Wait   now", 0.75),
        ("Wait <750> now", {}, "Wait <750> now", 0.0),
        ("{h0El1o} you", {"phonemizeBetweenBrackets": "true"}, "hElo you", 0.0),
    ],
)
def test_notations_count_as_what_they_are(
    text: str, parameters: dict[str, str], same_as: str, pauses_s: float
) -> None:
    """Pauses that are asked for are no words, and phonemes no numbers."""
    assert _counts(text, **parameters) == _counts(same_as)
    assert units_of(text, parameters).pauses_s == pauses_s


def test_what_is_spelled_counts_by_its_letters() -> None:
    """Only the models that know the notation spell."""
    assert _counts("spell(AB12)", modelId="mistv2") == {"figure": 4}
    assert _counts("spell(AB12)", modelId="arcana") != {"figure": 4}


@given(st.text(max_size=200))
def test_any_text_can_be_counted(text: str) -> None:
    """No count is negative, and twice the text is not less to say."""
    one, two = units_of(text, {}), units_of(f"{text} {text}", {})
    assert all(count >= 0 for count in one.counts)
    assert Pace().expect(two).seconds >= Pace().expect(one).seconds - 0.3


@pytest.mark.parametrize(
    ("text", "close"),
    [
        ("The end.", Close.SENTENCE),
        ("“The end!” ", Close.SENTENCE),
        ("完。", Close.SENTENCE),
        ("and then,", Close.CLAUSE),
        ("and then —", Close.CLAUSE),
        ("and then", Close.WORD),
        ("", Close.WORD),
    ],
)
def test_what_a_text_closes_with(text: str, close: Close) -> None:
    """Closing quotation marks do not hide the mark before them."""
    assert close_of(text) is close


# --- how long it takes ----------------------------------------------------------------


def _voice(rng: random.Random) -> list[float]:
    """Return what the units of a made-up voice take."""
    tempo = math.exp(rng.gauss(0, 0.25))
    return [tempo * kind.seconds * math.exp(rng.gauss(0, 0.2)) for kind in KINDS]


def _spoken_s(voice: list[float], units: Units, rng: random.Random) -> float:
    exact = sum(n * s for n, s in zip(units.counts, voice, strict=True))
    return exact * math.exp(rng.gauss(0, 0.03))


@settings(max_examples=40)
@given(st.integers(), st.integers(8, 70))
def test_a_voice_is_learned(seed: int, words: int) -> None:
    """After a few takes a length is expected as exactly as it can be."""
    rng = random.Random(seed)
    voice, pace = _voice(rng), Pace()
    for _ in range(24):
        units = units_of(_text(rng, rng.randint(5, 70)), {})
        pace.add(units, _spoken_s(voice, units, rng))
    units = units_of(_text(rng, words), {})
    expected = pace.expect(units)
    exact = sum(n * s for n, s in zip(units.counts, voice, strict=True))
    assert expected.seconds == pytest.approx(exact, rel=0.08)
    assert 0.01 < expected.share < 0.12
    shortest_s, longest_s = expected.range_s()
    assert shortest_s < exact < longest_s


@settings(max_examples=40)
@given(st.integers())
def test_a_few_broken_takes_change_little(seed: int) -> None:
    """What a voice takes is learned from most of its takes, not from all."""
    rng = random.Random(seed)
    voice, clean, mixed = _voice(rng), Pace(), Pace()
    for number in range(24):
        units = units_of(_text(rng, rng.randint(15, 70)), {})
        seconds = _spoken_s(voice, units, rng)
        clean.add(units, seconds)
        mixed.add(units, seconds * (0.4 if number % 6 == 0 else 1))
    units = units_of(_text(rng, 40), {})
    assert mixed.expect(units).seconds == pytest.approx(
        clean.expect(units).seconds, rel=0.1
    )


@given(st.integers(1, 80), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_the_shorter_the_more_surprising(words: int, one: float, other: float) -> None:
    """Of two takes that are too short the shorter is at least as doubtful."""
    expected = Pace().expect(units_of(_text(random.Random(1), words), {}))
    longer, shorter = max(one, other), min(one, other)
    edge = expected.seconds * math.exp(-expected.share)
    assert expected.surprise(shorter * edge) >= expected.surprise(longer * edge)
    assert expected.surprise(0) == math.inf


def test_a_new_voice_may_be_fast_or_slow() -> None:
    """Before anything is known nothing that people do is surprising."""
    expected = Pace().expect(units_of(_text(random.Random(1), 60), {}))
    for factor in (0.6, 0.8, 1.0, 1.3, 1.6):
        assert expected.surprise(factor * expected.seconds) < SUSPICIOUS
    for factor in (0.05, 0.2, 6.0):
        assert expected.surprise(factor * expected.seconds) > SUSPICIOUS


def test_a_speed_that_was_asked_for_makes_unsure() -> None:
    """Twice as fast on one model is half as fast on another."""
    units = units_of(_text(random.Random(1), 40), {})
    assert Pace(2.0).expect(units).share > 2 * Pace().expect(units).share


def test_what_is_taken_back_was_never_there() -> None:
    """To judge a take by the others it is taken out and put back."""
    pace, rng = Pace(), random.Random(2)
    many = [units_of(_text(rng, n), {}) for n in range(5, 25)]
    for units in many:
        pace.add(units, Pace().expect(units).seconds * 1.2)
    before = pace.expect(many[3])
    odd = units_of("Something else.", {})
    pace.add(odd, 30.0)
    assert pace.expect(many[3]) != before
    pace.remove(odd, 30.0)
    pace.remove(odd, 30.0)  # it is not there any more
    assert len(pace) == len(many)
    assert pace.expect(many[3]).seconds == pytest.approx(before.seconds)


def test_old_takes_are_forgotten() -> None:
    """A voice that has changed is soon known as it is now, and memory is bounded."""
    pace, rng = Pace(), random.Random(2)
    texts = [units_of(_text(rng, rng.randint(5, 40)), {}) for _ in range(500)]
    for number, units in enumerate(texts):
        pace.add(units, Pace().expect(units).seconds * (1.0 if number < 250 else 1.5))
    assert len(pace) < 250
    units = texts[0]
    assert pace.expect(units).seconds == pytest.approx(
        1.5 * Pace().expect(units).seconds, rel=0.05
    )


# --- how it ends ----------------------------------------------------------------------


@pytest.mark.parametrize("close", Close)
def test_an_end_in_mid_sound_is_suspicious(close: Close) -> None:
    """It is in a voice that mostly pauses, and it is not in one that never does."""
    loud, pause = ending_of(0.0, -3.0), ending_of(0.25, -80.0)
    assert loud == LOUD
    pausing, breaking = Endings(), Endings()
    assert pausing.surprise(loud, close) > SUSPICIOUS
    for _ in range(20):
        pausing.add(pause, Close.SENTENCE)
        breaking.add(loud, Close.SENTENCE)
    assert pausing.surprise(loud, close) > SUSPICIOUS
    assert pausing.surprise(pause, close) < 0
    assert breaking.surprise(loud, close) < 0.5


def test_endings_go_from_loud_to_long_silence() -> None:
    """The longer the silence and the softer the last sound, the further up."""
    kinds = [
        ending_of(0.0, -10),
        ending_of(0.0, -30),
        ending_of(0.0, -60),
        ending_of(0.03, -60),
        ending_of(0.07, -60),
        ending_of(0.15, -60),
        ending_of(0.3, -60),
        ending_of(0.8, -60),
        ending_of(2.0, -60),
    ]
    assert kinds == list(range(9))
    assert ending_of(0.8, -60, 0.7) == 8  # more silence than speech
    assert ending_of(0.6, -60, 0.2) == 7  # which a short word may have
    assert ending_of(0.01, -5) == kinds[2]


# --- what is heard --------------------------------------------------------------------


def test_a_recording_in_figures() -> None:
    """Its length is that of the sound; its end is in the silence after it."""
    heard = hear(_sound(1.0))
    assert isinstance(heard, Heard)
    assert heard.seconds == pytest.approx(1.0, abs=0.02)
    assert (heard.ending, heard.clipped) == (ending_of(0.25, -90), False)


def test_a_cut_recording_ends_loud() -> None:
    """Without the silence there is only sound at the end."""
    heard = hear(replace(_sound(1.0), data=_sound(1.0).data[: RATE_HZ + 1002]))
    assert isinstance(heard, Heard)
    assert heard.ending == LOUD


def _noise(seconds: float) -> bytes:
    return random.Random(1).randbytes(2 * round(seconds * RATE_HZ))


@pytest.mark.parametrize(
    ("recording", "reason", "fault"),
    [
        (Recording("pcm", RATE_HZ, bytes(8000)), "silence", Fault.NO_AUDIO),
        (Recording("pcm", RATE_HZ, b"\5\0" * 8000), "silence", Fault.NO_AUDIO),
        (Recording("mulaw", RATE_HZ, b"\xff" * 8000), "silence", Fault.NO_AUDIO),
        (Recording("pcm", RATE_HZ, b""), "silence", Fault.NO_AUDIO),
        (Recording("pcm", RATE_HZ, _noise(1)), "noise", Fault.NOT_AUDIO),
        # Samples that are read one byte off.
        (
            Recording("pcm", RATE_HZ, _sound(1).data[801:-3399]),
            "noise",
            Fault.NOT_AUDIO,
        ),
        (Recording("mp3", RATE_HZ, b"no sound"), "cannot decode", Fault.NOT_AUDIO),
        (Recording("pcm", RATE_HZ, b"odd"), "half a sample", Fault.NOT_AUDIO),
    ],
)
def test_what_cannot_be_speech(recording: Recording, reason: str, fault: Fault) -> None:
    """Silence, noise and what is no audio are told as such."""
    heard = hear(recording)
    assert isinstance(heard, Unheard)
    assert reason in heard.reason
    assert heard.fault is fault


def test_clipping_is_heard() -> None:
    """A take that is at full scale most of the time is speech, but not as it was."""
    signal = np.clip(
        np.frombuffer(_sound(1).data, "<i2").astype(int) * 50, -32768, 32767
    )
    heard = hear(Recording("pcm", RATE_HZ, signal.astype("<i2").tobytes()))
    assert isinstance(heard, Heard)
    assert heard.clipped


# --- doubts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weight", "seconds", "agrees"),
    [
        (2.0, 9.1, True),
        (2.0, 8.9, False),
        (4.0, 9.76, True),
        (4.0, 9.7, False),
        (20.0, 9.98, True),
        (20.0, 9.9, False),
        (NEVER, 10.0, False),
    ],
)
def test_the_more_doubtful_the_closer_two_takes_must_be(
    weight: float, seconds: float, *, agrees: bool
) -> None:
    """Two takes confirm one another when they are equally long; silence never does."""
    first = Doubt("short", 2.0, 10.0, 5)
    second = Doubt("short", weight, seconds, 5)
    assert agree(first, second) is agrees
    assert agree(second, first) is agrees


def test_an_end_in_mid_sound_does_not_confirm_a_pause() -> None:
    """Takes that end otherwise are not the same."""
    assert not agree(Doubt("", 3, 10.0, LOUD), Doubt("", 3, 10.0, 6))
    assert agree(Doubt("", 3, 10.0, LOUD), Doubt("", 3, 10.0, LOUD))


# --- the judge ------------------------------------------------------------------------


class _Speaker:
    """Speaks by humming, at a pace of its own."""

    def __init__(self, seed: int = 1) -> None:
        self.rng = random.Random(seed)
        self.voice = _voice(self.rng)

    def text(self) -> str:
        """Return another text."""
        return _text(self.rng, self.rng.randint(8, 40))

    def speak(
        self, text: str, share: float = 1.0, *, silence_s: float = 0.2
    ) -> Recording:
        """Return ``text`` spoken, or a share of it."""
        seconds = _spoken_s(self.voice, units_of(text, {}), self.rng)
        return _sound(seconds * share, silence_s=silence_s)


def _known(speaker: _Speaker, judge: Judge) -> None:
    """Let the judge hear enough of a voice."""
    requests = [_request(speaker.text()) for _ in range(ENOUGH)]
    for request in requests:
        assert not judge.knows(request)
        assert judge.judge(request, speaker.speak(request.text)) is None
    assert judge.knows(requests[0])
    assert [judge.review(request) for request in requests] == [None] * ENOUGH


def _told(text: str, recording: Recording) -> Evidence:
    """Return what a recording tells of its voice."""
    heard = hear(recording)
    assert isinstance(heard, Heard)
    return Evidence(units_of(text, {}), close_of(text), heard.seconds, heard.ending)


@pytest.mark.parametrize("seed", range(3))
def test_a_part_of_a_text_is_doubted(seed: int) -> None:
    """Once a voice is known a fifth that is missing is told, and what it lacks."""
    speaker, judge = _Speaker(seed), Judge()
    _known(speaker, judge)
    for _ in range(10):
        text = speaker.text()
        doubt = judge.judge(_request(text), speaker.speak(text, 0.75))
        assert doubt is not None
        assert doubt.fault is Fault.INCOMPLETE
        assert "where this voice should need" in doubt.reason
        doubt = judge.judge(_request(text), speaker.speak(text, 0.9, silence_s=0))
        assert doubt is not None
        assert doubt.reason.startswith("ends as if cut off, after")
        assert judge.judge(_request(text), speaker.speak(text)) is None


def test_too_long_a_take_is_doubted() -> None:
    """It is of another text, or says things twice."""
    speaker, judge = _Speaker(), Judge()
    _known(speaker, judge)
    text = speaker.text()
    doubt = judge.judge(_request(text), speaker.speak(text, 1.8))
    assert doubt is not None
    assert doubt.weight > SUSPICIOUS


def test_the_first_takes_are_believed_and_then_reviewed() -> None:
    """Broken ones among them are found by the others, and count no more."""
    speaker, judge = _Speaker(), Judge()
    requests = [_request(speaker.text()) for _ in range(ENOUGH)]
    broken = requests[1:4]
    for request in requests:
        share = 0.6 if request in broken else 1.0
        assert judge.judge(request, speaker.speak(request.text, share)) is None
    doubts = {request: judge.review(request) for request in requests}
    assert [request for request in requests if doubts[request]] == broken
    assert not judge.knows(requests[0])
    for request in broken:
        assert judge.judge(request, speaker.speak(request.text)) is None
        assert judge.review(request) is None


def test_what_is_believed_beside_broken_takes_is_reviewed_with_their_second() -> None:
    """A take that lacks a third passes for whole only while few others are there."""
    speaker, judge = _Speaker(), Judge()
    short, *broken = [_request(speaker.text()) for _ in range(5)]
    judge.judge(short, speaker.speak(short.text, 0.67))
    for request in broken:
        judge.judge(request, speaker.speak(request.text, 0.4, silence_s=0))
    assert judge.review(short) is None
    assert judge.is_open(short)
    assert all(judge.review(request) for request in broken)
    for request in broken:
        assert judge.judge(request, speaker.speak(request.text)) is None
    assert [judge.review(request) for request in broken] == [None] * len(broken)
    assert judge.is_open(short)
    assert judge.review(short) is not None
    assert not judge.is_open(short)


def test_a_voice_that_stops_short_is_believed_together() -> None:
    """If all of its first takes end in mid-sound, that is its way."""
    speaker, judge = _Speaker(), Judge()
    requests = [_request(speaker.text()) for _ in range(6)]
    for request in requests:
        judge.judge(request, speaker.speak(request.text, silence_s=0))
    assert [judge.review(request) for request in requests] == [None] * 6


@pytest.mark.parametrize("silence_s", [0.0, 2.0])
def test_a_few_that_end_like_broken_ones_are_no_way_of_a_voice(
    silence_s: float,
) -> None:
    """Two takes that end in mid-sound, or in long silence, may both be cut."""
    speaker, judge = _Speaker(), Judge()
    requests = [_request(speaker.text()) for _ in range(2)]
    for request in requests:
        cut = speaker.speak(request.text, 0.45, silence_s=silence_s)
        assert judge.judge(request, cut) is None
    assert all(judge.review(request) for request in requests)


def test_two_that_are_too_short_alike_are_no_way_of_a_voice() -> None:
    """As samples of another rate are, which the service may have sent twice."""
    speaker, judge = _Speaker(), Judge()
    requests = [_request(speaker.text()) for _ in range(2)]
    for request in requests:
        assert judge.judge(request, speaker.speak(request.text, 0.2)) is None
    assert all(judge.review(request) for request in requests)


def test_a_service_that_breaks_off_is_believed_less() -> None:
    """A take that would pass for whole is doubted where many others were cut."""
    speaker, judge = _Speaker(), Judge()
    _known(speaker, judge)
    text = speaker.text()
    request = _request(text)
    voice = judge._voice(voice_of(request))
    shorter = (speaker.speak(text, permille / 1000) for permille in range(500, 1000, 5))
    mild = next(one for one in shorter if voice.weigh(_told(text, one)).weight < 1)
    for _ in range(20):
        other = speaker.text()
        assert judge.judge(_request(other), speaker.speak(other, 0.5)) is not None
    assert judge.judge(request, mild) is not None


def test_broken_takes_do_not_vouch_for_one_another() -> None:
    """Half of the first that are cut in mid-sound are found, one and all."""
    speaker, judge = _Speaker(), Judge()
    requests = [_request(speaker.text()) for _ in range(8)]
    broken = dict(zip(requests[::2], (0.6, 0.65, 0.7, 0.6), strict=True))
    for request in requests:
        silence_s = 0.0 if request in broken else 0.1
        share = broken.get(request, 1.0)
        judge.judge(request, speaker.speak(request.text, share, silence_s=silence_s))
    doubted = [one for one in requests if judge.review(one)]
    assert doubted == list(broken)


def test_if_all_is_cut_at_random_hardly_any_is_believed() -> None:
    """That all end in mid-sound is no way of a voice that never keeps its pace."""
    speaker, judge = _Speaker(), Judge()
    requests = [_request(speaker.text()) for _ in range(ENOUGH)]
    for number, request in enumerate(requests):
        share = 0.2 + 0.7 * (number * 7 % ENOUGH) / ENOUGH
        judge.judge(request, speaker.speak(request.text, share, silence_s=0))
    assert all(judge.review(request) for request in requests)


def test_a_take_alone_is_judged_by_what_voices_are_like() -> None:
    """With no other take of its voice, only what is plain is doubted."""
    speaker = _Speaker()
    text = _text(speaker.rng, 40)
    whole, half, rest = (Judge() for _ in range(3))
    whole.judge(_request(text), speaker.speak(text))
    assert whole.review(_request(text)) is None
    half.judge(_request(text), speaker.speak(text, 0.5, silence_s=0))
    assert half.review(_request(text)) is not None
    rest.judge(_request(text), speaker.speak(text, 0.15))
    assert rest.review(_request(text)) is not None


def test_takes_of_an_earlier_run_are_read_when_they_are_needed() -> None:
    """One new take is judged by those in the cache, of its own voice only."""
    speaker = _Speaker()
    takes = {}
    for _ in range(2 * ENOUGH):
        request = _request(speaker.text())
        takes[request.fingerprint] = (request, speaker.speak(request.text))
    read: list[str] = []

    def recall(fingerprint: str) -> Recording | None:
        read.append(fingerprint)
        return takes[fingerprint][1] if len(read) > 1 else None  # type: ignore[index]

    judge = Judge(recall)
    for request, _ in takes.values():
        judge.remember(request)
        judge.remember(replace(request, engine="another"))
    text = speaker.text()
    assert judge.judge(_request(text), speaker.speak(text, 0.75)) is None
    assert not read
    assert judge.review(_request(text)) is not None
    assert len(read) == ENOUGH
    judge.review(_request(text))
    assert len(read) == ENOUGH


def test_a_take_that_was_confirmed_counts() -> None:
    """A voice that is otherwise than voices are is learned from what is confirmed."""
    speaker, judge = _Speaker(), Judge()
    _known(speaker, judge)
    for _ in range(60):
        text = speaker.text()
        judge.learn(_request(text), speaker.speak(text, 1.6))
    text = speaker.text()
    assert judge.judge(_request(text), speaker.speak(text, 1.6)) is None


def test_silence_is_never_believed() -> None:
    """Not in the first take of a voice either."""
    silence = Recording("pcm", RATE_HZ, bytes(RATE_HZ))
    judge = Judge()
    doubt = judge.judge(_request("Hello."), silence)
    assert doubt == Doubt("nothing but silence", NEVER, fault=Fault.NO_AUDIO)
    judge.learn(_request("Hello."), silence)
    assert not judge.knows(_request("Hello."))


def test_clipping_can_be_confirmed() -> None:
    """A loud voice is not lost, but somebody is told."""
    record = VoiceRecord(Pace())
    units = units_of("Hello there, all of you.", {})
    expected = record.pace.expect(units)
    clipped = Evidence(units, Close.SENTENCE, expected.seconds, 6, clipped=True)
    doubt = record.weigh(clipped)
    assert doubt.reason == "clipped throughout"
    assert SUSPICIOUS <= doubt.weight < NEVER
    assert agree(doubt, doubt)


def test_a_voice_is_what_makes_it_sound_so() -> None:
    """Another speed is another voice; the speeds of brackets belong to the text."""
    plain = _request("x", speaker="astra")
    quick = _request("x", speaker="astra", speedAlpha="2")
    inline = _request("x", speaker="astra", inlineSpeedAlpha="0.5,2")
    assert voice_of(plain) != voice_of(quick)
    assert voice_of(plain) == voice_of(inline)


def test_many_threads_may_ask() -> None:
    """Takes are judged where they come in, and reviewed at the same time."""
    speaker, judge = _Speaker(), Judge()
    texts = [speaker.text() for _ in range(60)]
    takes = [(_request(text), speaker.speak(text)) for text in texts]

    def work(take: tuple[Request, Recording]) -> Doubt | None:
        doubt = judge.judge(*take)
        return doubt or judge.review(take[0])

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, takes)) == [None] * 60


@pytest.mark.parametrize("encoding", ["pcm", "mulaw"])
def test_tones_are_a_voice_like_any(encoding: Encoding) -> None:
    """The tones that stand in for speech in tests are believed, and cut ones not."""
    judge, rng = Judge(), random.Random(1)

    def spoken(text: str, share: float = 1.0) -> Recording:
        pcm = speak(text, speaker="astra", lang="eng")
        if encoding == "mulaw":
            from batchtts.audio import mulaw  # noqa: PLC0415

            pcm = mulaw.encode(pcm)
        size = 1 if encoding == "mulaw" else 2
        return Recording(encoding, 24_000, pcm[: size * round(len(pcm) / size * share)])

    texts = ["OK", "3", "No.", *(_text(rng, n) for n in range(2, 40))]
    for text in texts:
        assert judge.judge(_request(text), spoken(text)) is None
    assert [judge.review(_request(text)) for text in texts] == [None] * len(texts)
    cut = [judge.judge(_request(text), spoken(text, 0.7)) for text in texts[10:]]
    assert None not in cut
