"""What is measured of each utterance, and which are left out for it.

A figure that may be fine in one voice may be odd in another: a robust score
says how far an utterance is from its voice's median, in units of what would be
the standard deviation if nothing were odd.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchtts.audio.levels import Levels
from batchtts.completeness.units import KINDS, units_of
from batchtts.corpora import FIGURES, OUTLIER, Filter
from batchtts.outputs.datasets.database import Database
from batchtts.outputs.datasets.finishing import Finished
from batchtts.outputs.datasets.rows import Row

__all__ = [
    "Norms",
    "figures_of",
    "norms",
    "refusal",
]

_SILENCE_DB = -120.0  # stands for minus infinity, which JSON does not have
_DIGITS = 3

# What would be odd in an utterance, and the least spread that counts as such:
# synthetic voices can be so even that a tenth of a decibel would stand out.
_SPREADS = {
    "pace": 0.05,
    "leading_silence_s": 0.15,
    "trailing_silence_s": 0.15,
    "longest_silence_s": 0.15,
    "clipped_samples": 8.0,
    "loudness_lufs": 1.0,
    "bandwidth_hz": 500.0,
    "snr_db": 8.0,
}
_GRACE_S = 0.5  # a word alone varies most
_LEAST_UTTERANCES = 10  # of a voice, before it has norms
_NORMAL = 1.4826  # the standard deviation of a normal distribution over its MAD


@dataclass(frozen=True, slots=True)
class Norms:
    """The median and the spread of a voice's figures."""

    of: Mapping[str, tuple[float, float]]

    def scores(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Return how many spreads each figure is above or below the median."""
        return {
            name: round((figures[name] - median) / spread, 2)
            for name, (median, spread) in self.of.items()
        }

    def worst(self, figures: Mapping[str, float]) -> tuple[str, float]:
        """Return the figure that is farthest off, and how far."""
        scores = self.scores(figures)
        name = max(scores, key=lambda figure: abs(scores[figure]))
        return name, abs(scores[name])


def figures_of(row: Row, sound: Finished) -> dict[str, float]:
    """Return the figures of an utterance, all finite."""
    quality = sound.quality
    duration_s = sound.samples / sound.rate_hz
    words = len(row.normalised.split())
    found = {
        "chars_per_s": len(row.normalised) / duration_s,
        "words_per_s": words / duration_s,
        "pace": _pace(row, duration_s),
        "leading_silence_s": quality.leading_silence_s,
        "trailing_silence_s": quality.trailing_silence_s,
        "longest_silence_s": quality.longest_silence_s,
        "clipped_samples": float(quality.clipped_samples),
        **_levels(sound.levels),
        "bandwidth_hz": quality.bandwidth_hz,
        "snr_db": quality.snr_db,
    }
    return {name: round(found[name], _DIGITS) for name in FIGURES}


def _pace(row: Row, duration_s: float) -> float:
    """Return the length by that which the words have in most mouths.

    Unlike characters per second it is the same for short texts and long ones,
    so that one that is cut shows, and one that is only short does not.
    """
    units = units_of(row.normalised, dict(row.provenance.parameters))
    usual_s = sum(
        count * kind.seconds for count, kind in zip(units.counts, KINDS, strict=True)
    )
    return (duration_s + _GRACE_S) / (usual_s + units.pauses_s + _GRACE_S)


def _levels(levels: Levels) -> dict[str, float]:
    return {
        "peak_dbfs": max(_SILENCE_DB, levels.peak_db),
        "rms_dbfs": max(_SILENCE_DB, levels.rms_db),
        "loudness_lufs": max(_SILENCE_DB, levels.integrated_lufs),
    }


def refusal(
    filters: Sequence[Filter], figures: Mapping[str, float], voice: Norms | None
) -> str | None:
    """Say why an utterance is left out, or return None.

    ``figures`` has the duration too. A voice without norms has no outliers.
    """
    for rule in filters:
        name = rule.figure
        if name == OUTLIER:
            worst = voice.worst(figures) if voice else None
            if worst is None:
                continue
            name, value = f"{OUTLIER} ({worst[0]})", worst[1]
        else:
            value = figures[name]
        if rule.least is not None and value < rule.least:
            return f"{name} {value:g} is below {rule.least:g}"
        if rule.most is not None and value > rule.most:
            return f"{name} {value:g} is above {rule.most:g}"
    return None


def norms(database: Database) -> dict[int, Norms]:
    """Return the norms of every voice by its number, as far as it has been measured.

    Sorted in the database, so that the memory stays flat.
    """
    counts = dict(
        database.all(
            "select voice, count(*) from places where samples is not null"
            " group by voice having count(*) >= ?",
            (_LEAST_UTTERANCES,),
            _count,
        )
    )
    found: dict[int, dict[str, tuple[float, float]]] = {n: {} for n in counts}
    for figure, least in _SPREADS.items():
        database.run("create temp table if not exists medians (voice, median)")
        database.run("delete from temp.medians")
        medians = dict(_middles(database, figure, "", counts))
        database.many("insert into temp.medians values (?, ?)", medians.items())
        off = f"abs({figure} - median)"
        join = "join temp.medians using (voice)"
        for voice, deviation in _middles(database, off, join, counts):
            spread = max(_NORMAL * deviation, least)
            found[voice][figure] = (medians[voice], spread)
    return {voice: Norms(of) for voice, of in found.items()}


def _middles(
    database: Database, value: str, join: str, counts: Mapping[int, int]
) -> Iterator[tuple[int, float]]:
    """Yield the lower median of a value for each of the voices."""
    place, last = 0, -1
    for voice, found in database.each(
        f"select voice, {value} as value from places {join}"
        " where samples is not null order by voice, value",
        (),
        _value,
    ):
        place = place + 1 if voice == last else 0
        last = voice
        if voice in counts and place == (counts[voice] - 1) // 2:
            yield voice, found


def _count(voice: int, count: int) -> tuple[int, int]:
    return voice, count


def _value(voice: int, value: float) -> tuple[int, float]:
    return voice, value
