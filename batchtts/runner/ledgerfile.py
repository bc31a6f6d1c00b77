"""The database file in which a ledger is kept."""

from __future__ import annotations

import sqlite3
from pathlib import Path

__all__ = ["PROBES", "looked_at", "opened"]

_SCHEMA = """
create table if not exists outputs (
    path text primary key,
    made text not null,
    sha256 text not null,
    facts text not null,
    size integer not null,
    mtime_ns integer not null,
    codecs text
) without rowid;
create table if not exists cuts (
    path text primary key,
    text text not null,
    voice text not null,
    words text not null,
    made text not null
) without rowid;
create index if not exists output_bytes on outputs (sha256);
create table if not exists parts (
    of text not null,
    key text not null,
    made text not null,
    primary key (of, key)
) without rowid;
create table if not exists pieces (
    path text primary key,
    of text not null,
    sha256 text not null,
    size integer not null,
    mtime_ns integer not null
) without rowid;
create index if not exists pieces_of on pieces (of);
create index if not exists cut_readings on cuts (text, voice);
create index if not exists cut_words on cuts (words);
create table if not exists notes (
    kind text not null,
    id text not null,
    line text not null,
    primary key (kind, id)
) without rowid;
create table if not exists marks (name text primary key, value text) without rowid
"""
_VERSION = 2
PROBES = (
    "select path, made, sha256, facts, size, mtime_ns, codecs from outputs limit 1",
    "select name, value from marks limit 1",
    "select of, key, made from parts limit 1",
    "select path, of, sha256, size, mtime_ns from pieces limit 1",
)


def opened(path: Path | str) -> sqlite3.Connection:
    """Open or make a ledger. Raises sqlite3.DatabaseError where it is damaged."""
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        _require_ours(database, fresh=True)
        database.executescript(_SCHEMA)
        database.execute(f"pragma user_version = {_VERSION:d}")
        for probe in PROBES:
            database.execute(probe)
        checked = database.execute("pragma quick_check").fetchone()
    except sqlite3.DatabaseError:
        database.close()
        raise
    if checked != ("ok",):
        database.close()
        raise sqlite3.DatabaseError("damaged")
    return database


def looked_at(path: Path) -> sqlite3.Connection | None:
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
        _require_ours(database, fresh=False)
        for probe in PROBES:
            database.execute(probe)
    except sqlite3.Error:
        database.close()
        return None
    return database


def _require_ours(database: sqlite3.Connection, *, fresh: bool) -> None:
    """Raise sqlite3.DatabaseError if another version has written it."""
    version = database.execute("pragma user_version").fetchone()[0]
    query = "select count(*) from sqlite_master"
    if version != _VERSION and not (
        fresh and database.execute(query).fetchone() == (0,)
    ):
        raise sqlite3.DatabaseError("of another version")
