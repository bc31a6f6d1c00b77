"""One run of a job, from its texts to its files.

Everything that a run needs is brought together here, checked before anything is
sent, and reported at the end; the work itself is a `Session`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
from pathlib import Path

from batchtts.cache import Cache
from batchtts.events import (
    OnEvent,
    RunPlanned,
    Warned,
)
from batchtts.files import local_errors, make_folder, require_writable
from batchtts.model import Job
from batchtts.plan import readings, survey
from batchtts.report import ReportWriter, RunReport
from batchtts.runner.engine import engine_for
from batchtts.runner.guard import guard
from batchtts.runner.ledger import Ledger
from batchtts.runner.render import Workshop
from batchtts.runner.session import Session
from batchtts.runner.versions import versions
from batchtts.texts import read_texts

__all__ = ["cache_folder", "ledger_path", "run", "state_folder"]


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
    when another run works on the job, LocalError when a folder or the report
    cannot be written. Everything else that goes wrong is in the report, whose
    ``exit_code`` tells how the run ended; a bug is raised once that is written.
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
            one = Session(job, engine, ledger, shop, writer, tell)
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
            if one.crash is not None:
                raise one.crash
            return report


def _fresh_folder(folder: Path) -> Path:
    """Empty a folder of what an earlier, killed run has left in it."""
    with local_errors("cannot clear"):
        if folder.exists():
            shutil.rmtree(folder)
    make_folder(folder)
    return folder
