"""Judge the sound of an utterance: its silences, clipping, bandwidth and noise."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchtts.audio.pcm import FULL_SCALE, Floats, gain_of, samples_of

__all__ = ["QUALITY_VERSION", "Quality", "quality_of"]

QUALITY_VERSION = 1
"""Goes up when the same sound comes to be judged otherwise."""

_WINDOW_S = 0.01
_FRAME_S = 0.02  # at least, for the spectrum
_LOUD_SHARE = 0.95
_SOFT_SHARE = 0.05
# All in dB.
_BELOW_LOUDEST = -12.0  # a word may be so short beside its silence
_SILENCE_BELOW_SPEECH = -40.0
_AT_MOST_BELOW_SPEECH = -20.0
_OVER_NOISE = 6.0
_LEAST = -72.0  # dBFS
_BAND_EDGE = -50.0
_MAX_SNR = 60.0  # more cannot be heard
_STRETCH = 5  # windows
_MAX_SAMPLE, _MIN_SAMPLE = 32767, -32768

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What can be told of an utterance without knowing its words.

    Silence is what stays 40 dB under the loud parts; where there is more noise
    than that, what is less than 6 dB over it. ``bandwidth_hz`` is the highest
    frequency at which the mean spectrum is within 50 dB of its peak: half the
    rate or less, and much less where a narrow recording was resampled.
    ``snr_db`` sets the speech against the softest 50 ms of the sound, from 0 to
    60: an estimate, too low where nobody ever pauses.
    """

    leading_silence_s: float
    trailing_silence_s: float
    longest_silence_s: float  # between the first sound and the last
    clipped_samples: int  # at full scale, two or more in a row
    bandwidth_hz: float
    snr_db: float


def quality_of(blocks: Iterable[bytes], rate_hz: int) -> Quality:
    """Judge mono PCM that comes in whole samples, in parts of any size."""
    levels, spectrum, clipping = _Levels(rate_hz), _Spectrum(rate_hz), _Clipping()
    for pcm in blocks:
        samples = samples_of(pcm)
        signal = samples.astype(np.float32)
        levels.feed(signal)
        spectrum.feed(signal)
        clipping.feed((samples == _MAX_SAMPLE) | (samples == _MIN_SAMPLE))
    heard = levels.finish()
    sounding = heard > _silence(heard)
    lead, trail, longest = _silences(sounding, levels.window, levels.samples)
    return Quality(
        leading_silence_s=lead / rate_hz,
        trailing_silence_s=trail / rate_hz,
        longest_silence_s=longest / rate_hz,
        clipped_samples=clipping.finish(),
        bandwidth_hz=spectrum.bandwidth_hz(),
        snr_db=_snr_db(heard, sounding),
    )


class _Pieces:
    """Cuts a signal that comes in parts into pieces of one length."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._rest = np.zeros(0, np.float32)

    def whole(self, signal: Floats) -> Floats:
        """Return the pieces complete by now, one a row."""
        joined = np.concatenate((self._rest, signal)) if len(self._rest) else signal
        count = len(joined) // self._length
        self._rest = joined[count * self._length :].copy()
        return joined[: count * self._length].reshape(count, self._length)

    def rest(self) -> Floats:
        """Return what is left over."""
        return self._rest


class _Levels:
    """Finds how loud each hundredth of a second is, a constant offset aside."""

    def __init__(self, rate_hz: int) -> None:
        self.samples = 0
        self.window = max(1, round(_WINDOW_S * rate_hz))
        self._pieces = _Pieces(self.window)
        self._levels: list[Floats] = []

    def feed(self, signal: Floats) -> None:
        self.samples += len(signal)
        self._levels.append(self._pieces.whole(signal).std(axis=1))

    def finish(self) -> Floats:
        rest = self._pieces.rest()
        if len(rest):
            self._levels.append(rest.std(keepdims=True))
        return np.concatenate(self._levels) if self._levels else rest


class _Spectrum:
    """Takes the mean power at each frequency."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._length = 1 << math.ceil(math.log2(_FRAME_S * rate_hz))
        self._pieces = _Pieces(self._length)
        self._power = np.zeros(self._length // 2 + 1)

    def feed(self, signal: Floats) -> None:
        frames = self._pieces.whole(signal)
        if len(frames):
            spectra = np.fft.rfft(frames * _bell(self._length))
            self._power += np.square(np.abs(spectra)).sum(axis=0)

    def bandwidth_hz(self) -> float:
        rest = self._pieces.rest()
        self.feed(np.zeros((self._length - len(rest)) % self._length, np.float32))
        edge = self._power.max() * gain_of(_BAND_EDGE) ** 2
        above = np.flatnonzero(self._power > edge)
        last = int(above[-1]) if len(above) else 0
        return last * self._rate_hz / self._length


class _Clipping:
    """Counts samples at full scale that have such a neighbour."""

    def __init__(self) -> None:
        self._last: Flags = np.zeros(2, np.bool_)
        self._count = 0

    def feed(self, flags: Flags) -> None:
        joined = np.concatenate((self._last, flags))
        besides = joined[:-2] | joined[2:]
        self._count += int(np.count_nonzero(joined[1:-1] & besides))
        self._last = joined[-2:]

    def finish(self) -> int:
        self.feed(np.zeros(1, np.bool_))
        return self._count


@functools.cache
def _bell(length: int) -> Floats:
    """Return a Blackman-Harris window, whose side lobes are 92 dB down."""
    turns = 2 * np.pi * np.arange(length) / length
    terms = (0.35875, -0.48829, 0.14128, -0.01168)
    bell = sum(term * np.cos(n * turns) for n, term in enumerate(terms))
    return np.asarray(bell, np.float32)


def _silences(sounding: Flags, window: int, samples: int) -> tuple[int, int, int]:
    """Return the samples of silence before, after and, at most, within the sound."""
    places = np.flatnonzero(sounding)
    if not len(places):
        return samples, 0, 0
    first, last = int(places[0]), int(places[-1])
    longest = int(np.diff(places).max()) - 1 if len(places) > 1 else 0
    trail = max(0, samples - (last + 1) * window)
    return first * window, trail, longest * window


def _silence(levels: Floats) -> float:
    """Return the level up to which a window is silence."""
    if not len(levels):
        return 0.0
    soft, loud = np.quantile(levels, (_SOFT_SHARE, _LOUD_SHARE)).tolist()
    loud = max(loud, float(levels.max()) * gain_of(_BELOW_LOUDEST))
    silence: float = max(
        loud * gain_of(_SILENCE_BELOW_SPEECH),
        soft * gain_of(_OVER_NOISE),
        FULL_SCALE * gain_of(_LEAST),
    )
    most: float = loud * gain_of(_AT_MOST_BELOW_SPEECH)
    return min(silence, most)


def _snr_db(levels: Floats, sounding: Flags) -> float:
    powers = np.square(levels[sounding], dtype=np.float64)
    if not len(powers):
        return 0.0
    noise = float(_stretches(np.square(levels, dtype=np.float64)).min())
    speech = float(powers.mean()) - noise
    if noise <= speech * 10 ** (-_MAX_SNR / 10):
        return _MAX_SNR
    return float(np.clip(10 * np.log10(max(speech, 1e-9) / noise), 0, _MAX_SNR))


def _stretches(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of every stretch of windows, or of all if there are few."""
    width = min(_STRETCH, len(powers))
    stretches = np.lib.stride_tricks.sliding_window_view(powers, width)
    means: NDArray[np.float64] = stretches.mean(axis=1)
    return means
