"""What a run would do, worked out without doing any of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batchtts.cache import Cache
from batchtts.model import Job, Text
from batchtts.plan import Reading, Survey, readings, survey
from batchtts.runner.allowance import cost_of
from batchtts.runner.collection import collections_of
from batchtts.runner.engine import engine_for
from batchtts.runner.estimate import Estimate, Estimator
from batchtts.runner.feed import Work, work
from batchtts.runner.ledger import Ledger
from batchtts.runner.looking import looked_into
from batchtts.runner.orphans import counted_files, orphans, shared_orphans
from batchtts.runner.places import cache_folder, state_folder
from batchtts.runner.recipes import RECORDED, Recipes
from batchtts.runner.remembered import Remembered
from batchtts.runner.scope import EVERYTHING, Scope
from batchtts.runner.space import Room
from batchtts.seen import Seen
from batchtts.texts import read_texts

__all__ = ["Left", "Preview", "left_of", "preview"]


@dataclass(frozen=True, slots=True)
class Respelt:
    """An entry of a lexicon, and how often it is used."""

    written: str
    say: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The size of a job and of the work that is left."""

    job: str
    engine: str
    texts: int
    outputs: int
    outputs_due: int
    outputs_to_make: int  # of these: never made yet, as far as the lock knows
    outputs_to_remake: int  # made of something else, or missing
    outputs_to_remove: int  # files in the lock that nothing asks for any more
    outputs_unchanged: int
    chunks: int  # of the readings that are due
    pauses: int  # chunks with nothing to speak, which are not sent
    requests: int  # different ones
    requests_cached: int
    requests_to_send: int
    characters_to_send: int
    further_requests_at_most: int = 0  # where utterances are unlike the others
    further_characters_at_most: int = 0
    cost: float | None = None  # of what is to be sent, if the job knows a price
    estimate: Estimate
    bytes_needed: int = 0  # on disk, roughly
    respelt: tuple[Respelt, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Left:
    """What of a job is still to be done; counted one reading after the other."""

    room: Room
    estimator: Estimator | None = None
    due: int = 0  # files
    remade: int = 0  # of these: the lock knows them
    orphans: int = 0
    unchanged: int = 0
    chunks: int = 0
    pauses: int = 0
    cached: int = 0
    to_send: int = 0
    characters: int = 0
    further: int = 0  # requests that may come on top of these, at most
    further_characters: int = 0
    first_to_send: Text | None = None

    def add(self, one: Work, cache: Cache, seen: Seen) -> None:
        """Count a reading; ``seen`` remembers the requests counted before."""
        self.due += len(one.due)
        self.unchanged += len(one.there)
        if one.is_done:
            if self.estimator is not None and one.there:
                self.estimator.learn(one.reading, one.there[0].facts)
            return
        for file in one.due:
            output = file.target.output
            self.room.file(one.reading.characters, output, file.rate_hz)
        for share in one.shares:
            further = share.wanted.further
            self.further += further * one.reading.requests
            self.further_characters += further * one.reading.characters
            output, rate_hz = share.target.output, share.wanted.rate_hz
            self.room.file(one.reading.characters, output, rate_hz)
        for piece in one.reading.pieces:
            self.chunks += 1
            request = piece.request
            if request is None:
                self.pauses += 1
                continue
            again = seen.add(request.fingerprint, "") is not None
            cached = not again and cache.has(request.fingerprint)
            if self.estimator is not None:
                self.estimator.want(request, cached=cached, again=again)
            if again or request.engine == RECORDED:
                continue
            if cached:
                self.cached += 1
            else:
                self.to_send += 1
                self.first_to_send = self.first_to_send or one.reading.text
                self.characters += len(request.text)
                self.room.take(len(request.text), piece.voice)


def left_of(
    job: Job,
    size: Survey,
    identity: str,
    ledger: Ledger,
    scope: Scope = EVERYTHING,
    *,
    estimator: Estimator | None = None,
) -> Left:
    """Go through a job that has passed `survey` and count what is left to do.

    An ``estimator`` is told of it; without one, what was made before and what is
    to be removed is not looked for either.
    """
    cache = Cache(cache_folder(job))
    left = Left(Room(cache=cache.folder, scratch=state_folder(job)), estimator)

    earlier = Remembered(ledger)

    def planned() -> Iterator[Reading]:
        every = readings(
            job, read_texts, engine=identity, texts=size.texts, earlier=earlier
        )
        return scope.of(every)

    recipes = Recipes(identity)
    collections = collections_of(job, ledger, None, recipes, scope)
    with Seen() as seen, contextlib.closing(collections):
        collections.settle(planned())
        tally = collections.tally
        left.due += tally.outputs - tally.unchanged
        left.unchanged += tally.unchanged
        known = _Known(ledger)
        for one in work(planned(), ledger, collections, recipes):
            left.add(one, cache, seen)
            if estimator is not None:
                left.remade += known.remade(one)
        if collections.ask():
            more = collections.once_more(planned())
            for one in work(more, ledger, collections, recipes):
                if one.reading.retake:
                    left.add(one, cache, seen)
        if estimator is not None:
            # What else is due of a dataset, such as its lists, was there before.
            left.remade += tally.outputs - tally.unchanged - known.shared
            if scope.only:
                return left
            left.orphans = len(shared_orphans(collections.paths, ledger))
            if counted_files(ledger) > known.files:
                left.orphans += len(orphans(planned(), ledger))
    return left


class _Known:
    """Tells which of the files of a plan the lock knows already."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._books: set[Path] = set()
        self.files = 0  # of one reading each, the unchanged ones included
        self.shared = 0  # books and utterances that are due

    def remade(self, one: Work) -> int:
        """Count the files of a reading that were made before and are due.

        Utterances of datasets are counted, and each book once.
        """
        known = sum(self._knows(file.target.path) for file in one.due)
        self.files += known + len(one.there)
        for share in one.shares:
            path = share.target.path
            if share.target.output.sharing == "folder":
                self.shared += 1
                known += share.wanted.was_made
            elif path not in self._books:
                self.shared += 1
                self._books.add(path)
                known += self._knows(path)
        return known

    def _knows(self, path: Path) -> bool:
        return self._ledger.row(self._ledger.name(path)) is not None


def preview(job: Job, *, scope: Scope = EVERYTHING) -> Preview:
    """Work out what `run` would send now; nothing is sent or written.

    Of the job the ``scope`` is looked at.

    Raises JobError when an input is bad.
    """
    size = survey(job, read_texts)
    with (
        engine_for(job) as engine,
        looked_into(job) as (ledger, _),
    ):
        identity = engine.identity
        every = readings(job, read_texts, engine=identity, texts=size.texts)
        size = scope.survey(size, every)
        estimator = Estimator(Cache(cache_folder(job)))
        left = left_of(job, size, identity, ledger, scope, estimator=estimator)
    return Preview(
        job=job.name,
        engine=identity,
        texts=size.texts,
        outputs=size.outputs,
        outputs_due=left.due,
        outputs_to_make=left.due - left.remade,
        outputs_to_remake=left.remade,
        outputs_to_remove=left.orphans,
        outputs_unchanged=left.unchanged,
        chunks=left.chunks,
        pauses=left.pauses,
        requests=left.cached + left.to_send,
        requests_cached=left.cached,
        requests_to_send=left.to_send,
        characters_to_send=left.characters,
        further_requests_at_most=left.further,
        further_characters_at_most=left.further_characters,
        cost=cost_of(left.characters, job),
        estimate=estimator.result(job),
        bytes_needed=left.room.needed_bytes,
        respelt=tuple(
            Respelt(one.written, one.say, count) for one, count in size.respelt.items()
        ),
        warnings=(*size.warnings, *left.room.shortages()),
    )
