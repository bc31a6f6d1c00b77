"""How loud something is, from what a meter has found in it and in its parts.

Integrated loudness after ITU-R BS.1770-4 and EBU R 128, one channel, so that a
mono sine of -23 dBFS is at -26 LUFS; loudness range after EBU Tech 3342.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from batchtts.audio.pcm import db, gain_of

__all__ = ["HOPS_PER_S", "HOP_BYTES", "Levels", "Measured", "levels_of"]

HOPS_PER_S = 10
"""The meter's time unit: 100 ms."""

HOP_BYTES = 4

_MOMENTARY_HOPS = 4
_SHORT_TERM_HOPS = 30
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_RANGE_GATE_LU = -20.0
_SILENT = float("-inf")
_AT_ONCE = 36_000  # hops: an hour


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a meter has found in a signal, such that several make the whole's levels.

    Amplitudes are ratios to full scale, energies sums of their squares.
    """

    rate_hz: int
    samples: int
    energy: float
    peak: float
    true_peak: float
    hops: bytes  # float32: the weighted energy of each 100 ms, the last one cut short

    def raised(self, gain_db: float) -> Measured:
        """Return what the meter would find in the same signal after a gain."""
        gain = gain_of(gain_db)
        return replace(
            self,
            energy=self.energy * gain**2,
            peak=self.peak * gain,
            true_peak=self.true_peak * gain,
            hops=(self.energies * np.float32(gain**2)).tobytes(),
        )

    @property
    def energies(self) -> NDArray[np.float32]:
        """Return the weighted energy of each 100 ms, the last one cut short."""
        return np.frombuffer(self.hops, np.float32)

    def windows(self, hops: int) -> Iterator[NDArray[np.float64]]:
        """Yield the mean power of every whole window of so many hops, some at a time.

        Of a book of any length no more than an hour is worked on at once.
        """
        whole = self.samples * HOPS_PER_S // self.rate_hz
        energy = self.energies
        windows = whole - hops + 1
        for first in range(0, windows, _AT_ONCE):
            last = min(first + _AT_ONCE, windows)
            edges = -(-np.arange(first, last + hops) * self.rate_hz // HOPS_PER_S)
            lengths = edges[hops:] - edges[:-hops]
            some = energy[first : last + hops - 1].astype(np.float64)
            sums = np.lib.stride_tricks.sliding_window_view(some, hops).sum(axis=1)
            yield sums / lengths


def levels_of(parts: Sequence[Measured]) -> Levels:
    """Return the levels of parts heard one after the other.

    Windows that reach over a seam between parts are left out; silence around
    the seams leaves only the RMS to change, which counts all samples alike.
    """
    samples = sum(part.samples for part in parts)
    mean = sum(part.energy for part in parts) / samples if samples else 0.0
    return Levels(
        samples=samples,
        integrated_lufs=_integrated(parts, samples),
        range_lu=_range(parts),
        true_peak_db=db(max((part.true_peak for part in parts), default=0.0)),
        peak_db=db(max((part.peak for part in parts), default=0.0)),
        rms_db=db(float(np.sqrt(mean))),
    )


def _integrated(parts: Sequence[Measured], samples: int) -> float:
    count, total = _sum_over(-1.0, parts, _MOMENTARY_HOPS)
    if not count:
        whole = sum(float(part.energies.sum(dtype=np.float64)) for part in parts)
        return _loudness(whole / samples) if samples else _SILENT
    mean = total / count
    count, total = _sum_over(_power(_ABSOLUTE_GATE_LUFS), parts, _MOMENTARY_HOPS)
    if not count:
        return _loudness(mean)
    gate = _power(_loudness(total / count) + _RELATIVE_GATE_LU)
    count, total = _sum_over(gate, parts, _MOMENTARY_HOPS)
    return _loudness(total / count)


def _range(parts: Sequence[Measured]) -> float:
    least = _power(_ABSOLUTE_GATE_LUFS)
    count, total = _sum_over(least, parts, _SHORT_TERM_HOPS)
    if not count:
        return 0.0
    gate = _power(_loudness(total / count) + _RANGE_GATE_LU)
    every_second = (
        some[::HOPS_PER_S] for part in parts for some in part.windows(_SHORT_TERM_HOPS)
    )
    loud = np.concatenate([some[some > max(gate, least)] for some in every_second])
    if not len(loud):  # for less than a second
        return 0.0
    low, high = np.quantile(loud, (0.10, 0.95))
    return _loudness(float(high)) - _loudness(float(low))


def _sum_over(least: float, parts: Sequence[Measured], hops: int) -> tuple[int, float]:
    """Return how many windows have more than this power, and the sum of theirs."""
    count, total = 0, 0.0
    for part in parts:
        for some in part.windows(hops):
            loud = some[some > least]
            count += len(loud)
            total += float(loud.sum())
    return count, total


def _loudness(power: float) -> float:
    return -0.691 + 10 * float(np.log10(power)) if power > 0 else _SILENT


def _power(loudness_lufs: float) -> float:
    return float(10 ** ((loudness_lufs + 0.691) / 10))
