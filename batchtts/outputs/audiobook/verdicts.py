"""Hold a finished file against the figures of a norm."""

from __future__ import annotations

from dataclasses import dataclass

from batchtts.audio.facts import Facts
from batchtts.profiles import Figure, Limit, Profile

__all__ = ["Verdict", "verdicts"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure of a file, and whether it is as its norm wants it."""

    limit: Limit
    value: float

    @property
    def passed(self) -> bool:
        """Tell whether it is."""
        return self.limit.allows(self.value)


def verdicts(facts: Facts, profile: Profile) -> tuple[Verdict, ...]:
    """Give the verdict on every figure of a profile."""
    values: dict[Figure, float] = {
        "integrated_lufs": facts.levels.integrated_lufs,
        "true_peak_db": facts.levels.true_peak_db,
        "rms_db": facts.levels.rms_db,
        "peak_db": facts.levels.peak_db,
        "noise_floor_db": facts.noise_floor_db,
        "sample_rate_hz": facts.sample_rate_hz,
        "channels": facts.channels,
        "bitrate_kbps": facts.bitrate_kbps,
        "bitrates": facts.bitrates,
        "head_s": facts.head_s,
        "tail_s": facts.tail_s,
        "length_min": facts.length_s / 60,
    }
    return tuple(Verdict(limit, values[limit.figure]) for limit in profile.limits)
