"""Where a job's own files are: the state folder and what is in it."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

from batchtts.corpora import DatasetOutput
from batchtts.errors import LocalError
from batchtts.files import atomic, make_folder
from batchtts.model import Job

__all__ = [
    "begun_path",
    "cache_folder",
    "dataset_folder",
    "ledger_path",
    "lock_path",
    "owner_of",
    "relative",
    "report_path",
    "require_real",
    "state_folder",
]


def state_folder(job: Job) -> Path:
    """Return the folder beside the job file that holds what is not committed."""
    return job.path.parent / ".batchtts"


def ledger_path(job: Job) -> Path:
    """Return the file that remembers what the job's outputs were made of."""
    return state_folder(job) / f"{job.path.stem}.outputs.sqlite3"


def lock_path(job: Job) -> Path:
    """Return the file beside the job that says what its outputs were made of."""
    lock = job.path.with_suffix(".lock")
    return lock if lock != job.path else job.path.with_name(f"{job.path.name}.lock")


def begun_path(job: Job) -> Path:
    """Return the file that is there from a run's beginning until its end."""
    return state_folder(job) / f"{job.path.stem}.begun"


def report_path(job: Job) -> Path:
    """Return where a run leaves its report."""
    return state_folder(job) / f"{job.path.stem}.report.json"


def cache_folder(job: Job) -> Path:
    """Return where the job's takes are kept."""
    return job.cache or state_folder(job) / "cache"


def dataset_folder(job: Job, output: DatasetOutput) -> Path:
    """Return the folder that remembers what a dataset consists of."""
    shown = relative(output.folder, job.path.parent)
    digest = hashlib.sha256(os.fsencode(shown)).hexdigest()[:12]
    return _datasets_folder(job) / digest


def _datasets_folder(job: Job) -> Path:
    return state_folder(job) / f"{job.path.stem}.datasets"


def owner_of(job: Job) -> str:
    """Return the name in which a job's runs make temporary files.

    The run guard sees to it that only one process at a time does so.
    """
    name = f"{platform.node()}\0".encode() + os.fsencode(job.path)
    return hashlib.sha256(name).hexdigest()[:10]


def require_real(job: Job) -> None:
    """Make the state folder, and refuse links in it.

    A repository could carry them, to have a run write somewhere else. Where a
    cache is wanted elsewhere, the job, a flag or the environment says so.

    Raises LocalError.
    """
    state = state_folder(job)
    inside = [state, ledger_path(job), report_path(job), state / "cache"]
    inside.append(_datasets_folder(job))
    names = ("begun", "guard", "guard.json", "scratch")
    inside += [state / f"{job.path.stem}.{name}" for name in names]
    for path in inside:
        if path.is_symlink():
            raise LocalError(f'"{path}" is a link; remove it and run again')
    make_folder(state)
    ignore = state / ".gitignore"
    if not ignore.exists():
        with atomic(ignore, owner=owner_of(job)) as temporary:
            temporary.write_bytes(b"# made by batchtts, not for committing\n*\n")


def relative(path: Path, base: Path) -> str:
    """Name a file from a folder, with slashes; whole where no way leads there."""
    shown, above = os.fspath(path), os.path.join(base, "")  # noqa: PTH118 - for its end
    if shown.startswith(above) and ".." not in shown:  # nearly always, and quickly
        return shown[len(above) :].replace(os.sep, "/")
    try:
        return Path(os.path.relpath(path, base)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()
