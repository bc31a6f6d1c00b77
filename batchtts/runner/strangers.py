"""Files that stand where outputs go, and that no run is known to have made.

They may be somebody's work: a run tells of them before anything is paid for, and
touches none. What is known is what the lock and the ledger say, wherever a file
with such bytes was moved to. A run that was killed may have left files of which
neither knows; so while one has begun and not ended, files are taken for its own,
and so they are where lock and ledger are gone and only the last report is left.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from batchtts.corpora import DatasetOutput
from batchtts.errors import Problem
from batchtts.files import local_errors
from batchtts.model import Job, Output, Text, VoiceName
from batchtts.runner.ledger import Ledger
from batchtts.runner.places import begun_path, dataset_folder, lock_path
from batchtts.runner.scope import Scope
from batchtts.runner.seeing import sha256_of

__all__ = ["Strangers", "run_begun", "run_ended"]


class Strangers:
    """Finds the files at the paths of outputs that nobody knows."""

    def __init__(
        self, job: Job, ledger: Ledger, scope: Scope, *, reported: bool
    ) -> None:
        """Know what ``ledger`` does; look where the ``scope`` of a run reaches.

        ``reported``: there was a report of an earlier run.
        """
        self._job = job
        self._ledger = ledger
        self._scope = scope
        is_lost = reported and ledger.is_empty and not lock_path(job).is_file()
        self._is_open = scope.overwrite or is_lost or begun_path(job).exists()

    def problem(
        self, text: Text, voice: VoiceName, output: Output, path: Path
    ) -> Problem | None:
        """Say that something unknown stands where a text's file is to go."""
        if self._is_open or not self._scope.means(text.id, voice, output):
            return None
        if isinstance(output, DatasetOutput):
            strange = self._strange_folder(output)
        else:
            strange = self._strange_file(output, path)
        if strange is None:
            return None
        name = self._ledger.name(strange)
        message = f'"{name}" is there, and no run of this job is known to have made it'
        hint = "move it away, or have it overwritten with --overwrite"
        lock = lock_path(self._job)
        if self._job.path.is_file() and not lock.is_file():  # samples have none
            hint = f'without "{lock.name}" nothing is known: restore that, or {hint}'
        elif output.sharing == "none":
            hint = f"{hint}; `batchtts pin` uses a recording in a take's place"
        place = text.place if output.sharing == "none" else output.place
        return Problem(place, message, hint)

    def _strange_folder(self, output: DatasetOutput) -> Path | None:
        if self._ledger.find("dataset", self._ledger.name(output.folder)) is not None:
            return None
        if (dataset_folder(self._job, output) / "index.sqlite").exists():
            return None
        folder = output.folder
        return folder if folder.is_dir() and any(folder.iterdir()) else None

    def _strange_file(self, output: Output, path: Path) -> Path | None:
        row = None
        if os.path.lexists(path):
            row = self._ledger.row(self._ledger.name(path))
            if row is None and not self._has_known_bytes(path):
                return path
        for beside in output.beside(path):
            known = {} if row is None else json.loads(row.facts).get("subtitles", {})
            if os.path.lexists(beside) and beside.suffix[1:] not in known:
                return beside
        return None

    def _has_known_bytes(self, path: Path) -> bool:
        """Tell whether a file was made by a run, for whatever path."""
        if not path.is_file():
            return False
        query = "select 1 from outputs where sha256 = ? limit 1"
        with self._ledger.lock:
            found = self._ledger.database.execute(query, (sha256_of(path),)).fetchone()
        return found is not None


def run_begun(job: Job) -> None:
    """Note that from now on files may be made of which nothing is known yet.

    Not in the ledger: that may be what is lost. Raises LocalError.
    """
    with local_errors("cannot note that a run has begun"):
        begun_path(job).touch()


def run_ended(job: Job) -> None:
    """Note that of all files that were made something is known. Raises LocalError."""
    with local_errors("cannot note that a run has ended"):
        begun_path(job).unlink(missing_ok=True)
