"""The run guard: one run at a time works on a job."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import filelock

from batchtts.errors import LockedError
from batchtts.files import local_errors, make_folder

__all__ = ["guard"]


@contextlib.contextmanager
def guard(state: Path, stem: str) -> Iterator[None]:
    """Hold the job's run guard for the length of the block.

    The operating system holds the lock, so it is free the moment its process is
    gone, however that ended. Raises LockedError, naming the other run, when it
    is taken.
    """
    make_folder(state)
    lock = filelock.FileLock(state / f"{stem}.guard")
    owner = state / f"{stem}.guard.json"
    with local_errors("cannot use the run guard"):
        try:
            lock.acquire(blocking=False)
        except filelock.Timeout as exc:
            raise LockedError(
                f"another run is working on this job{_named(owner)}; "
                "wait for it to end, or stop it"
            ) from exc
    try:
        with local_errors("cannot write the run guard"):
            owner.write_text(_self_description(), encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):
            owner.unlink(missing_ok=True)
        lock.release()


def _self_description() -> str:
    return json.dumps(
        {
            "pid": os.getpid(),
            "host": platform.node(),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )


def _named(owner: Path) -> str:
    try:
        who = json.loads(owner.read_text(encoding="utf-8"))
        return f" (process {who['pid']} on {who['host']}, since {who['started']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
