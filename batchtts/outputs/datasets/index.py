"""What is known of a dataset's rows: on disk, so that a million cost no memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from batchtts.audio.quality import QUALITY_VERSION
from batchtts.chunking import speakable
from batchtts.corpora import FIGURES, speaker_label
from batchtts.outputs.datasets.catalogue import Catalogue
from batchtts.outputs.datasets.database import Database
from batchtts.outputs.datasets.layout import Shard
from batchtts.outputs.datasets.rows import (
    MAX_TEXT_CHARS,
    Row,
    one_line,
)
from batchtts.outputs.datasets.schema import SCHEMA, VERSION, Verdict
from batchtts.outputs.datasets.settings import WHOLE, DatasetSettings
from batchtts.outputs.datasets.splits import group_of, split_of

__all__ = ["Index", "Needed", "Staged", "digest_of"]

_MAX_DOUBTS = 100_000  # told; who has more knows enough
_STAGE = f"""
update places set pack = ?, start = ?, wav_bytes = ?, flac_bytes = ?, samples = ?,
    scores = ?, doubts = ?, wanted = 0, {", ".join(f"{name} = ?" for name in FIGURES)}
where number = ?
"""
_UNJUDGED = "take = 0, tries = 0, asked = null, why = null, origin = null"
_FORGET = f"""
update places set pack = null, samples = null, scores = null, doubts = null,
    shard = null, {_UNJUDGED},
    {", ".join(f"{name} = null" for name in FIGURES)}
"""


@dataclass(frozen=True, slots=True)
class Staged:
    """Where the sound of a row waits, and how long each of its encodings is."""

    pack: int
    start: int
    wav_bytes: int | None
    flac_bytes: int | None


@dataclass(frozen=True, slots=True)
class Needed:
    """A row that needs its sound; or that has it, and needs another to compare."""

    number: int
    row: Row
    is_further: bool


def digest_of(text: str) -> bytes:
    """Return 128 bits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


