"""What the files on disk were made of, so that a second run touches none.

A small database in the state folder, one row a file: its render key (all that
decides its bytes), its SHA-256, and its size and time of change when it was
last seen whole. It only saves work: without it, files are made again from the
cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from batchtts.errors import LocalError
from batchtts.files import local_errors, make_folder

__all__ = ["Ledger"]

_SCHEMA = """
create table if not exists outputs (
    path text primary key,
    key text not null,
    sha256 text not null,
    size integer not null,
    mtime_ns integer not null
) without rowid
"""
_PROBE = "select path, key, sha256, size, mtime_ns from outputs limit 1"


class Ledger:
    """The record of output files; may be used from several threads."""

    def __init__(self, database: sqlite3.Connection, base: Path) -> None:
        """Use a database; see `open` and `read_only`."""
        self._database = database
        self._base = base
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
        """Open a copy of the ledger in memory: looking at a job changes nothing.

        One that is missing or cannot be read counts as empty.
        """
        return cls(_copy(path) or _open(":memory:"), base)

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

    def unchanged(self, path: Path, key: str) -> str | None:
        """Return the SHA-256 of ``path`` if it holds, whole, what ``key`` stands for.

        A file whose size or time of change is not the recorded one is read and
        compared by its SHA-256, so that a fresh copy counts as unchanged.
        """
        with self._lock:
            row = self._database.execute(
                "select key, sha256, size, mtime_ns from outputs where path = ?",
                (self._name(path),),
            ).fetchone()
        if row is None or row[0] != key:
            return None
        try:
            status = path.stat()
        except OSError:
            return None
        if (status.st_size, status.st_mtime_ns) == (row[2], row[3]):
            return str(row[1])
        if status.st_size != row[2]:
            return None
        with local_errors("cannot read"), path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != row[1]:
            return None
        self.record(path, key, digest)
        return digest

    def record(self, path: Path, key: str, sha256: str) -> None:
        """Note that ``path`` now holds what ``key`` stands for."""
        status = path.stat()
        row = (self._name(path), key, sha256, status.st_size, status.st_mtime_ns)
        with self._lock:
            try:
                self._database.execute(
                    "insert or replace into outputs values (?, ?, ?, ?, ?)", row
                )
            except sqlite3.Error as exc:
                raise LocalError(f"cannot write the ledger: {exc}") from exc

    def _name(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._base)).as_posix()


def _open(path: Path | str) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        database.execute(_SCHEMA)
        database.execute(_PROBE)
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _copy(path: Path) -> sqlite3.Connection | None:
    """Copy a ledger into memory; None where there is none that can be read."""
    if not path.is_file():
        return None
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        with contextlib.closing(source):
            source.backup(copy)
        copy.execute(_PROBE)
    except sqlite3.DatabaseError:
        copy.close()
        return None
    return copy
