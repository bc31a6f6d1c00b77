"""Looks into the ledger and the lock of a job, for those who make nothing."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Mapping

from batchtts.errors import LocalError, LockedError
from batchtts.files import local_errors
from batchtts.model import Job
from batchtts.runner.guard import guard
from batchtts.runner.ledger import Ledger
from batchtts.runner.locking import CARRIED, LOCK_MARK, Merged, take_over
from batchtts.runner.places import (
    ledger_path,
    lock_path,
    require_real,
    state_folder,
)

__all__ = ["looked_into", "remember"]


@contextlib.contextmanager
def looked_into(job: Job) -> Iterator[tuple[Ledger, Merged]]:
    """Give a ledger that agrees with the job's lock, to look into; write nothing."""
    path, base = lock_path(job), job.path.parent
    with Ledger.read_only(ledger_path(job), base=base) as known:
        digest = None
        if path.is_file():
            with local_errors("cannot read the lock"), path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest is None or known.mark(LOCK_MARK) == digest:
            yield known, Merged()
            return
        with Ledger.temporary(base=base) as ledger:
            merged = take_over(ledger, path, base)
            if not known.is_empty:
                _carry(known, ledger)
            yield ledger, merged


def remember(
    ledger: Ledger, merged: Merged, job: Job, marks: Mapping[str, str]
) -> None:
    """Have the next look begin with what this one has found out, where that may be.

    That is what the lock says and which files are whole, and ``marks``. It may not
    be while a run works on the job, or where the lock has to be mended.
    """
    if merged != Merged() or not (ledger.is_temporary or marks):
        return
    path = ledger_path(job)
    with contextlib.suppress(LocalError, LockedError, sqlite3.Error):
        require_real(job)
        with guard(state_folder(job), job.path.stem):
            if ledger.is_temporary:
                ledger.save(path)
            with Ledger.open(path, base=job.path.parent) as kept:
                if kept.mark(LOCK_MARK) == ledger.mark(LOCK_MARK):
                    for name, value in marks.items():
                        kept.set_mark(name, value)


def _carry(known: Ledger, ledger: Ledger) -> None:
    """Take over when files were last seen whole."""
    with ledger.transaction() as database:
        database.execute(
            "create temp table old (path text primary key, sha256, size, mtime_ns)"
        )
        rows = known.database.execute(
            "select path, sha256, size, mtime_ns from outputs"
        )
        database.executemany("insert into old values (?, ?, ?, ?)", rows)
        database.execute(CARRIED)
        database.execute("drop table old")
