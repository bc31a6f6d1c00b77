"""One gain for a whole book, such that what is heard is as loud as was asked.

The gain is constant: nothing is softer or louder than it was beside the rest.
Only peaks over the ceiling are lowered, each for some hundredths of a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from batchtts.audio.levels import HOP_BYTES, HOPS_PER_S, Levels, Measured
from batchtts.audio.loudness import first_gain, shortfall_db
from batchtts.audio.meter import Meter
from batchtts.audio.pcm import db
from batchtts.model import Loudness
from batchtts.outputs.audiobook.passages import Source, pcm_of
from batchtts.outputs.audiobook.program import Chapter, Program

__all__ = [
    "GainSearch",
    "ceiling_for",
    "excerpts",
    "goal_of",
    "measured",
    "own_gain_db",
    "sound_of",
]

_CODEC_PEAKS_DB = 0.4  # what codecs add to limited peaks, most of the time
_MOST_DRIVE_DB = 12.0  # over the gain that would do if nothing were limited
_MOST_GAIN_DB = 40.0
_LEAST_SLOPE = 0.3
_GAIN_DIGITS = 3
_LONG_S = 300
_EXCERPTS = 8
_EXCERPT_S = 15
_MOST_SHARE = 0.05  # of the whole


def sound_of(program: Program) -> list[Measured]:
    """Return what a meter finds in a file's sound as it is, silence included."""
    found = [_measured(chapter) for chapter in program.chapters]
    rest = program.samples - sum(one.samples for one in found)
    silence = Measured(
        rate_hz=program.rate_hz,
        samples=rest,
        energy=0.0,
        peak=0.0,
        true_peak=0.0,
        hops=bytes(HOP_BYTES * (rest * HOPS_PER_S // program.rate_hz + 1)),
    )
    return [*found, silence]


def _measured(chapter: Chapter) -> Measured:
    track = chapter.track
    if chapter.samples == track.samples:
        return track.measured
    return measured(chapter.source, track.rate_hz)


def measured(source: Source, rate_hz: int) -> Measured:
    """Return what a meter finds in a stretch of sound as it is."""
    meter = Meter(rate_hz)
    for block in pcm_of([source]):
        meter.feed(block)
    return meter.measured()


def ceiling_for(
    program: Program,
    sources: Sequence[Source],
    loudness: Loudness,
    *,
    gain_db: float,
    lossy: bool,
) -> float | None:
    """Return what peaks are to be limited to for the ceiling to be kept when heard.

    None where no peak can come near it.
    """
    if loudness.mode not in {"lufs", "rms"}:
        return None
    peaks = {
        chapter.track.spool: chapter.track.measured.true_peak
        for chapter in program.chapters
    }
    highest = max((peaks[one.spool] for one in sources if one.spool), default=0.0)
    ceiling_db = loudness.ceiling - (_CODEC_PEAKS_DB if lossy else 0.0)
    return ceiling_db if db(highest) + gain_db > ceiling_db else None


class GainSearch:
    """Finds the gain at which nothing is lacking of the loudness asked for."""

    def __init__(self, levels: Levels, loudness: Loudness, *, loss_db: float) -> None:
        """Begin where a gain alone would do, and what the codec is known to take."""
        self.gain_db = first_gain(levels, loudness)
        self._most_db = min(self.gain_db + _MOST_DRIVE_DB, _MOST_GAIN_DB)
        if shortfall_db(levels, loudness):
            self.gain_db = round(
                min(self.gain_db + loss_db, _MOST_GAIN_DB), _GAIN_DIGITS
            )
        self._was: tuple[float, float] | None = None
        self._slope = 1.0  # what a further decibel of gain gives

    def begin_anew(self) -> None:
        """Go on with other sound, from the gain that was found and what it gives."""
        self._was = None

    def advance(self, short_db: float, tolerance_db: float) -> bool:
        """Learn what the gain leaves lacking, and go to a better one.

        Return whether the better one is to be tried: not if what is lacking is
        within the tolerance, and not if there is none.
        """
        if self._was and self._was[0] != self.gain_db:
            slope = (self._was[1] - short_db) / (self.gain_db - self._was[0])
            self._slope = min(1.0, max(_LEAST_SLOPE, slope))
        step_db = short_db / self._slope
        self._was = self.gain_db, short_db
        self.gain_db = round(min(self.gain_db + step_db, self._most_db), _GAIN_DIGITS)
        return abs(short_db) > tolerance_db and self.gain_db != self._was[0]


def goal_of(loudness: Loudness, whole: Levels, part: Levels) -> Loudness:
    """Return how loud a part is to be for the whole to be as loud as was asked."""
    if loudness.mode == "rms":
        return replace(loudness, target=loudness.target + part.rms_db - whole.rms_db)
    louder_db = part.integrated_lufs - whole.integrated_lufs
    return replace(loudness, target=loudness.target + louder_db)


def own_gain_db(
    levels: Levels, loudness: Loudness, within: tuple[float, float]
) -> float:
    """Return what a file that would have these levels must be raised by, if at all."""
    level_db = levels.rms_db if loudness.mode == "rms" else levels.integrated_lufs
    least_db, most_db = within
    return min(max(level_db, least_db), most_db) - level_db


def excerpts(programs: Sequence[Program]) -> Iterator[tuple[Program, Source]]:
    """Choose a few seconds here and there that sound as the whole does.

    They are as loud and as soft as it is: of all that could be chosen, in order
    of loudness, every so many-th. Nothing is chosen of what is not much longer
    than they would be.
    """
    spoken = [
        (program, chapter) for program in programs for chapter in program.chapters
    ]
    total = sum(chapter.samples for _, chapter in spoken)
    rate_hz = programs[0].rate_hz
    if total < _LONG_S * rate_hz:
        return
    wanted = min(_EXCERPT_S * rate_hz, int(total * _MOST_SHARE / _EXCERPTS))
    owners, starts, energies = [], [], []
    for number, (_, chapter) in enumerate(spoken):
        places = np.arange(max(1, chapter.samples // wanted)) * wanted
        starts.append(places + chapter.start)
        energies.append(_energies(chapter, starts[-1], wanted))
        owners.append(np.full(len(places), number))
    order = np.argsort(np.concatenate(energies), kind="stable")
    for number in range(_EXCERPTS):
        chosen = order[(2 * number + 1) * len(order) // (2 * _EXCERPTS)]
        program, chapter = spoken[int(np.concatenate(owners)[chosen])]
        start = int(np.concatenate(starts)[chosen])
        length = min(wanted, chapter.start + chapter.samples - start)
        yield program, Source(chapter.track.spool, start, length)


def _energies(
    chapter: Chapter, starts: NDArray[np.int64], length: int
) -> NDArray[np.float64]:
    """Return the weighted energy of stretches of a chapter, about."""
    hops = chapter.track.measured.energies
    sums = np.concatenate(([0.0], np.cumsum(hops, dtype=np.float64)))
    first = starts * HOPS_PER_S // chapter.track.rate_hz
    last = (starts + length) * HOPS_PER_S // chapter.track.rate_hz
    found: NDArray[np.float64] = sums[np.minimum(last, len(hops))] - sums[first]
    return found
