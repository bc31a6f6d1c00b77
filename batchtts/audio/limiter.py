"""Apply a gain to a track, and keep its true peaks under a ceiling."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from batchtts.audio.oversample import REACH, Oversampler, oversampler
from batchtts.audio.pcm import (
    BLOCK_SAMPLES,
    FULL_SCALE,
    Floats,
    blocks_of,
    gain_of,
    samples_of,
    to_bytes,
)

__all__ = ["amplified", "limited"]

Doubles = NDArray[np.float64]

# Long enough to hold the gain still from one period of a low voice to the next.
_RAMP_S = 0.010

# The gain is found for groups of samples, and drawn straight from one to the next.
_GROUP = 16

# Other meters interpolate otherwise, and a gain that moves bends the wave a bit.
_MARGIN_DB = 0.1


def amplified(blocks: Iterable[bytes], gain_db: float) -> Iterator[bytes]:
    """Apply a gain to PCM, sample by sample; 0 dB leaves every bit as it is."""
    if gain_db == 0:
        yield from blocks
        return
    gain = np.float32(gain_of(gain_db))
    for block in blocks:
        yield to_bytes(samples_of(block).astype(np.float32) * gain)


def limited(
    blocks: Iterable[bytes], *, rate_hz: int, gain_db: float, ceiling_db: float
) -> Iterator[bytes]:
    """Apply a gain and hold the true peak under ``ceiling_db``.

    The gain is lowered around each peak that would be over the ceiling, by
    ramps of 10 ms on both sides, and is constant elsewhere. As many samples
    come out as went in, none of them late, and how the PCM is cut into blocks
    makes no difference.
    """
    gain = np.float32(gain_of(gain_db))
    ceiling = FULL_SCALE * gain_of(ceiling_db - _MARGIN_DB)
    ramp = max(1, round(_RAMP_S * rate_hz / _GROUP))
    reach = _reach(ramp)
    between = oversampler(rate_hz)
    silence = np.zeros(reach + _GROUP, np.float32)
    before, held = silence[:reach], silence[:0]
    for block in itertools.chain(blocks_of(blocks, max(BLOCK_SAMPLES, reach)), [b""]):
        signal = samples_of(block).astype(np.float32) * gain
        if len(held):
            whole = -(-len(held) // _GROUP) * _GROUP
            window = np.concatenate((before, held, signal, silence))
            window = window[: 2 * reach + whole]
            yield to_bytes(
                held * _reduction(window, ceiling, ramp, between)[: len(held)]
            )
            before = held[-reach:]
        held = signal


def _reach(ramp: int) -> int:
    """Return how many samples around it a sample's gain depends on, in whole groups."""
    return (2 * ramp + 3) * _GROUP


def _reduction(
    window: Floats, ceiling: float, ramp: int, between: Oversampler
) -> Floats:
    """Return the factor for each sample in the middle of a window.

    Around the middle the window has the limiter's reach on both sides.
    """
    reach = _reach(ramp)
    middle = len(window) - 2 * reach
    peaks = _group_peaks(window, ceiling, between)
    if float(peaks.max()) <= ceiling:
        return np.ones(middle, np.float32)
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1.0)).astype(np.float64)
    lowest = _sliding_minimum(needed, 2 * ramp + 3)
    smooth = _sliding_mean(_sliding_mean(lowest, ramp + 1), ramp + 1)
    centres = (np.arange(len(smooth)) - 0.5) * _GROUP
    return np.interp(np.arange(middle), centres, smooth).astype(np.float32)


def _group_peaks(window: Floats, ceiling: float, between: Oversampler) -> Floats:
    """Return the true peak of each group but the first and the last.

    Of a group that cannot be over the ceiling the highest sample will do.
    """
    highest: Floats = np.abs(window).reshape(-1, _GROUP).max(axis=1)
    around = np.maximum(np.maximum(highest[:-2], highest[2:]), highest[1:-1])
    loud = np.flatnonzero(around * between.overshoot > ceiling)
    peaks: Floats = highest[1:-1].copy()
    if len(loud):
        # From one gap before the group's first sample to one after its last.
        width = _GROUP + 2 * REACH
        windows = np.lib.stride_tricks.sliding_window_view(window, width)
        rows = windows[(loud + 1) * _GROUP - REACH]
        peaks[loud] = np.maximum(peaks[loud], between.peaks(rows, ceiling))
    return peaks


def _sliding_minimum(values: Doubles, width: int) -> Doubles:
    """Return the minimum of each window of ``width`` values."""
    done = 1
    while done < width:
        step = min(done, width - done)
        values = np.minimum(values[:-step], values[step:])
        done += step
    return values


def _sliding_mean(values: Doubles, width: int) -> Doubles:
    """Return the mean of each window of ``width`` values."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return (sums[width:] - sums[:-width]) / width
