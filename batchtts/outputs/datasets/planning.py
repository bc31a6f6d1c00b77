"""What a dataset lacks, once it is known what the job asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchtts.outputs.datasets.index import Index
from batchtts.outputs.datasets.keeping import Keeper
from batchtts.outputs.datasets.packs import Packs
from batchtts.outputs.datasets.placing import (
    forget_removed,
    judge,
    reopen,
    shard_keys,
)
from batchtts.outputs.datasets.schema import Verdict
from batchtts.outputs.datasets.settings import DatasetSettings

__all__ = ["Plan", "plan", "want_moved"]

_WANT = """
update places set wanted = 1 where verdict = 0 and pack is null
    and (shard is null or (split, shard) in temp.stale)
"""

_WITHOUT_WHAT_WAITS = """
update places set pack = null where pack is not null and (
    {lacks} or not exists (
        select 1 from temp.packs where packs.pack = places.pack
        and packs.bytes >= start + coalesce(wav_bytes, 0) + coalesce(flac_bytes, 0)
    )
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What there is to do before a dataset is what the job says."""

    rows: int
    wanted: int  # need their sound
    removed: int  # in the dataset, but not in the job any more


def plan(
    index: Index,
    packs: Packs,
    keepers: Sequence[Keeper],
    settings: DatasetSettings,
) -> Plan:
    """Find the rows that need their sound.

    They are those without a place, and all of a shard that must be written
    anew because a row or a file of it is not what it was.
    """
    database = index.database
    database.run(
        "update places set verdict = 0, reason = null where verdict = ?",
        (Verdict.LOST,),
    )
    if index.deals_anew:
        index.deal_unseen()
    database.run(
        "update places set removed = 1 - removed"
        " where removed = (number in (select number from temp.seen))"
    )
    forget_removed(index, "1" if settings.drop_removed else "shard is null")
    _check_packs(index, packs, settings)
    if index.is_news("filters", repr(settings.filters)):
        judge(index, settings, anew=True)
    for keeper in keepers:
        keeper.look()
    _find_stale(index, keepers)
    forget_removed(index, "(split, shard) in temp.stale")
    reopen(index, settings)
    database.run("update places set wanted = 0 where wanted = 1")
    wanted = database.run(_WANT)
    database.commit()
    return Plan(
        rows=database.number("select count(*) from temp.seen"),
        wanted=wanted,
        removed=database.number("select count(*) from places where removed = 1"),
    )


def want_moved(index: Index, keepers: Sequence[Keeper]) -> None:
    """Want the sound of those rows too whose shards have others with another take."""
    if index.database.number(
        "select 1 from places where take > 0 and pack is not null"
        " and shard is not null limit 1"
    ):
        _find_stale(index, keepers)
        forget_removed(index, "(split, shard) in temp.stale")
        index.database.run(_WANT)


def _check_packs(index: Index, packs: Packs, settings: DatasetSettings) -> None:
    """Forget the sound that waits where it cannot be, or not in each encoding."""
    database = index.database
    database.run("create temp table if not exists packs (pack, bytes)")
    database.run("delete from temp.packs")
    database.many("insert into temp.packs values (?, ?)", packs.sizes().items())
    columns = {".wav": "wav_bytes", ".flac": "flac_bytes"}
    lacks = [f"{columns[suffix]} is null" for suffix in settings.suffixes]
    database.run(_WITHOUT_WHAT_WAITS.format(lacks=" or ".join(lacks)))


def _find_stale(index: Index, keepers: Sequence[Keeper]) -> None:
    """List the shards that some target lacks or has otherwise."""
    database = index.database
    database.run("create temp table if not exists stale (split, shard)")
    database.run("delete from temp.stale")
    for shard, key in shard_keys(index):
        if not all(keeper.is_current(shard, key) for keeper in keepers):
            database.run(
                "insert into temp.stale values (?, ?)", (shard.split, shard.number)
            )
