"""Read the tone synthesiser's speech: whose audio it is, and whether it is whole."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchtts.localserver import tone

__all__ = ["Reading", "Utterance", "read"]

_WINDOW_S = 0.03
_HOP_S = 0.005
_GATE = 1e-3  # power against the loudest: 30 dB below it is silence
_SHORTEST_RUN = 3  # frames; a change of clock smears over one or two
_BLUR_S = 0.02  # the window makes a sound longer by this
_SLACK_S = 0.025  # an utterance shorter or longer than its symbols has a hole
_BLOCK = 2_000  # frames analysed at once: bounds the memory
_CLOCKS = len(tone.CLOCK_HZ)


@dataclass(frozen=True, slots=True)
class Utterance:
    """One spoken piece as found: ``whole`` if its end and check sum are there."""

    text: str
    voice: int | None  # see tone.voice_symbol
    whole: bool
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a recording says, in its order."""

    utterances: tuple[Utterance, ...]

    @property
    def text(self) -> str:
        """Return the words of all utterances, joined by spaces."""
        return " ".join(u.text for u in self.utterances)

    @property
    def whole(self) -> bool:
        """Tell if something is said, and nothing of it is cut, damaged or foreign."""
        return bool(self.utterances) and all(u.whole for u in self.utterances)


@dataclass(frozen=True, slots=True)
class _Sound:
    symbol: int
    clock: int
    start_s: float
    end_s: float


def read(samples: bytes | NDArray[np.int16], rate_hz: int, speed: float = 1) -> Reading:
    """Read mono samples (bytes: signed 16-bit little-endian) at 8 to 96 kHz.

    Gain, resampling, mu-law, MP3 and cut or lengthened silence do no harm. A
    piece that lost its beginning or its end, or has a hole, is not ``whole``.
    """
    if isinstance(samples, bytes):
        samples = np.frombuffer(samples, "<i2")
    sounds = _sounds(samples, rate_hz, _HOP_S / speed, _WINDOW_S / speed)
    symbol_s = tone.SYMBOL_S / speed
    return Reading(tuple(_utterance(p, symbol_s) for p in _pieces(sounds, symbol_s)))


def _pieces(sounds: Sequence[_Sound], symbol_s: float) -> list[list[_Sound]]:
    """Cut at each start, at the check sum after each end, and at silences."""
    pieces: list[list[_Sound]] = []
    ended = True
    for before, sound in zip((None, *sounds), sounds, strict=False):
        apart = before is None or sound.start_s - before.end_s > symbol_s
        if ended or apart or sound.symbol == tone.START:
            pieces.append([])
        pieces[-1].append(sound)
        ended = before is not None and before.symbol == tone.END and not apart
    return pieces


def _utterance(piece: list[_Sound], symbol_s: float) -> Utterance:
    symbols = [sound.symbol for sound in piece]
    begun = symbols[0] == tone.START and len(symbols) > 1
    ended = len(symbols) > 1 and symbols[-2] == tone.END
    body = symbols[2 if begun else 0 : -2 if ended else None]
    text = tone.text_of(body)
    steps = [b.clock - a.clock for a, b in itertools.pairwise(piece)]
    stretch = symbol_s / tone.SYMBOL_S
    length_s = piece[-1].end_s - piece[0].start_s - _BLUR_S * stretch
    whole = (
        begun
        and ended
        and all(step % _CLOCKS == 1 for step in steps)
        and abs(length_s - len(piece) * symbol_s) < _SLACK_S * stretch
        and symbols[-1] == tone.check_symbol(text)
    )
    voice = symbols[1] if begun else None
    return Utterance(text, voice, whole, piece[0].start_s, piece[-1].end_s)


def _sounds(
    samples: NDArray[np.int16], rate_hz: int, hop_s: float, window_s: float
) -> list[_Sound]:
    # Silence around it, so that a sound at the very edge is seen to begin.
    edge = round(window_s * rate_hz)
    powers = _powers(np.pad(samples, edge), rate_hz, hop_s, window_s)
    clocks = np.where(_loud(powers), powers[:, :_CLOCKS].argmax(axis=1), -1)
    edges = np.flatnonzero(np.diff(clocks)) + 1
    sounds: list[_Sound] = []
    for run in np.split(np.arange(len(clocks)), edges):
        clock = int(clocks[run[0]])
        if clock < 0 or len(run) < _SHORTEST_RUN:
            continue
        start_s = (int(run[0]) + 0.5) * hop_s - window_s
        symbol = _symbol(powers[run])
        sounds.append(_Sound(symbol, clock, start_s, start_s + len(run) * hop_s))
    return sounds


def _loud(powers: NDArray[np.float64]) -> NDArray[np.bool_]:
    total = powers.sum(axis=1)
    loud: NDArray[np.bool_] = total > _GATE * max(float(total.max()), 1e-9)
    return loud


def _symbol(powers: NDArray[np.float64]) -> int:
    digits = powers[:, _CLOCKS:].sum(axis=0).reshape(3, 8).argmax(axis=1)
    return int(digits[0]) * 64 + int(digits[1]) * 8 + int(digits[2])


def _powers(
    samples: NDArray[np.int16], rate_hz: int, hop_s: float, window_s: float
) -> NDArray[np.float64]:
    """Return the power of each of the 27 tones, frame by frame."""
    length = round(rate_hz * window_s)
    half = length // 2
    edge = np.zeros(half)
    padded = np.concatenate((edge, samples, edge)).astype(np.float32) / 32768
    count = int(len(samples) / (rate_hz * hop_s))
    starts = np.rint((np.arange(count) + 0.5) * hop_s * rate_hz).astype(int)
    frequencies = np.array([*tone.CLOCK_HZ, *np.ravel(tone.DIGIT_HZ)])
    phase = 2 * np.pi * np.arange(length)[:, None] * frequencies / rate_hz
    # Real numbers of half the size: a quarter of the time that complex ones take.
    waves = np.concatenate((np.cos(phase), np.sin(phase)), axis=1)
    probes = (waves * np.hanning(length)[:, None] / length).astype(np.float32)
    views = np.lib.stride_tricks.sliding_window_view(padded, length)
    blocks = [
        _squared(views[starts[at : at + _BLOCK]] @ probes)
        for at in range(0, count, _BLOCK)
    ]
    return np.concatenate(blocks)


def _squared(heard: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the squares of sine and cosine together."""
    cosine, sine = np.split(heard.astype(np.float64), 2, axis=1)
    power: NDArray[np.float64] = cosine**2 + sine**2
    return power
