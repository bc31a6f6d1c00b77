"""Targets that a dataset had and has no more: their files are not left behind."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from batchtts.corpora import Target
from batchtts.outputs.datasets.index import Index
from batchtts.outputs.datasets.keeping import remove_file, stamp_of

__all__ = ["note_folders", "remove_former"]


def note_folders(index: Index, targets: Sequence[Target], base: Path) -> None:
    """Note where each target is; one that was elsewhere becomes a former one.

    Folders are noted relative to ``base``, so that all may be moved together.
    """
    for target in targets:
        name = target.format
        folder = _relative(target.folder, base)
        known = index.fact(_fact(name))
        if index.is_news(_fact(name), folder) and known is not None:
            former = f"{name} in {known}"
            index.is_news(_fact(former), known)
            for table in ("files", "shards"):
                index.database.run(
                    f"update or replace {table} set target = ? where target = ?",
                    (former, name),
                )


def remove_former(index: Index, targets: Sequence[Target], base: Path) -> None:
    """Remove the files of former targets that are still as they were written.

    Raises LocalError when one cannot be removed.
    """
    database = index.database
    names = {target.format for target in targets}
    for name in database.all("select distinct target from files", (), str):
        folder = index.fact(_fact(name))
        if name in names or folder is None:
            continue
        root = base / folder
        for path, *stamp in database.all(
            "select path, bytes, mtime_ns from files where target = ?", (name,), _file
        ):
            if stamp_of(root / path) == tuple(stamp):
                remove_file(root / path, root)
        with contextlib.suppress(OSError):  # not empty, or another's
            root.rmdir()
        for table in ("files", "shards"):
            database.run(f"delete from {table} where target = ?", (name,))
        database.run("delete from facts where name = ?", (_fact(name),))


def _fact(name: str) -> str:
    return f"folder of {name}"


def _relative(folder: Path, base: Path) -> str:
    try:
        return Path(os.path.relpath(folder, base)).as_posix()
    except ValueError:  # another drive
        return folder.as_posix()


def _file(path: str, size_bytes: int, mtime_ns: int) -> tuple[str, int, int]:
    return path, size_bytes, mtime_ns
