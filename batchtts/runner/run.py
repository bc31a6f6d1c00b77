"""One run of a job, from its texts to its files.

The texts are fed into the pool as fast as it takes them; the moment the last
take of a text is in the cache, a worker thread builds its track and writes its
files, beside the running pool. What is open at any time is bounded, so memory
does not grow with the job.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from batchtts.cache import Cache
from batchtts.clock import Clock, SystemClock, system_chance
from batchtts.errors import BatchTTSError, LocalError
from batchtts.events import (
    OnEvent,
    OutputMade,
    OutputUnchanged,
    ReadingFailed,
    RunPlanned,
    Warned,
)
from batchtts.files import local_errors, make_folder, require_writable
from batchtts.model import Job
from batchtts.outputs.files import Written
from batchtts.plan import Reading, readings, survey
from batchtts.pool import Outcome, Pool, Stopped
from batchtts.report import Failure, ReportWriter, RunReport
from batchtts.rime.plausible import duration_s
from batchtts.runner.engine import Engine, engine_for
from batchtts.runner.feed import Due, There, Work, work
from batchtts.runner.guard import guard
from batchtts.runner.ledger import Ledger
from batchtts.runner.render import Workshop, render
from batchtts.runner.signals import interrupts
from batchtts.runner.versions import versions
from batchtts.texts import read_texts

__all__ = ["cache_folder", "ledger_path", "run", "state_folder"]

DRAIN_S = 10.0  # what is in flight when a run is interrupted may take so long
_BATCH = 64  # readings prepared at a time, away from the event loop


def state_folder(job: Job) -> Path:
    """Return the folder beside the job file that holds what is not committed."""
    return job.path.parent / ".batchtts"


def ledger_path(job: Job) -> Path:
    """Return the file that remembers what the job's outputs were made of."""
    return state_folder(job) / f"{job.path.stem}.outputs.sqlite3"


def cache_folder(job: Job) -> Path:
    """Return where the job's takes are kept."""
    return job.cache or state_folder(job) / "cache"


def run(job: Job, *, on_event: OnEvent | None = None) -> RunReport:
    """Make every output of ``job`` that is not there yet, and report.

    Raises JobError before anything is sent when an input is bad, LockedError
    when another run works on the job, LocalError when the report cannot be
    written. Everything else that goes wrong is in the report, whose
    ``exit_code`` tells how the run ended.
    """
    tell = on_event or (lambda _: None)
    state = state_folder(job)
    with guard(state, job.path.stem):
        size = survey(job, read_texts)
        for warning in size.warnings:
            tell(Warned(warning))
        tell(RunPlanned(size.texts, size.readings, size.outputs, size.characters))
        cache = Cache(cache_folder(job))
        for folder in {output.folder for output in job.outputs} | {cache.folder}:
            require_writable(folder)
        scratch = _fresh_folder(state / f"{job.path.stem}.scratch")
        owner = hashlib.sha256(os.fsencode(job.path)).hexdigest()[:10]
        shop = Workshop(cache, scratch, owner=owner)
        writer = ReportWriter()
        with (
            contextlib.closing(writer),
            engine_for(job) as engine,
            Ledger.open(ledger_path(job), base=job.path.parent) as ledger,
        ):
            planned = readings(
                job, read_texts, engine=engine.identity, texts=size.texts
            )
            one = _Run(job, engine, ledger, shop, writer, tell)
            asyncio.run(one.go(planned))
            shutil.rmtree(scratch, ignore_errors=True)
            report = RunReport(
                job=job.name,
                path=state / f"{job.path.stem}.report.json",
                outputs=size.outputs,
                made=writer.made,
                unchanged=writer.unchanged,
                failed=writer.failed,
                audio_seconds=writer.audio_seconds,
                totals=one.pool.totals,
                failures=tuple(writer.failures),
                more_failures=writer.more_failures,
                error=one.error,
                exit_code=one.exit_code,
                warnings=size.warnings,
            )
            writer.write(report, versions(engine.identity))
            return report


