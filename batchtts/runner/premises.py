"""What a run needs before it begins: packages, and folders that take files."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from batchtts.cache import Cache
from batchtts.errors import LocalError
from batchtts.files import (
    discard_temporaries,
    local_errors,
    make_folder,
    require_writable,
    sweep,
)
from batchtts.model import Job
from batchtts.runner.ears import Ears
from batchtts.runner.places import cache_folder, owner_of, state_folder
from batchtts.runner.workshop import Workshop

__all__ = ["drop", "require_packages", "workshop_of"]

# The codecs are loaded beside the first requests: too late to find them missing.
_PACKAGES = ("audioop", "av", "numpy", "pydub")


def require_packages() -> None:
    """Raise LocalError if a package is missing that a track could not do without."""
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        names = ", ".join(missing)
        raise LocalError(
            f"a part of batchtts is missing in this Python: {names}; mend it with: "
            "pip install --force-reinstall batchtts"
        )


def _scratch(job: Job) -> Path:
    return state_folder(job) / f"{job.path.stem}.scratch"


def drop(job: Job) -> None:
    """Remove what the process that ends now has not finished."""
    discard_temporaries()
    shutil.rmtree(_scratch(job), ignore_errors=True)


@contextlib.contextmanager
def workshop_of(job: Job, ears: Ears) -> Iterator[Workshop]:
    """Give the folders of a run, each known to take files, and clear up after."""
    cache = Cache(cache_folder(job))
    _require_writable({output.folder for output in job.outputs})
    scratch = _scratch(job)
    _clear(scratch)
    make_folder(scratch)
    sweep(state_folder(job), owner=owner_of(job))
    try:
        shop = Workshop(cache, scratch, owner=owner_of(job), ears=ears)
        with contextlib.closing(shop):
            yield shop
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _require_writable(folders: Iterable[Path]) -> None:
    """Raise LocalError with all the folders into which nothing can be written."""
    troubles = []
    for folder in sorted(folders):
        try:
            require_writable(folder)
        except LocalError as exc:
            troubles.append(str(exc))
    if troubles:
        raise LocalError("\n".join(troubles))


def _clear(folder: Path) -> None:
    """Remove what an earlier, killed run has left."""
    with local_errors("cannot clear"):
        if folder.exists():
            shutil.rmtree(folder)
