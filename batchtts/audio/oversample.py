"""Peaks between the samples: the true peak of ITU-R BS.1770.

The standard oversamples 4 times at 48 kHz. At low rates a voice reaches up to
the highest frequency there is, where 4 times would miss up to 0.7 dB of a crest:
below 24 kHz it is 8 times.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from batchtts.audio.pcm import Floats

__all__ = ["REACH", "Oversampler", "TruePeak", "oversampler"]

REACH = 8
"""Samples on each side of a point that its interpolated value is made of."""

_TIMES = 4
_LOW_RATE_TIMES = 8
_LOW_RATE_HZ = 24000
_KAISER_BETA = 5.0
_SEGMENT = 64
_GROUP = 16
_AT_ONCE = 256
_ROUNDING = 1.00001


def oversampler(rate_hz: int) -> Oversampler:
    """Return what finds the peaks of a signal of this sampling rate."""
    return _oversampler(_LOW_RATE_TIMES if rate_hz < _LOW_RATE_HZ else _TIMES)


@functools.cache
def _oversampler(times: int) -> Oversampler:
    return Oversampler(times)


def _taps(part: float) -> NDArray[np.float64]:
    """Make a windowed sinc for a point between two samples, of unit gain at 0 Hz."""
    distance = np.arange(-REACH + 1, REACH + 1) - part
    inside = np.clip(1 - np.square(distance / REACH), 0, None)
    taps = np.sinc(distance) * np.i0(_KAISER_BETA * np.sqrt(inside))
    unit: NDArray[np.float64] = taps / taps.sum()
    return unit


def _bend(taps: NDArray[np.float64]) -> float:
    """Return how far off the straight line a point can be at most.

    In units of the highest second difference around it: what the taps do beside
    drawing a line between the two samples is a sum of second differences.
    """
    offsets = np.arange(-REACH + 1, REACH + 1)
    share = float(np.dot(taps, offsets))
    line = np.where(offsets == 0, 1 - share, np.where(offsets == 1, share, 0.0))
    return float(np.abs(np.cumsum(np.cumsum(taps - line))).sum())


class Oversampler:
    """Finds the peaks between the samples of a signal."""

    def __init__(self, times: int) -> None:
        """Look at so many points from one sample to the next; an even number."""
        taps = [_taps(step / times) for step in range(1, times // 2 + 1)]
        self._half = taps[-1].astype(np.float32)
        # A point and its mirror image share what is even of their taps; what is
        # odd changes its sign.
        self._mirrored = [
            (
                ((one + one[::-1]) / 2).astype(np.float32),
                ((one - one[::-1]) / 2).astype(np.float32),
            )
            for one in taps[:-1]
        ]
        self._bend = max(map(_bend, taps))
        self.overshoot = max(float(np.abs(one).sum()) for one in taps)
        """How many times higher than the samples around it a peak can be at most."""

    def between(self, signal: Floats) -> Floats:
        """Return the highest magnitude between each two neighbouring samples.

        Works along the first axis. The first ``REACH - 1`` and the last ``REACH
        - 1`` gaps have too few neighbours and are left out: n samples give
        n - 2 * REACH + 1 values, the first for the gap after sample ``REACH - 1``.
        """
        gaps = len(signal) - 2 * REACH + 1
        shape = (gaps, *signal.shape[1:])
        both, product = np.empty(shape, np.float32), np.empty(shape, np.float32)
        half = np.zeros(shape, np.float32)
        evens = [np.zeros(shape, np.float32) for _ in self._mirrored]
        odds = [np.zeros(shape, np.float32) for _ in self._mirrored]
        for at in range(REACH):
            mirror = 2 * REACH - 1 - at
            before, after = signal[at : at + gaps], signal[mirror : mirror + gaps]
            np.add(before, after, out=both)
            half += np.multiply(both, self._half[at], out=product)
            for total, (taps, _) in zip(evens, self._mirrored, strict=True):
                np.add(total, np.multiply(both, taps[at], out=product), out=total)
            np.subtract(before, after, out=both)
            for total, (_, taps) in zip(odds, self._mirrored, strict=True):
                np.add(total, np.multiply(both, taps[at], out=product), out=total)
        highest = np.abs(half, out=half)
        for even, odd in zip(evens, odds, strict=True):
            # The higher of |even + odd| and |even - odd| is the sum of both.
            outer = np.add(np.abs(even, out=even), np.abs(odd, out=odd), out=even)
            np.maximum(highest, outer, out=highest)
        return highest

    def peaks(self, rows: Floats, above: float) -> Floats:
        """Return the highest of `between` in each row, or 0 if not over ``above``."""
        bounds = self._bounds(rows)
        peaks = np.zeros(len(rows), np.float32)
        possible = np.flatnonzero(bounds > above)
        for start in range(0, len(possible), _AT_ONCE):
            part = possible[start : start + _AT_ONCE]
            found = self._row_peaks(rows[part])
            peaks[part] = np.where(found > above, found, 0)
        return peaks

    def highest(self, signal: Floats, above: float) -> float:
        """Return the true peak within a signal if it is over ``above``, else ``above``.

        The gaps are those of `between`. Only passages that can hold such a peak
        are looked at, the likeliest first: in speech that is a small part.
        """
        gaps = len(signal) - 2 * REACH + 1
        if gaps < 1:
            return above
        inner = signal[REACH - 1 : 1 - REACH]
        peak = max(above, float(inner.max()), -float(inner.min()))
        if gaps < _SEGMENT:
            return max(peak, float(self.between(signal).max()))
        starts = np.append(np.arange(0, gaps - _SEGMENT, _SEGMENT), gaps - _SEGMENT)
        starts = starts[self._hopeful(signal, starts, peak)]
        width = _SEGMENT + 2 * REACH - 1
        windows = np.lib.stride_tricks.sliding_window_view(signal, width)
        bounds = self._bounds(windows[starts])
        likeliest = np.argsort(-bounds, kind="stable")
        for start in range(0, len(starts), _AT_ONCE):
            part = likeliest[start : start + _AT_ONCE]
            part = part[bounds[part] > peak]
            if not len(part):
                break
            peak = max(peak, float(self._row_peaks(windows[starts[part]]).max()))
        return peak

    def _hopeful(
        self, signal: Floats, starts: NDArray[np.int64], peak: float
    ) -> NDArray[np.bool_]:
        """Tell which segments have samples high enough for a peak over ``peak``."""
        padded = np.zeros((len(signal) // _GROUP + 1) * _GROUP, np.float32)
        np.abs(signal, out=padded[: len(signal)])
        groups = padded.reshape(-1, _GROUP).max(axis=1)
        first = starts // _GROUP
        last = (starts + _SEGMENT + 2 * REACH - 2) // _GROUP
        highest = groups[first]
        for step in range(1, int((last - first).max()) + 1):
            highest = np.maximum(highest, groups[np.minimum(first + step, last)])
        hopeful: NDArray[np.bool_] = highest * (self.overshoot * _ROUNDING) > peak
        return hopeful

    def _bounds(self, rows: Floats) -> Floats:
        """Return what the peaks of each row cannot be over."""
        samples = np.abs(rows).max(axis=1)
        bends = np.abs(np.diff(rows, 2)).max(axis=1)
        most = np.minimum(samples * self.overshoot, samples + bends * self._bend)
        bounds: Floats = most * np.float32(_ROUNDING)
        return bounds

    def _row_peaks(self, rows: Floats) -> Floats:
        peaks: Floats = self.between(np.ascontiguousarray(rows.T)).max(axis=0)
        return peaks


class TruePeak:
    """Finds the true peak of a signal fed in parts."""

    def __init__(self, rate_hz: int) -> None:
        """Begin with silence."""
        self.highest = 0.0
        self._oversampler = oversampler(rate_hz)
        self._tail = np.zeros(2 * REACH - 1, np.float32)

    def feed(self, signal: Floats) -> None:
        """Take the next part of the signal."""
        joined = np.concatenate((self._tail, signal))
        self.highest = self._oversampler.highest(joined, self.highest)
        self._tail = joined[1 - 2 * REACH :]

    def finish(self) -> float:
        """Return the true peak of all that was fed; feed nothing more after it."""
        self.feed(np.zeros(REACH, np.float32))
        return self.highest
