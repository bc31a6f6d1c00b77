"""A memory of names already met, on disk so that a million cost no more than ten."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from batchtts.errors import LocalError

__all__ = ["Seen"]

_CACHE_KIB = 32 * 1024
_SHORT = 64  # characters; a longer key is kept as its digest

_SETUP = f"""
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA cache_size = -{_CACHE_KIB};
    CREATE TABLE seen (key PRIMARY KEY, place) WITHOUT ROWID;
    BEGIN;
"""
_ADD = "INSERT OR IGNORE INTO seen VALUES (?, ?)"
_LIST = "SELECT key, place FROM seen WHERE typeof(key) = 'text' ORDER BY key"
_FIND = "SELECT place FROM seen WHERE key = ?"


class Seen:
    """Remembers keys and where each was first met, in flat memory.

    A context manager: what it remembers stands in a temporary database without
    a name, which is gone at the end of the block, or of the process.
    """

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._length = 0
        try:
            self._database = sqlite3.connect("", isolation_level=None)
            self._cursor = self._database.cursor()
            self._cursor.executescript(_SETUP)
        except sqlite3.Error as exc:
            raise _local_error(exc) from exc

    def add(self, key: str, place: str) -> str | None:
        """Remember ``key``; return where it was first met if it was already there.

        Raises LocalError when there is no room on disk to remember it.
        """
        place = place.encode("utf-8", "backslashreplace").decode()
        try:
            # Short keys are kept as they are: names that come in order are then
            # written in order, three times as quick as digests.
            stored = key if len(key) <= _SHORT else _digest(key)
            return self._add(stored, place)
        except UnicodeEncodeError:  # half of a surrogate pair
            return self._add(_digest(key), place)

    def in_order(self) -> Iterator[tuple[str, str]]:
        """Yield the keys, sorted, with their places: short keys of ASCII only.

        Nothing may be added meanwhile. Raises LocalError when they cannot be read.
        """
        try:
            yield from self._database.execute(_LIST)
        except sqlite3.Error as exc:
            raise _local_error(exc) from exc

    def __len__(self) -> int:
        """Return how many different keys were added."""
        return self._length

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Forget everything."""
        self._database.close()

    def _add(self, stored: str | bytes, place: str) -> str | None:
        try:
            if self._cursor.execute(_ADD, (stored, place)).rowcount:
                self._length += 1
                return None
            found = self._cursor.execute(_FIND, (stored,)).fetchone()
        except sqlite3.Error as exc:
            raise _local_error(exc) from exc
        return str(found[0])


def _digest(key: str) -> bytes:
    data = key.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=16).digest()


def _local_error(exc: sqlite3.Error) -> LocalError:
    return LocalError(
        f"cannot keep the list of names in the temporary folder: {exc};"
        " free some space there or set TMPDIR to another folder"
    )
