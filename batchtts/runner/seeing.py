"""Whether files still are what they were: many of them, several at a time."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

from batchtts.files import local_errors
from batchtts.runner.ledger import Ledger

__all__ = ["Trouble", "Unlike", "sha256_of", "unlike"]

_AT_ONCE = 2_000
_BY_ONE = 50  # files that a thread is given
_THREADS = 4
_join = os.path.join  # quicker than a Path, for each file

Trouble = Literal["missing", "altered"]


class Unlike(NamedTuple):
    """A file that is not what the ledger says."""

    name: str
    trouble: Trouble


class _Kept(NamedTuple):
    path: str
    sha256: str
    size: int
    mtime_ns: int


class _Seen(NamedTuple):
    kept: _Kept
    mtime_ns: int  # as it is now
    trouble: Trouble | None


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file. Raises LocalError where it cannot be read."""
    with local_errors("cannot read"), open(path, "rb") as file:  # noqa: PTH123 - quicker
        return hashlib.file_digest(file, "sha256").hexdigest()


def unlike(
    ledger: Ledger, table: Literal["outputs", "pieces"], of: str | None = None
) -> Iterator[Unlike]:
    """Yield the files of a table that are missing or have other bytes.

    Only those that look otherwise than when they were last seen whole are read;
    that they are is noted. Pieces are ``of`` a dataset. Raises LocalError.
    """
    base = os.fspath(ledger.base)
    with ThreadPoolExecutor(_THREADS, "see") as threads:
        for kept in _pages(ledger, table, of):
            seen = [_look(base, one) for one in kept]
            unsure = [one for one in seen if one.trouble is None and _is_touched(one)]
            whole: list[_Seen] = []
            for read in threads.map(
                lambda some: _read(base, some), _parts(unsure, _BY_ONE)
            ):
                for one in read:
                    if one.trouble is None:
                        whole.append(one)
                    else:
                        yield Unlike(one.kept.path, one.trouble)
            ledger.seen(table, [(one.mtime_ns, one.kept.path) for one in whole])
            yield from (
                Unlike(one.kept.path, one.trouble) for one in seen if one.trouble
            )


def _pages(ledger: Ledger, table: str, of: str | None) -> Iterator[list[_Kept]]:
    which = "" if of is None else "of = :of and "
    last = ""
    while True:
        with ledger.lock:
            rows = ledger.database.execute(
                f"select path, sha256, size, mtime_ns from {table}"  # noqa: S608 - ours
                f" where {which}path > :last order by path limit {_AT_ONCE}",
                {"of": of, "last": last},
            ).fetchall()
        if not rows:
            return
        yield [_Kept(*row) for row in rows]
        last = rows[-1][0]


def _look(base: str, kept: _Kept) -> _Seen:
    try:
        status = os.stat(_join(base, kept.path))  # noqa: PTH116 - quicker
    except (OSError, ValueError):
        return _Seen(kept, -1, "missing")
    # A lock may come from strangers: a device or a pipe would be read for ever.
    if status.st_size != kept.size or not stat.S_ISREG(status.st_mode):
        return _Seen(kept, status.st_mtime_ns, "altered")
    return _Seen(kept, status.st_mtime_ns, None)


def _is_touched(seen: _Seen) -> bool:
    return seen.mtime_ns != seen.kept.mtime_ns


def _parts(seen: Sequence[_Seen], size: int) -> Iterator[Sequence[_Seen]]:
    yield from (seen[start : start + size] for start in range(0, len(seen), size))


def _read(base: str, seen: Sequence[_Seen]) -> list[_Seen]:
    found = []
    for one in seen:
        is_same = sha256_of(_join(base, one.kept.path)) == one.kept.sha256
        found.append(one if is_same else one._replace(trouble="altered"))
    return found
