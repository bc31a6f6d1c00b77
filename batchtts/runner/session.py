"""The moving parts of one run, all on one event loop but the rendering.

The texts are fed into the pool as fast as it takes them, and each text's track
is built in a worker thread beside the running pool: that of a short text once
its takes are in the cache, that of a long one as they arrive. What is open at
any time is bounded, so memory does not grow with the job.
"""

from __future__ import annotations

import asyncio
import functools
import math
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from batchtts.clock import Clock, SystemClock, system_chance
from batchtts.completeness import ENOUGH, Judge
from batchtts.errors import LocalError
from batchtts.events import (
    MadeAgain,
    OnEvent,
    OutputUnchanged,
    ReadingDone,
    Warned,
)
from batchtts.model import Job
from batchtts.pieces import Piece
from batchtts.plan import Reading
from batchtts.pool import Effects, LeftOut, Outcome, Pool, Stopped
from batchtts.report import ReportWriter
from batchtts.rime.plausible import duration_s
from batchtts.runner.allowance import Allowance
from batchtts.runner.arrivals import Arrivals, NotComing
from batchtts.runner.collection import Collections, Made
from batchtts.runner.ending import Ending
from batchtts.runner.engine import Engine
from batchtts.runner.entries import first_failure, local_failure
from batchtts.runner.feed import Work, batches, work
from batchtts.runner.journal import Journal
from batchtts.runner.ledger import Ledger
from batchtts.runner.signals import Interrupts
from batchtts.runner.workshop import Workshop

if TYPE_CHECKING:
    from batchtts.runner.render import Rendered

__all__ = ["Session"]

Item = TypeVar("Item")

DRAIN_S = 10.0  # what is in flight when a run is interrupted may take so long
_FILES_S = 0.5  # at least, for the files of the last takes
_DISK_THREADS = 32
_LONG = 8  # chunks; a longer reading's track is begun with its first take
_MANY = 1024  # chunks without their take, however many voices there are
_LONG_AT_ONCE = 2  # threads for such tracks; they mostly wait