class _Run:
    """The moving parts of one run, all on one event loop but the rendering."""

    def __init__(
        self,
        job: Job,
        engine: Engine,
        ledger: Ledger,
        shop: Workshop,
        writer: ReportWriter,
        tell: OnEvent,
    ) -> None:
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
        self._open: set[asyncio.Task[None]] = set()
        self._pending = 0  # chunks waiting or in flight
        self._room = asyncio.Condition()
        self._ending = asyncio.Event()
        self._fatal: BatchTTSError | None = None
        self._signal: int | None = None
        self._local_failure = False

    # --- how it ends --------------------------------------------------------------

    @property
    def exit_code(self) -> int:
        """Apply the order of precedence: interrupted, local, service, failures."""
        if self._signal is not None:
            return 128 + self._signal
        if self._local_failure:
            return LocalError.exit_code
        if self._fatal is not None:
            return self._fatal.exit_code
        return 3 if self._writer.failed else 0

    @property
    def error(self) -> str | None:
        """Say what ended the run early, if anything did."""
        if self._signal is not None:
            return "interrupted"
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
        task.add_done_callback(self._open.discard)

    def _has_room(self) -> bool:
        waiting = max(64, 4 * self._job.concurrency)
        return self._pending < waiting and len(self._open) < 2 * waiting

    async def _read(self, one: Work, chunks: int) -> None:
        """Bring one reading's takes in, then make its files."""
        try:
            outcomes = await self._takes(one)
        except Stopped:
            return
        except BatchTTSError as exc:
            self._fail(exc)
            return
        finally:
            async with self._room:
                self._pending -= chunks
                self._room.notify_all()
        if failure := _failure(one, outcomes):
            self._give_up(failure, len(one.due))
            return
        await self._make(one)

    async def _takes(self, one: Work) -> Sequence[Outcome | None]:
        requests = [piece.request for piece in one.reading.pieces]
        made = await asyncio.gather(
            *(self.pool.take(request) for request in requests if request is not None),
            return_exceptions=True,
        )
        for result in made:
            if isinstance(result, BaseException):
                raise result
        each = iter(made)
        return [None if request is None else next(each) for request in requests]  # type: ignore[misc]

    async def _make(self, one: Work) -> None:
        """Write the files of a reading whose takes are all in the cache."""
        loop = asyncio.get_running_loop()
        files = render(one, self._shop)
        left = len(one.due)
        try:
            while True:
                step = functools.partial(next, files, None)
                made = await loop.run_in_executor(self._workers, step)
                if made is None:
                    return
                due, written = made
                self._ledger.record(written.path, due.key, written.sha256)
                left -= 1
                seconds = float(written.duration_s)
                entry = {**self._entry(one, due, "made"), **_facts(written)}
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
        except LocalError as exc:
            self._local_failure = True
            self._give_up(_local_failure(one, exc), left)
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


def _fresh_folder(folder: Path) -> Path:
    """Empty a folder of what an earlier, killed run has left in it."""
    with local_errors("cannot clear"):
        if folder.exists():
            shutil.rmtree(folder)
    make_folder(folder)
    return folder


def _facts(written: Written) -> dict[str, object]:
    levels = written.levels
    return {
        "sha256": written.sha256,
        "bytes": written.size_bytes,
        "samples": written.samples,
        "sample_rate": written.rate_hz,
        "seconds": round(float(written.duration_s), 6),
        "lufs": _rounded(levels.integrated_lufs),
        "true_peak": _rounded(levels.true_peak_db),
        "rms": _rounded(levels.rms_db),
    }


def _rounded(level: float) -> float | None:
    """Round a level to a hundredth of a decibel; silence has none."""
    return round(level, 2) if math.isfinite(level) else None


def _failure(one: Work, outcomes: Sequence[Outcome | None]) -> Failure | None:
    """Return the first chunk's failure, or None when all are well."""
    for number, outcome in enumerate(outcomes, 1):
        if outcome is not None and outcome.error is not None:
            error = outcome.error
            return _failed(one, number, error.fault.value, error.reason)
    return None


def _local_failure(one: Work, error: LocalError) -> Failure:
    return _failed(one, None, "local", str(error))


def _failed(one: Work, chunk: int | None, kind: str, reason: str) -> Failure:
    return Failure(
        text=one.reading.text.id,
        voice=one.reading.voice.name,
        place=str(one.reading.text.place),
        chunk=chunk,
        chunks=len(one.reading.pieces),
        kind=kind,
        reason=reason,
    )
