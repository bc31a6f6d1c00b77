"""Rows that are asked for once more, since they sound unlike the others of their voice.

Once all sound has come, every row is judged by its voice's norms: an outlier is wanted
in another take, and in yet another, until one of them is none or the settings allow no
more. The one that is least unlike the others is kept, the earlier of two that are as
good. What was decided stays so: the same row is not judged again unless it changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batchtts.outputs.datasets.index import Index
from batchtts.outputs.datasets.scores import Norms, norms
from batchtts.outputs.datasets.settings import DatasetSettings

__all__ = ["Further", "Retakes"]

_NORMS = "norms of retakes"  # a fact, as long as takes are judged by them
_DECIDED = 0


@dataclass(frozen=True, slots=True)
class Further:
    """Says of a sound that it is a further take of its row, and of which requests."""

    take: int  # 1, 2 ...
    fingerprints: Sequence[str]


class Retakes:
    """Decides of which rows further takes are wanted, and which take is kept.

    In the index, ``asked`` of a row is nothing before it was judged, the number of
    the take that is wanted, or 0 when all is decided; below 0 is a take that did not
    come in this run. ``take`` is the one that is kept, ``tries`` how many came.
    """

    def __init__(self, index: Index, settings: DatasetSettings) -> None:
        """Judge the rows of ``index``."""
        self._index = index
        self._settings = settings
        self._norms: Mapping[int, Norms] = {}

    def begin(self) -> None:
        """Ask again, once it is known what the job has, for what did not come."""
        database = self._index.database
        database.run("update places set asked = -asked where asked < 0")
        if database.number(
            "select 1 from places where wanted = 1 and asked is null limit 1"
        ):
            self.end()

    def judge(self) -> None:
        """Judge the rows that have their sound and have not been judged."""
        self._recall()
        most = self._settings.retakes_above
        for found in self._index.catalogue.measured(
            "asked is null and verdict = 0 and removed = 0"
        ):
            told = []
            for one in found:
                figure, score = self._worst(one.voice, one.figures)
                is_odd = score > most
                why = json.dumps([figure, score]) if is_odd else None
                told.append((1 if is_odd else _DECIDED, why, one.number))
            self._index.database.many(
                "update places set asked = ?, why = ? where number = ?", told
            )

    def count(self) -> int:
        """Return of how many rows a further take is wanted."""
        return self._index.database.number(
            "select count(*) from places where asked > 0 and wanted = 0 and removed = 0"
        )

    def is_kept(
        self, number: int, further: Further, figures: Mapping[str, float]
    ) -> bool:
        """Take notice of a further take; tell whether it is better than what was."""
        if not self._norms:
            self._recall()
        settings = self._settings
        [former] = next(self._index.catalogue.measured(f"number = {number:d}"))
        _, before = self._worst(former.voice, former.figures)
        _, now = self._worst(former.voice, figures)
        is_last = min(before, now) <= settings.retakes_above
        is_last = is_last or further.take >= settings.retakes
        asked = _DECIDED if is_last else further.take + 1
        is_better = now < before
        self._index.database.run(
            "update places set asked = ?, tries = ? where number = ?",
            (asked, further.take, number),
        )
        if is_better:
            self._index.database.run(
                "update places set take = ?, origin = ? where number = ?",
                (further.take, json.dumps(list(further.fingerprints)), number),
            )
        return is_better

    def end(self) -> None:
        """Forget what the rows were judged by: others come, or all is decided."""
        self._norms = {}
        self._index.database.run("delete from facts where name = ?", (_NORMS,))

    def _recall(self) -> None:
        """Have the norms: those of the first takes, also where a run was interrupted.

        Takes that were replaced since would change them.
        """
        noted = self._index.fact(_NORMS)
        if noted is None:
            self._norms = norms(self._index.database)
            told = {voice: one.of for voice, one in self._norms.items()}
            self._index.is_news(_NORMS, json.dumps(told))
            return
        told = json.loads(noted)
        self._norms = {int(voice): Norms(told[voice]) for voice in told}

    def _worst(self, voice: int, figures: Mapping[str, float]) -> tuple[str, float]:
        found = self._norms.get(voice)
        return found.worst(figures) if found else ("", 0.0)
