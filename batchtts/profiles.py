"""Norms that audiobooks are delivered to, as figures that a file is held against.

``acx-levels``
    What ACX (Audible's shop for self-publishers) asks of a file's sound: "ACX
    audio submission requirements", help.acx.com. They judge the encoded MP3:
    RMS from -23 to -18 dB, peaks at most -3 dB, a noise floor of at most -60 dB
    RMS, constant 192 kbit/s or more at 44.1 kHz, 0.5 to 1 s of room tone before
    the sound and 1 to 5 s after it, at most 120 minutes a file; a retail sample
    of 1 to 5 minutes. It is a profile of levels: ACX admits a synthetic voice
    only where it has authorised it.

``podcast``
    Apple's "Audio requirements" for podcasts: -16 LUFS +-1 with a true peak of
    at most -1 dBFS, for two channels; one channel, played by two loudspeakers, is
    then at -19 LUFS as it is measured here.

``ebu``
    EBU R 128 (2023): -23.0 LUFS +-0.5 LU with a true peak of at most -1 dBTP, of
    the one channel as it is.

``none``
    As the takes are; nothing is held against anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from batchtts.model import Loudness

__all__ = ["PROFILES", "Figure", "Limit", "Profile"]

Figure = Literal[
    "integrated_lufs",
    "true_peak_db",
    "rms_db",
    "peak_db",
    "noise_floor_db",
    "sample_rate_hz",
    "channels",
    "bitrate_kbps",
    "bitrates",
    "head_s",
    "tail_s",
    "length_min",
]
"""What is measured in a finished file. ``noise_floor_db`` is the RMS of its
silences, ``bitrates`` how many different bit rates its packets have, ``head_s``
and ``tail_s`` the silence before and after the sound."""


_MARGIN_DB = 0.3  # by which a file is kept off its limits: meters differ


@dataclass(frozen=True, slots=True)
class Limit:
    """Between what a figure has to be; None: no limit on that side."""

    figure: Figure
    least: float | None = None
    most: float | None = None

    def __str__(self) -> str:
        """Give ``0.5 to 1``, ``at least 192`` or ``44100``."""
        if self.least is None:
            return f"at most {self.most:g}"
        if self.most is None:
            return f"at least {self.least:g}"
        if self.least == self.most:
            return f"{self.least:g}"
        return f"{self.least:g} to {self.most:g}"

    def allows(self, value: float) -> bool:
        """Tell whether a measured value passes."""
        above = self.least is None or value >= self.least
        return above and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A norm: how a book is made to meet it, and what its files are held against.

    None and 0 leave the matter to the output's own settings.
    """

    loudness: Loudness
    suffix: str | None = None
    sample_rate_hz: int | None = None
    bitrate: int | None = None  # kbit/s
    head_s: float = 0.0
    tail_s: float = 0.0
    room_tone_db: float | None = None  # RMS, dBFS; None: digital silence
    chapter_files: bool = False
    sample_s: tuple[float, float] | None = None  # a retail sample's length
    limits: tuple[Limit, ...] = ()

    @property
    def within(self) -> tuple[float, float] | None:
        """Return between which levels each file is to be brought, if any."""
        figures = {"rms": "rms_db", "lufs": "integrated_lufs"}
        wanted = figures.get(self.loudness.mode)
        for limit in self.limits:
            if limit.figure == wanted and None not in {limit.least, limit.most}:
                least, most = limit.least or 0.0, limit.most or 0.0
                return least + _MARGIN_DB, most - _MARGIN_DB
        return None


PROFILES: dict[str, Profile] = {
    "acx-levels": Profile(
        loudness=Loudness("rms", -20.0, -3.5),
        suffix=".mp3",
        sample_rate_hz=44100,
        bitrate=192,
        head_s=0.75,
        tail_s=2.5,
        room_tone_db=-68.0,
        chapter_files=True,
        sample_s=(60.0, 300.0),
        limits=(
            Limit("rms_db", -23.0, -18.0),
            Limit("peak_db", most=-3.0),
            Limit("noise_floor_db", most=-60.0),
            Limit("sample_rate_hz", 44100, 44100),
            Limit("channels", 1, 1),
            Limit("bitrate_kbps", 192),
            Limit("bitrates", 1, 1),
            Limit("head_s", 0.5, 1.0),
            Limit("tail_s", 1.0, 5.0),
            Limit("length_min", most=120.0),
        ),
    ),
    "podcast": Profile(
        loudness=Loudness("lufs", -19.0, -1.0),
        limits=(
            Limit("integrated_lufs", -20.0, -18.0),
            Limit("true_peak_db", most=-1.0),
        ),
    ),
    "ebu": Profile(
        loudness=Loudness("lufs", -23.0, -1.0),
        limits=(
            Limit("integrated_lufs", -23.5, -22.5),
            Limit("true_peak_db", most=-1.0),
        ),
    ),
    "none": Profile(loudness=Loudness("none")),
}
"""Every norm, by the name it is asked for."""
