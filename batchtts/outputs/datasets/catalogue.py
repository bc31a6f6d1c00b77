"""Looks up what is known of a dataset's rows, some at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from batchtts.corpora import FIGURES
from batchtts.outputs.datasets.database import Cell, Database
from batchtts.outputs.datasets.rows import Entry, Retaken, Row
from batchtts.outputs.datasets.schema import Verdict
from batchtts.outputs.datasets.settings import DatasetSettings

__all__ = ["AT_ONCE", "Catalogue", "Listed", "Measured"]

AT_ONCE = 500
"""Rows that are looked at in one go."""

_ENTRIES = f"""
select number, content, split, shard, samples, voice, label,
    json_array(json(scores), take, tries, json(why), json(origin)),
    {", ".join(FIGURES)}
from places join rows using (number) join voices using (voice)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a row, its duration included."""

    number: int
    voice: int
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Listed:
    """A row as it was told, with what became of it."""

    number: int
    row: Row
    verdict: Verdict
    reason: str


class Catalogue:
    """Reads the index of a dataset; holds no more than a few hundred rows."""

    def __init__(self, database: Database, settings: DatasetSettings) -> None:
        """Read from ``database``."""
        self._database = database
        self._settings = settings

    def measured(self, which: str) -> Iterator[list[Measured]]:
        """Yield the rows that were measured and of which ``which``, in SQL, is true.

        They may be changed in between.
        """
        last = 0
        while found := self._database.all(
            f"select number, voice, samples, scores, {', '.join(FIGURES)} from places"
            f" where samples is not null and {which} and number > ?"
            f" order by number limit {AT_ONCE}",
            (last,),
            self._measured,
        ):
            yield found
            last = found[-1].number

    def listed(self, which: str) -> Iterator[Listed]:
        """Yield the rows of which ``which``, in SQL, is true, in the job's order."""
        last = 0
        while found := self._database.all(
            "select number, content, verdict, reason from rows join places"
            f" using (number) where {which} and number > ?"
            f" order by number limit {AT_ONCE}",
            (last,),
            _listed,
        ):
            yield from found
            last = found[-1].number

    def entries(self, split: str, *, by_key: bool = False) -> Iterator[Entry]:
        """Yield the rows of a split by their places, or by the bytes of their keys."""
        if not by_key:
            for shard in self._shards(split):
                yield from self.shard(split, shard)
            return
        last = ""
        while found := self._entries(
            "split = ? and shard is not null and key > ? order by key", (split, last)
        ):
            yield from found
            last = found[-1].row.key

    def shard(self, split: str, shard: int) -> Iterator[Entry]:
        """Yield the rows of a shard."""
        last = 0
        while found := self._entries(
            "split = ? and shard = ? and number > ? order by number",
            (split, shard, last),
        ):
            yield from found
            last = found[-1].number

    def _shards(self, split: str) -> list[int]:
        return self._database.all(
            "select distinct shard from places where split = ? and shard is not null"
            " order by shard",
            (split,),
            int,
        )

    def _entries(self, which: str, values: tuple[Cell, ...]) -> list[Entry]:
        return self._database.all(
            f"{_ENTRIES} where {which} limit {AT_ONCE}", values, self._entry
        )

    def _entry(
        self,
        number: int,
        content: str,
        split: str,
        shard: int,
        samples: int,
        voice: int,
        label: str,
        told: str,
        *figures: float,
    ) -> Entry:
        scores, take, tries, why, origin = json.loads(told)
        row = Row.read(content)
        if origin:
            made = replace(row.provenance, fingerprints=tuple(origin))
            row = replace(row, provenance=made)
        return Entry(
            number=number,
            row=row,
            retakes=Retaken(take, tries, *why) if tries else None,
            split=split,
            shard=shard,
            samples=samples,
            rate_hz=self._settings.rate_hz,
            speaker=label,
            speaker_number=voice - 1,
            figures=self._figures(scores, figures),
        )

    def _measured(
        self, number: int, voice: int, samples: int, scores: str | None, *figures: float
    ) -> Measured:
        duration_s = samples / self._settings.rate_hz
        brought = json.loads(scores) if scores else None
        told = {"duration": duration_s, **self._figures(brought, figures)}
        return Measured(number, voice, told)

    def _figures(
        self, brought: Mapping[str, float] | None, figures: tuple[float, ...]
    ) -> dict[str, float]:
        measured = dict(zip(FIGURES, figures, strict=True))
        return measured | {
            name: (brought or {})[name] for name in self._settings.scores
        }


def _listed(number: int, content: str, verdict: int, reason: str | None) -> Listed:
    return Listed(number, Row.read(content), Verdict(verdict), reason or "")
