"""Apply a gain to a track, and keep its true peaks under a ceiling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from batchtts.audio.oversample import OVERSHOOT, REACH, between
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
    ramp = max(1, round(_RAMP_S * rate_hz))
    reach = 2 * ramp + REACH
    quiet = np.zeros(reach, np.float32)
    before, held = quiet, np.zeros(0, np.float32)
    for block in blocks_of(blocks, max(BLOCK_SAMPLES, reach)):
        signal = samples_of(block).astype(np.float32) * gain
        if len(held):
            window = np.concatenate((before, held, signal, quiet))
            window = window[: 2 * reach + len(held)]
            yield to_bytes(_held_down(window, ceiling, ramp))
            before = held[-reach:]
        held = signal
    if len(held):
        window = np.concatenate((before, held, quiet))
        yield to_bytes(_held_down(window, ceiling, ramp))


def _held_down(window: Floats, ceiling: float, ramp: int) -> Floats:
    """Return the middle of a window, limited; what is around it is for looking."""
    reach = 2 * ramp + REACH
    middle = window[reach:-reach]
    if float(np.abs(window).max()) * OVERSHOOT <= ceiling:
        return middle
    gaps = between(window)
    inner = window[REACH:-REACH]
    peaks = np.maximum(np.abs(inner), np.maximum(gaps[:-1], gaps[1:]))
    if float(peaks.max()) <= ceiling:
        return middle
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1.0)).astype(np.float64)
    lowest = _sliding_minimum(needed, 2 * ramp + 1)
    smooth = _sliding_mean(_sliding_mean(lowest, ramp + 1), ramp + 1)
    return middle * smooth.astype(np.float32)


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
