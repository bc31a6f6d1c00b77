"""Peaks between the samples: the true peak of ITU-R BS.1770, 4 times oversampled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchtts.audio.pcm import Floats

__all__ = ["OVERSHOOT", "REACH", "between", "highest"]

REACH = 12
"""Samples on each side of a point that its interpolated value is made of."""

_PARTS = (0.25, 0.5, 0.75)
_KAISER_BETA = 6.0
_SEGMENT = 64


def _interpolators() -> NDArray[np.float32]:
    """Make a windowed sinc for each point between two samples, of unit gain at 0 Hz."""
    offsets = np.arange(-REACH + 1, REACH + 1)
    filters = []
    for part in _PARTS:
        distance = offsets - part
        inside = np.clip(1 - np.square(distance / REACH), 0, None)
        window = np.i0(_KAISER_BETA * np.sqrt(inside))
        taps = np.sinc(distance) * window
        filters.append(taps / taps.sum())
    return np.array(filters, np.float32)


_FILTERS = _interpolators()

OVERSHOOT = float(np.abs(_FILTERS).sum(axis=1).max())
"""How many times higher than the samples around it a peak can be at most."""


def between(signal: Floats) -> Floats:
    """Return the highest magnitude between each two neighbouring samples.

    Works along the last axis. The first ``REACH - 1`` and the last ``REACH - 1``
    gaps have too few neighbours and are left out: n samples give
    n - 2 * REACH + 1 values, the first for the gap after sample ``REACH - 1``.
    """
    gaps = signal.shape[-1] - 2 * REACH + 1
    shape = (*signal.shape[:-1], gaps)
    peaks = np.zeros(shape, np.float32)
    product = np.empty(shape, np.float32)
    for taps in _FILTERS:
        point = np.zeros(shape, np.float32)
        for at, tap in enumerate(taps):
            np.multiply(signal[..., at : at + gaps], tap, out=product)
            point += product
        np.maximum(peaks, np.abs(point, out=point), out=peaks)
    return peaks


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
