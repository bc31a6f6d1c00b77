"""A copy of what is known of a dataset, to find out what is left to do."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from batchtts.files import local_errors

__all__ = ["copy_state"]


def copy_state(state: Path, copy: Path) -> None:
    """Copy the index of a dataset into an empty folder, and how long its packs are.

    Nothing of ``state`` is changed or made. An index that is not there or cannot
    be read counts as empty.
    """
    index = state / "index.sqlite"
    if index.is_file():
        # What a run has written to its log, but not yet to the file, counts too.
        logged = Path(f"{index}-wal").exists()
        mode = "mode=ro" if logged else "immutable=1"
        with contextlib.suppress(sqlite3.Error):
            _copy_database(f"{index.absolute().as_uri()}?{mode}", copy / index.name)
    packs = state / "packs"
    if packs.is_dir():
        with local_errors("cannot look at"):
            (copy / packs.name).mkdir()
            for pack in packs.glob("*.pack"):
                (copy / packs.name / pack.name).touch()
                os.truncate(copy / packs.name / pack.name, pack.stat().st_size)


def _copy_database(uri: str, copy: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(uri, uri=True)) as read,
        contextlib.closing(sqlite3.connect(copy)) as written,
    ):
        read.backup(written)
