"""What the files on disk were made of, so that a second run touches none.

A small database in the state folder, one row a file: its render key (all that
decides its bytes), its SHA-256, and its size and time of change when it was
last seen whole. It only saves work: without it, files are made again from the
cache.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from batchtts.errors import LocalError
from batchtts.files import local_errors, make_folder
from batchtts.runner.places import relative

__all__ = ["Ledger"]

_SCHEMA = """
create table if not exists outputs (
    path text primary key,
    key text not null,
    sha256 text not null,
    facts text not null,
    size integer not null,
    mtime_ns integer not null
) without rowid
"""
_PROBE = "select path, key, sha256, facts, size, mtime_ns from outputs limit 1"


class Ledger:
    """The record of output files; may be used from several threads."""

    def __init__(
        self, database: sqlite3.Connection, base: Path, *, writable: bool = True
    ) -> None:
        """Use a database; see `open` and `read_only`."""
        self._database = database
        self._base = base
        self._writable = writable
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, base: Path) -> Self:
        """Open or make the ledger at ``path``; files are named relative to ``base``.

        A ledger that cannot be read is begun anew. Raises LocalError when none
        can be written.
        """
        make_folder(path.parent)
        with contextlib.suppress(sqlite3.DatabaseError):
            return cls(_open(path), base)
        with local_errors("cannot replace the damaged ledger"):
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
        try:
            return cls(_open(path), base)
        except sqlite3.DatabaseError as exc:
            raise LocalError(f'cannot write "{path}": {exc}') from exc

    @classmethod
    def read_only(cls, path: Path, *, base: Path) -> Self:
        """Open the ledger to look at it: nothing on disk is made or changed.

        One that is missing or cannot be read counts as empty.
        """
        return cls(_look(path) or _open(":memory:"), base, writable=False)

    def __enter__(self) -> Self:
        """Return the ledger itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the database."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._database.close()

    @functools.cached_property
    def is_empty(self) -> bool:
        """Tell whether there was nothing in it when this was first asked."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            return self._database.execute(_PROBE).fetchone() is None
        return True

    def unchanged(self, path: Path, key: str) -> dict[str, object] | None:
        """Return the facts about ``path`` if it holds, whole, what ``key`` stands for.

        They are what `record` was given, and ``sha256``.

        A file whose size or time of change is not the recorded one is read and
        compared by its SHA-256, so that a fresh copy counts as unchanged.
        """
        row = self._row(path)
        if row is None or row[0] != key:
            return None
        try:
            status = path.stat()
        except OSError:
            return None
        facts: dict[str, object] = {"sha256": row[1], **json.loads(row[2])}
        if (status.st_size, status.st_mtime_ns) == (row[3], row[4]):
            return facts
        if status.st_size != row[3]:
            return None
        with local_errors("cannot read"), path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != row[1]:
            return None
        self.record(path, key, digest, json.loads(row[2]))
        return facts

    def record(
        self, path: Path, key: str, sha256: str, facts: Mapping[str, object]
    ) -> None:
        """Note that ``path`` now holds what ``key`` stands for, and facts about it."""
        if not self._writable:
            return
        status = path.stat()
        row = (
            self._name(path),
            key,
            sha256,
            json.dumps(facts),
            status.st_size,
            status.st_mtime_ns,
        )
        with self._lock:
            try:
                self._database.execute(
                    "insert or replace into outputs values (?, ?, ?, ?, ?, ?)", row
                )
            except sqlite3.Error as exc:
                raise LocalError(f"{self._trouble()}: {exc}; {_advice(exc)}") from exc

    def _row(self, path: Path) -> tuple[str, str, str, int, int] | None:
        """Return what is known of a file; nothing where that cannot be read."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            found: tuple[str, str, str, int, int] | None = self._database.execute(
                "select key, sha256, facts, size, mtime_ns from outputs where path = ?",
                (self._name(path),),
            ).fetchone()
            return found
        return None

    def _trouble(self) -> str:
        with contextlib.suppress(sqlite3.Error):
            rows = self._database.execute("pragma database_list").fetchall()
            return f'cannot write the ledger of outputs "{rows[0][2]}"'
        return "cannot write the ledger of outputs"

    def _name(self, path: Path) -> str:
        name = os.fsencode(relative(path, self._base))
        return name.decode("utf-8", "backslashreplace")


def _advice(error: sqlite3.Error) -> str:
    # What is wrong with the disk is an OperationalError, with the content none.
    if isinstance(error, sqlite3.OperationalError):
        return "see to the disk and run again"
    return "delete the file and run again"


def _open(path: Path | str) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        database.execute(_SCHEMA)
        database.execute(_PROBE)
        checked = database.execute("pragma quick_check").fetchone()
    except sqlite3.DatabaseError:
        database.close()
        raise
    if checked != ("ok",):
        database.close()
        raise sqlite3.DatabaseError("damaged")
    return database


def _look(path: Path) -> sqlite3.Connection | None:
    """Open a ledger for reading; None where there is none that can be read."""
    if not path.is_file():
        return None
    # A ledger that a run is writing to has a log beside it, which must be read
    # too; without one, nothing but the file itself need be touched.
    logged = Path(f"{path}-wal").exists()
    mode = "mode=ro" if logged else "immutable=1"
    try:
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?{mode}", uri=True, check_same_thread=False
        )
    except sqlite3.Error:
        return None
    try:
        database.execute(_PROBE)
    except sqlite3.Error:
        database.close()
        return None
    return database
