"""A small SQLite database, its errors told as ours."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from batchtts.errors import LocalError
from batchtts.files import local_errors, make_folder

__all__ = ["Cell", "Database"]

Cell = str | int | float | bytes | None
Values = Sequence[Cell] | Mapping[str, Cell]
_Made = TypeVar("_Made")

_SETUP = """
    pragma journal_mode = wal;
    pragma synchronous = normal;
    pragma temp_store = file;
    pragma cache_size = -4096;
"""


class Database:
    """One connection, which threads take turns at; everything is in a transaction.

    What was not committed when the process ends never happened. What a query
    finds is handed, row by row, to a function that takes its columns.
    """

    def __init__(self, path: Path, schema: str, *, version: int) -> None:
        """Open or make the database; one of another version, or damaged, is made anew.

        Raises LocalError where none can be written.
        """
        self._path = path
        self.lock = threading.RLock()
        make_folder(path.parent)
        with contextlib.suppress(sqlite3.DatabaseError):
            self._connection = _opened(path, schema, version)
            return
        with local_errors("cannot replace the damaged index"):
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
        with self._translated():
            self._connection = _opened(path, schema, version)

    def __enter__(self) -> Self:
        """Return the database itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it, without what was not committed."""
        with self.lock, contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def run(self, sql: str, values: Sequence[Cell] = ()) -> int:
        """Carry out a statement; return how many rows it changed."""
        with self.lock, self._translated():
            return self._connection.execute(sql, values).rowcount

    def insert(self, sql: str, values: Sequence[Cell]) -> int:
        """Carry out an insertion; return the number of the new row."""
        with self.lock, self._translated():
            return self._connection.execute(sql, values).lastrowid or 0

    def many(self, sql: str, rows: Iterable[Sequence[Cell]]) -> None:
        """Carry out a statement for each of ``rows``."""
        with self.lock, self._translated():
            self._connection.executemany(sql, rows)

    def first(
        self, sql: str, values: Values, into: Callable[..., _Made]
    ) -> _Made | None:
        """Return the first row that a query finds, or None."""
        with self.lock, self._translated():
            found = self._connection.execute(sql, values).fetchone()
        return None if found is None else into(*found)

    def all(
        self, sql: str, values: Sequence[Cell], into: Callable[..., _Made]
    ) -> list[_Made]:
        """Return all that a query finds: for queries that find little."""
        with self.lock, self._translated():
            found = self._connection.execute(sql, values).fetchall()
        return [into(*row) for row in found]

    def each(
        self, sql: str, values: Sequence[Cell], into: Callable[..., _Made]
    ) -> Iterator[_Made]:
        """Yield what a query finds; no thread may change anything meanwhile."""
        with self.lock, self._translated():
            for row in self._connection.execute(sql, values):
                yield into(*row)

    def number(self, sql: str, values: Sequence[Cell] = ()) -> int:
        """Return the one number that a query gives, 0 for nothing."""
        return self.first(sql, values, _number) or 0

    def commit(self) -> None:
        """Make sure of all that was done, and begin anew."""
        with self.lock, self._translated():
            self._connection.execute("commit")
            self._connection.execute("begin")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            hint = "see to the disk and run again"
            if not isinstance(exc, sqlite3.OperationalError):
                hint = "delete the file and run again"
            raise LocalError(
                f'cannot use the index of the dataset "{self._path}": {exc}; {hint}'
            ) from exc


def _number(value: int | None) -> int:
    return value or 0


def _opened(path: Path, schema: str, version: int) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(_SETUP)
        _require(connection, version)
        connection.executescript(schema)
        connection.execute("begin")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _require(connection: sqlite3.Connection, version: int) -> None:
    found = connection.execute("pragma user_version").fetchone()[0]
    if found not in {0, version}:
        raise sqlite3.DatabaseError("of another version")
    connection.execute(f"pragma user_version = {version:d}")
