"""Outputs that many readings go into: what a run asks of each.

A run first tells a collection of all its readings, in the job's order; then it
knows which of them it needs, and gets their tracks as they come, in any order,
from worker threads. What it makes is whole or not there, as every output is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from batchtts.audiobook import AudiobookOutput, ReadAlongOutput
from batchtts.corpora import DatasetOutput
from batchtts.model import Job, Output, Pauses
from batchtts.plan import Reading
from batchtts.report import Suspect
from batchtts.runner.finding import Finding
from batchtts.runner.ledger import Ledger
from batchtts.runner.recipes import Recipes
from batchtts.runner.scope import EVERYTHING, Scope
from batchtts.runner.workshop import Workshop
from batchtts.targets import Target

if TYPE_CHECKING:
    from batchtts.tracks import Track

__all__ = [
    "Collection",
    "Collections",
    "Found",
    "Made",
    "Share",
    "Tally",
    "Wanted",
    "collections_of",
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the track of a reading is wanted."""

    rate_hz: int
    pauses: Pauses
    further: int = 0  # takes of it that may be wanted after this one, at most
    was_made: bool = False  # of its own in a folder: the lock knows it


@dataclass(frozen=True, slots=True)
class Tally:
    """Of how many outputs a collection consists, and how many are as they should be.

    A book counts as its files, a dataset as its utterances.
    """

    outputs: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Outputs of a collection that are already what they should be."""

    entry: Mapping[str, object]  # for the report
    outputs: int
    suspects: tuple[Suspect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Outputs of a collection that were made."""

    path: Path
    entry: Mapping[str, object]  # for the report
    outputs: int
    seconds: float
    suspects: tuple[Suspect, ...] = ()
    warnings: tuple[str, ...] = ()


class Collection(Protocol):
    """What is made of an output that many readings go into.

    Errors of the disk are LocalErrors; they end the run. `Workshop.check` is to
    be called again and again by what takes long.
    """

    def expect(self, reading: Reading, target: Target) -> None:
        """Take notice of a reading that goes into ``target``, in the job's order."""

    def settle(self) -> Tally:
        """Find out, once all readings are told, which of them are needed."""

    def found(self) -> Iterable[Found]:
        """Tell of what is already as it should be."""

    def findings(self) -> Iterator[Finding]:
        """Say what is not as it should be, and why, to one who only looks."""

    def wanted(self, reading: Reading, target: Target) -> Wanted | None:
        """Say how the track of a reading is needed; None: it is not."""

    def add(
        self,
        reading: Reading,
        target: Target,
        track: Track,
        suspects: Sequence[Suspect],
    ) -> Iterator[Made]:
        """Take a track, on a worker thread; its spool is gone when this is over.

        See `Workshop.keep`. Yields what could be made on the way.
        """

    def lose(self, reading: Reading, target: Target, reason: str) -> int:
        """Take notice that a needed reading failed; return how many outputs fail."""

    def ask(self) -> bool:
        """Find out, once all that was wanted has come or failed, whether more is."""
        return False

    def once_more(self, reading: Reading, target: Target) -> Reading | None:
        """Return what is wanted of a reading once more: mostly other takes, or None."""
        del reading, target
        return None

    def finish(self) -> Iterator[Made]:
        """Make the rest, on a worker thread: no more tracks will come."""

    def standing(self) -> Sequence[Found] | None:
        """Say what the next run will find if nothing changes; None: who knows.

        Only if it finds that out by a look at the files which the ledger knows.
        """
        return None

    def close(self) -> None:
        """Let go of everything, at any time, and keep what came for the next run."""


@dataclass(frozen=True, slots=True)
class Share:
    """A reading's part in a collection that needs it."""

    collection: Collection
    target: Target
    wanted: Wanted


