"""A dataset being made: which rows it lacks, their sound, its files.

First all its rows are told, in the job's order (`Dataset.expect`); then it is
known which of them need their sound (`Dataset.plan`), that comes in any order
and from any thread (`Dataset.add`), and whatever is full is written on the way;
`Dataset.finish` writes the rest. The same rows give the same bytes, whatever
the order their sound came in. After an interruption the same goes on: sound
that had come is not asked for again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from batchtts.errors import LocalError
from batchtts.files import make_folder
from batchtts.outputs.datasets.catalogue import Listed
from batchtts.outputs.datasets.finishing import Finished, finished
from batchtts.outputs.datasets.index import Index, Staged
from batchtts.outputs.datasets.keeping import Keeper
from batchtts.outputs.datasets.layout import Audio, Shard
from batchtts.outputs.datasets.listing import lists_are_stale, write_lists
from batchtts.outputs.datasets.moving import note_folders, remove_former
from batchtts.outputs.datasets.packs import Packs
from batchtts.outputs.datasets.placing import judge, place, shard_keys
from batchtts.outputs.datasets.planning import Plan, plan, want_moved
from batchtts.outputs.datasets.retaking import Further, Retakes
from batchtts.outputs.datasets.rows import Row, Sound
from batchtts.outputs.datasets.schema import Verdict
from batchtts.outputs.datasets.scores import figures_of
from batchtts.outputs.datasets.settings import DatasetSettings
from batchtts.outputs.datasets.statistics import Statistics, statistics

__all__ = ["Dataset", "Summary"]

_SAFE_BYTES = 64 * 1024 * 1024  # at most so much sound is lost when power fails
_NO_END = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a dataset has come to."""

    counted: Statistics
    shards: int
    shards_written: int  # over all targets
    files_changed: bool
    warnings: tuple[str, ...]


