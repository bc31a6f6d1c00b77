"""What is heard in a file of an audiobook, one thing after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batchtts.audiobook import Spacing
from batchtts.metadata import Mark
from batchtts.outputs.audiobook.passages import Source
from batchtts.tracks import Span, Track

__all__ = ["Chapter", "Program", "program"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A chapter's title and its sound; ``end`` None: the whole track."""

    title: str
    track: Track
    start: int = 0  # samples
    end: int | None = None

    @property
    def samples(self) -> int:
        """Return how long it is."""
        end = self.track.samples if self.end is None else self.end
        return end - self.start

    @property
    def source(self) -> Source:
        """Return where its samples are."""
        return Source(self.track.spool, self.start, self.samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The sound of one file.

    ``quiet`` are the stretches of digital silence, in order, in samples of the
    file. The first mark is at 0, before any silence; every other one is where
    its chapter's first word is heard.
    """

    rate_hz: int
    sources: tuple[Source, ...]
    marks: tuple[Mark, ...]
    starts: tuple[int, ...]  # where each chapter's own samples begin
    quiet: tuple[Span, ...]
    chapters: tuple[Chapter, ...]
    room_tone_db: float | None

    @property
    def samples(self) -> int:
        """Return how long it is."""
        return sum(source.samples for source in self.sources)


def program(chapters: Sequence[Chapter], spacing: Spacing) -> Program:
    """Put chapters into one file.

    Raises ValueError when their rates differ or there are none.
    """
    rates = {chapter.track.rate_hz for chapter in chapters}
    if len(rates) != 1:
        raise ValueError(f"chapters of one book have one rate, not {sorted(rates)}")
    rate_hz = rates.pop()
    sources = [_silence(spacing.head_s, rate_hz)]
    position = sources[0].samples
    starts: list[int] = []
    quiet = [Span(0, position)]
    for number, chapter in enumerate(chapters):
        starts.append(position)
        sources.append(chapter.source)
        quiet += _moved(_pauses(chapter), position - chapter.start)
        position += chapter.samples
        is_last = number == len(chapters) - 1
        rest = _silence(spacing.tail_s if is_last else spacing.gap_s, rate_hz)
        sources.append(rest)
        quiet.append(Span(position, position + rest.samples))
        position += rest.samples
    begins = [0, *starts[1:]]
    return Program(
        rate_hz=rate_hz,
        sources=tuple(source for source in sources if source.samples),
        marks=tuple(
            Mark(chapter.title, begin)
            for chapter, begin in zip(chapters, begins, strict=True)
        ),
        starts=tuple(starts),
        quiet=tuple(_joined(quiet)) if spacing.room_tone_db is None else (),
        chapters=tuple(chapters),
        room_tone_db=spacing.room_tone_db,
    )


def _silence(length_s: float, rate_hz: int) -> Source:
    return Source(None, 0, round(length_s * rate_hz))


def _pauses(chapter: Chapter) -> Iterator[Span]:
    """Yield what was put between the takes of a chapter, in samples of its track."""
    track = chapter.track
    end = chapter.start + chapter.samples
    spoken = [span for span in track.spans if span.end > span.start]
    edges = [0, *(edge for span in spoken for edge in (span.start, span.end))]
    edges.append(track.samples)
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        first, last = max(start, chapter.start), min(stop, end)
        if last > first:
            yield Span(first, last)


def _moved(spans: Iterator[Span], by: int) -> Iterator[Span]:
    return (Span(span.start + by, span.end + by) for span in spans)


def _joined(spans: Sequence[Span]) -> Iterator[Span]:
    """Make one of spans that touch."""
    held: Span | None = None
    for span in spans:
        if held and span.start <= held.end:
            held = Span(held.start, span.end)
        else:
            if held:
                yield held
            held = span
    if held:
        yield held
