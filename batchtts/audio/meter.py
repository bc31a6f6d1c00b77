"""Measure a track as it goes by: loudness, loudness range, peaks, RMS.

The weighting is that of ITU-R BS.1770-4; true peak comes from oversampling.
"""

from __future__ import annotations

import functools
from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from batchtts.audio.levels import HOPS_PER_S, Levels, Measured, levels_of
from batchtts.audio.oversample import TruePeak
from batchtts.audio.pcm import (
    FULL_SCALE,
    SAMPLE_BYTES,
    Floats,
    Samples,
    db,
    samples_of,
)

__all__ = ["Meter", "true_peak_db"]

# The slower filter has died away by 120 dB after this.
_RESPONSE_S = 0.06
_BLOCK_POINTS = 65536


class Meter:
    """Measures PCM fed in parts of any size; the parts make no difference."""

    def __init__(self, rate_hz: int, *, true_peak: bool = True) -> None:
        """Measure a signal of this sampling rate.

        Without ``true_peak`` that of the samples stands in its place.
        """
        self._rate_hz = rate_hz
        self._weighting = _Weighting(rate_hz)
        self._hops = array("f")  # energy of each 100 ms, weighted
        self._hop = 0.0  # of the one that has not ended
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
        return levels_of([self.measured()])

    def measured(self) -> Measured:
        """Return all that was found; feed nothing more after it."""
        if self._filled:
            self._measure()
        self._hops.append(self._hop)
        true_peak = self._true_peak.finish() if self._true_peak else self._peak
        return Measured(
            rate_hz=self._rate_hz,
            samples=self._samples,
            energy=self._energy / FULL_SCALE**2,
            peak=self._peak / FULL_SCALE,
            true_peak=true_peak / FULL_SCALE,
            hops=self._hops.tobytes(),
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
        first = len(self._hops)
        end = self._samples + len(power)
        last = (end - 1) * HOPS_PER_S // self._rate_hz + 1
        numbers = np.arange(first + 1, last + 1)
        starts = -(-numbers * self._rate_hz // HOPS_PER_S) - self._samples
        starts = np.concatenate(([0], starts[starts < len(power)]))
        sums = np.add.reduceat(power, starts).astype(np.float64) / FULL_SCALE**2
        sums[0] += self._hop
        self._hops.extend(sums[:-1].tolist())
        self._hop = float(sums[-1])


def true_peak_db(blocks: Iterable[bytes], rate_hz: int) -> float:
    """Return the true peak of PCM in dBTP, and nothing else."""
    true_peak = TruePeak(rate_hz)
    for pcm in blocks:
        true_peak.feed(samples_of(pcm).astype(np.float32))
    return db(true_peak.finish() / FULL_SCALE)


class _Weighting:
    """The K-weighting filter, by overlap-save convolution in blocks of one size.

    A block is many rows, for which numpy is called once: short transforms are
    quicker than long ones, but calls take their time too.
    """

    def __init__(self, rate_hz: int) -> None:
        taps = max(32, round(_RESPONSE_S * rate_hz))
        self._size = 1 << (2 * taps).bit_length()
        self._rows = max(1, _BLOCK_POINTS // self._size)
        self._response = _k_response(rate_hz, taps, self._size)
        self._past = np.zeros(taps - 1, np.float32)
        self.block = self._rows * (self._size - taps + 1)

    def filter(self, signal: Floats) -> Floats:
        """Return the next block, filtered; shorter than ``block`` only at the end."""
        past = len(self._past)
        joined = np.concatenate((self._past, signal))
        lacking = self.block - len(signal)
        if lacking:
            joined = np.concatenate((joined, np.zeros(lacking, np.float32)))
        windows = np.lib.stride_tricks.sliding_window_view(joined, self._size)
        spectrum = np.fft.rfft(windows[:: self._size - past])
        spectrum *= self._response
        filtered = np.fft.irfft(spectrum, self._size)[:, past:].reshape(-1)
        self._past = joined[self.block :].copy()
        return filtered[: len(signal)].astype(np.float32, copy=False)


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
