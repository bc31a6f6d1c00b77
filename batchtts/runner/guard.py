"""The run guard: one run at a time works on a job."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import filelock

from batchtts.errors import LocalError, LockedError
from batchtts.files import local_errors, make_folder

__all__ = ["guard"]


_NAMING_S = 0.5  # a run that has just taken the guard has said by then who it is


@contextlib.contextmanager
def guard(state: Path, stem: str, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the job's run guard for the length of the block.

    The operating system holds the lock, so it is free the moment its process is
    gone, however that ended. Another run that holds it is waited for, at most
    ``wait_s`` seconds. Raises LockedError, naming it, when it holds it still,
    and LocalError where there are no such locks.
    """
    make_folder(state)
    lock = filelock.FileLock(state / f"{stem}.guard")
    owner = state / f"{stem}.guard.json"
    with local_errors("cannot use the run guard"):
        try:
            lock.acquire(timeout=wait_s)
        except filelock.Timeout as exc:
            raise LockedError(
                f"another run is working on this job{_named(owner)}; "
                "wait for it to end (--wait-lock does), or stop it"
            ) from exc
        except NotImplementedError as exc:
            raise LocalError(
                f'cannot lock files in "{state}": its file system has no locks; '
                "keep the job on another"
            ) from exc
    try:
        with local_errors("cannot write the run guard"):
            owner.write_text(_self_description(), encoding="utf-8")
        yield
    finally:
        # What fails here the end of the process does.
        with contextlib.suppress(OSError):
            owner.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
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
    until_s = time.monotonic() + _NAMING_S
    while True:
        try:
            who = json.loads(owner.read_text(encoding="utf-8"))
            return f" (process {who['pid']} on {who['host']}, since {who['started']})"
        except (OSError, ValueError, KeyError, TypeError):
            if time.monotonic() > until_s:
                return ""
            time.sleep(0.02)
