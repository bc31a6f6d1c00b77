"""What the files on disk were made of, so that a second run touches none.

A small database in the state folder, one row a file: what it was made of (all
that decides its bytes), its SHA-256, and its size and time of change when it was
last seen whole. It is the lock beside the job, quick to look into; with what
only this machine knows. Without it, files are read to be compared with the
lock; without both, they are made again from the cache.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from batchtts.errors import LocalError
from batchtts.files import local_errors, make_folder
from batchtts.lock.lines import (
    FileLine,
    Made,
    SharedLine,
    body,
)
from batchtts.lock.parsing import made_of
from batchtts.runner.ledgerfile import PROBES, looked_at, opened
from batchtts.runner.places import relative

__all__ = [
    "PUT",
    "Ledger",
    "Row",
    "is_made_of",
    "key_in",
    "row_of",
    "shared_row",
    "written_made",
]

PUT = "insert or replace into outputs values (?, ?, ?, ?, ?, ?, ?)"
_encode = json.JSONEncoder(ensure_ascii=False).encode  # as it is made but once
_UNSEEN = -1  # a time of change that no file has


class Row(NamedTuple):
    """What is known of a file."""

    made: str
    sha256: str
    facts: str
    size: int
    mtime_ns: int


class Ledger:
    """The record of output files; may be used from several threads."""

    def __init__(
        self, database: sqlite3.Connection, base: Path, *, writable: bool = True
    ) -> None:
        """Use a database; see `open` and `read_only`."""
        self.database = database
        self.is_temporary = False
        self.lock = threading.RLock()
        self.changed = False  # what stands in the lock has
        self.base = base
        self._writable = writable

    @classmethod
    def open(cls, path: Path, *, base: Path) -> Self:
        """Open or make the ledger at ``path``; files are named relative to ``base``.

        A ledger that cannot be read is begun anew. Raises LocalError when none
        can be written.
        """
        make_folder(path.parent)
        with contextlib.suppress(sqlite3.DatabaseError):
            return cls(opened(path), base)
        with local_errors("cannot replace the damaged ledger"):
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
        try:
            return cls(opened(path), base)
        except sqlite3.DatabaseError as exc:
            raise LocalError(f'cannot write "{path}": {exc}') from exc

    @classmethod
    def read_only(cls, path: Path, *, base: Path) -> Self:
        """Open the ledger to look at it: nothing on disk is made or changed.

        One that is missing or cannot be read counts as empty.
        """
        return cls(looked_at(path) or opened(":memory:"), base, writable=False)

    @classmethod
    def temporary(cls, *, base: Path) -> Self:
        """Make a ledger that is gone when it is closed."""
        made = cls(opened(""), base)
        made.is_temporary = True
        return made

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
        with self.lock, contextlib.suppress(sqlite3.Error):
            self.database.close()

    @functools.cached_property
    def is_empty(self) -> bool:
        """Tell whether there was nothing in it when this was first asked."""
        with self.lock, contextlib.suppress(sqlite3.Error):
            return self.database.execute(PROBES[0]).fetchone() is None
        return True

    def unchanged(self, path: Path, key: str) -> dict[str, object] | None:
        """Return the facts about ``path`` if it holds, whole, what ``key`` stands for.

        They are what `record` was given, and ``sha256``.

        A file whose size or time of change is not the recorded one is read and
        compared by its SHA-256, so that a fresh copy counts as unchanged.
        """
        row = self.row(self.name(path))
        if row is None or key_in(row) != key or not self.is_whole(path, row):
            return None
        return {"sha256": row.sha256, **json.loads(row.facts)}

    def unchanged_file(self, path: Path, made: Made) -> dict[str, object] | None:
        """Return the facts about the file of one reading; see `unchanged`.

        What makes no difference to its sound, such as the name of its text, may
        have changed: that is noted.
        """
        name = self.name(path)
        row = self.row(name)
        if row is None or not (is_made_of(row, made) and self.is_whole(path, row)):
            return None
        if row.made != (now := written_made(made)):
            self._write("update outputs set made = ? where path = ?", (now, name))
            self.changed = True
        return {"sha256": row.sha256, **json.loads(row.facts)}

    def record(self, path: Path, line: SharedLine) -> None:
        """Note that ``path`` now holds what a line of the lock says, made of many."""
        self._write(PUT, shared_row(line, *_look_at(path)))
        self.changed = True

    def record_file(self, path: Path, line: FileLine) -> None:
        """Note that ``path`` now holds what a line of the lock says."""
        self._write(PUT, row_of(line, *_look_at(path)))
        self.changed = True

    def row(self, name: str) -> Row | None:
        """Return what is known of a file; nothing where that cannot be read."""
        with self.lock, contextlib.suppress(sqlite3.Error):
            found = self.database.execute(
                "select made, sha256, facts, size, mtime_ns from outputs"
                " where path = ?",
                (name,),
            ).fetchone()
            return found and Row(*found)
        return None

    def is_whole(self, path: Path, row: Row) -> bool:
        """Tell whether a file has the bytes that it was last known to have."""
        try:
            size, mtime_ns = _look_at(path)
        except OSError:
            return False
        if size != row.size or mtime_ns == row.mtime_ns:
            return size == row.size
        with local_errors("cannot read"), path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != row.sha256:
                return False
        self._write(
            "update outputs set mtime_ns = ? where path = ?",
            (mtime_ns, self.name(path)),
        )
        return True

    def seen(self, table: str, files: Sequence[tuple[int, str]]) -> None:
        """Note that files, each with its time of change, were seen whole."""
        if not files or not self._writable:
            return
        with self.transaction() as database:
            database.executemany(
                f"update {table} set mtime_ns = ? where path = ?",  # noqa: S608 - ours
                files,
            )

    def part(self, of: str, key: str) -> str | None:
        """Return what a part of something was made of, as `written_made` has it."""
        with self.lock, contextlib.suppress(sqlite3.Error):
            query = "select made from parts where of = ? and key = ?"
            found = self.database.execute(query, (of, key)).fetchone()
            return None if found is None else str(found[0])
        return None

    def parts(self, of: str) -> dict[str, str]:
        """Return of what each part of something was made, by its key."""
        with self.lock, contextlib.suppress(sqlite3.Error):
            query = "select key, made from parts where of = ? order by key"
            return dict(self.database.execute(query, (of,)).fetchall())
        return {}

    def set_parts(self, of: str, parts: Mapping[str, Made]) -> None:
        """Note what something with few parts consists of."""
        now = {key: written_made(made) for key, made in parts.items()}
        if self.parts(of) == now:
            return
        with self.transaction() as database:
            database.execute("delete from parts where of = ?", (of,))
            rows = [(of, key, made) for key, made in now.items()]
            database.executemany("insert into parts values (?, ?, ?)", rows)
        self.changed = True

    def save(self, path: Path) -> None:
        """Put all that is known into the ledger at ``path``, in the place of its own.

        Raises sqlite3.Error where that cannot be.
        """
        with self.lock, contextlib.closing(sqlite3.connect(path)) as kept:
            self.database.backup(kept)

    def mark(self, name: str) -> str | None:
        """Return what was noted under a name."""
        with self.lock, contextlib.suppress(sqlite3.Error):
            query = "select value from marks where name = ?"
            found = self.database.execute(query, (name,)).fetchone()
            return None if found is None else str(found[0])
        return None

    def set_mark(self, name: str, value: str | None) -> None:
        """Note something under a name; None: forget it."""
        if value is None:
            self._write("delete from marks where name = ?", (name,))
        else:
            self._write("insert or replace into marks values (?, ?)", (name, value))

    def note(self, kind: str, name: str, line: str) -> None:
        """Note a line of the lock that is not about a file."""
        if self.find(kind, name) != line:
            self._write(
                "insert or replace into notes values (?, ?, ?)", (kind, name, line)
            )
            self.changed = True

    def find(self, kind: str, name: str) -> str | None:
        """Return a line that was noted."""
        with self.lock, contextlib.suppress(sqlite3.Error):
            query = "select line from notes where kind = ? and id = ?"
            found = self.database.execute(query, (kind, name)).fetchone()
            return None if found is None else str(found[0])
        return None

    def drop(self, kind: str, name: str) -> None:
        """Forget a line that was noted."""
        self._write("delete from notes where kind = ? and id = ?", (kind, name))
        self.changed = True

    def forget(self, name: str) -> None:
        """Know nothing of a file any more."""
        self._write("delete from outputs where path = ?", (name,))
        self._write("delete from parts where of = ?", (name,))
        self._write("delete from pieces where of = ?", (name,))
        self._write("delete from notes where kind = 'dataset' and id = ?", (name,))
        self.changed = True

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Have all of what is done in the block done, or nothing."""
        with self.lock:
            try:
                self.database.execute("begin")
                yield self.database
                self.database.execute("commit")
            except BaseException as exc:
                with contextlib.suppress(sqlite3.Error):
                    self.database.execute("rollback")
                if isinstance(exc, sqlite3.Error):
                    raise self._error(exc) from exc
                raise

    def name(self, path: Path) -> str:
        """Return how a file is called here and in the lock."""
        name = os.fsencode(relative(path, self.base))
        return name.decode("utf-8", "backslashreplace")

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        if not self._writable:
            return
        with self.lock:
            try:
                self.database.execute(statement, values)
            except sqlite3.Error as exc:
                raise self._error(exc) from exc

    def _error(self, error: sqlite3.Error) -> LocalError:
        return LocalError(f"{self._trouble()}: {error}; {_advice(error)}")

    def _trouble(self) -> str:
        with contextlib.suppress(sqlite3.Error):
            rows = self.database.execute("pragma database_list").fetchall()
            return f'cannot write the ledger of outputs "{rows[0][2]}"'
        return "cannot write the ledger of outputs"


