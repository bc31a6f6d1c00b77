"""Where a file's sound can be cut so that its pieces are encoded each on its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batchtts.audio.container import Stream
from batchtts.audio.packets import padding_samples, settling_packets
from batchtts.outputs.audiobook.passages import Source
from batchtts.outputs.audiobook.program import Program

__all__ = ["Piece", "pieces"]

_PIECE_S = 120
_AFTER_PACKETS = 2
_BEFORE_PACKETS = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a file's sound, and which of its packets are the file's."""

    sources: tuple[Source, ...]
    skip: int
    keep: int | None


def pieces(program: Program, stream: Stream) -> Iterator[Piece]:
    """Cut a program into pieces of about two minutes, at pauses long enough.

    What is heard across a cut is the same as if there were none: all is silent
    for as long as an encoder looks back and ahead. The samples of FLAC are
    counted by its encoder, which makes all of it in one go; and so is what has no
    silence in it.
    """
    length = stream.packet_samples
    settling = settling_packets(stream.suffix)
    cuts = [0] if stream.suffix == ".flac" else [*_cuts(program, stream)]
    ends = [*cuts[1:], None]
    for cut, end in zip(cuts, ends, strict=True):
        skip = settling if cut else 0
        stop = program.samples if end is None else end
        sources = _between(program.sources, cut - skip * length, stop)
        keep = None if end is None else (end - cut) // length
        yield Piece(tuple(sources), skip, keep)


def _cuts(program: Program, stream: Stream) -> Iterator[int]:
    """Yield where pieces begin: multiples of a packet's length in silence."""
    length = stream.packet_samples
    looks_back = padding_samples(stream.suffix, stream.rate_hz)
    looks_back += (settling_packets(stream.suffix) + _BEFORE_PACKETS) * length
    last = 0
    yield last
    for span in program.quiet:
        cut = -(-(span.start + looks_back) // length) * length
        fits = cut + _AFTER_PACKETS * length <= span.end
        if fits and cut - last >= _PIECE_S * program.rate_hz:
            yield cut
            last = cut


def _between(sources: Sequence[Source], start: int, stop: int) -> Iterator[Source]:
    """Yield what of the sources is heard from ``start`` up to ``stop``."""
    position = 0
    for source in sources:
        first = max(start - position, 0)
        last = min(stop - position, source.samples)
        if last > first:
            yield Source(source.spool, source.start + first, last - first)
        position += source.samples
