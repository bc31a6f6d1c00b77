"""The utterances of a dataset and its files, and what the lock says of them."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from batchtts.audio.quality import QUALITY_VERSION
from batchtts.corpora import DatasetOutput
from batchtts.lock.lines import DatasetLine, Made, written
from batchtts.lock.marks import digest
from batchtts.lock.parsing import line_of, made_of
from batchtts.outputs.datasets.formats import FORMATS
from batchtts.outputs.datasets.rows import Row
from batchtts.outputs.datasets.settings import DatasetSettings
from batchtts.plan import Reading
from batchtts.runner.differences import Reason, settings_changes, spoken_differences
from batchtts.runner.finding import Finding, State
from batchtts.runner.ledger import Ledger, written_made
from batchtts.runner.recipes import Recipes
from batchtts.runner.seeing import Unlike, sha256_of, unlike
from batchtts.tracks import RENDER_VERSION

__all__ = ["Utterances"]

_MOST = 10_000  # that are told of one by one
_NOT_OF_FILES = ("targets", "sound_key", "base", "owner")
_UNTOLD: tuple[object, ...] = (None, "", (), {}, 0)
_OTHERS = """
select key from parts where of = :of and key not in
    (select key from temp.asked where of = :of)
order by key limit :most
"""
_IS_OTHER = """
select exists (
    select key, made from temp.asked where of = :of
    except select key, made from parts where of = :of
) or exists (
    select key from parts where of = :of except
    select key from temp.asked where of = :of
)
"""
_LISTED = "create temp table if not exists listed (path primary key)"
_LIST = "insert or ignore into temp.listed values (?)"
_TAKE_OVER = (
    "delete from parts where of = :of",
    "insert into parts select of, key, made from temp.asked where of = :of",
)


class Utterances:
    """What a dataset is to consist of, beside what it does by the lock.

    Why an utterance is not what the lock says is found out only where it ``tells``.
    """

    def __init__(
        self, output: DatasetOutput, ledger: Ledger, recipes: Recipes, *, tells: bool
    ) -> None:
        """Expect the utterances of ``output``."""
        self._output = output
        self._ledger = ledger
        self._recipes = recipes
        self._tells = tells
        self._of = ledger.name(output.folder)
        self._expected = self._changed = 0
        self._findings: list[Finding] = []
        with ledger.lock:
            ledger.database.execute(
                "create temp table if not exists asked"
                " (of, key, made, primary key (of, key)) without rowid"
            )
            ledger.database.execute("delete from temp.asked where of = ?", (self._of,))

    def expect(self, reading: Reading, row: Row) -> None:
        """Take notice of an utterance."""
        told = [
            row.text,
            row.normalised,
            row.language,
            dict(sorted(row.columns.items())),
        ]
        made = replace(
            self._recipes.part(reading), tags={"row": digest(json.dumps(told))}
        )
        now = written_made(made)
        with self._ledger.lock:
            self._ledger.database.execute(
                "insert or ignore into temp.asked values (?, ?, ?)",
                (self._of, row.key, now),
            )
        self._expected += 1
        before = self._ledger.part(self._of, row.key)
        if before != now:
            self._changed += 1
            if self._tells and self._is_known and len(self._findings) < _MOST:
                self._findings.append(self._changes(reading, made, before))

    def knows(self, key: str) -> bool:
        """Tell whether the lock knows of an utterance."""
        return self._ledger.part(self._of, key) is not None

    def stand(self, settings: DatasetSettings) -> bool:
        """Tell whether the dataset is what it should be, by the lock and its files."""
        return (
            not self._changed
            and self._is_known
            and self._about(settings) == self._kept
            and not self._gone(1)
            and next(self._unlike(), None) is None
        )

    @property
    def unchanged(self) -> int:
        """Return how many utterances are as they should be, where it does not stand."""
        if not self._is_known:
            return 0
        return self._expected - max(1, self._changed)

    def findings(self, settings: DatasetSettings) -> Iterator[Finding]:
        """Say what is not as it should be, and why."""
        place = self._output.place
        if not self._is_known:
            folder = self._output.folder
            is_there = folder.is_dir() and any(folder.iterdir())
            what = "not in the lock" if is_there else "not made yet"
            yield self._finding("new", self._of, [Reason(place, what)])
            return
        changes = settings_changes(self._kept, self._about(settings))
        reasons = [Reason(place, change) for change in changes]
        reasons += [
            Reason(place, f'utterance "{key}" is not in the job any more')
            for key in self._gone(_MOST)
        ]
        if reasons:
            yield self._finding("changed", self._of, reasons)
        yield from self._findings
        if len(self._findings) < self._changed:
            left = self._changed - len(self._findings)
            what = f"{left:,} more utterances have changed"
            yield self._finding("changed", self._of, [Reason(place, what)])
        for file in self._unlike():
            what = "file missing" if file.trouble == "missing" else "file altered"
            yield self._finding(file.trouble, file.name, [Reason(place, what)])

    def record(
        self, settings: DatasetSettings, files: Iterable[Path], lost: Iterable[str]
    ) -> None:
        """Note what the dataset consists of now: all that was expected but ``lost``."""
        ledger = self._ledger
        about = json.loads(json.dumps(self._about(settings)))
        line = written(DatasetLine(path=self._of, about=about))
        ledger.note("dataset", self._of, line)
        with ledger.transaction() as database:
            gone = [(self._of, key) for key in lost]
            query = "delete from temp.asked where of = ? and key = ?"
            database.executemany(query, gone)
            names = {"of": self._of}
            if database.execute(_IS_OTHER, names).fetchone()[0]:
                for statement in _TAKE_OVER:
                    database.execute(statement, names)
                ledger.changed = True
        self._record_files(files)

    def _record_files(self, files: Iterable[Path]) -> None:
        """Note the files of the dataset; only those that look otherwise are read."""
        ledger = self._ledger
        with ledger.transaction() as database:
            database.execute(
                "create temp table if not exists listed (path primary key)"
            )
            database.execute("delete from temp.listed")
            for path in files:
                name, status = ledger.name(path), path.stat()
                database.execute(
                    "insert or ignore into temp.listed values (?)", (name,)
                )
                look = status.st_size, status.st_mtime_ns
                kept = database.execute(
                    "select size, mtime_ns from pieces where path = ? and of = ?",
                    (name, self._of),
                ).fetchone()
                if kept != look:
                    row = name, self._of, sha256_of(path), *look
                    database.execute(
                        "insert or replace into pieces values (?, ?, ?, ?, ?)", row
                    )
                    ledger.changed = True
            gone = database.execute(
                "delete from pieces where of = ?"
                " and path not in (select path from temp.listed)",
                (self._of,),
            )
            ledger.changed |= gone.rowcount > 0

    def _changes(self, reading: Reading, made: Made, before: str | None) -> Finding:
        place = reading.text.place
        if before is None:
            return self._of_text("new", reading, [Reason(place, "not made yet")])
        old = made_of(json.loads(before))
        reasons = list(
            spoken_differences(
                self._ledger,
                self._recipes,
                reading,
                replace(old, tags={}),
                replace(made, tags={}),
            )
        )
        if not reasons:
            what = "what its table says of it changed"
            reasons = [Reason(place, what if old.tags != made.tags else "changed")]
        return self._of_text("changed", reading, reasons)

    def _of_text(
        self, state: State, reading: Reading, reasons: Iterable[Reason]
    ) -> Finding:
        return Finding(
            state=state,
            path=self._of,
            text=reading.text.id,
            voice=reading.voice.name,
            reasons=tuple(reasons),
        )

    @staticmethod
    def _finding(state: State, path: str, reasons: Iterable[Reason]) -> Finding:
        return Finding(
            state=state, path=path, text=None, voice=None, reasons=tuple(reasons)
        )

    @functools.cached_property
    def _kept(self) -> Mapping[str, object] | None:
        """What the lock says that the dataset is about."""
        found = self._ledger.find("dataset", self._of)
        line = None if found is None else line_of(found)
        return line.about if isinstance(line, DatasetLine) else None

    @property
    def _is_known(self) -> bool:
        return self._kept is not None

    def _gone(self, most: int) -> list[str]:
        """Return utterances of the lock that the job has no more."""
        with self._ledger.lock:
            names = {"of": self._of, "most": most}
            rows = self._ledger.database.execute(_OTHERS, names).fetchall()
        return [key for (key,) in rows]

    def _unlike(self) -> Iterator[Unlike]:
        yield from unlike(self._ledger, "pieces", self._of)

    def _about(self, settings: DatasetSettings) -> Mapping[str, object]:
        """Return what decides the files of a dataset, beside its utterances."""
        audio = self._output.audio
        targets, asked = settings.targets, asdict(settings)
        for name in _NOT_OF_FILES:
            del asked[name]
        told: dict[str, object] = {
            "mixing": f"{RENDER_VERSION}.{QUALITY_VERSION}",
            "formats": {one.format: one.suffix[1:] for one in targets},
            "layouts": {one.format: FORMATS[one.format].version for one in targets},
            "pauses": asdict(audio.pauses),
            "loudness": asdict(audio.loudness),
            **asked.pop("about"),
            **asked,
            "filters": {
                rule.figure: [rule.least, rule.most] for rule in settings.filters
            },
        }
        kept = {name: one for name, one in told.items() if one not in _UNTOLD}
        found: Mapping[str, object] = json.loads(json.dumps(kept))
        return found
