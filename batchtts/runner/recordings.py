"""Recordings of a person's own that stand in for takes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from batchtts.cache import Cache
from batchtts.errors import JobError, Problem
from batchtts.files import local_errors, project_root
from batchtts.lock.lines import PinLine
from batchtts.model import Job, Place, Request
from batchtts.runner.remembered import Remembered

__all__ = [
    "digest_of",
    "recording_problems",
    "require_recordings",
    "store_recording",
]


def require_recordings(job: Job, earlier: Remembered) -> None:
    """Raise JobError unless the pinned recordings are what they were."""
    if problems := recording_problems(job, earlier):
        raise JobError(problems)


def recording_problems(job: Job, earlier: Remembered) -> list[Problem]:
    """Say which pinned recordings are not what they were."""
    base = job.path.parent
    top = os.path.realpath(project_root(base) or base)
    problems = []
    for line in earlier.pins.values():
        path = base / line.recording
        place = Place(line.recording)
        hint = f'pin it again: batchtts pin {job.path.name} "{line.text}" FILE'
        if not os.path.realpath(path).startswith(f"{top}{os.sep}"):
            problems.append(Problem(place, "the lock pins a file outside the project"))
        elif not path.is_file():
            message = f'the recording pinned for text "{line.text}" is missing'
            problems.append(Problem(place, message, hint))
        elif digest_of(path) != line.sha256:
            message = f'the recording pinned for text "{line.text}" has changed'
            problems.append(Problem(place, message, hint))
    return problems


def store_recording(base: Path, cache: Cache, request: Request, line: PinLine) -> None:
    """Have a pinned recording in the cache, as if it were a take."""
    # The codecs take long to load.
    from batchtts.audio.recorded import read_recording

    if not cache.has(request.fingerprint):
        cache.store(request, read_recording(base / line.recording))


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a recording. Raises LocalError."""
    with local_errors("cannot read the recording"), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
