"""Join the takes of a text into a track, with its pauses, in flat memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from batchtts.audio import segments
from batchtts.audio.decode import decode
from batchtts.audio.levels import Levels, Measured, levels_of
from batchtts.audio.meter import Meter
from batchtts.files import local_errors
from batchtts.formats import RENDER_VERSION
from batchtts.model import Boundary, Pauses, Recording

__all__ = ["RENDER_VERSION", "Piece", "Span", "Track", "make_track"]

_FADE_MS = 5
# The ear takes the first and last hundredths of a second of a breath or an "f"
# for silence as readily as a threshold does, and misses them all the same.
_GUARD_S = 0.03
# Threads that join takes at the same time take the interpreter from one another
# after every step, and together get less done than one: they take turns.
_TURN = threading.Lock()


@dataclass(frozen=True, slots=True)
class Piece:
    """One chunk's part of a track: its recording and what stands at the cut after it.

    ``load`` is called once, when the piece's turn comes; None means that there
    is nothing to speak, only the cut.
    """

    load: Callable[[], Recording] | None
    boundary: Boundary


@dataclass(frozen=True, slots=True)
class Span:
    """Where a piece is heard in a track, in samples; empty if nothing is spoken."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A text's sound at its output's rate, not yet levelled, in a PCM file."""

    spool: Path  # headerless signed 16-bit little-endian mono
    rate_hz: int
    samples: int
    measured: Measured
    spans: tuple[Span, ...]  # one a piece

    @property
    def levels(self) -> Levels:
        """Return how loud it is."""
        return levels_of([self.measured])


def make_track(
    pieces: Iterable[Piece], *, rate_hz: int, pauses: Pauses, spool: Path
) -> Track:
    """Write a text's takes, trimmed, faded and spaced, to a PCM file.

    The silence at a cut is exactly the pause of its boundary: what each take
    has at that end is cut away but for 30 ms, so that no soft sound is, and
    silence added up to the pause. Cuts inside a sentence that are no clause's
    end get no pause, only what is left of the takes' own silence. Where
    nothing is spoken between two cuts, the longer pause stands for both. A
    track with nothing to speak at all is a sentence's pause, so that its
    file can be played.

    Raises LocalError when a take cannot be decoded or the disk not written.
    """
    with local_errors("cannot write a track"), spool.open("wb") as file:
        joiner = _Joiner(file, rate_hz)
        spans = []
        for piece in pieces:  # which may have to be waited for
            with _TURN:
                spans.append(joiner.add(piece, pauses))
        with _TURN:
            measured = joiner.finish(_samples(pauses.sentence, rate_hz) or 1)
    return Track(
        spool=spool,
        rate_hz=rate_hz,
        samples=joiner.samples,
        measured=measured,
        spans=tuple(spans),
    )


def _samples(length_s: float, rate_hz: int) -> int:
    return round(length_s * rate_hz)


def _pause_s(boundary: Boundary, pauses: Pauses) -> float:
    match boundary:
        case Boundary.SECTION:
            return pauses.section
        case Boundary.PARAGRAPH:
            return pauses.paragraph
        case Boundary.LINE | Boundary.SENTENCE:
            return pauses.sentence
        case Boundary.CLAUSE:
            return pauses.clause
        case Boundary.WORD | Boundary.GRAPHEME | Boundary.END:
            return 0.0


@dataclass(slots=True)
class _Joiner:
    """Writes takes one after the other, the silence between them held back."""

    file: BinaryIO
    rate_hz: int
    samples: int = 0
    _meter: Meter = field(init=False)
    _pause: int = 0  # owed before the next take
    _silence: int = 0  # of it, already at the end of the last take

    def __post_init__(self) -> None:
        self._meter = Meter(self.rate_hz)

    def add(self, piece: Piece, pauses: Pauses) -> Span:
        """Write a piece, and owe the pause after it."""
        span = (
            self._speak(piece.load())
            if piece.load
            else Span(self.samples, self.samples)
        )
        after = _samples(_pause_s(piece.boundary, pauses), self.rate_hz)
        self._pause = max(self._pause, after)
        return span

    def finish(self, least: int) -> Measured:
        """Write what is still owed, and never nothing at all; measure."""
        self._rest(0)
        if not self.samples:
            self._write(segments.pause(least, self.rate_hz).raw_data)
        return self._meter.measured()

    def _speak(self, recording: Recording) -> Span:
        take = segments.take(decode(recording, self.rate_hz), self.rate_hz)
        sound = segments.speech_edges(take)
        guard = _samples(_GUARD_S, self.rate_hz)
        start = max(0, sound.start - guard)
        end = min(int(take.frame_count()), sound.end + guard)
        self._rest(sound.start - start)
        begun = self.samples
        self._write(
            segments.faded(segments.trimmed(take, start, end), _FADE_MS).raw_data
        )
        self._pause, self._silence = 0, end - sound.end
        return Span(begun, self.samples)

    def _rest(self, silence_after: int) -> None:
        """Write what the silence around a cut lacks of the pause owed."""
        lacking = self._pause - self._silence - silence_after
        if lacking > 0:
            self._write(segments.pause(lacking, self.rate_hz).raw_data)

    def _write(self, pcm: bytes) -> None:
        self.file.write(pcm)
        self._meter.feed(pcm)
        self.samples += len(pcm) // 2
