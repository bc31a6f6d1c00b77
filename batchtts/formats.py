"""The audio files that can be written: what each can hold, by path ending."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BOOK_FORMATS",
    "CAPTIONS_VERSION",
    "FORMATS",
    "RENDER_VERSION",
    "Format",
    "rate_for",
]

RENDER_VERSION = 2
"""Goes up when the same takes and settings come to sound otherwise."""

CAPTIONS_VERSION = 1
"""Goes up when the same texts and takes come to be shown otherwise."""

_MP3_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_AAC_HZ = (*_MP3_HZ, 64000, 88200, 96000)
_OPUS_HZ = (8000, 12000, 16000, 24000, 48000)


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of audio file.

    ``rates_hz`` are the sampling rates it can hold (empty: any),
    ``default_hz`` the rate it is written at when nobody asks for one (None:
    that of the takes), ``bitrates`` the lowest and highest bit rate in kbit/s
    (None: the format has no bit rate to choose).
    """

    name: str
    rates_hz: tuple[int, ...] = ()
    default_hz: int | None = None
    bitrates: tuple[int, int] | None = None


_AAC = Format("m4a", _AAC_HZ, bitrates=(16, 320))
_MULAW = Format("mulaw", default_hz=8000)

FORMATS: dict[str, Format] = {
    ".wav": Format("wav"),
    ".flac": Format("flac"),
    ".mp3": Format("mp3", _MP3_HZ, bitrates=(8, 320)),
    ".opus": Format("opus", _OPUS_HZ, bitrates=(6, 256)),
    ".m4a": _AAC,
    ".m4b": _AAC,
    ".ulaw": _MULAW,
    ".mulaw": _MULAW,
    ".ul": _MULAW,
}
"""Path ending, lower case, to format. ``.ulaw`` files are headerless."""

BOOK_FORMATS = (".m4b", ".m4a", ".mp3", ".opus", ".flac")
"""The endings of files that can hold chapters and a cover."""


def rate_for(kind: Format, asked_hz: int | None, takes_hz: int) -> int:
    """Return the rate in Hz at which a file is written.

    That is the rate asked for; else the format's own default; else the takes'
    rate, raised to the next one that the format holds.
    """
    if asked_hz is not None:
        return asked_hz
    rate_hz = kind.default_hz or takes_hz
    if not kind.rates_hz or rate_hz in kind.rates_hz:
        return rate_hz
    return next((r for r in kind.rates_hz if r >= rate_hz), kind.rates_hz[-1])
