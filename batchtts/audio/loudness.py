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

from batchtts.audio.limiter import amplified, limited
from batchtts.audio.meter import Levels, Meter, true_peak_db
from batchtts.audio.pcm import read_blocks
from batchtts.model import Loudness

__all__ = ["Levelled", "levelled"]

_MAX_GAIN_DB = 40.0
_FURTHER_PASSES = 5
_TOLERANCE_DB = 0.08
_MAX_DRIVE_DB = 12.0  # beyond the gain that would do without a ceiling
_LEAST_SLOPE = 0.2
# A gain that differs in the last digits of a float must not change the bytes.
_GAIN_DIGITS = 3


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
    stays silence, and nothing is raised by more than 40 dB.
    """
    gain_db = _first_gain(levels, loudness)
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
        peak_db = true_peak_db(read_blocks(scratch))
        yield Levelled(scratch, 0.0, replace(limited_levels, true_peak_db=peak_db))
    finally:
        scratch.unlink(missing_ok=True)


def _first_gain(levels: Levels, loudness: Loudness) -> float:
    """Return the gain in dB that meets the target when no peak is in its way."""
    match loudness.mode:
        case "none":
            return 0.0
        case "peak":
            gain_db = loudness.ceiling - levels.peak_db
        case _:
            gain_db = loudness.target - _measure(levels, loudness)
    if not math.isfinite(gain_db):
        return 0.0
    return round(min(gain_db, _MAX_GAIN_DB), _GAIN_DIGITS)


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
    most_db = round(min(gain_db + _MAX_DRIVE_DB, _MAX_GAIN_DB), _GAIN_DIGITS)
    levels = limit(gain_db)
    short_db = loudness.target - _measure(levels, loudness)
    # What comes out of a further gain. A limiter takes about the square of what
    # it is driven by, so of the next decibel it takes twice the average.
    slope = 1 - 2 * short_db / over_db
    for _ in range(_FURTHER_PASSES):
        if not abs(short_db) > _TOLERANCE_DB or gain_db >= most_db:
            break
        was_db, was_short_db = gain_db, short_db
        step_db = short_db / min(1.0, max(_LEAST_SLOPE, slope))
        gain_db = round(min(gain_db + step_db, most_db), _GAIN_DIGITS)
        levels = limit(gain_db)
        short_db = loudness.target - _measure(levels, loudness)
        slope = (was_short_db - short_db) / (gain_db - was_db)
    return levels


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
