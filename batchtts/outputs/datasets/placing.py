"""Which shard each row stands in, and which shards must be written.

A row stays where it was put. New rows fill the last shard of their split and
then new ones, in the order of the job, so that a dataset grown in two runs is
the one made in a single run, and finished shards are left alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from batchtts.audio.pcm import SAMPLE_BYTES
from batchtts.outputs.datasets.catalogue import AT_ONCE
from batchtts.outputs.datasets.index import Index
from batchtts.outputs.datasets.layout import Shard
from batchtts.outputs.datasets.schema import Verdict
from batchtts.outputs.datasets.scores import norms, refusal
from batchtts.outputs.datasets.settings import DatasetSettings

__all__ = ["forget_removed", "judge", "place", "reopen", "shard_keys"]

_WAITING = f"shard is null and verdict = {Verdict.NONE.value}"


@dataclass(frozen=True, slots=True)
class _Filling:
    """The last shard of a split, as far as it is filled."""

    shard: int
    rows: int
    samples: int

    def is_full(self, settings: DatasetSettings) -> bool:
        size_bytes = self.samples * SAMPLE_BYTES
        return self.rows >= settings.shard_rows or size_bytes >= settings.shard_bytes


@dataclass(frozen=True, slots=True)
class _Waiting:
    number: int
    split: str
    samples: int


def judge(index: Index, settings: DatasetSettings, *, anew: bool = False) -> None:
    """Leave out the rows that do not pass the filters.

    Those whose sound waits for a place are judged; ``anew``, all that were ever
    measured, as the filters are others now.
    """
    database = index.database
    if anew:
        database.run(
            "update places set verdict = ?, reason = null where verdict = ?",
            (Verdict.NONE, Verdict.FILTERED),
        )
    if not settings.filters:
        return
    of_voices = norms(database) if settings.judges_outliers else {}
    which = "verdict = 0" if anew else f"pack is not null and {_WAITING}"
    for found in index.catalogue.measured(which):
        refused = []
        for one in found:
            norm = of_voices.get(one.voice)
            if reason := refusal(settings.filters, one.figures, norm):
                refused.append((Verdict.FILTERED, reason, one.number))
        database.many(
            "update places set verdict = ?, reason = ?, shard = null, pack = null"
            " where number = ?",
            refused,
        )


def reopen(index: Index, settings: DatasetSettings) -> None:
    """Decide where the rows without a place go: into a split's last shard, or on.

    The last shard is written anew for them unless it is full, or has rows that
    the job does not have any more: their sound could not be had again.
    """
    for split in settings.split_names:
        last = _filling(index, split, 0)
        if last is None:
            continue
        waiting = index.database.number(
            f"select count(*) from places where {_WAITING} and split = ?", (split,)
        )
        removed = index.database.number(
            "select count(*) from places where split = ? and shard = ? and removed = 1",
            (split, last.shard),
        )
        if removed or last.is_full(settings):
            index.open_shards[split] = last.shard + 1
            continue
        index.open_shards[split] = last.shard
        if waiting:
            index.database.run(
                "update places set shard = null where split = ? and shard = ?",
                (split, last.shard),
            )


def place(index: Index, settings: DatasetSettings, *, before: int | None) -> None:
    """Put the rows that wait for a place, and whose number is below, into shards."""
    filling: dict[str, _Filling] = {}
    for split in settings.split_names:
        start = index.open_shards.get(split, 0)
        filling[split] = _filling(index, split, start) or _Filling(start, 0, 0)
    last = 0
    while found := index.database.all(
        f"select number, split, samples from places where {_WAITING}"
        " and pack is not null and number > ? and number < ? order by number limit ?",
        (last, before if before is not None else 1 << 62, AT_ONCE),
        _Waiting,
    ):
        placed = []
        for row in found:
            shard = filling[row.split]
            if shard.is_full(settings):
                shard = _Filling(shard.shard + 1, 0, 0)
            filling[row.split] = _Filling(
                shard.shard, shard.rows + 1, shard.samples + row.samples
            )
            placed.append((shard.shard, row.number))
        index.database.many("update places set shard = ? where number = ?", placed)
        last = found[-1].number


def shard_keys(index: Index, only: Shard | None = None) -> list[tuple[Shard, bytes]]:
    """Return every shard, or only one, with a digest of the rows in it."""
    which = "shard is not null" if only is None else "split = ? and shard = ?"
    keys: list[tuple[Shard, bytes]] = []
    digest = hashlib.sha256()
    last: Shard | None = None
    for shard, row in index.database.each(
        f"select split, shard, digest, take from places where {which}"
        " order by split, shard, number",
        () if only is None else (only.split, only.number),
        _row_of,
    ):
        if shard != last:
            if last is not None:
                keys.append((last, digest.digest()))
            last, digest = shard, hashlib.sha256()
        digest.update(row)
    if last is not None:
        keys.append((last, digest.digest()))
    return keys


def forget_removed(index: Index, which: str) -> int:
    """Take rows that the job does not have any more out; return how many."""
    index.database.run(
        f"delete from rows where number in"
        f" (select number from places where removed = 1 and {which})"
    )
    return index.database.run(f"delete from places where removed = 1 and {which}")


def _filling(index: Index, split: str, start: int) -> _Filling | None:
    return index.database.first(
        "select shard, count(*), sum(samples) from places where split = ?"
        " and shard >= ? group by shard order by shard desc limit 1",
        (split, start),
        _Filling,
    )


def _row_of(split: str, shard: int, digest: bytes, take: int) -> tuple[Shard, bytes]:
    return Shard(split, shard), digest + (f" {take}".encode() if take else b"")
