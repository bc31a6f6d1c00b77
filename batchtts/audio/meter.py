"""Measure a track as it goes by: loudness, loudness range, peaks, RMS.

Integrated loudness after ITU-R BS.1770-4 and EBU R 128, one channel, so that a
mono sine of -23 dBFS is at -26 LUFS; loudness range after EBU Tech 3342; true
peak from oversampling.
"""

from __future__ import annotations

import functools
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchtts.audio.oversample import TruePeak
from batchtts.audio.pcm import (
    FULL_SCALE,
    SAMPLE_BYTES,
    Floats,
    Samples,
    db,
    samples_of,
)

__all__ = ["Levels", "Meter", "true_peak_db"]

_HOPS_PER_S = 10
_MOMENTARY_HOPS = 4
_SHORT_TERM_HOPS = 30
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_RANGE_GATE_LU = -20.0
_SILENT = float("-inf")
# The slower filter has died away by 120 dB after this.
_RESPONSE_S = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """How loud a track is. Silence is minus infinity.

    A track shorter than 400 ms has no gating block, and one that nowhere reaches
    -70 LUFS none that counts: their loudness is that of the whole length. One
    shorter than 3 s has a loudness range of 0.
    """

    samples: int
    integrated_lufs: float
    range_lu: float
    true_peak_db: float  # dBTP
    peak_db: float  # dBFS, of the samples alone
    rms_db: float  # dBFS, a full-scale square wave being 0

    def raised(self, gain_db: float) -> Levels:
        """Return the levels of the same track after a gain."""
        return Levels(
            samples=self.samples,
            integrated_lufs=self.integrated_lufs + gain_db,
            range_lu=self.range_lu,
            true_peak_db=self.true_peak_db + gain_db,
            peak_db=self.peak_db + gain_db,
            rms_db=self.rms_db + gain_db,
        )