class Session:
    """One run: feeds the pool, renders what arrives, and knows how it ended."""

    def __init__(
        self,
        job: Job,
        engine: Engine,
        ledger: Ledger,
        shop: Workshop,
        writer: ReportWriter,
        tell: OnEvent,
        allowance: Allowance,
        collections: Collections,
    ) -> None:
        """Bring the parts together; nothing happens before `go`."""
        self._ledger = ledger
        self._shop = shop
        self._allowance = allowance
        self._collections = collections
        self.journal = Journal(writer, tell, base=job.path.parent)
        self._tell = tell
        self._host = engine.host
        self._clock: Clock = SystemClock()
        self._judge = Judge(shop.cache.load)
        self.pool = Pool(
            Effects(
                speak=engine.speak,
                clock=self._clock,
                chance=system_chance,
                on_event=tell,
            ),
            cache=shop.cache,
            concurrency=job.concurrency,
            duration_s=duration_s,
            judge=self._judge,
            budget=allowance.budget,
        )
        self.ending = Ending()
        self._workers = ThreadPoolExecutor(os.cpu_count() or 1, "render")
        self._patient = ThreadPoolExecutor(_LONG_AT_ONCE, "render-long")
        self._open: set[asyncio.Task[None]] = set()
        # So many that the first takes of each voice can be judged together.
        by_voices = min(_MANY, ENOUGH * len(job.voices))
        self._most_waiting = max(64, 4 * job.concurrency, by_voices)
        self._waiting = 0  # chunks without their take
        self._room = asyncio.Event()
        self._drain_s = DRAIN_S

    # --- the run -------------------------------------------------------------------

    async def go(
        self,
        planned: Iterator[Reading],
        interrupts: Interrupts,
        again: Callable[[], Iterator[Reading]],
    ) -> None:
        """Work through ``planned`` until its end, a fatal error or an interrupt.

        Then, as long as collections ask for more of them, through ``again``.
        """
        # The default has few threads: takes would wait for others to reach the disk.
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(_DISK_THREADS, "disk"))

        def tell(number: int) -> None:
            loop.call_soon_threadsafe(self._interrupted, number)

        with interrupts.told_to(tell):
            feeding = asyncio.create_task(self._feed(planned, again))
            ending = asyncio.create_task(self.ending.begun.wait())
            timer = asyncio.create_task(self._keep_time())
            await asyncio.wait({feeding, ending}, return_when=asyncio.FIRST_COMPLETED)
            if self.ending.begun.is_set():
                await self._drain(feeding)
            ending.cancel()
            timer.cancel()
            await self.pool.close(0)
            for workers in (self._workers, self._patient):
                await asyncio.to_thread(workers.shutdown)

    def _interrupted(self, number: int) -> None:
        self._tell(Warned("interrupted: finishing what is in flight (at most 10 s)"))
        self.ending.interrupted(number)

    async def _keep_time(self) -> None:
        """End the run at the deadline, in time for what is in flight to finish."""
        allowance = self._allowance
        if allowance.time_left_s < math.inf:
            await self._clock.sleep(allowance.time_left_s)
            self._drain_s = allowance.drain_s
            allowance.late = True
            self.ending.begun.set()

    async def _drain(self, feeding: asyncio.Task[None]) -> None:
        """Let what is in flight finish, for a while, and start nothing new."""
        until_s = self._clock.now_s() + self._drain_s
        least_s = min(_FILES_S, self._drain_s / 2)
        self._room.set()
        await self.pool.close(0.0 if self.ending.disk_failed else self._drain_s)
        left_s = max(least_s, until_s - self._clock.now_s())
        await asyncio.wait({feeding}, timeout=left_s)
        await asyncio.to_thread(self._shop.abandon)
        await asyncio.wait({feeding})

    async def _feed(
        self, planned: Iterator[Reading], again: Callable[[], Iterator[Reading]]
    ) -> None:
        """Have all readings made, and what is wanted of them once more."""
        for found in self._collections.found():
            self.journal.shared_found(found)
        collections = self._collections
        more = await self._round(planned)
        while more and not self._is_over() and await asyncio.to_thread(collections.ask):
            more = await self._round(collections.once_more(again()))
        if not self._is_over():
            await self._finish()

    def _is_over(self) -> bool:
        return self.ending.begun.is_set() or self._allowance.short

    async def _round(self, planned: Iterator[Reading]) -> bool:
        """Open the readings one after the other, and wait for the last to close.

        Return whether there were any.
        """
        some = False
        try:
            shared = self._collections
            coming = batches(work(planned, self._ledger, shared, shared.recipes))
            while not self.ending.begun.is_set():
                batch = await asyncio.to_thread(next, coming, None)
                if batch is None:
                    break
                some = True
                for one in batch:
                    await self._start(one)
            part = self._allowance.in_part()
            if part is not None and not self.ending.begun.is_set():
                self._begin(part)
        except Exception as exc:  # noqa: BLE001 - a bug's too: paid work goes on
            self.ending.failed(exc)
        self.pool.last_call()
        while self._open:
            await asyncio.wait(self._open)
        return some

    async def _finish(self) -> None:
        """Make what could not be made before the last reading was there."""
        try:
            async for made in self._steps(self._collections.finish(), self._workers):
                self.journal.shared_made(made)
        except NotComing:
            return
        except LocalError as exc:
            self.ending.local_trouble(exc)
        except Exception as exc:  # noqa: BLE001 - a bug, reported as one
            self.ending.failed(exc)

    async def _start(self, one: Work) -> None:
        """Open a reading as soon as there is room for it."""
        for there in one.there:
            self.journal.found(one, there)
        if one.is_done:
            self._remember(one.reading)
            self._tell(OutputUnchanged(len(one.there), one.reading.characters))
            return
        if not await self._allowance.covers(one):
            return
        while not (self._has_room() or self.ending.begun.is_set()):
            self._room.clear()
            await self._room.wait()
        if not self.ending.begun.is_set():
            if one.reading.retake:
                reading = one.reading
                self._tell(
                    MadeAgain(reading.text.id, reading.voice.name, reading.characters)
                )
            self._begin(one)

    def _begin(self, one: Work) -> None:
        self._waiting += len(one.reading.pieces)
        task = asyncio.create_task(self._read(one))
        self._open.add(task)
        task.add_done_callback(self._closed)

    def _remember(self, reading: Reading) -> None:
        """Let the takes of a reading that is done help to judge those of others."""
        for piece in reading.pieces:
            if piece.request is not None:
                self._judge.remember(piece.request)

    def _closed(self, task: asyncio.Task[None]) -> None:
        """Forget a reading that has ended; what it did not expect is a bug."""
        self._open.discard(task)
        self._room.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self.ending.failed(error)

    def _has_room(self) -> bool:
        many = len(self._open) >= 2 * self._most_waiting
        return self._waiting < self._most_waiting and not many

    # --- one reading -----------------------------------------------------------------

    async def _read(self, one: Work) -> None:
        """Bring one reading's takes in, and make its files."""
        arrivals = Arrivals(len(one.reading.pieces))
        making: asyncio.Task[None] | None = None
        if len(one.reading.pieces) > _LONG:
            making = asyncio.create_task(self._make(one, arrivals, self._patient))
        try:
            outcomes = await self._takes(one, arrivals)
        finally:
            arrivals.close()
        failure = outcomes and first_failure(one, outcomes, self._host)
        if failure:
            self.journal.gave_up(one, failure, len(one.due))
        elif outcomes is not None and making is None:
            making = asyncio.create_task(self._make(one, arrivals, self._workers))
        if making is not None:
            await making

    async def _takes(
        self, one: Work, arrivals: Arrivals
    ) -> Sequence[Outcome | None] | None:
        """Return the outcomes of a reading's pieces; None if the run ends first."""
        made = await asyncio.gather(
            *(
                self._arrive(number, piece, arrivals)
                for number, piece in enumerate(one.reading.pieces)
            ),
            return_exceptions=True,
        )
        outcomes: list[Outcome | None] = []
        ended = False
        for result in made:
            if isinstance(result, Stopped | asyncio.CancelledError):
                ended = True
                self._allowance.short |= isinstance(result, LeftOut)
            elif isinstance(result, BaseException):
                self.ending.failed(result)
                ended = True
            else:
                outcomes.append(result)
        return None if ended else outcomes

    async def _arrive(
        self, number: int, piece: Piece, arrivals: Arrivals
    ) -> Outcome | None:
        """Wait for one piece's take and tell those who wait for it."""
        try:
            outcome = None
            if piece.request is not None:
                outcome = await self.pool.take(piece.request)
        finally:
            self._waiting -= 1
            self._room.set()
        if outcome is None or outcome.error is None:
            arrivals.arrived(number)
        return outcome

    async def _make(
        self, one: Work, arrivals: Arrivals, workers: ThreadPoolExecutor
    ) -> None:
        """Make what a reading becomes of its takes, as soon as they are there.

        When one of them does not come, nothing is made; that is told elsewhere.
        """
        left = len(one.due)
        try:
            async for made in self._steps(self._outputs(one, arrivals), workers):
                if isinstance(made, Made):
                    self.journal.shared_made(made)
                else:
                    left -= 1
                    self.journal.made(one, made)
        except NotComing:
            return
        except LocalError as exc:
            self.journal.gave_up(one, local_failure(one, exc), left)
            self.ending.local_trouble(exc)
        else:
            self._tell(ReadingDone(one.reading.text.id, one.reading.voice.name))

    async def _steps(
        self, items: Iterator[Item], workers: ThreadPoolExecutor
    ) -> AsyncIterator[Item]:
        """Yield what is made, each item by one of the workers."""
        loop = asyncio.get_running_loop()
        step = functools.partial(next, items, None)
        while (made := await loop.run_in_executor(workers, step)) is not None:
            yield made

    def _outputs(self, one: Work, arrivals: Arrivals) -> Iterator[Rendered | Made]:
        """Yield what a reading becomes as it is made; see `render`."""
        # The codecs take long to load: here it is beside the first requests.
        from batchtts.runner.render import render

        yield from render(one, arrivals, self._shop, self._ledger)
