"""The figures of an utterance's sound, each against a sound made to have it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from batchtts.audio.decode import resampled
from batchtts.audio.quality import Quality, quality_of

RATE_HZ = 24000
Signal = NDArray[np.float64]


def _voice(seconds: float, rate_hz: int = RATE_HZ) -> Signal:
    """Return a buzz with the harmonics of a voice, in syllables of 0.3 s."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    phase = 2 * np.pi * (120 * at + 2 * np.sin(2 * np.pi * 0.9 * at))
    harmonics = range(1, rate_hz // 2 // 150)
    buzz = sum(np.sin(number * phase) / number**0.5 for number in harmonics)
    syllables = np.clip(np.sin(2 * np.pi * at / 0.6) * 8 + 2, 0, 1)
    return np.asarray(1500 * buzz * syllables)


def _silence(seconds: float, rate_hz: int = RATE_HZ) -> Signal:
    return np.zeros(round(seconds * rate_hz))


def _judged(signal: Signal, rate_hz: int = RATE_HZ, *, parts: int = 1) -> Quality:
    pcm = np.clip(np.rint(signal), -32768, 32767).astype("<i2").tobytes()
    size = max(2, len(pcm) // parts // 2 * 2)
    blocks = [pcm[at : at + size] for at in range(0, len(pcm), size)]
    return quality_of(blocks, rate_hz)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 24000, 48000])
def test_silences_are_found_where_they_are(rate_hz: int) -> None:
    """Before, after and within the sound, to the hundredth of a second."""
    signal = np.concatenate(
        [
            _silence(0.25, rate_hz),
            _voice(0.2, rate_hz)[: round(0.2 * rate_hz)],
            _silence(0.7, rate_hz),
            _voice(0.25, rate_hz),
            _silence(0.4, rate_hz),
        ]
    )
    found = _judged(signal, rate_hz)
    assert found.leading_silence_s == pytest.approx(0.25, abs=0.011)
    assert found.longest_silence_s == pytest.approx(0.7, abs=0.021)
    assert found.trailing_silence_s == pytest.approx(0.4, abs=0.021)


def test_parts_make_no_difference() -> None:
    """The same sound in one piece and in many is judged the same."""
    signal = np.concatenate([_silence(0.1), _voice(2), _silence(0.3)])
    whole, many = _judged(signal), _judged(signal, parts=997)
    assert many.leading_silence_s == whole.leading_silence_s
    assert many.longest_silence_s == whole.longest_silence_s
    assert many.bandwidth_hz == whole.bandwidth_hz
    assert many.snr_db == pytest.approx(whole.snr_db, abs=1e-3)


def test_a_constant_offset_is_silence() -> None:
    """What is not heard does not count as sound."""
    signal = np.concatenate([_silence(0.5), _voice(1), _silence(0.5)]) + 700
    assert _judged(signal).leading_silence_s == pytest.approx(0.5, abs=0.011)


@pytest.mark.parametrize("asked_db", [50, 40, 30, 20])
def test_noise_is_estimated(asked_db: int) -> None:
    """White noise at a level comes out within 3 dB of it."""
    clean = np.concatenate([_silence(0.2), _voice(3), _silence(0.2)])
    power = np.square(clean[np.abs(clean) > 0]).mean()
    noise = np.random.default_rng(5).standard_normal(len(clean))
    found = _judged(clean + noise * np.sqrt(power) * 10 ** (-asked_db / 20))
    assert found.snr_db == pytest.approx(asked_db, abs=3)


def test_a_clean_sound_has_no_noise() -> None:
    """Digital silence in the pauses is the best there is."""
    assert _judged(np.concatenate([_silence(0.5), _voice(2)])).snr_db == 60


def test_a_narrow_recording_at_a_high_rate_is_seen() -> None:
    """Speech at 8 kHz, resampled to 24, still ends below 4 kHz."""
    wide = _judged(_voice(2)).bandwidth_hz
    pcm = np.rint(_voice(2, 8000)).astype("<i2").tobytes()
    narrow = quality_of([resampled(pcm, 8000, RATE_HZ)], RATE_HZ).bandwidth_hz
    assert wide > 10_000
    assert 3000 < narrow < 4100


def test_clipping_is_counted() -> None:
    """Two samples or more at full scale in a row; a single one may be chance."""
    signal = np.zeros(1000)
    signal[10] = 32767
    signal[100:103] = 32767
    signal[200:202] = -32768
    assert _judged(signal).clipped_samples == 5
    assert _judged(signal, parts=500).clipped_samples == 5
    assert _judged(signal, parts=9).clipped_samples == 5


def test_clipping_at_the_very_ends_counts() -> None:
    """Nothing stands before the first sample and after the last."""
    signal = np.zeros(100)
    signal[:2] = signal[-2:] = 32767
    assert _judged(signal).clipped_samples == 4


@pytest.mark.parametrize("samples", [0, 1, 100, 5000])
def test_silence_is_all_silence(samples: int) -> None:
    """A sound with nothing in it, of any length, has figures all the same."""
    found = _judged(np.zeros(samples))
    assert found == Quality(
        leading_silence_s=samples / RATE_HZ,
        trailing_silence_s=0,
        longest_silence_s=0,
        clipped_samples=0,
        bandwidth_hz=0,
        snr_db=0,
    )
