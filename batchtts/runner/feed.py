"""What is left to do: the readings whose files are not what they should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batchtts.lock.lines import Made
from batchtts.plan import Reading
from batchtts.runner.beside import is_shown
from batchtts.runner.collection import Collections, Share
from batchtts.runner.ledger import Ledger
from batchtts.runner.recipes import Recipes
from batchtts.targets import Target

__all__ = ["Due", "There", "Work", "batches", "work"]

_BATCH = 64
_BATCH_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Due:
    """A file to be made, at which sampling rate, and of what."""

    target: Target
    rate_hz: int
    made: Made


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
    readings: Iterator[Reading],
    ledger: Ledger,
    collections: Collections,
    recipes: Recipes,
) -> Iterator[Work]:
    """Sort each reading's outputs into those that are due and those that are there.

    The collections have been settled.
    """
    for reading in readings:
        due: list[Due] = []
        there: list[There] = []
        for target in reading.targets:
            rate_hz = recipes.rate_hz(reading, target.output)
            made = recipes.made(reading, target.output, rate_hz)
            facts = None
            if not ledger.is_empty:
                facts = ledger.unchanged_file(target.path, made)
            if facts is not None and not is_shown(reading, target, facts):
                facts = None
            if facts is None:
                due.append(Due(target, rate_hz, made))
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
