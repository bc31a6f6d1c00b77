"""When each sentence of a track is heard.

Where a chunk begins and ends is known to the sample. Inside a chunk of several
sentences the engine does not tell: its time is shared out by characters, and
each end of a sentence moved to a pause that is heard near there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batchtts.audio.pcm import SAMPLE_BYTES
from batchtts.audio.silences import silences
from batchtts.chunking import sentences
from batchtts.files import local_errors
from batchtts.model import Boundary
from batchtts.tracks import Span, Track

__all__ = ["Caption", "Sentence", "timed"]

_GOES_ON = {Boundary.CLAUSE, Boundary.WORD, Boundary.GRAPHEME}
_PAUSE_S = 0.06
_REACH_S = 0.4  # at least so far from where it is expected may a pause be
_REACH = 0.35  # of the sentence's own length
_LEAST = 6  # characters that the shortest sentence takes the time of, and its pause
_FAR = 0.25  # seconds of a pause's length that a second of distance is worth


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written where a piece of a track is heard, and what ends there."""

    written: str
    lang: str  # 2 or 3 letters
    boundary: Boundary


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, and when it is heard, in seconds from the start of the track.

    ``written`` is as it stands in the text, white space after it included;
    joined, the sentences of a track are its text.
    """

    written: str
    start_s: float
    end_s: float

    @property
    def words(self) -> str:
        """Return what is shown: on one line, without white space at its ends."""
        return " ".join(self.written.split())

    def later(self, by_s: float) -> Sentence:
        """Return the sentence as it is heard where its track begins later."""
        return Sentence(self.written, self.start_s + by_s, self.end_s + by_s)


def timed(track: Track, captions: Sequence[Caption]) -> list[Sentence]:
    """Return the sentences of a track, in order; ``captions`` are its pieces'.

    What is not spoken belongs to the sentence before it, or to the first. Raises
    LocalError when the track's samples cannot be read.
    """
    made: list[Sentence] = []
    lead = ""
    goes_on = False
    for caption, span in zip(captions, track.spans, strict=True):
        if span.end <= span.start:
            if made:
                made[-1] = _longer(made[-1], caption.written, made[-1].end_s)
            else:
                lead += caption.written
            continue
        for sentence in _in_piece(track, caption, span):
            if goes_on and made:
                made[-1] = _longer(made[-1], sentence.written, sentence.end_s)
            else:
                made.append(sentence)
            goes_on = False
        goes_on = caption.boundary in _GOES_ON
    if made and lead:
        first = made[0]
        made[0] = Sentence(lead + first.written, first.start_s, first.end_s)
    return made


def _longer(sentence: Sentence, written: str, end_s: float) -> Sentence:
    return Sentence(sentence.written + written, sentence.start_s, end_s)


def _in_piece(track: Track, caption: Caption, span: Span) -> Iterator[Sentence]:
    """Yield the sentences of one piece."""
    parts = sentences(caption.written, caption.lang)
    rate_hz = track.rate_hz
    start = span.start
    if len(parts) > 1:
        pcm = _samples(track, span)
        for part, (end, following) in zip(
            parts, _ends(pcm, rate_hz, parts), strict=False
        ):
            yield Sentence(part, start / rate_hz, (span.start + end) / rate_hz)
            start = span.start + following
    last = parts[-1] if parts else caption.written
    yield Sentence(last, start / rate_hz, span.end / rate_hz)


def _samples(track: Track, span: Span) -> bytes:
    with local_errors("cannot read a track"), track.spool.open("rb") as file:
        file.seek(span.start * SAMPLE_BYTES)
        return file.read((span.end - span.start) * SAMPLE_BYTES)


def _ends(pcm: bytes, rate_hz: int, parts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where each sentence but the last ends, and where the next begins."""
    pauses = silences(pcm, rate_hz, least_s=_PAUSE_S)
    weights = [len(part.strip()) + _LEAST for part in parts]
    total, left, at = len(pcm) // SAMPLE_BYTES, sum(weights), 0
    for weight in weights[:-1]:
        length = (total - at) * weight / left
        expected = at + length
        reach = max(_REACH * length, _REACH_S * rate_hz)
        near = [
            (end - start - _FAR * abs(expected - (start + end) / 2), start, end)
            for start, end in pauses
            if start > at and end < total and abs(expected - (start + end) / 2) <= reach
        ]
        _, start, end = max(near, default=(0.0, round(expected), round(expected)))
        yield start, end
        at = end
        left -= weight
