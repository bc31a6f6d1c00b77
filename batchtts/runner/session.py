"""The moving parts of one run, all on one event loop but the rendering.

The texts are fed into the pool as fast as it takes them, and each text's track
is built in a worker thread beside the running pool: that of a short text once
its takes are in the cache, that of a long one as they arrive. What is open at
any time is bounded, so memory does not grow with the job.
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from batchtts.clock import Clock, SystemClock, system_chance
from batchtts.errors import AuthError, BatchTTSError, LocalError, TakeError
from batchtts.events import (
    OnEvent,
    OutputMade,
    OutputUnchanged,
    ReadingFailed,
    Warned,
)
from batchtts.model import Job
from batchtts.plan import Piece, Reading
from batchtts.pool import Outcome, Pool, Stopped
from batchtts.report import Failure, ReportWriter
from batchtts.rime.plausible import duration_s
from batchtts.runner.arrivals import Arrivals, NotComing
from batchtts.runner.engine import Engine
from batchtts.runner.entries import facts, first_failure, local_failure
from batchtts.runner.feed import Due, There, Work, work
from batchtts.runner.ledger import Ledger
from batchtts.runner.render import Workshop, render
from batchtts.runner.signals import interrupts

__all__ = ["Session"]

DRAIN_S = 10.0  # what is in flight when a run is interrupted may take so long
_BATCH = 64  # readings prepared at a time, away from the event loop
_LONG = 8  # chunks; a longer reading's track is begun with its first take
_LONG_AT_ONCE = 4  # threads for such tracks; they mostly wait


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
    ) -> None:
        """Bring the parts together; nothing happens before `go`."""
        self._job = job
        self._engine = engine
        self._ledger = ledger
        self._shop = shop
        self._writer = writer
        self._tell = tell
        self._clock: Clock = SystemClock()
        self.pool = Pool(
            speak=engine.speak,
            cache=shop.cache,
            concurrency=job.concurrency,
            duration_s=duration_s,
            clock=self._clock,
            chance=system_chance,
            on_event=tell,
        )
        self._workers = ThreadPoolExecutor(os.cpu_count() or 1, "render")
        self._patient = ThreadPoolExecutor(_LONG_AT_ONCE, "render-long")
        self._open: set[asyncio.Task[None]] = set()
        self._pending = 0  # chunks waiting or in flight
        self._room = asyncio.Condition()
        self._ending = asyncio.Event()
        self._fatal: BatchTTSError | None = None
        self._signal: int | None = None
        self._local_failure = False
        self.crash: BaseException | None = None  # a bug's, to be shown as it is

    # --- how it ends --------------------------------------------------------------

    @property
    def exit_code(self) -> int:
        """Apply the order: interrupted, bug, refused, local, service, failed texts."""
        if self._signal is not None:
            return 128 + self._signal
        if self.crash is not None:
            return BatchTTSError.exit_code
        fatal = self._fatal.exit_code if self._fatal is not None else None
        if self._local_failure and fatal != AuthError.exit_code:
            return LocalError.exit_code
        if fatal is not None:
            return fatal
        return TakeError.exit_code if self._writer.failed else 0

    @property
    def error(self) -> str | None:
        """Say what ended the run early, if anything did."""
        if self._signal is not None:
            return "interrupted"
        if self.crash is not None:
            return f"a bug in batchtts: {self.crash!r}"
        return str(self._fatal) if self._fatal else None

    def _interrupted(self, number: int) -> None:
        self._signal = number
        self._tell(Warned("interrupted: finishing what is in flight (at most 10 s)"))
        self._ending.set()

    def _fail(self, error: BatchTTSError) -> None:
        """End the run for ``error``; the first one is the cause."""
        self._local_failure |= isinstance(error, LocalError)
        self._fatal = self._fatal or error
        self._ending.set()

    # --- the run -------------------------------------------------------------------

    async def go(self, planned: Iterator[Reading]) -> None:
        """Work through ``planned`` until its end, a fatal error or an interrupt."""
        with interrupts(self._interrupted):
            feeding = asyncio.create_task(self._feed(work(planned, self._ledger)))
            ending = asyncio.create_task(self._ending.wait())
            try:
                await asyncio.wait(
                    {feeding, ending}, return_when=asyncio.FIRST_COMPLETED
                )
                if self._ending.is_set():
                    await self._drain(feeding)
                await feeding
            except asyncio.CancelledError:
                if not self._ending.is_set():
                    raise
            finally:
                ending.cancel()
                await self.pool.close(0)
                self._workers.shutdown(wait=True)
                self._patient.shutdown(wait=True)

    async def _drain(self, feeding: asyncio.Task[None]) -> None:
        """Let what is in flight finish, for a while, and start nothing new."""
        grace_s = 0.0 if self._local_failure else DRAIN_S
        until_s = self._clock.now_s() + grace_s
        await self.pool.close(grace_s)
        async with self._room:
            self._room.notify_all()
        left_s = max(0.5, until_s - self._clock.now_s())
        await asyncio.wait({feeding}, timeout=left_s)
        feeding.cancel()

    async def _feed(self, due: Iterator[Work]) -> None:
        while not self._ending.is_set():
            try:
                batch = await asyncio.to_thread(_next_batch, due)
            except BatchTTSError as exc:
                self._fail(exc)
                break
            if not batch:
                break
            for one in batch:
                await self._start(one)
        while self._open:
            await asyncio.wait(self._open)

    async def _start(self, one: Work) -> None:
        """Open a reading as soon as there is room for it."""
        for there in one.there:
            entry = {**self._entry(one, there, "unchanged"), "sha256": there.sha256}
            self._writer.output_unchanged(entry)
        if not one.due:
            self._tell(OutputUnchanged(len(one.there), one.reading.characters))
            return
        chunks = sum(piece.request is not None for piece in one.reading.pieces)
        async with self._room:
            await self._room.wait_for(lambda: self._has_room() or self._ending.is_set())
        if self._ending.is_set():
            return
        self._pending += chunks
        task = asyncio.create_task(self._read(one, chunks))
        self._open.add(task)
        task.add_done_callback(self._closed)

    def _closed(self, task: asyncio.Task[None]) -> None:
        """Forget a reading that has ended; what it did not expect is a bug."""
        self._open.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.crash = self.crash or error
            self._ending.set()

    def _has_room(self) -> bool:
        waiting = max(64, 4 * self._job.concurrency)
        return self._pending < waiting and len(self._open) < 2 * waiting

    async def _read(self, one: Work, chunks: int) -> None:
        """Bring one reading's takes in, and make its files."""
        arrivals = Arrivals(one)
        making: asyncio.Task[None] | None = None
        if chunks > _LONG:
            making = asyncio.create_task(self._make(one, arrivals, self._patient))
        try:
            outcomes = await self._takes(one, arrivals)
        except Stopped:
            outcomes = []
        except BatchTTSError as exc:
            self._fail(exc)
            outcomes = []
        finally:
            arrivals.close()
            async with self._room:
                self._pending -= chunks
                self._room.notify_all()
        if failure := first_failure(one, outcomes):
            self._give_up(failure, len(one.due))
        elif outcomes and making is None:
            await self._make(one, arrivals, self._workers)
        if making is not None:
            await making

    async def _takes(self, one: Work, arrivals: Arrivals) -> Sequence[Outcome | None]:
        """Ask for all of a reading's takes; return their outcomes, piece by piece."""
        made = await asyncio.gather(
            *(
                self._arrive(number, piece, arrivals)
                for number, piece in enumerate(one.reading.pieces)
            ),
            return_exceptions=True,
        )
        outcomes: list[Outcome | None] = []
        for result in made:
            if isinstance(result, BaseException):
                raise result
            outcomes.append(result)
        return outcomes

    async def _arrive(
        self, number: int, piece: Piece, arrivals: Arrivals
    ) -> Outcome | None:
        """Wait for one piece's take and tell those who wait for it."""
        if piece.request is None:
            arrivals.arrived(number)
            return None
        outcome = await self.pool.take(piece.request)
        if outcome.error is None:
            arrivals.arrived(number)
        return outcome

    async def _make(
        self, one: Work, arrivals: Arrivals, workers: ThreadPoolExecutor
    ) -> None:
        """Write the files of a reading from its takes, as soon as they are there.

        When one of them does not come, nothing is written; that is told elsewhere.
        """
        loop = asyncio.get_running_loop()
        files = render(one, arrivals, self._shop)
        left = len(one.due)
        try:
            while True:
                step = functools.partial(next, files, None)
                made = await loop.run_in_executor(workers, step)
                if made is None:
                    return
                due, written = made
                self._ledger.record(written.path, due.key, written.sha256)
                left -= 1
                seconds = float(written.duration_s)
                entry = {**self._entry(one, due, "made"), **facts(written)}
                self._writer.output_made(entry, seconds)
                reading = one.reading
                self._tell(
                    OutputMade(
                        written.path,
                        reading.text.id,
                        reading.voice.name,
                        seconds,
                    )
                )
        except NotComing:
            return
        except LocalError as exc:
            self._local_failure = True
            self._give_up(local_failure(one, exc), left)
            if isinstance(exc.__cause__, OSError):
                self._fail(exc)

    def _entry(self, one: Work, file: Due | There, state: str) -> dict[str, object]:
        """Begin a file's entry in the report, with its path beside the job's."""
        path = os.path.relpath(file.target.path, self._job.path.parent)
        return {
            "path": Path(path).as_posix(),
            "state": state,
            "text": one.reading.text.id,
            "voice": one.reading.voice.name,
            "chunks": len(one.reading.pieces),
        }

    def _give_up(self, failure: Failure, outputs: int) -> None:
        self._writer.reading_failed(failure, outputs)
        self._tell(ReadingFailed(failure.text, failure.voice, failure.reason))


def _next_batch(due: Iterator[Work]) -> list[Work]:
    return list(islice(due, _BATCH))
