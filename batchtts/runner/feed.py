"""What is left to do: the readings whose files are not what they should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batchtts.formats import FORMATS, rate_for
from batchtts.outputs.files import render_key
from batchtts.plan import Reading, Target
from batchtts.runner.ledger import Ledger

__all__ = ["Due", "There", "Work", "batches", "tags", "work"]

_BATCH = 64
_BATCH_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Due:
    """A file to be made, at which rate, and the key that stands for its bytes."""

    target: Target
    rate_hz: int
    key: str


@dataclass(frozen=True, slots=True)
class There:
    """A file that is already what it should be."""

    target: Target
    facts: Mapping[str, object]  # what the report tells of it


@dataclass(frozen=True, slots=True)
class Work:
    """A reading with the files that it still has to become."""

    reading: Reading
    due: tuple[Due, ...]
    there: tuple[There, ...]


def work(readings: Iterator[Reading], ledger: Ledger) -> Iterator[Work]:
    """Sort each reading's files into those that are due and those that are there."""
    for reading in readings:
        due: list[Due] = []
        there: list[There] = []
        for target in reading.targets:
            one = _due(reading, target)
            facts = ledger.unchanged(target.path, one.key)
            if facts is None:
                due.append(one)
            else:
                there.append(There(target, facts))
        yield Work(reading, tuple(due), tuple(there))


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


def _due(reading: Reading, target: Target) -> Due:
    audio = target.output.audio
    kind = FORMATS[target.output.suffix]
    rate_hz = rate_for(kind, audio.sample_rate, reading.voice.sampling_rate)
    pieces = [
        (piece.request.fingerprint if piece.request else "", piece.chunk.boundary)
        for piece in reading.pieces
    ]
    key = render_key(
        pieces,
        rate_hz=rate_hz,
        pauses=audio.pauses,
        loudness=audio.loudness,
        bitrate=audio.bitrate,
        suffix=target.output.suffix,
        tags=tags(reading),
    )
    return Due(target, rate_hz, key)
