"""The tables in which a dataset remembers its rows, its shards and its files."""

from __future__ import annotations

import zlib
from enum import IntEnum

from batchtts.corpora import FIGURES

__all__ = ["SCHEMA", "VERSION", "Verdict"]


class Verdict(IntEnum):
    """Why a row is in no shard."""

    NONE = 0  # it is in one, or will be
    REFUSED = 1  # for what it says
    FILTERED = 2  # for how it sounds
    LOST = 3  # its sound did not come this time


_FIGURE_COLUMNS = ", ".join(f"{name} real" for name in FIGURES)
SCHEMA = f"""
create table if not exists facts (name text primary key, value text) without rowid;
create table if not exists voices (
    voice integer primary key, name text not null unique, label text not null unique
);
create table if not exists rows (
    number integer primary key,
    key text not null unique,
    language text not null,
    content text not null
);
create table if not exists places (
    number integer primary key,
    digest blob not null,
    voice integer not null,
    split text not null,
    family blob not null,
    removed integer not null default 0,
    verdict integer not null default 0,
    reason text,
    shard integer,
    wanted integer not null default 0,
    pack integer,
    start integer,
    wav_bytes integer,
    flac_bytes integer,
    samples integer,
    scores text,
    doubts text,
    take integer not null default 0,
    tries integer not null default 0,
    asked integer,
    why text,
    origin text,
    {_FIGURE_COLUMNS}
);
create index if not exists by_shard on places (split, shard) where shard is not null;
create index if not exists unplaced on places (number) where shard is null;
create index if not exists waiting on places (number) where wanted = 1;
create index if not exists asking on places (number) where asked > 0;
create index if not exists doubted on places (number) where doubts is not null;
create index if not exists staged on places (pack) where pack is not null;
create table if not exists shards (
    target text, split text, shard integer, key blob,
    primary key (target, split, shard)
) without rowid;
create table if not exists files (
    target text, path text, split text, shard integer, bytes integer, mtime_ns integer,
    primary key (target, path)
) without rowid;
create index if not exists files_of on files (target, split, shard);
create temp table if not exists seen (number integer primary key);
"""

VERSION = zlib.crc32(SCHEMA.encode()) >> 1
"""What was remembered in other tables is forgotten."""
