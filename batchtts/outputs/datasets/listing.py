"""Writes what lists a whole dataset: the lists of each format, and the cards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from batchtts.outputs.datasets.about import write_about
from batchtts.outputs.datasets.index import Index
from batchtts.outputs.datasets.keeping import Keeper
from batchtts.outputs.datasets.rows import Entry
from batchtts.outputs.datasets.scores import norms
from batchtts.outputs.datasets.settings import DatasetSettings
from batchtts.outputs.datasets.statistics import Statistics

__all__ = ["Written", "lists_are_stale", "write_lists"]

_NO_LICENSE = (
    "the dataset has no license, so nobody can know whether they may use it: "
    "give it `license:`"
)
_SHARED = (
    "{count:,} texts are read by a held-out voice and in another split as well: "
    "only the speakers are new there"
)


@dataclass(frozen=True, slots=True)
class Written:
    """How many targets' lists were written, and what a person should know."""

    written: int
    warnings: tuple[str, ...]


def write_lists(
    index: Index,
    keepers: Sequence[Keeper],
    settings: DatasetSettings,
    counted: Statistics,
    check: Callable[[], None],
) -> Written:
    """Write each target's lists and card where they are not what they should be.

    ``check`` is called for each row.
    """

    def entries(split: str, *, by_key: bool = False) -> Iterator[Entry]:
        for entry in index.catalogue.entries(split, by_key=by_key):
            check()
            yield entry

    warnings = [] if settings.about.license else [_NO_LICENSE]
    if counted.shared_texts:
        warnings.append(_SHARED.format(count=counted.shared_texts))
    key = _key(index, settings)
    written = 0
    several = counted.whole.speakers > 1
    for keeper in keepers:
        name = keeper.format.name
        keeper.layout = replace(keeper.layout, has_several_voices=several)
        if not keeper.lists_are_current(key):
            voices = norms(index.database)
            lists = keeper.format.write_lists(keeper.folder, entries, keeper.layout)
            about = write_about(keeper, index.catalogue, settings, counted, voices)
            keeper.record_lists(key, [*lists.paths, *about])
            written += 1
            index.is_news(f"warnings of {name}", json.dumps(lists.warnings))
        told: list[str] = json.loads(index.fact(f"warnings of {name}") or "[]")
        warnings += [f"{name}: {warning}" for warning in told]
    return Written(written, tuple(warnings))


def lists_are_stale(
    index: Index, keepers: Sequence[Keeper], settings: DatasetSettings
) -> bool:
    """Tell whether a target's lists are not those of what is in its shards."""
    key = _key(index, settings)
    voices = index.database.number(
        "select count(distinct voice) from places where shard is not null"
    )
    for keeper in keepers:
        keeper.layout = replace(keeper.layout, has_several_voices=voices > 1)
    return not all(keeper.lists_are_current(key) for keeper in keepers)


def _key(index: Index, settings: DatasetSettings) -> bytes:
    """Return a digest of all that the lists are made of."""
    told = repr([settings.about, settings.filters, settings.splits])
    digest = hashlib.sha256(told.encode())
    for line in index.database.each(
        "select number, digest, split, shard, verdict, reason, removed, take, tries"
        " from places order by number",
        (),
        _line,
    ):
        digest.update(line)
    return digest.digest()


def _line(*cells: object) -> bytes:
    return repr(cells).encode()
