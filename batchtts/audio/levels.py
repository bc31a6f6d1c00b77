"""How loud something is, from what a meter has found in it and in its parts.

Integrated loudness after ITU-R BS.1770-4 and EBU R 128, one channel, so that a
mono sine of -23 dBFS is at -26 LUFS; loudness range after EBU Tech 3342.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from batchtts.audio.pcm import db, gain_of

__all__ = ["HOPS_PER_S", "Levels", "Measured", "levels_of"]

HOPS_PER_S = 10
"""The meter's time unit: 100 ms."""

_MOMENTARY_HOPS = 4
_SHORT_TERM_HOPS = 30
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_RANGE_GATE_LU = -20.0
_SILENT = float("-inf")


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
    hops: bytes  # float64: the weighted energy of each 100 ms, the last one cut short

    def raised(self, gain_db: float) -> Measured:
        """Return what the meter would find in the same signal after a gain."""
        gain = gain_of(gain_db)
        return replace(
            self,
            energy=self.energy * gain**2,
            peak=self.peak * gain,
            true_peak=self.true_peak * gain,
            hops=(np.frombuffer(self.hops) * gain**2).tobytes(),
        )

    def windows(self, hops: int) -> NDArray[np.float64]:
        """Return the mean power of every whole window of so many hops."""
        whole = self.samples * HOPS_PER_S // self.rate_hz
        if whole < hops:
            return np.zeros(0)
        edges = -(-np.arange(whole + 1) * self.rate_hz // HOPS_PER_S)
        lengths = edges[hops:] - edges[:-hops]
        energy = np.frombuffer(self.hops)[:whole]
        sums = np.lib.stride_tricks.sliding_window_view(energy, hops).sum(axis=1)
        return sums / lengths  # type: ignore[no-any-return]  # numpy's stubs


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
    powers = [part.windows(_MOMENTARY_HOPS) for part in parts]
    if not sum(map(len, powers)):
        whole = sum(float(np.frombuffer(part.hops).sum()) for part in parts)
        return _loudness(whole / samples) if samples else _SILENT
    mean = _mean(powers)
    powers = [some[some > _power(_ABSOLUTE_GATE_LUFS)] for some in powers]
    if not sum(map(len, powers)):
        return _loudness(mean)
    gate = _power(_loudness(_mean(powers)) + _RELATIVE_GATE_LU)
    return _loudness(_mean([some[some > gate] for some in powers]))


def _range(parts: Sequence[Measured]) -> float:
    windows = [part.windows(_SHORT_TERM_HOPS) for part in parts]
    powers = np.concatenate([np.zeros(0), *windows])
    powers = powers[powers > _power(_ABSOLUTE_GATE_LUFS)]
    if not len(powers):
        return 0.0
    gate = _power(_loudness(float(powers.mean())) + _RANGE_GATE_LU)
    low, high = np.quantile(powers[powers > gate], (0.10, 0.95))
    return _loudness(float(high)) - _loudness(float(low))


def _mean(powers: Sequence[NDArray[np.float64]]) -> float:
    return sum(float(some.sum()) for some in powers) / sum(map(len, powers))


def _loudness(power: float) -> float:
    return -0.691 + 10 * float(np.log10(power)) if power > 0 else _SILENT


def _power(loudness_lufs: float) -> float:
    return float(10 ** ((loudness_lufs + 0.691) / 10))
