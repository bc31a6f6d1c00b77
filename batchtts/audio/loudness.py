"""Bring a track to the loudness asked for."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from batchtts.audio.levels import Levels
from batchtts.audio.limiter import amplified, limited
from batchtts.audio.meter import Meter, true_peak_db
from batchtts.audio.pcm import read_blocks
from batchtts.model import Loudness

__all__ = [
    "Levelled",
    "corrected",
    "first_gain",
    "levelled",
    "missed_db",
    "shortfall_db",
]

_MAX_GAIN_DB = 40.0
_FURTHER_PASSES = 5
_TOLERANCE_DB = 0.08
_MAX_DRIVE_DB = 12.0  # beyond the gain that would do if it were not limited more
_LEAST_SLOPE = 0.2
_ON_TARGET_DB = 0.1
# What has nothing above this is silence to R 128 and to us, in every mode.
_SILENCE_LUFS = -70.0
# A gain that differs in the last digits of a float must not change the bytes.
_GAIN_DIGITS = 3
_CORRECTION_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Levelled:
    """A PCM file that, with ``gain_db`` applied, has the loudness asked for."""

    path: Path
    gain_db: float
    levels: Levels  # after the gain

    def blocks(self) -> Iterator[bytes]:
        """Read the file block by block, the gain applied."""
        return amplified(read_blocks(self.path), self.gain_db)


@contextlib.contextmanager
def levelled(
    spool: Path, *, rate_hz: int, levels: Levels, loudness: Loudness
) -> Iterator[Levelled]:
    """Give the PCM of ``spool``, whose levels are known, at a loudness.

    Where a gain alone would bring peaks over the ceiling, the track is limited
    into a second file beside the spool, which is gone when the block ends, and
    the gain raised until the result, measured, is at the target; where that
    cannot be had under the ceiling, it is as near as a few passes come. Silence
    stays silence, and so does what is under -70 LUFS; nothing is raised by more
    than 40 dB.
    """
    gain_db = first_gain(levels, loudness)
    over_db = levels.true_peak_db + gain_db - loudness.ceiling
    if loudness.mode in {"none", "peak"} or not over_db > 0:
        yield Levelled(spool, gain_db, levels.raised(gain_db))
        return
    handle, name = tempfile.mkstemp(".limited", spool.name, spool.parent)
    os.close(handle)
    scratch = Path(name)
    limit = functools.partial(_limit, spool, scratch, rate_hz, loudness.ceiling)
    try:
        limited_levels = _approached(limit, gain_db, over_db, loudness)
        peak_db = true_peak_db(read_blocks(scratch), rate_hz)
        yield Levelled(scratch, 0.0, replace(limited_levels, true_peak_db=peak_db))
    finally:
        scratch.unlink(missing_ok=True)


def first_gain(levels: Levels, loudness: Loudness) -> float:
    """Return the gain in dB that meets the target when no peak is in its way."""
    gain_db = shortfall_db(levels, loudness)
    return round(min(gain_db, _MAX_GAIN_DB), _GAIN_DIGITS)


def shortfall_db(levels: Levels, loudness: Loudness) -> float:
    """Return by how much a track is too soft; silence is as it should be."""
    if loudness.mode == "none" or levels.integrated_lufs < _SILENCE_LUFS:
        return 0.0
    if loudness.mode == "peak":
        return loudness.ceiling - levels.peak_db
    return loudness.target - _measure(levels, loudness)


def missed_db(levels: Levels, loudness: Loudness) -> float:
    """Return how far a track is from the loudness asked for, up or down.

    Within 0.1 dB it is there: 0.
    """
    off_db = abs(shortfall_db(levels, loudness))
    return off_db if off_db > _ON_TARGET_DB else 0.0


def corrected(loudness: Loudness, given: Levels, played: Levels) -> Loudness | None:
    """Return what to ask of a track for its file to be as loud as was asked.

    ``given`` are the levels of what was encoded, ``played`` of what comes back
    from the codec. None if that is right, or wrong for another reason.
    """
    lost_db = over_db = 0.0
    is_silent = min(given.integrated_lufs, played.integrated_lufs) < _SILENCE_LUFS
    if loudness.mode == "none" or is_silent:
        return None
    if loudness.mode == "peak":
        over_db = played.peak_db - given.peak_db
        is_over = missed_db(played, loudness) > 0
    else:
        is_over = played.true_peak_db - loudness.ceiling > _ON_TARGET_DB
        # A codec does not make the same of the peaks the second time.
        over_db = played.true_peak_db - loudness.ceiling + _ON_TARGET_DB
        is_short = shortfall_db(given, loudness) > _ON_TARGET_DB
        if missed_db(played, loudness) and not is_short:
            lost_db = _measure(given, loudness) - _measure(played, loudness)
    if not (is_over or lost_db):
        return None
    return replace(
        loudness,
        target=round(loudness.target + lost_db, _CORRECTION_DIGITS),
        ceiling=round(loudness.ceiling - over_db * is_over, _CORRECTION_DIGITS),
    )


def _measure(levels: Levels, loudness: Loudness) -> float:
    return levels.rms_db if loudness.mode == "rms" else levels.integrated_lufs


def _approached(
    limit: Callable[[float], Levels],
    gain_db: float,
    over_db: float,
    loudness: Loudness,
) -> Levels:
    """Limit, raising the gain by what the limiter took, and return what came out.

    ``over_db`` is how far the highest peak would be over the ceiling.
    """
    levels = limit(gain_db)
    short_db = loudness.target - _measure(levels, loudness)
    # What comes out of a further gain. A limiter takes about the square of what
    # it is driven by, so of the next decibel it takes twice the average.
    search = _Search(gain_db, short_db, 1 - 2 * short_db / over_db)
    for _ in range(_FURTHER_PASSES):
        if not abs(search.short_db) > _TOLERANCE_DB or not search.advance():
            break
        levels = limit(search.gain_db)
        search.note(loudness.target - _measure(levels, loudness))
    return levels


class _Search:
    """Looks for the gain that leaves nothing short of the target."""

    def __init__(self, gain_db: float, short_db: float, slope: float) -> None:
        """Begin at a gain, what it leaves short, and what more is thought to give."""
        self.gain_db = gain_db
        self.short_db = short_db
        self._was_db = gain_db
        self._begin(slope)

    def _begin(self, slope: float) -> None:
        self._slope = slope
        self._soft_db, self._loud_db = -math.inf, math.inf  # known not to be enough
        most_db = self.gain_db + max(0.0, self.short_db) + _MAX_DRIVE_DB
        self._most_db = round(min(most_db, _MAX_GAIN_DB), _GAIN_DIGITS)

    def advance(self) -> bool:
        """Go to the next gain; return False if there is none to try."""
        if self.short_db > 0:
            self._soft_db = self.gain_db
        else:
            self._loud_db = self.gain_db
        step_db = self.short_db / min(1.0, max(_LEAST_SLOPE, self._slope))
        wanted_db = self.gain_db + step_db
        if not self._soft_db < wanted_db < self._loud_db:
            wanted_db = (self._soft_db + self._loud_db) / 2
        self._was_db = self.gain_db
        self.gain_db = round(min(wanted_db, self._most_db), _GAIN_DIGITS)
        return self.gain_db != self._was_db

    def note(self, short_db: float) -> None:
        """Learn what the gain leaves short."""
        more_db = self.gain_db - self._was_db
        slope = (self.short_db - short_db) / more_db
        self.short_db = short_db
        if slope < 0:
            # A click over a soft voice counted for loudness until it was limited
            # away; what was learnt of it says nothing of the voice.
            self._begin(1.0)
        else:
            self._slope = slope


def _limit(
    spool: Path, scratch: Path, rate_hz: int, ceiling_db: float, gain_db: float
) -> Levels:
    """Write a track to ``scratch``, limited, and measure it but for its peaks."""
    meter = Meter(rate_hz, true_peak=False)
    blocks = limited(
        read_blocks(spool), rate_hz=rate_hz, gain_db=gain_db, ceiling_db=ceiling_db
    )
    with scratch.open("wb") as file:
        for block in blocks:
            meter.feed(block)
            file.write(block)
    return meter.finish()
