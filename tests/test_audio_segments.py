"""Where a take's sound begins and ends, and how it is cut and faded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from batchtts.audio import segments
from batchtts.audio.segments import Edges

RATE_HZ = 24000


def padded(sound: NDArray[np.float64], before: int, after: int) -> bytes:
    """Put digital silence around a sound of full scale 32768."""
    silent = [np.zeros(before), sound, np.zeros(after)]
    return np.rint(np.concatenate(silent)).astype("<i2").tobytes()


def edges(pcm: bytes, rate_hz: int = RATE_HZ) -> Edges:
    """Find the edges of PCM."""
    return segments.speech_edges(segments.take(pcm, rate_hz))


@settings(max_examples=40, deadline=None)
@given(
    before=st.integers(0, 9000),
    after=st.integers(0, 9000),
    level=st.sampled_from([3, 30, 300, 30000]),
    rate_hz=st.sampled_from([8000, 11025, 24000, 48000]),
)
def test_edges_are_found(before: int, after: int, level: float, rate_hz: int) -> None:
    """The silence around a sound is found, to the sample if it can be heard at all."""
    square = np.where(np.arange(4000) // 20 % 2, -level, level)
    found = edges(padded(square, before, after), rate_hz)
    # A few samples that are next to silent may be taken for silence.
    slack = 0 if level >= 300 else 10
    assert before <= found.start <= before + slack
    assert before + 4000 - slack <= found.end <= before + 4000


def test_hiss_at_the_edges_is_silence() -> None:
    """Noise 50 dB under the voice is not part of it."""
    rng = np.random.default_rng(0)
    voice = 10000 * np.sin(np.arange(24000) / 9)
    take = rng.normal(0, 20, 48000)
    take[12000:36000] += voice
    found = edges(np.rint(take).astype("<i2").tobytes())
    assert 12000 - 5 <= found.start <= 12000 + 5
    assert 36000 - 5 <= found.end <= 36000 + 5


def test_soft_consonant_is_sound() -> None:
    """A hiss 30 dB under the vowels, as an "f" is, belongs to the word."""
    rng = np.random.default_rng(0)
    take = np.zeros(48000)
    take[6000:9000] = rng.normal(0, 220, 3000)
    take[9000:40000] = 10000 * np.sin(np.arange(31000) / 9)
    assert edges(np.rint(take).astype("<i2").tobytes()).start < 6010


@pytest.mark.parametrize("rate_hz", [8000, 24000])
def test_final_consonant_is_sound(rate_hz: int) -> None:
    """A hiss 50 dB under the vowels, as in "church", belongs to the word."""
    rng = np.random.default_rng(0)
    take = np.zeros(2 * rate_hz)
    vowel = slice(rate_hz // 4, rate_hz)
    take[vowel] = 10000 * np.sin(np.arange(2 * rate_hz)[vowel] / 9)
    ended = rate_hz + rate_hz // 10
    take[rate_hz:ended] = rng.normal(0, 22, ended - rate_hz)
    found = edges(np.rint(take).astype("<i2").tobytes(), rate_hz)
    assert ended - rate_hz // 200 <= found.end <= ended


@pytest.mark.parametrize("noise_db", [-75.0, -60.0, -45.0])
@pytest.mark.parametrize("rate_hz", [8000, 24000])
def test_noise_of_the_take_is_silence(noise_db: float, rate_hz: int) -> None:
    """Where the whole take has a noise under it, the voice alone is the sound."""
    take = np.random.default_rng(0).normal(
        0, 32768 * 10 ** (noise_db / 20), 3 * rate_hz
    )
    take[rate_hz : 2 * rate_hz] += 10000 * np.sin(np.arange(rate_hz) / 9)
    found = edges(np.rint(take).astype("<i2").tobytes(), rate_hz)
    slack = rate_hz // 200
    assert rate_hz - slack <= found.start <= rate_hz + slack
    assert 2 * rate_hz - slack <= found.end <= 2 * rate_hz + slack


@pytest.mark.parametrize("length_s", [3, 10])
def test_short_word_in_a_long_take_is_found(length_s: int) -> None:
    """A word in ten seconds of next to nothing is the sound, and nothing else is."""
    take = np.random.default_rng(0).integers(-1, 2, length_s * RATE_HZ).astype(float)
    take[7200:11520] += 8000 * np.sin(np.arange(4320) / 9)
    found = edges(np.rint(take).astype("<i2").tobytes())
    assert found.start == pytest.approx(7200, abs=120)
    assert found.end == pytest.approx(11520, abs=120)


@pytest.mark.parametrize("offset", [-330, 33, 1000])
def test_constant_offset_is_not_sound(offset: int) -> None:
    """A take that does not rest at zero is trimmed all the same."""
    take = np.full(48000, float(offset))
    take[12000:36000] += 10000 * np.sin(np.arange(24000) / 9)
    found = edges(np.rint(take).astype("<i2").tobytes())
    assert found.start == pytest.approx(12000, abs=10)
    assert found.end == pytest.approx(36000, abs=10)


def test_lopsided_voice_rests_at_zero() -> None:
    """A voice whose pulses all point one way has no offset: its last hiss stays."""
    take = np.zeros(48000)
    take[6000:24000:200] = 20000
    take[24000:26400] = np.random.default_rng(0).normal(0, 25, 2400)
    assert edges(np.rint(take).astype("<i2").tobytes()).end > 26280


def test_take_without_pauses_is_kept_whole() -> None:
    """What is softest in a take that never pauses is speech, not its noise."""
    take = 10000 * np.sin(np.arange(48000) / 9)
    take[:960] = np.random.default_rng(0).normal(0, 50, 960)
    assert edges(np.rint(take).astype("<i2").tobytes()).start < 120


@pytest.mark.parametrize("samples", [0, 1, 50, 5000])
def test_silent_take_is_kept(samples: int) -> None:
    """A take with no sound is not cut to nothing."""
    assert edges(bytes(2 * samples)) == Edges(0, samples)


def test_click_in_silence_is_found() -> None:
    """One sample of sound in a second of nothing is still the sound."""
    take = np.zeros(24000, "<i2")
    take[7777] = 900
    assert edges(take.tobytes()) == Edges(7777, 7778)


def test_pause_is_exact() -> None:
    """A pause has as many samples as asked for, whole milliseconds or not."""
    assert segments.pause(12345, 11025).raw_data == bytes(2 * 12345)


def test_trim_is_exact() -> None:
    """A slice is cut between samples, not between milliseconds."""
    pcm = np.arange(5000, dtype="<i2").tobytes()
    cut = segments.trimmed(segments.take(pcm, 44100), 1234, 2345)
    assert cut.raw_data == pcm[2 * 1234 : 2 * 2345]


def test_fades_touch_only_the_edges() -> None:
    """Five milliseconds rise from nothing and fall to nothing; the rest stays."""
    pcm = np.full(24000, 10000, "<i2").tobytes()
    faded = segments.faded(segments.take(pcm, RATE_HZ), 5).raw_data
    found = np.frombuffer(faded, "<i2").astype(int)
    assert len(found) == 24000
    assert abs(found[0]) < 100
    assert abs(found[-1]) < 2500
    assert np.all(found[130:-130] == 10000)


@pytest.mark.parametrize("samples", [0, 1, 20, 100, 239])
def test_short_takes_survive_fading(samples: int) -> None:
    """A take shorter than its fades keeps its length."""
    pcm = np.full(samples, 10000, "<i2").tobytes()
    assert len(segments.faded(segments.take(pcm, RATE_HZ), 5).raw_data) == len(pcm)
