"""The files that a run reads, and whether they are still what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from batchtts.files import local_errors
from batchtts.model import Job
from batchtts.sources import InlineText

__all__ = ["Inputs"]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _State:
    """What a file was: a look tells most, the digest all."""

    look: tuple[int, int, int]  # size, time of change, number
    sha256: str


class Inputs:
    """The files of texts that a job names, hashed when the run begins.

    They are read twice, to be checked and to be spoken. One that is edited
    meanwhile could be spoken half as it was and half as it is.
    """

    def __init__(self, job: Job) -> None:
        """Hash the files. Raises LocalError when one cannot be read."""
        self._paths = {
            source.shown: source.path
            for source in job.texts
            if not isinstance(source, InlineText) and source.path.is_file()
        }
        self._before = {name: _state(path) for name, path in self._paths.items()}
        self._job = {job.path.name: job.path} if job.path.is_file() else {}
        self._job_before = {name: _state(path) for name, path in self._job.items()}
        self.changed: tuple[str, ...] = ()

    @property
    def digests(self) -> Mapping[str, str]:
        """Return the SHA-256 of each file, the job file's included."""
        both = {**self._job_before, **self._before}
        return {name: state.sha256 for name, state in both.items()}

    def watched(self, items: Iterator[Item]) -> Iterator[Item]:
        """Yield what is read from the files, then see if they have ``changed``."""
        yield from items
        self.changed = _changed(self._paths, self._before)

    def job_changed(self) -> bool:
        """Tell whether the job file is no longer what it was."""
        return bool(_changed(self._job, self._job_before))


def _changed(
    paths: Mapping[str, Path], before: Mapping[str, _State]
) -> tuple[str, ...]:
    return tuple(
        name for name, path in paths.items() if not _is_still(path, before[name])
    )


def _is_still(path: Path, before: _State) -> bool:
    if not path.is_file():
        return False
    return _look(path) == before.look or _state(path).sha256 == before.sha256


def _state(path: Path) -> _State:
    with local_errors("cannot read"), path.open("rb") as file:
        return _State(_look(path), hashlib.file_digest(file, "sha256").hexdigest())


def _look(path: Path) -> tuple[int, int, int]:
    with local_errors("cannot look at"):
        status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino
