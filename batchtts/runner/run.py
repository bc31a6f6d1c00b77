"""One run of a job, from its texts to its files.

Everything that a run needs is brought together here, checked before anything is
sent, and reported at the end; the work itself is a `Session`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from batchtts.cache import Cache
from batchtts.errors import JobError, Problem
from batchtts.events import Event, OnEvent, RunPlanned, Warned
from batchtts.files import local_errors, make_folder, require_writable
from batchtts.model import Job
from batchtts.plan import Survey, readings, survey
from batchtts.report import ReportWriter, RunReport
from batchtts.runner.engine import Engine, engine_for
from batchtts.runner.guard import guard
from batchtts.runner.ledger import Ledger
from batchtts.runner.places import (
    cache_folder,
    ledger_path,
    report_path,
    require_real,
    state_folder,
)
from batchtts.runner.render import Workshop
from batchtts.runner.session import Session
from batchtts.runner.versions import versions
from batchtts.texts import read_texts

__all__ = ["run"]


def run(job: Job, *, on_event: OnEvent | None = None) -> RunReport:
    """Make every output of ``job`` that is not there yet, and report.

    ``on_event`` is told what happens as it happens; an error that it raises is
    not the run's. Raises JobError before anything is sent when an input is bad,
    LockedError when another run works on the job, LocalError when a folder or
    the report cannot be written. Everything else that goes wrong is in the
    report, whose ``exit_code`` tells how the run ended; a bug is raised once
    that is written.
    """
    told = _Told(on_event)
    require_real(job)
    with guard(state_folder(job), job.path.stem):
        with local_errors("cannot remove the last report"):
            report_path(job).unlink(missing_ok=True)
        size = survey(job, read_texts)
        for warning in size.warnings:
            told(Warned(warning))
        told(RunPlanned(size.texts, size.readings, size.outputs, size.characters))
        with _workshop(job) as shop, engine_for(job) as engine:
            return _made(job, size, engine, shop, told)


def _made(
    job: Job, size: Survey, engine: Engine, shop: Workshop, told: _Told
) -> RunReport:
    with (
        contextlib.closing(ReportWriter()) as writer,
        Ledger.open(ledger_path(job), base=job.path.parent) as ledger,
    ):
        planned = readings(job, read_texts, engine=engine.identity, texts=size.texts)
        engine.before_speaking(lambda: require_writable(shop.cache.folder))
        session = Session(job, engine, ledger, shop, writer, told)
        asyncio.run(session.go(planned))
        done = writer.made + writer.unchanged + writer.failed
        if not session.ending.begun.is_set() and done != size.outputs:
            session.ending.failed(JobError([_changed(job)]))
        report = RunReport(
            job=job.name,
            path=report_path(job),
            outputs=size.outputs,
            made=writer.made,
            unchanged=writer.unchanged,
            failed=writer.failed,
            audio_seconds=writer.audio_seconds,
            totals=session.pool.totals,
            failures=tuple(writer.failures),
            more_failures=writer.more_failures,
            error=session.ending.error,
            exit_code=session.ending.exit_code(failed=writer.failed),
            warnings=tuple(told.warnings),
        )
        writer.write(report, versions(engine.identity))
    if session.ending.bug is not None:
        raise session.ending.bug
    return report


@contextlib.contextmanager
def _workshop(job: Job) -> Iterator[Workshop]:
    """Give the folders of a run, each known to take files, and clear up after."""
    cache = Cache(cache_folder(job))
    for folder in {output.folder for output in job.outputs}:
        require_writable(folder)
    scratch = state_folder(job) / f"{job.path.stem}.scratch"
    _clear(scratch)
    make_folder(scratch)
    name = f"{platform.node()}\0".encode() + os.fsencode(job.path)
    try:
        yield Workshop(cache, scratch, owner=hashlib.sha256(name).hexdigest()[:10])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _clear(folder: Path) -> None:
    """Remove what an earlier, killed run has left."""
    with local_errors("cannot clear"):
        if folder.exists():
            shutil.rmtree(folder)


def _changed(job: Job) -> Problem:
    return Problem(
        job.place,
        "the job's texts changed while it ran: not all that was checked was made",
        "run again",
    )


class _Told:
    """Passes events on; whoever listens cannot end the run by failing."""

    def __init__(self, on_event: OnEvent | None) -> None:
        self._on_event = on_event
        self.warnings: list[str] = []

    def __call__(self, event: Event) -> None:
        if isinstance(event, Warned):
            self.warnings.append(event.message)
        if self._on_event is None:
            return
        try:
            self._on_event(event)
        except Exception as exc:  # noqa: BLE001 - it is another's code
            self._on_event = None
            self.warnings.append(f"progress is no longer told: {exc!r}")
