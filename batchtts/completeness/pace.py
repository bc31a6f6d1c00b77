"""How fast a voice speaks: learned from its takes, and sure only of what they show.

A robust Bayesian regression of seconds on units. Before the first take it knows
what speech is like, from the slowest reader to the fastest; with every take it
knows more of this voice, and how much its takes vary. Takes that do not fit the
others count the less the worse they fit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchtts.completeness.units import KINDS, Units

__all__ = ["Expected", "Pace"]

_Array = NDArray[np.floating]

_WINDOW = 192  # takes: enough to be sure, and few enough to follow a change
_ROUNDS = 6  # of fitting again with the weights that the fit before gave
_TAILS = 6.0  # degrees of freedom: how far off a take may be now and then

# How much voices differ, as shares: in tempo, and in each unit besides.
_TEMPO = 0.25
_UNIT = 0.25
# How much the takes of one voice vary, in seconds: always, with the root of the
# length and with the length. A voice may vary less or more; this is worth _KNOWN
# takes of evidence.
_ALWAYS_S = 0.06
_BY_ROOT = 0.06
_BY_LENGTH = 0.02
_KNOWN = 4.0
_STEADY = 2.5  # times the variance that voices have on average
_SHORTEST_S = 0.15  # of any speech

_SECONDS = np.array([kind.seconds for kind in KINDS])
_VARIANCES = np.array([kind.varies_s for kind in KINDS]) ** 2


@dataclass(frozen=True, slots=True)
class Expected:
    """How long a text should take, and the share by which that may be off."""

    seconds: float
    share: float

    def surprise(self, seconds: float) -> float:
        """Return the logarithm of how much likelier a broken take is so long.

        What is broken may have any length below the whole; what belongs to
        another text, any at all.
        """
        if seconds <= 0:
            return math.inf
        off = math.log(seconds / self.seconds)
        whole = _log_density(off / self.share) - math.log(self.share * seconds)
        broken = -math.log(self.seconds)
        if off > 0:
            broken += math.log(_LONGER) - 2 * off
        return broken - whole

    def range_s(self) -> tuple[float, float]:
        """Return the lengths between which most whole takes lie, for people."""
        factor = math.exp(2 * self.share)
        return self.seconds / factor, self.seconds * factor


_LONGER = 0.1  # of broken takes there are ten cut ones to one that is too long


class Pace:
    """The statistics of one voice."""

    def __init__(self, tempo: float = 1.0) -> None:
        """Know nothing yet; ``tempo`` is by how much the voice may be off, 1 or more.

        That is a speed asked for, of which it is not sure what it means.
        """
        spread = math.hypot(_TEMPO, math.log(tempo))
        covariance = spread**2 * np.outer(_SECONDS, _SECONDS)
        covariance += np.diag((_UNIT * _SECONDS) ** 2)
        self._prior: _Array = np.linalg.inv(covariance)
        self._counts: _Array = np.empty((0, len(KINDS)))
        self._seconds: _Array = np.empty(0)
        self._fit: _Fit | None = None

    def __len__(self) -> int:
        """Return how many takes it rests on."""
        return len(self._seconds)

    def add(self, units: Units, seconds: float) -> None:
        """Count a take."""
        spoken_s = max(seconds - units.pauses_s, 0.0)
        self._counts = np.vstack([self._counts, units.counts])[-_WINDOW:]
        self._seconds = np.append(self._seconds, spoken_s)[-_WINDOW:]
        self._fit = None

    def remove(self, units: Units, seconds: float) -> None:
        """Count a take no more that was counted; if it was forgotten, do nothing."""
        same = self._seconds == max(seconds - units.pauses_s, 0.0)
        same &= (self._counts == units.counts).all(axis=1)
        for index in np.flatnonzero(same)[:1]:
            self._counts = np.delete(self._counts, index, axis=0)
            self._seconds = np.delete(self._seconds, index)
            self._fit = None

    def expect(self, units: Units) -> Expected:
        """Say how long a text should take."""
        fit = self._fitted()
        counts = np.array(units.counts)
        spoken_s = max(float(counts @ fit.weights), _SHORTEST_S)
        variance = fit.scale * float(_varies(counts[None], fit.weights)[0])
        variance += float(counts @ fit.covariance @ counts)
        seconds = spoken_s + units.pauses_s
        # An engine that does not know the notation speaks it, or passes it over.
        variance += (units.pauses_s / 2) ** 2
        return Expected(seconds, math.sqrt(variance) / seconds)

    @property
    def is_steady(self) -> bool:
        """Tell whether the takes vary no more than those of one voice may.

        Whole ones do not, 95 times in 100; those that are cut at random do, as
        often where there are six of them or more.
        """
        return self._fitted().scale < _STEADY

    def _fitted(self) -> _Fit:
        if self._fit is None:
            self._fit = _fit(self._prior, self._counts, self._seconds)
        return self._fit


@dataclass(frozen=True, slots=True)
class _Fit:
    """What a voice's units take, how sure that is, and how much its takes vary."""

    weights: _Array
    covariance: _Array
    scale: float


def _fit(prior: _Array, counts: _Array, seconds: _Array) -> _Fit:
    """Fit by least squares, weighed anew in each round by how well each take fits."""
    weights, scale, precision = _SECONDS, 1.0, prior
    for _ in range(_ROUNDS if len(seconds) else 0):
        variances = _varies(counts, weights)
        misfits = (seconds - counts @ weights) ** 2 / variances
        trust = (_TAILS + 1) / (_TAILS + misfits / scale)
        shares = trust / (scale * variances)
        precision = prior + (counts * shares[:, None]).T @ counts
        known = prior @ _SECONDS + counts.T @ (shares * seconds)
        weights = np.linalg.solve(precision, known)
        misfits = (seconds - counts @ weights) ** 2 / variances
        scale = (_KNOWN + float(trust @ misfits)) / (_KNOWN + len(seconds))
    return _Fit(weights, np.linalg.inv(precision), scale)


def _varies(counts: _Array, weights: _Array) -> _Array:
    """Return the variance of each take for a voice that varies as most do."""
    seconds = np.maximum(counts @ weights, _SHORTEST_S)
    varies = _ALWAYS_S**2 + _BY_ROOT**2 * seconds + (_BY_LENGTH * seconds) ** 2
    return varies + counts @ _VARIANCES  # type: ignore[no-any-return]  # numpy's stubs


def _log_density(z: float) -> float:
    """Return the logarithm of Student's density at ``z``."""
    half = (_TAILS + 1) / 2
    constant = math.lgamma(half) - math.lgamma(_TAILS / 2)
    constant -= math.log(_TAILS * math.pi) / 2
    return constant - half * math.log1p(z * z / _TAILS)
