"""Bring a track to the loudness asked for."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batchtts.audio.limiter import amplified, limited
from batchtts.audio.meter import Levels, Meter
from batchtts.audio.pcm import read_blocks
from batchtts.model import Loudness

__all__ = ["Levelled", "levelled"]

_MAX_GAIN_DB = 40.0
_FURTHER_PASSES = 5
_TOLERANCE_DB = 0.05
# Under this a gain only makes the limiter work, not the track louder.
_HOPELESS_SLOPE = 0.15
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
    over = levels.true_peak_db + gain_db > loudness.ceiling
    if loudness.mode in {"none", "peak"} or not over:
        yield Levelled(spool, gain_db, levels.raised(gain_db))
        return
    handle, name = tempfile.mkstemp(".limited", spool.name, spool.parent)
    os.close(handle)
    scratch = Path(name)
    try:
        yield _limit(spool, scratch, rate_hz, gain_db, loudness)
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


def _limit(
    spool: Path, scratch: Path, rate_hz: int, gain_db: float, loudness: Loudness
) -> Levelled:
    """Limit into ``scratch``, raising the gain by what the limiter took."""
    levels = _limit_once(spool, scratch, rate_hz, gain_db, loudness.ceiling)
    short_db = loudness.target - _measure(levels, loudness)
    slope = 1.0  # what of a further gain comes out
    for _ in range(_FURTHER_PASSES):
        if not abs(short_db) > _TOLERANCE_DB or slope < _HOPELESS_SLOPE:
            break
        raised_db = min(gain_db + short_db / slope, _MAX_GAIN_DB)
        raised_db = round(raised_db, _GAIN_DIGITS)
        if raised_db == gain_db:
            break
        was_short_db = short_db
        levels = _limit_once(spool, scratch, rate_hz, raised_db, loudness.ceiling)
        short_db = loudness.target - _measure(levels, loudness)
        slope = min(1.0, (was_short_db - short_db) / (raised_db - gain_db))
        gain_db = raised_db
    return Levelled(scratch, 0.0, levels)


def _limit_once(
    spool: Path, scratch: Path, rate_hz: int, gain_db: float, ceiling_db: float
) -> Levels:
    meter = Meter(rate_hz)
    blocks = limited(
        read_blocks(spool), rate_hz=rate_hz, gain_db=gain_db, ceiling_db=ceiling_db
    )
    with scratch.open("wb") as file:
        for block in blocks:
            meter.feed(block)
            file.write(block)
    return meter.finish()
