"""Files that the lock knows and nothing in the job asks for any more."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from batchtts.files import local_errors, project_root
from batchtts.formats import FORMATS
from batchtts.plan import Reading
from batchtts.runner.ledger import Ledger
from batchtts.seen import Seen

__all__ = ["orphans", "prune"]


def orphans(planned: Iterable[Reading], ledger: Ledger) -> list[str]:
    """Return the paths of files in the lock that no reading of a job becomes."""
    with Seen() as asked:
        for reading in planned:
            for target in reading.targets:
                asked.add(ledger.name(target.path), "")
        return [name for name in _names(ledger) if asked.add(name, "") is None]


def prune(names: Iterable[str], ledger: Ledger, base: Path) -> tuple[int, list[str]]:
    """Remove orphans that are as they were made; return how many, and the others.

    A lock may come from strangers: what it names is removed only inside the
    project, only where the path is that of an audio file, and only if the file
    still has the bytes of which the lock says that batchtts wrote them. What is
    gone already is forgotten. Raises LocalError.
    """
    top = os.path.realpath(project_root(base) or base)
    removed, kept = 0, []
    for name in names:
        path = base / name
        row = ledger.row(name)
        with local_errors("cannot look at"):
            is_file = path.is_file() and not path.is_symlink()
        if is_file:
            inside = os.path.realpath(path).startswith(f"{top}{os.sep}")
            ours = inside and path.suffix.lower() in FORMATS and row is not None
            if not (ours and row is not None and ledger.is_whole(path, row)):
                kept.append(name)
                continue
            with local_errors("cannot remove"):
                path.unlink()
            removed += 1
        ledger.forget(name)
    return removed, kept


def _names(ledger: Ledger) -> Iterator[str]:
    with ledger.lock:
        yield from (
            name
            for (name,) in ledger.database.execute(
                "select path from outputs where codecs is not null order by path"
            )
        )
