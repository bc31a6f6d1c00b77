"""Files that the lock knows and nothing in the job asks for any more."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from batchtts.files import local_errors, project_root
from batchtts.formats import FORMATS
from batchtts.plan import Reading
from batchtts.runner.ledger import Ledger
from batchtts.seen import Seen

__all__ = ["counted_files", "orphans", "shared_orphans", "tidied"]


def orphans(planned: Iterable[Reading], ledger: Ledger) -> list[str]:
    """Return the paths of files in the lock that no reading of a job becomes."""
    with Seen() as asked:
        for reading in planned:
            for target in reading.targets:
                asked.add(ledger.name(target.path), "")
        return [name for name in _names(ledger) if asked.add(name, "") is None]


def shared_orphans(asked: Collection[Path], ledger: Ledger) -> list[str]:
    """Return the paths of books and datasets in the lock not ``asked`` for."""
    wanted = {ledger.name(path) for path in asked}
    query = (
        "select path from outputs where codecs is null"
        " union select id from notes where kind = 'dataset' order by 1"
    )
    with ledger.lock:
        rows = ledger.database.execute(query).fetchall()
    return [name for (name,) in rows if name not in wanted]


def tidied(
    names: Iterable[str], ledger: Ledger, base: Path, *, remove: bool
) -> tuple[int, str | None]:
    """Forget orphans that are gone, ``remove`` the others; say what is left of them.

    Returns how many files were removed, too.

    A lock may come from strangers: what it names is removed only inside the
    project, only where the path is that of an audio file, and only if the file
    still has the bytes of which the lock says that batchtts wrote them. Raises
    LocalError.
    """
    top = os.path.realpath(project_root(base) or base)
    kept, removed = [], 0
    for name in names:
        path = base / name
        with local_errors("cannot look at"):
            is_there = path.exists() or path.is_symlink()
        if is_there:
            if not (remove and _is_ours(path, name, ledger, top)):
                kept.append(name)
                continue
            with local_errors("cannot remove"):
                path.unlink()
            removed += 1
        ledger.forget(name)
    if not kept:
        return removed, None
    more = f" and {len(kept) - 1:,} more files" if len(kept) > 1 else ""
    what = "left alone, as it is not as it was made" if remove else "see `--prune`"
    return removed, f'nothing asks for "{kept[0]}"{more} any more: {what}'


def _is_ours(path: Path, name: str, ledger: Ledger, top: str) -> bool:
    row = ledger.row(name)
    inside = os.path.realpath(path).startswith(f"{top}{os.sep}")
    if row is None or path.is_symlink() or path.suffix.lower() not in FORMATS:
        return False
    return inside and ledger.is_whole(path, row)


def _names(ledger: Ledger) -> Iterator[str]:
    with ledger.lock:
        yield from (
            name
            for (name,) in ledger.database.execute(
                "select path from outputs where codecs is not null order by path"
            )
        )


def counted_files(ledger: Ledger, *, but_by: str = "") -> int:
    """Count the files in the lock that were not written by these codecs."""
    query = "select count(*) from outputs where codecs is not null and codecs <> ?"
    with ledger.lock:
        return int(ledger.database.execute(query, (but_by,)).fetchone()[0])