class Meter:
    """Measures PCM fed in parts of any size; the parts make no difference."""

    def __init__(self, rate_hz: int, *, true_peak: bool = True) -> None:
        """Measure a signal of this sampling rate.

        Without ``true_peak`` that of the samples stands in its place.
        """
        self._rate_hz = rate_hz
        self._weighting = _Weighting(rate_hz)
        self._hops = array("d", [0.0])  # energy of each 100 ms, weighted
        self._samples = 0
        self._energy = 0.0
        self._peak = 0.0
        self._true_peak = TruePeak(rate_hz) if true_peak else None
        self._block = np.empty(self._weighting.block, np.float32)
        self._filled = 0
        self._half_sample = b""

    def feed(self, pcm: bytes) -> None:
        """Take the next part of the signal."""
        if self._half_sample or len(pcm) % SAMPLE_BYTES:
            pcm = self._half_sample + pcm
            whole_bytes = len(pcm) - len(pcm) % SAMPLE_BYTES
            pcm, self._half_sample = pcm[:whole_bytes], pcm[whole_bytes:]
        self.feed_signal(samples_of(pcm))

    def feed_signal(self, signal: Floats | Samples) -> None:
        """Take the next part of the signal, in units of one sample step."""
        while len(signal):
            part = signal[: len(self._block) - self._filled]
            self._block[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            signal = signal[len(part) :]
            if self._filled == len(self._block):
                self._measure()

    def finish(self) -> Levels:
        """Return the levels of all that was fed; feed nothing more after it."""
        if self._filled:
            self._measure()
        true_peak = self._true_peak.finish() if self._true_peak else self._peak
        mean = self._energy / self._samples if self._samples else 0.0
        return Levels(
            samples=self._samples,
            integrated_lufs=self._integrated(),
            range_lu=self._range(),
            true_peak_db=db(true_peak / FULL_SCALE),
            peak_db=db(self._peak / FULL_SCALE),
            rms_db=db(float(np.sqrt(mean)) / FULL_SCALE),
        )

    def _measure(self) -> None:
        """Measure the block, as far as it is filled, and begin the next one."""
        signal = self._block[: self._filled]
        self._filled = 0
        self._peak = max(self._peak, float(signal.max()), -float(signal.min()))
        if self._true_peak:
            self._true_peak.feed(signal)
        weighted = self._weighting.filter(signal)
        self._energy += float(np.sum(np.square(signal, out=signal)))
        self._add_hops(np.square(weighted, out=weighted))
        self._samples += len(signal)

    def _add_hops(self, power: Floats) -> None:
        """Add to each 100 ms its part of the block's energy."""
        first = len(self._hops) - 1
        end = self._samples + len(power)
        last = (end - 1) * _HOPS_PER_S // self._rate_hz + 1
        numbers = np.arange(first + 1, last + 1)
        starts = -(-numbers * self._rate_hz // _HOPS_PER_S) - self._samples
        starts = np.concatenate(([0], starts[starts < len(power)]))
        sums = np.add.reduceat(power, starts)
        self._hops[-1] += float(sums[0])
        self._hops.extend(sums[1:].tolist())

    def _windows(self, hops: int) -> NDArray[np.float64]:
        """Return the mean power of every whole window of so many hops."""
        whole = self._samples * _HOPS_PER_S // self._rate_hz
        energy = np.frombuffer(self._hops, np.float64)[:whole] / FULL_SCALE**2
        if whole < hops:
            return np.zeros(0)
        edges = -(-np.arange(whole + 1) * self._rate_hz // _HOPS_PER_S)
        lengths = edges[hops:] - edges[:-hops]
        sums = np.lib.stride_tricks.sliding_window_view(energy, hops).sum(axis=1)
        return sums / lengths  # type: ignore[no-any-return]  # numpy's stubs

    def _integrated(self) -> float:
        powers = self._windows(_MOMENTARY_HOPS)
        if not len(powers):
            whole = sum(self._hops) / FULL_SCALE**2
            return _loudness(whole / self._samples) if self._samples else _SILENT
        whole = powers.mean()
        powers = powers[powers > _power(_ABSOLUTE_GATE_LUFS)]
        if not len(powers):
            return _loudness(float(whole))
        gate = _power(_loudness(float(powers.mean())) + _RELATIVE_GATE_LU)
        return _loudness(float(powers[powers > gate].mean()))

    def _range(self) -> float:
        powers = self._windows(_SHORT_TERM_HOPS)
        powers = powers[powers > _power(_ABSOLUTE_GATE_LUFS)]
        if not len(powers):
            return 0.0
        gate = _power(_loudness(float(powers.mean())) + _RANGE_GATE_LU)
        low, high = np.quantile(powers[powers > gate], (0.10, 0.95))
        return _loudness(float(high)) - _loudness(float(low))


def true_peak_db(blocks: Iterable[bytes], rate_hz: int) -> float:
    """Return the true peak of PCM in dBTP, and nothing else."""
    true_peak = TruePeak(rate_hz)
    for pcm in blocks:
        true_peak.feed(samples_of(pcm).astype(np.float32))
    return db(true_peak.finish() / FULL_SCALE)


def _loudness(power: float) -> float:
    return -0.691 + 10 * float(np.log10(power)) if power > 0 else _SILENT


def _power(loudness_lufs: float) -> float:
    return float(10 ** ((loudness_lufs + 0.691) / 10))


class _Weighting:
    """The K-weighting filter, by overlap-save convolution in blocks of one size."""

    def __init__(self, rate_hz: int) -> None:
        taps = max(32, round(_RESPONSE_S * rate_hz))
        self._size = 1 << (16 * taps).bit_length()
        self._response = _k_response(rate_hz, taps, self._size)
        self._past = np.zeros(taps - 1, np.float32)
        self.block = self._size - taps + 1

    def filter(self, signal: Floats) -> Floats:
        """Return the next block, filtered; shorter than ``block`` only at the end."""
        joined = np.concatenate((self._past, signal))
        spectrum = np.fft.rfft(joined, self._size)
        spectrum *= self._response
        filtered = np.fft.irfft(spectrum, self._size)
        past = len(self._past)
        self._past = joined[len(joined) - past :].copy()
        return filtered[past : len(joined)].astype(np.float32, copy=False)


@functools.lru_cache(maxsize=8)
def _k_response(rate_hz: int, taps: int, size: int) -> NDArray[np.complex64]:
    """Return the frequency response of BS.1770's two filters at any rate.

    The standard prints coefficients for 48 kHz. They are the bilinear transform
    of a high shelf of 4 dB at 1,682 Hz and a high pass at 38 Hz, whose analogue
    parameters give the same curve at the other rates. What is left of the
    impulse response after so many ``taps`` is cut off.
    """
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)

    response = np.ones(len(z), np.complex128)
    for numerator, denominator in (_shelf(rate_hz), _high_pass(rate_hz)):
        response *= np.polyval(numerator[::-1], z) / np.polyval(denominator[::-1], z)
    impulse = np.fft.irfft(response, size)
    impulse[taps:] = 0
    return np.fft.rfft(impulse).astype(np.complex64)


def _shelf(rate_hz: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    k = float(np.tan(np.pi * 1681.974450955533 / rate_hz))
    q = 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    unit = 1 + k / q + k * k
    numerator = (
        high + band * k / q + k * k,
        2 * (k * k - high),
        high - band * k / q + k * k,
    )
    denominator = (unit, 2 * (k * k - 1), 1 - k / q + k * k)
    return numerator, denominator


def _high_pass(rate_hz: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    k = float(np.tan(np.pi * 38.13547087602444 / rate_hz))
    q = 0.5003270373238773
    unit = 1 + k / q + k * k
    # The standard's numerator is 1, -2, 1 without the usual scaling.
    return (1.0, -2.0, 1.0), (1.0, 2 * (k * k - 1) / unit, (1 - k / q + k * k) / unit)
