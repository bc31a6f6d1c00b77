"""Which offline voice stands in for a speaker of Rime's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["Timbre", "timbre_of"]


@dataclass(frozen=True, slots=True)
class Timbre:
    """How a speaker sounds: espeak-ng's variant, pitch and words a minute."""

    variant: str
    pitch: int  # 0 to 100
    rate_wpm: int


# Speakers whose character is known from Rime's own voice list, each unlike the
# others. Everybody else is drawn by name from the tables below.
_KNOWN = {
    "andromeda": Timbre("f5", 52, 150),
    "astra": Timbre("f2", 62, 162),
    "celeste": Timbre("f1", 46, 156),
    "cove": Timbre("m3", 50, 160),
    "estelle": Timbre("f4", 42, 150),
    "esther": Timbre("f3", 38, 146),
    "luna": Timbre("f3", 66, 168),
    "lyra": Timbre("f2", 48, 154),
    "orion": Timbre("m1", 34, 148),
    "ursa": Timbre("m7", 46, 162),
}
_VARIANTS = ("f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7")
_PITCHES = (34, 40, 46, 52, 58, 64)
_RATES_WPM = (148, 156, 164)


def timbre_of(speaker: str) -> Timbre:
    """Return the timbre of ``speaker``: the same one always, everywhere."""
    known = _KNOWN.get(speaker.lower())
    if known is not None:
        return known
    digest = hashlib.sha256(speaker.lower().encode()).digest()
    return Timbre(
        _VARIANTS[digest[0] % len(_VARIANTS)],
        _PITCHES[digest[1] % len(_PITCHES)],
        _RATES_WPM[digest[2] % len(_RATES_WPM)],
    )