class Dataset:
    """Makes one dataset in all its formats; a context manager.

    ``state`` is a folder of its own that outlives the run; without it the
    dataset is made anew. ``check`` is called for each utterance that is
    written: what it raises ends the writing, and the next run goes on there.
    """

    def __init__(
        self,
        settings: DatasetSettings,
        *,
        state: Path,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Open or begin the dataset; another process may not use ``state`` meanwhile.

        Raises LocalError where the state cannot be read or written.
        """
        make_folder(state)
        self._settings = settings
        self._state = state
        self._check = check
        self._index = Index(state / "index.sqlite", settings)
        note_folders(self._index, settings.targets, settings.base)
        self._packs = Packs(state / "packs")
        self._retakes = Retakes(self._index, settings)
        self._keepers = [
            Keeper(self._index.database, target, settings)
            for target in settings.targets
        ]
        self._lock = threading.Lock()  # of the packs and the counts
        self._writing = threading.Lock()
        self._is_planned = False
        self._unsafe_bytes = 0
        self._unwritten_bytes = 0
        self._written = 0

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *failure: object) -> None:
        """Keep what has come, and let go of the files.

        Before `plan` nothing has: a job of which half was told leaves no trace.
        """
        with self._lock:
            if self._is_planned:
                self._make_safe()
            self._packs.close()
            self._index.__exit__()

    def expect(self, row: Row) -> bool:
        """Tell of the next row in the job's order; False if its key is taken."""
        return self._index.expect(row)

    def carry(self, columns: tuple[str, ...]) -> None:
        """Say, before `plan`, which columns of the rows are carried through."""
        for keeper in self._keepers:
            keeper.layout = replace(keeper.layout, columns=columns)

    def plan(self) -> Plan:
        """Find out, once all rows are told, which of them need their sound."""
        found = plan(self._index, self._packs, self._keepers, self._settings)
        self._retakes.begin()
        self._is_planned = True
        return found

    def lists_are_stale(self) -> bool:
        """Tell, once planned, whether lists or cards are to be written anew."""
        return lists_are_stale(self._index, self._keepers, self._settings)

    def wants(self, key: str, take: int = 0) -> bool:
        """Tell whether a row needs its sound, and in this take."""
        return self._index.wanted(key, take) is not None

    def add(
        self,
        key: str,
        sound: Sound | Finished,
        scores: Mapping[str, float] | None = None,
        *,
        doubts: Sequence[Mapping[str, object]] = (),
        further: Further | None = None,
    ) -> None:
        """Take the sound of a row, in any order, from any thread.

        ``scores`` has a figure for each name in the settings' ``scores``; `doubts`
        gives the ``doubts`` back. Of a row that needs no sound nothing is taken, nor a
        ``further`` take that is no better than what there is.
        Raises LocalError when the sound cannot be encoded or the disk not written,
        and ValueError when it is at another rate than the dataset.
        """
        if sound.rate_hz != self._settings.rate_hz:
            raise ValueError(
                f"sound at {sound.rate_hz} Hz in a dataset at {self._settings.rate_hz}"
            )
        take = further.take if further else 0
        found = self._index.wanted(key, take)
        if found is None:
            return
        if not sound.samples:
            self.lose(key, "it has no sound", take)
            return
        if isinstance(sound, Sound):
            sound = finished(sound, self._settings.suffixes)
        figures = figures_of(found.row, sound)
        with self._lock:
            if (
                further
                and found.is_further
                and not self._retakes.is_kept(found.number, further, figures)
            ):
                return
            pack, start = self._packs.append(list(sound.audio.values()))
            sizes = {suffix: len(blob) for suffix, blob in sound.audio.items()}
            staged = Staged(pack, start, sizes.get(".wav"), sizes.get(".flac"))
            self._index.stage(
                found.number, staged, sound.samples, figures, scores or {}, doubts
            )
            self._unsafe_bytes += sum(sizes.values())
            self._unwritten_bytes += sum(sizes.values())
            if self._unsafe_bytes >= _SAFE_BYTES:
                self._make_safe()
            is_much = self._unwritten_bytes >= self._settings.shard_bytes
        if is_much and self._settings.writes_on_the_way:
            self._write_some()

    def lose(self, key: str, reason: str, take: int = 0) -> None:
        """Tell that a wanted row gets no sound in this run, or no further take."""
        self._index.lose(key, reason, take)

    def ask(self) -> bool:
        """Find out, once what was wanted has come, whether sound is wanted once more.

        `next_take` tells of which rows. Where one has another take than it had, those
        that share its shard need their sound again, too.
        """
        if not self._settings.retakes:
            return False
        database = self._index.database
        if not database.number("select 1 from places where wanted = 1 limit 1"):
            self._retakes.judge()
            if not self._retakes.count():
                want_moved(self._index, self._keepers)
        return self._retakes.count() > 0 or bool(
            database.number("select 1 from places where wanted = 1 limit 1")
        )

    def retakes_due(self) -> int:
        """Return of how many rows that have their sound another take is wanted."""
        return self._retakes.count()

    def next_take(self, key: str) -> int | None:
        """Return in which take a row is wanted now; 0: the first; None: in none."""
        return self._index.next_take(key)

    def may_follow(self, key: str, take: int) -> int:
        """Return how many takes may be wanted of a row after one that is wanted."""
        if not self._settings.retakes or (not take and self._index.is_judged(key)):
            return 0
        return self._settings.retakes - take

    def lost(self) -> Iterator[str]:
        """Yield the key of every row whose sound, or further take, did not come."""
        which = f"(verdict = {Verdict.LOST} or asked < 0)"
        for one in self._index.catalogue.listed(which):
            yield one.row.key

    def dropped(self) -> Iterator[Listed]:
        """Yield every row that is not in the dataset, and why."""
        yield from self._index.catalogue.listed("verdict <> 0")

    def doubts(self) -> Iterator[str]:
        """Yield, in JSON, what was told as doubtful of each row that has its sound."""
        yield from self._index.doubts()

    def removed(self) -> Iterator[Listed]:
        """Yield the rows of the dataset that the job does not have any more."""
        yield from self._index.catalogue.listed("removed = 1")

    def files(self) -> Iterator[Path]:
        """Yield the files of the dataset, as it was written last."""
        for keeper in self._keepers:
            yield from keeper.files()

    def finish(self) -> Summary:
        """Write all that is not written yet; rows without sound are left out.

        Every file is whole or not there, and one that is as it should be is not
        touched. Raises LocalError when the disk cannot be written.
        """
        database = self._index.database
        with self._writing:
            database.run(
                "update places set verdict = ?, reason = ?, shard = null, wanted = 0"
                " where wanted = 1",
                (Verdict.LOST, "its sound was not made"),
            )
            judge(self._index, self._settings)
            place(self._index, self._settings, before=_NO_END)
            keys = shard_keys(self._index)
            for shard, key in keys:
                self._write(shard, key)
            for keeper in self._keepers:
                keeper.remove_but({shard for shard, _ in keys})
            remove_former(self._index, self._settings.targets, self._settings.base)
            counted = statistics(database, self._settings)
            lists = write_lists(
                self._index, self._keepers, self._settings, counted, self._check
            )
            self._retakes.end()
            database.commit()
            with self._lock:
                self._unsafe_bytes = 0
                self._packs.clear()
        return Summary(
            counted=counted,
            shards=len(keys),
            shards_written=self._written,
            files_changed=bool(self._written or lists.written),
            warnings=lists.warnings,
        )

    def _write_some(self) -> None:
        """Write the shards that are full, but for rows that others wait for."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            with self._lock:
                self._unwritten_bytes = 0
            database = self._index.database
            before = database.number("select min(number) from places where wanted = 1")
            judge(self._index, self._settings)
            place(self._index, self._settings, before=before or _NO_END)
            for shard in database.all(_FULL, (), Shard):
                for one, key in shard_keys(self._index, shard):
                    self._write(one, key)
        finally:
            self._writing.release()

    def _write(self, shard: Shard, key: bytes) -> None:
        """Write a shard for each target that lacks it, and let go of its sound."""
        for keeper in self._keepers:
            if not keeper.is_current(shard, key):
                keeper.write(shard, key, self._audio(shard, keeper.layout.suffix))
                self._written += 1
        with self._lock:
            self._unsafe_bytes += self._index.release(shard)
            if self._unsafe_bytes >= _SAFE_BYTES:
                self._make_safe()

    def _audio(self, shard: Shard, suffix: str) -> Iterator[Audio]:
        for entry in self._index.catalogue.shard(shard.split, shard.number):
            self._check()
            staged = self._index.staged(entry.number)
            if staged is None:
                raise LocalError(
                    f'the sound of "{entry.row.key}" is needed again: run again'
                )
            start, size_bytes = staged.start, staged.wav_bytes or 0
            if suffix == ".flac":
                start, size_bytes = start + size_bytes, staged.flac_bytes or 0
            with self._lock:
                data = self._packs.read(staged.pack, start, size_bytes)
            yield entry, data

    def _make_safe(self) -> None:
        """Have the sound on disk before the index says that it is there.

        What has found its place since then goes only after the index says so.
        """
        self._packs.settle()
        self._index.database.commit()
        self._packs.keep(self._index.packs())
        self._unsafe_bytes = 0


# Those with no row that still waits for its sound, but for the last of a split.
_FULL = """
select split, shard from (
    select distinct split, shard from places
    where pack is not null and shard is not null
) as filled
where not exists (
    select 1 from places where wanted = 1
    and places.split = filled.split and places.shard = filled.shard
) and shard < (
    select max(shard) from places where places.split = filled.split
)
"""
