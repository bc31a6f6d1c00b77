"""What is left to do: the readings whose files are not what they should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batchtts.formats import FORMATS, rate_for
from batchtts.plan import Reading
from batchtts.runner.collection import Collections, Share
from batchtts.runner.ledger import Ledger
from batchtts.targets import Target

__all__ = ["Due", "There", "Work", "batches", "key_of", "tags", "work"]

_BATCH = 64
_BATCH_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Due:
    """A file to be made, and at which sampling rate."""

    target: Target
    rate_hz: int


@dataclass(frozen=True, slots=True)
class There:
    """A file that is already what it should be."""

    target: Target
    facts: Mapping[str, object]  # what the report tells of it


@dataclass(frozen=True, slots=True)
class Work:
    """A reading with what it still has to become."""

    reading: Reading
    due: tuple[Due, ...]
    there: tuple[There, ...]
    shares: tuple[Share, ...]

    @property
    def is_done(self) -> bool:
        """Tell whether nothing is left to be made of it."""
        return not (self.due or self.shares)


def work(
    readings: Iterator[Reading], ledger: Ledger, collections: Collections
) -> Iterator[Work]:
    """Sort each reading's outputs into those that are due and those that are there.

    The collections have been settled.
    """
    for reading in readings:
        due: list[Due] = []
        there: list[There] = []
        for target in reading.targets:
            one = Due(target, _rate_hz(reading, target))
            facts = None
            if not ledger.is_empty:
                facts = ledger.unchanged(target.path, key_of(reading, one))
            if facts is None:
                due.append(one)
            else:
                there.append(There(target, facts))
        yield Work(reading, tuple(due), tuple(there), collections.shares(reading))


def batches(due: Iterator[Work]) -> Iterator[list[Work]]:
    """Yield readings a few at a time: at most 64, or a million characters."""
    batch: list[Work] = []
    characters = 0
    for one in due:
        batch.append(one)
        characters += one.reading.characters
        if len(batch) >= _BATCH or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def tags(reading: Reading) -> dict[str, str]:
    """Return what is written into a file about its content."""
    columns = reading.text.columns
    found = {
        "title": reading.text.title,
        "artist": columns.get("author", ""),
        "album": columns.get("book", ""),
    }
    return {name: value for name, value in found.items() if value}


def key_of(reading: Reading, due: Due) -> str:
    """Return the key that stands for the bytes of a reading's file."""
    # The codecs, whose versions it names, take long to load: a run that has no
    # file yet loads them beside its first requests.
    from batchtts.outputs.files import render_key

    output = due.target.output
    pieces = [
        (piece.request.fingerprint if piece.request else "", piece.chunk.boundary)
        for piece in reading.pieces
    ]
    return render_key(
        pieces,
        rate_hz=due.rate_hz,
        pauses=output.audio.pauses,
        loudness=output.audio.loudness,
        bitrate=output.audio.bitrate,
        suffix=output.suffix,
        tags=tags(reading),
    )


def _rate_hz(reading: Reading, target: Target) -> int:
    output = target.output
    kind = FORMATS[output.suffix]
    return rate_for(kind, output.audio.sample_rate, reading.voice.sampling_rate)
