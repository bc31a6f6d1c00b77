"""Peaks between the samples: the true peak of ITU-R BS.1770, 4 times oversampled."""

from __future__ import annotations

import numpy as np

from batchtts.audio.pcm import Floats

__all__ = ["OVERSHOOT", "REACH", "TruePeak", "between", "highest"]

REACH = 8
"""Samples on each side of a point that its interpolated value is made of."""

_PARTS = (0.25, 0.5)
_KAISER_BETA = 5.0
_SEGMENT = 32


def _interpolators() -> tuple[Floats, ...]:
    """Make a windowed sinc for each point between two samples, of unit gain at 0 Hz."""
    offsets = np.arange(-REACH + 1, REACH + 1)
    filters = []
    for part in _PARTS:
        distance = offsets - part
        inside = np.clip(1 - np.square(distance / REACH), 0, None)
        taps = np.sinc(distance) * np.i0(_KAISER_BETA * np.sqrt(inside))
        filters.append((taps / taps.sum()).astype(np.float32))
    return tuple(filters)


_QUARTER, _HALF = _interpolators()

OVERSHOOT = float(max(np.abs(_QUARTER).sum(), np.abs(_HALF).sum()))
"""How many times higher than the samples around it a peak can be at most."""


def between(signal: Floats) -> Floats:
    """Return the highest magnitude between each two neighbouring samples.

    Works along the last axis. The first ``REACH - 1`` and the last ``REACH - 1``
    gaps have too few neighbours and are left out: n samples give
    n - 2 * REACH + 1 values, the first for the gap after sample ``REACH - 1``.
    """
    gaps = signal.shape[-1] - 2 * REACH + 1
    shape = (*signal.shape[:-1], gaps)
    half, even, odd = (np.zeros(shape, np.float32) for _ in range(3))
    both, product = np.empty(shape, np.float32), np.empty(shape, np.float32)
    # A quarter and three quarters of the way are mirror images: what is even
    # of their taps is shared, what is odd changes its sign.
    for at in range(REACH):
        mirrored = 2 * REACH - 1 - at
        left, right = _QUARTER[at], _QUARTER[mirrored]
        before, after = (signal[..., i : i + gaps] for i in (at, mirrored))
        np.add(before, after, out=both)
        half += np.multiply(both, _HALF[at], out=product)
        even += np.multiply(both, (left + right) / 2, out=product)
        np.subtract(before, after, out=both)
        odd += np.multiply(both, (left - right) / 2, out=product)
    # The higher of |even + odd| and |even - odd| is the sum of the magnitudes.
    outer = np.add(np.abs(even, out=even), np.abs(odd, out=odd), out=even)
    return np.maximum(outer, np.abs(half, out=half), out=outer)


def highest(signal: Floats, above: float) -> float:
    """Return the true peak within a signal if it is over ``above``, else ``above``.

    The gaps are those of `between`. Only passages that can hold such a peak are
    looked at, which in speech is a small part once the loudest one has been.
    """
    gaps = signal.shape[-1] - 2 * REACH + 1
    if gaps < 1:
        return above
    peak = max(above, float(np.abs(signal[REACH - 1 : 1 - REACH]).max()))
    if gaps < _SEGMENT:
        return max(peak, float(between(signal).max()))
    width = _SEGMENT + 2 * REACH - 1
    starts = np.append(np.arange(0, gaps - _SEGMENT, _SEGMENT), gaps - _SEGMENT)
    segments = np.lib.stride_tricks.sliding_window_view(signal, width)[starts]
    possible = np.abs(segments).max(axis=1) * OVERSHOOT > peak
    if not possible.any():
        return peak
    return max(peak, float(between(segments[possible]).max()))


class TruePeak:
    """Finds the true peak of a signal fed in parts."""

    def __init__(self) -> None:
        """Begin with silence."""
        self.highest = 0.0
        self._tail = np.zeros(2 * REACH - 1, np.float32)

    def feed(self, signal: Floats) -> None:
        """Take the next part of the signal."""
        joined = np.concatenate((self._tail, signal))
        self.highest = highest(joined, self.highest)
        self._tail = joined[1 - 2 * REACH :]

    def finish(self) -> float:
        """Return the true peak of all that was fed; feed nothing more after it."""
        self.feed(np.zeros(REACH, np.float32))
        return self.highest
