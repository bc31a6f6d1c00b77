"""Speech for tests: every character of a text becomes a chord that can be read.

A symbol is a number below 512, written in three octal digits; each digit picks
one of eight tones in a band of its own, and the three sound together for 50 ms.
A fourth tone is the clock: it goes round three frequencies, one step a symbol,
so that equal neighbours stay two symbols and a hole shows as a missed step. An
utterance is a start symbol, the voice, the text, an end symbol and a check sum,
between two short silences. All tones lie between 400 and 3200 Hz: what a
telephone carries, mu-law and MP3 included.
"""

from __future__ import annotations

import functools
import hashlib
import sys
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CLOCK_HZ",
    "DIGIT_HZ",
    "END",
    "IDENTITY",
    "RATE_HZ",
    "START",
    "SYMBOL_S",
    "Tone",
    "check_symbol",
    "speak",
    "symbols_of",
    "text_of",
    "voice_symbol",
]

IDENTITY = "local/tone+1"
RATE_HZ = 24_000
SYMBOL_S = 0.05
LEAD_S = 0.08  # silence before an utterance, as a synthesiser leaves it
TRAIL_S = 0.12

SPACING_HZ = 104.0
CLOCK_HZ = tuple(400 + SPACING_HZ * i for i in range(3))
DIGIT_HZ = tuple(
    tuple(400 + SPACING_HZ * (3 + 8 * band + i) for i in range(8)) for band in range(3)
)

# Symbols: 0..383 are U+0000..U+017F, 384..495 are U+2000..U+206F (dashes and
# quotation marks), 496..500 begin a character told in two more symbols.
LATIN = 0x180
PUNCTUATION = 0x2000
PUNCTUATION_END = 0x2070
LONG = 496
START = 508
END = 509

_AMPLITUDE = 0.09  # of one tone: four sound together, with a peak below 0.36
_RAMP_S = 0.004
_PLAIN_SYMBOLS = 500  # none of these is a start or an end


def speak(text: str, *, speaker: str = "", lang: str = "", speed: float = 1) -> bytes:
    """Return ``text`` as signed 16-bit little-endian samples at ``RATE_HZ``.

    The same arguments give the same bytes. White space of any kind and length
    is spoken, and read again, as it stands.
    """
    payload = [START, voice_symbol(speaker, lang), *symbols_of(text)]
    payload += [END, check_symbol(text)]
    sounds = _sounds(round(RATE_HZ * SYMBOL_S / speed))
    clock = np.arange(len(payload)) % len(CLOCK_HZ)
    body = sounds[clock, np.array(payload)].reshape(-1)
    lead = np.zeros(round(RATE_HZ * LEAD_S), "<i2")
    trail = np.zeros(round(RATE_HZ * TRAIL_S), "<i2")
    return np.concatenate((lead, body, trail)).tobytes()


def symbols_of(text: str) -> Iterator[int]:
    """Yield the symbols of ``text``: one or three for each character."""
    for character in text:
        code = ord(character)
        if code < LATIN:
            yield code
        elif PUNCTUATION <= code < PUNCTUATION_END:
            yield code - PUNCTUATION + LATIN
        else:
            high, low = divmod(code, _PLAIN_SYMBOLS**2)
            yield LONG + high
            yield from divmod(low, _PLAIN_SYMBOLS)


def text_of(symbols: list[int]) -> str:
    """Return the text of ``symbols``; what is none becomes U+FFFD."""
    characters: list[str] = []
    rest = iter(symbols)
    for symbol in rest:
        if symbol < LATIN:
            characters.append(chr(symbol))
        elif symbol < LONG:
            characters.append(chr(symbol - LATIN + PUNCTUATION))
        else:
            middle, low = next(rest, 0), next(rest, 0)
            high = (symbol - LONG) * _PLAIN_SYMBOLS
            code = (high + middle) * _PLAIN_SYMBOLS + low
            characters.append(chr(code) if code <= sys.maxunicode else "\ufffd")
    return "".join(characters)


def voice_symbol(speaker: str, lang: str) -> int:
    """Return the number, below 500, by which a speaker of a language is known."""
    digest = hashlib.sha256(f"{speaker}\0{lang}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % _PLAIN_SYMBOLS


def check_symbol(text: str) -> int:
    """Return the check sum, below 500, that ends the utterance of ``text``."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) % _PLAIN_SYMBOLS


@functools.lru_cache(maxsize=4)
def _sounds(length: int) -> NDArray[np.int16]:
    """Return every symbol under every clock: an array of (3, 512, length)."""
    seconds = np.arange(length) / RATE_HZ
    ramp = np.clip(np.minimum(seconds, seconds[::-1]) / _RAMP_S, 0, 1)
    envelope = _AMPLITUDE * 32767 * np.sin(ramp * np.pi / 2) ** 2

    def tone(hertz: float) -> NDArray[np.float32]:
        # Unequal phases keep the chord's peak below the sum of its tones.
        wave = np.sin(2 * np.pi * hertz * seconds + hertz)
        return (envelope * wave).astype(np.float32)

    clock = np.stack([tone(f) for f in CLOCK_HZ])
    high, middle, low = (np.stack([tone(f) for f in band]) for band in DIGIT_HZ)
    digits = high[:, None, None] + middle[None, :, None] + low[None, None]
    chords = clock[:, None] + digits.reshape(512, length)[None]
    return np.rint(chords).astype("<i2")


class Tone:
    """The tone synthesiser as the server knows it."""

    identity = IDENTITY
    rate_hz = RATE_HZ

    async def speak(self, text: str, *, speaker: str, lang: str, speed: float) -> bytes:
        """Speak at once: a text takes less time than handing it to a thread."""
        return speak(text, speaker=speaker, lang=lang, speed=speed)

    async def close(self) -> None:
        """Hold nothing, so release nothing."""
