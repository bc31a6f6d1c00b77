"""The files of a target: what was written there, and whether it still is."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from batchtts.corpora import FIGURES, Target
from batchtts.files import local_errors
from batchtts.outputs.datasets.database import Database
from batchtts.outputs.datasets.formats import FORMATS
from batchtts.outputs.datasets.layout import Audio, Folder, Layout, Shard
from batchtts.outputs.datasets.settings import DatasetSettings

__all__ = ["Keeper", "remove_file", "stamp_of"]

_AT_ONCE = 1_000  # files looked up in one go
_LISTS = Shard("", -1)
"""What stands for the lists of a target among its shards."""


class Keeper:
    """Writes a target's shards and lists, each when it is not what it should be."""

    def __init__(
        self, database: Database, target: Target, settings: DatasetSettings
    ) -> None:
        """Keep the files of ``target``; the database remembers them."""
        self._database = database
        self._name = target.format
        self.format = FORMATS[target.format]
        self.folder = Folder(target.folder, owner=settings.owner)
        self.layout = Layout(
            suffix=target.suffix,
            rate_hz=settings.rate_hz,
            columns=settings.columns,
            figures=(*FIGURES, *settings.scores),
            splits=settings.split_names,
            prefix=settings.prefix,
        )

    def look(self) -> None:
        """Forget the shards and lists of which a file is missing or changed."""
        damaged: set[Shard] = set()
        root = self.folder.root
        with local_errors("cannot look at"):
            for path, shard, stamp in self._database.each(
                "select path, split, shard, bytes, mtime_ns from files"
                " where target = ?",
                (self._name,),
                _file,
            ):
                if shard not in damaged and stamp_of(root / path) != stamp:
                    damaged.add(shard)
        for shard in damaged:
            self._database.run(
                "delete from shards where target = ? and split = ? and shard = ?",
                (self._name, shard.split, shard.number),
            )

    def files(self) -> Iterator[Path]:
        """Yield the files that were written and are to be there."""
        query = "select path from files where target = ? and path > ? order by path"
        last = ""
        while found := self._database.all(
            f"{query} limit {_AT_ONCE}", (self._name, last), str
        ):
            yield from (self.folder.root / path for path in found)
            last = found[-1]

    def is_current(self, shard: Shard, key: bytes) -> bool:
        """Tell whether a shard's files are those of the rows that ``key`` is of."""
        kept = self._database.first(
            "select key from shards where target = ? and split = ? and shard = ?",
            (self._name, shard.split, shard.number),
            bytes,
        )
        return kept == self._full_key(shard, key)

    def write(self, shard: Shard, key: bytes, audio: Iterable[Audio]) -> None:
        """Write a shard's files, and remove those that it had and has no more."""
        paths = self.format.write_shard(self.folder, shard, audio, self.layout)
        self._record(shard, key, paths)

    def remove_but(self, kept: set[Shard]) -> None:
        """Remove the files of every shard that there is no more."""
        for shard in self._database.all(
            "select distinct split, shard from files where target = ?",
            (self._name,),
            Shard,
        ):
            if shard not in kept and shard != _LISTS:
                self._record(shard, b"", ())
                self._database.run(
                    "delete from shards where target = ? and split = ? and shard = ?",
                    (self._name, shard.split, shard.number),
                )

    def lists_are_current(self, key: bytes) -> bool:
        """Tell whether the lists are those of the dataset that ``key`` is of."""
        return self.is_current(_LISTS, key)

    def record_lists(self, key: bytes, paths: Iterable[str]) -> None:
        """Note that these lists are those of the dataset that ``key`` is of."""
        self._record(_LISTS, key, paths)

    def _record(self, shard: Shard, key: bytes, paths: Iterable[str]) -> None:
        place = (self._name, shard.split, shard.number)
        old = set(
            self._database.all(
                "select path from files where target = ? and split = ? and shard = ?",
                place,
                str,
            )
        )
        rows = []
        for path in paths:
            rows.append((*place, path, *stamp_of(self.folder.root / path)))
            old.discard(path)
        for path in old:
            remove_file(self.folder.root / path, self.folder.root)
        with self._database.lock:
            self._database.run(
                "delete from files where target = ? and split = ? and shard = ?", place
            )
            self._database.many(
                "insert or replace into files (target, split, shard, path, bytes,"
                " mtime_ns) values (?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._database.run(
                "insert or replace into shards (target, split, shard, key)"
                " values (?, ?, ?, ?)",
                (*place, self._full_key(shard, key)),
            )

    def _full_key(self, shard: Shard, key: bytes) -> bytes:
        layout = self.layout
        if shard != _LISTS:
            layout = replace(layout, prefix="", has_several_voices=False)
        shape = json.dumps([self.format.version, asdict(layout)])
        return hashlib.sha256(shape.encode() + key).digest()


def _file(
    path: str, split: str, shard: int, size_bytes: int, mtime_ns: int
) -> tuple[str, Shard, tuple[int, int]]:
    return path, Shard(split, shard), (size_bytes, mtime_ns)


def stamp_of(path: Path) -> tuple[int, int]:
    """Return a file's size and time of change; -1 where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def remove_file(path: Path, root: Path) -> None:
    """Remove a file that we wrote, and the folders that are empty then."""
    with local_errors("cannot remove"):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        for above in path.relative_to(root).parents:
            if above.parts:
                (root / above).rmdir()