class Collections:
    """All collections of a job."""

    def __init__(self, by_output: Mapping[int, Collection], recipes: Recipes) -> None:
        """Bring collections together, each under the id of its output.

        They say with ``recipes`` what things are made of.
        """
        self._by_output = by_output
        self.recipes = recipes
        self.paths: set[Path] = set()  # of books and datasets that are asked for
        self.tally = Tally(0, 0)
        self._tallies: Mapping[int, Tally] = {}

    def settle(self, planned: Iterable[Reading]) -> None:
        """Tell every collection of its readings, and have it decide what it needs."""
        if not self._by_output:
            return
        for reading in planned:
            self.expect(reading)
        self.decide()

    def expect(self, reading: Reading) -> None:
        """Tell the collections of a reading in which it has a part."""
        for target in reading.shares:
            self._of(target).expect(reading, target)
            is_book = target.output.sharing == "file"
            self.paths.add(target.path if is_book else target.output.folder)

    def decide(self) -> None:
        """Have every collection decide what it needs, once it knows its readings."""
        self._tallies = {name: one.settle() for name, one in self._by_output.items()}
        tallies = self._tallies.values()
        self.tally = Tally(
            sum(tally.outputs for tally in tallies),
            sum(tally.unchanged for tally in tallies),
        )

    def findings(self) -> Iterator[Finding]:
        """Say what is not as it should be, and why."""
        for collection in self._by_output.values():
            yield from collection.findings()

    def found(self) -> Iterator[Found]:
        """Tell of what is already as it should be."""
        for collection in self._by_output.values():
            yield from collection.found()

    def shares(self, reading: Reading) -> tuple[Share, ...]:
        """Return a reading's parts in the collections that need it."""
        shares = []
        for target in reading.shares:
            collection = self._of(target)
            if wanted := collection.wanted(reading, target):
                shares.append(Share(collection, target, wanted))
        return tuple(shares)

    def ask(self) -> bool:
        """Find out, once all shares have come or failed, whether more are wanted."""
        asked = [one.ask() for one in self._by_output.values()]
        return any(asked)

    def once_more(self, planned: Iterable[Reading]) -> Iterator[Reading]:
        """Yield what is wanted once more of a job's readings, each for one output."""
        for reading in planned:
            for target in reading.shares:
                more = self._of(target).once_more(reading, target)
                if more is not None:
                    yield replace(more, targets=(), shares=(target,))

    def finish(self) -> Iterator[Made]:
        """Make what is still to be made, one collection after the other."""
        for collection in self._by_output.values():
            yield from collection.finish()

    def standing(self) -> Sequence[Found] | None:
        """Say what of all the next run will find; None: that is not known."""
        every: list[Found] = []
        for collection in self._by_output.values():
            found = collection.standing()
            if found is None:
                return None
            every += found
        return every

    def close(self) -> None:
        """Let go of everything."""
        for collection in self._by_output.values():
            collection.close()

    def _of(self, target: Target) -> Collection:
        return self._by_output[id(target.output)]


def collections_of(
    job: Job,
    ledger: Ledger,
    shop: Workshop | None,
    recipes: Recipes,
    scope: Scope = EVERYTHING,
    *,
    by_lock: bool = False,
) -> Collections:
    """Return the collections of a job; ``shop`` None: to look, not to make.

    ``by_lock``: only what the lock says is of interest, and what the files are.
    Raises LocalError when what is known of one cannot be read.
    """
    return Collections(
        {
            id(output): _collection(job, output, ledger, shop, recipes, by_lock=by_lock)
            for output in job.outputs
            if output.sharing != "none" and not scope.only
        },
        recipes,
    )


def _collection(
    job: Job,
    output: Output,
    ledger: Ledger,
    shop: Workshop | None,
    recipes: Recipes,
    *,
    by_lock: bool,
) -> Collection:
    if isinstance(output, AudiobookOutput):
        from batchtts.runner.audiobooks import Audiobooks

        return Audiobooks(job, output, ledger, shop, recipes)
    if isinstance(output, ReadAlongOutput):
        from batchtts.runner.readalongs import ReadAlongs

        return ReadAlongs(job, output, ledger, shop, recipes)
    if isinstance(output, DatasetOutput):
        # What it is made with takes long to load.
        from batchtts.runner.dataset import DatasetCollection
        from batchtts.runner.utterances import Utterances

        utterances = Utterances(output, ledger, recipes, tells=by_lock)
        return DatasetCollection(job, output, shop, utterances, by_lock=by_lock)
    raise TypeError(f"no collection is made of {type(output).__name__}")
