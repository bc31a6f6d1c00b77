"""What is counted of a dataset for its card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from batchtts.outputs.datasets.database import Database
from batchtts.outputs.datasets.schema import Verdict
from batchtts.outputs.datasets.settings import DatasetSettings

__all__ = ["Histogram", "Part", "Statistics", "statistics"]

_KEPT = "shard is not null"
_BINS = 40


@dataclass(frozen=True, slots=True)
class Part:
    """How much there is of something: a split, a speaker, all of it."""

    name: str
    utterances: int
    samples: int
    speakers: int

    def seconds(self, rate_hz: int) -> float:
        """Return how long it is."""
        return self.samples / rate_hz


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many utterances have a figure in each of equal steps."""

    figure: str
    start: float
    step: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The counts of a dataset."""

    whole: Part
    splits: tuple[Part, ...]
    speakers: tuple[Part, ...]
    languages: tuple[str, ...]
    histograms: tuple[Histogram, ...]
    refused: int
    filtered: tuple[tuple[str, int], ...]  # by figure
    lost: int
    retaken: int  # of those that are in it: made more than once
    replaced: int  # of these: with a further take kept
    removed: int  # still in a finished shard
    shared_texts: int  # groups of a held-out voice that another split has too


def statistics(database: Database, settings: DatasetSettings) -> Statistics:
    """Count what is in the dataset."""
    part = "count(*), coalesce(sum(samples), 0), count(distinct voice) from places"
    whole = database.first(f"select '', {part} where {_KEPT}", (), Part)
    splits = {
        one.name: one
        for one in database.all(
            f"select split, {part} where {_KEPT} group by split",
            (),
            Part,
        )
    }
    by_voice = "join voices using (voice)"
    return Statistics(
        whole=whole or Part("", 0, 0, 0),
        splits=tuple(
            splits.get(name, Part(name, 0, 0, 0)) for name in settings.split_names
        ),
        speakers=tuple(
            database.all(
                f"select name, {part} {by_voice}"
                f" where {_KEPT} group by voice order by voice",
                (),
                Part,
            )
        ),
        languages=tuple(
            database.all(
                "select distinct language from rows join places using (number)"
                f" where {_KEPT} order by language",
                (),
                str,
            )
        ),
        histograms=tuple(_histograms(database, settings)),
        refused=_count(database, f"verdict = {Verdict.REFUSED:d}"),
        filtered=tuple(
            database.all(
                "select substr(reason, 1, instr(reason, ' ') - 1) as figure, count(*)"
                " from places where verdict = ? group by figure order by figure",
                (Verdict.FILTERED,),
                _named,
            )
        ),
        lost=_count(database, f"verdict = {Verdict.LOST:d}"),
        retaken=_count(database, f"tries > 0 and {_KEPT}"),
        replaced=_count(database, f"take > 0 and {_KEPT}"),
        removed=_count(database, f"removed = 1 and {_KEPT}"),
        shared_texts=_shared(database, settings),
    )


def _count(database: Database, which: str) -> int:
    return database.number(f"select count(*) from places where {which}")


def _named(name: str, count: int) -> tuple[str, int]:
    return name, count


def _histograms(database: Database, settings: DatasetSettings) -> Iterator[Histogram]:
    rate = float(settings.rate_hz)
    for figure, value in (
        ("duration", f"samples / {rate}"),
        ("chars_per_s", "chars_per_s"),
        ("loudness_lufs", "loudness_lufs"),
        ("snr_db", "snr_db"),
    ):
        bounds = database.first(
            f"select min({value}), max({value}) from places where {_KEPT}",
            (),
            _bounds,
        )
        if bounds is None:
            continue
        start, end = bounds
        step = (end - start) / _BINS or 1.0
        counts = [0] * _BINS
        for place, count in database.all(
            f"select min(cast(({value} - ?) / ? as integer), ?) as bin, count(*)"
            f" from places where {_KEPT} group by bin",
            (start, step, _BINS - 1),
            _binned,
        ):
            counts[place] = count
        yield Histogram(figure, start, step, tuple(counts))


def _bounds(least: float | None, most: float | None) -> tuple[float, float] | None:
    return None if least is None or most is None else (least, most)


def _binned(place: int, count: int) -> tuple[int, int]:
    return place, count


def _shared(database: Database, settings: DatasetSettings) -> int:
    """Count the groups that a held-out voice and another split have in common."""
    if settings.splits is None or not settings.splits.held_out:
        return 0
    return database.number(
        "select count(*) from (select family from places where shard is not null"
        " group by family having count(distinct split) > 1)"
    )