class Index:
    """The rows of a dataset, each with its place and its figures."""

    def __init__(self, path: Path, settings: DatasetSettings) -> None:
        """Open or make the index at ``path``."""
        self._settings = settings
        self.database = Database(path, SCHEMA, version=VERSION)
        self.catalogue = Catalogue(self.database, settings)
        self.open_shards: dict[str, int] = {}  # by split: where further rows go
        self._voices: dict[str, int] = {}
        # Another way to deal rows out moves them: then all are dealt anew.
        self.deals_anew = self.is_news("splits", repr(settings.splits))
        sizes = f"{settings.shard_rows} {settings.shard_bytes}"
        if self.is_news("shards", sizes) or self.deals_anew:
            self.database.run("update places set shard = null")
        if self.is_news("sound", f"{settings.sound_key} {settings.rate_hz}"):
            self.database.run(_FORGET)
        # Rows that were made again, or left out, are to have their first takes.
        above = settings.retakes_above if settings.retakes else ""
        if self.is_news("retakes", f"{settings.retakes} {above}"):
            self.database.run(
                "update places set pack = null, samples = null, verdict = 0,"
                " reason = null where take > 0 or verdict = ?",
                (Verdict.FILTERED,),
            )
            self.database.run(f"update places set {_UNJUDGED}")
        if self.is_news("quality", f"{QUALITY_VERSION} {settings.scores}"):
            self.database.run(_FORGET)

    def __enter__(self) -> Self:
        """Return itself."""
        self.database.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        """Close the database, without what was not committed."""
        self.database.__exit__(None, None, None)

    def fact(self, name: str) -> str | None:
        """Return what was noted last under a name."""
        return self.database.first(
            "select value from facts where name = ?", (name,), str
        )

    def is_news(self, name: str, value: str) -> bool:
        """Note a fact, and tell whether it was another one until now."""
        kept = self.fact(name)
        if kept != value:
            self.database.run(
                "insert or replace into facts values (?, ?)", (name, value)
            )
        return kept is not None and kept != value

    def expect(self, row: Row) -> bool:
        """Note that the dataset is to have ``row``; False if its key is taken."""
        database = self.database
        content = row.content()
        digest = digest_of(content)
        known = database.first(
            "select number, digest from rows join places using (number) where key = ?",
            (row.key,),
            _Known,
        )
        if known is None:
            number = self._insert(row, content, digest)
            return self._see(number)
        if not self._see(known.number):
            return False
        if known.digest != digest:
            self._replace(known.number, row, content, digest)
        elif self.deals_anew:
            self._deal(known.number, row)
        return True

    def deal_unseen(self) -> None:
        """Deal anew the rows that the job does not have any more."""
        for one in self.catalogue.listed("number not in temp.seen"):
            self._deal(one.number, one.row)

    def key(self, number: int) -> str:
        """Return the key of a row."""
        found = self.database.first(
            "select key from rows where number = ?", (number,), str
        )
        return found or ""

    def wanted(self, key: str, take: int = 0) -> Needed | None:
        """Return a row that needs its sound, if it is in that take."""
        return self.database.first(
            "select number, content, wanted from rows join places using (number)"
            " where key = :key and removed = 0 and ((wanted = 1 and take = :take)"
            " or (wanted = 0 and asked > 0 and asked = :take))",
            {"key": key, "take": take},
            _needed,
        )

    def next_take(self, key: str) -> int | None:
        """Return the take in which a row is wanted; None: in none."""
        return self.database.first(
            "select case wanted when 1 then take else asked end"
            " from rows join places using (number) where key = ?"
            " and removed = 0 and (wanted = 1 or asked > 0)",
            (key,),
            int,
        )

    def is_judged(self, key: str) -> bool:
        """Tell whether it is decided whether a row is to be made again."""
        return bool(
            self.database.number(
                "select asked is not null from rows join places using (number)"
                " where key = ?",
                (key,),
            )
        )

    def lose(self, key: str, reason: str, take: int = 0) -> None:
        """Note that a row gets no sound this time, and why; or no other take."""
        if take:
            self.database.run(
                "update places set asked = -asked where asked = ? and wanted = 0"
                " and number = (select number from rows where key = ?)",
                (take, key),
            )
        self.database.run(
            "update places set verdict = ?, reason = ?, shard = null, wanted = 0"
            " where wanted = 1 and number = (select number from rows where key = ?)",
            (Verdict.LOST, reason, key),
        )

    def stage(
        self,
        number: int,
        staged: Staged,
        samples: int,
        figures: Mapping[str, float],
        scores: Mapping[str, float],
        doubts: Sequence[Mapping[str, object]],
    ) -> None:
        """Note where the sound of a row waits for its place, and what it is like."""
        self.database.run(
            _STAGE,
            (
                staged.pack,
                staged.start,
                staged.wav_bytes,
                staged.flac_bytes,
                samples,
                json.dumps(dict(scores)) if scores else None,
                json.dumps(doubts) if doubts else None,
                *(figures[name] for name in FIGURES),
                number,
            ),
        )

    def doubts(self) -> Iterator[str]:
        """Yield what was told as doubtful of each row that the job has."""
        yield from self.database.all(
            "select doubts from places where doubts is not null and samples is not null"
            " and removed = 0 order by number limit ?",
            (_MAX_DOUBTS,),
            str,
        )

    def staged(self, number: int) -> Staged | None:
        """Return where the sound of a row waits, if it does."""
        return self.database.first(
            "select pack, start, wav_bytes, flac_bytes from places"
            " where number = ? and pack is not null",
            (number,),
            Staged,
        )

    def release(self, shard: Shard) -> int:
        """Forget where the sound of a shard waited; return how many bytes it had."""
        which = "where split = ? and shard = ? and pack is not null"
        place = shard.split, shard.number
        size_bytes = self.database.number(
            "select sum(coalesce(wav_bytes, 0) + coalesce(flac_bytes, 0)) from places"
            f" {which}",
            place,
        )
        self.database.run(f"update places set pack = null {which}", place)
        return size_bytes

    def packs(self) -> set[int]:
        """Return the packs in which sound waits."""
        return set(
            self.database.all(
                "select distinct pack from places where pack is not null", (), int
            )
        )

    def _insert(self, row: Row, content: str, digest: bytes) -> int:
        number = self.database.insert(
            "insert into rows (key, language, content) values (?, ?, ?)",
            (row.key, row.language, content),
        )
        verdict, reason = _refused(row)
        split, family = self._dealt(row)
        self.database.run(
            "insert into places (number, digest, voice, split, family, verdict, reason)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (number, digest, self._voice(row), split, family, verdict, reason),
        )
        return number

    def _replace(self, number: int, row: Row, content: str, digest: bytes) -> None:
        """Take a row's new content; its old sound is nobody's any more."""
        self.database.run(
            "update rows set content = ?, language = ? where number = ?",
            (content, row.language, number),
        )
        verdict, reason = _refused(row)
        self.database.run(
            "update places set digest = ?, voice = ?, verdict = ?, reason = ?,"
            f" pack = null, samples = null, {_UNJUDGED} where number = ?",
            (digest, self._voice(row), verdict, reason, number),
        )
        self._deal(number, row)

    def _deal(self, number: int, row: Row) -> None:
        split, family = self._dealt(row)
        self.database.run(
            "update places set shard = case when split = ? then shard end, split = ?,"
            " family = ? where number = ?",
            (split, split, family, number),
        )

    def _dealt(self, row: Row) -> tuple[str, bytes]:
        splits = self._settings.splits
        if splits is None:
            return WHOLE, b""
        return split_of(row, splits), digest_of(group_of(row, splits.by))[:8]

    def _see(self, number: int) -> bool:
        return bool(
            self.database.run("insert or ignore into temp.seen values (?)", (number,))
        )

    def _voice(self, row: Row) -> int:
        if row.voice not in self._voices:
            self.database.run(
                "insert into voices (name, label) values (?, ?)"
                " on conflict (name) do nothing",
                (row.voice, speaker_label(row.voice)),
            )
            self._voices[row.voice] = self.database.number(
                "select voice from voices where name = ?", (row.voice,)
            )
        return self._voices[row.voice]


@dataclass(frozen=True, slots=True)
class _Known:
    number: int
    digest: bytes


def _needed(number: int, content: str, wanted: int) -> Needed:
    return Needed(number, Row.read(content), is_further=not wanted)


def _refused(row: Row) -> tuple[Verdict, str | None]:
    if not speakable(one_line(row.normalised)):
        return Verdict.REFUSED, "its text has nothing to say"
    if max(len(row.text), len(row.normalised)) > MAX_TEXT_CHARS:
        return Verdict.REFUSED, f"its text is over {MAX_TEXT_CHARS:,} characters long"
    return Verdict.NONE, None
