"""What a dataset is to be, as the job says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from batchtts.corpora import OUTLIER, About, Filter, Splits, Suffix, Target

__all__ = ["WHOLE", "DatasetSettings"]

WHOLE = "train"
"""The only split where none were asked for: what loaders look for."""

_ODD = 6.0  # spreads from the median, where the job does not say it


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSettings:
    """A whole dataset: the same utterances in one format or several.

    ``sound_key`` stands for all that decides how the takes come to sound; when
    it changes, every utterance is made again.
    """

    targets: tuple[Target, ...]
    rate_hz: int
    about: About
    sound_key: str = ""
    splits: Splits | None = None
    columns: tuple[str, ...] = ()  # carried through; else see `Dataset.carry`
    filters: tuple[Filter, ...] = ()
    scores: tuple[str, ...] = ()  # figures that the caller brings, such as "wer"
    prefix: str = ""  # before the audio paths in lists; empty: relative ones
    drop_removed: bool = False  # take rows that the job lost out of finished shards
    base: Path = Path()  # where folders are noted from
    retakes: int = 0  # at most, of each row that is unlike its voice's others
    shard_bytes: int = 512 * 1024 * 1024  # of PCM
    shard_rows: int = 10_000  # the Hub's limit of files in a folder
    owner: str = ""  # marks temporary files: see `files.sweep`

    @property
    def split_names(self) -> tuple[str, ...]:
        """Return every split, in order."""
        return self.splits.names if self.splits else (WHOLE,)

    @property
    def suffixes(self) -> tuple[Suffix, ...]:
        """Return the kinds of audio file that the targets hold."""
        asked = {target.suffix for target in self.targets}
        kinds: tuple[Suffix, ...] = (".wav", ".flac")
        return tuple(kind for kind in kinds if kind in asked)

    @property
    def writes_on_the_way(self) -> bool:
        """Tell whether a full shard can be written before all sound has come."""
        return not (self.retakes or self.judges_outliers)

    @property
    def retakes_above(self) -> float:
        """Return the score above which a row is made again: that of the filter."""
        bounds = [one.most for one in self.filters if one.figure == OUTLIER]
        return next((most for most in bounds if most is not None), _ODD)

    @property
    def judges_outliers(self) -> bool:
        """Tell whether an utterance is judged by all the others of its voice."""
        return any(rule.figure == OUTLIER for rule in self.filters)