def row_of(line: FileLine, size: int, mtime_ns: int = _UNSEEN) -> tuple[object, ...]:
    """Return the row that stands for a line of the lock."""
    return (
        line.path,
        written_made(line.made),
        line.sha256,
        json.dumps(line.facts),
        size,
        mtime_ns,
        line.codecs,
    )


def written_made(made: Made) -> str:
    """Write down what a file is made of; the same for equal values."""
    return _encode(body(made))


def shared_row(
    line: SharedLine, size: int, mtime_ns: int = _UNSEEN
) -> tuple[object, ...]:
    """Return the row that stands for a file that many readings went into."""
    made = json.dumps({"key": line.key, "about": line.about}, ensure_ascii=False)
    facts = json.dumps(line.facts)
    return line.path, made, line.sha256, facts, size, mtime_ns, None


def key_in(row: Row) -> str | None:
    """Return the key of a file that many readings went into; None of another's."""
    found: str | None = json.loads(row.made).get("key")
    return found


def is_made_of(row: Row, made: Made) -> bool:
    """Tell whether a file was made of this, or of what sounds the same."""
    if row.made == written_made(made):
        return True
    try:
        return made_of(json.loads(row.made)).sounds_as(made)
    except ValueError:  # of a collection
        return False


def _look_at(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _advice(error: sqlite3.Error) -> str:
    # What is wrong with the disk is an OperationalError, with the content none.
    if isinstance(error, sqlite3.OperationalError):
        return "see to the disk and run again"
    return "delete the file and run again"
