"""Whether everything is as the job asks, by its texts, its lock and the files.

No cache is needed for that, no key and no network: what is compared is what a
file was made of with what it would be made of now, and the file with its
checksum.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from batchtts.errors import StaleError
from batchtts.model import Job, Place
from batchtts.plan import Reading, Survey, readings, survey
from batchtts.runner.beside import is_shown
from batchtts.runner.collection import collections_of
from batchtts.runner.differences import Reason, differences
from batchtts.runner.engine import engine_of
from batchtts.runner.finding import Finding, State
from batchtts.runner.inputs import Inputs
from batchtts.runner.ledger import Ledger, is_made_of
from batchtts.runner.locking import Merged
from batchtts.runner.looking import looked_into, remember
from batchtts.runner.orphans import counted_files, orphans, shared_orphans
from batchtts.runner.places import lock_path
from batchtts.runner.recipes import Recipes
from batchtts.runner.recordings import recording_problems
from batchtts.runner.remembered import Remembered
from batchtts.runner.seeing import Trouble, unlike
from batchtts.runner.standing import CHECKED, checked, note_standing, standing
from batchtts.targets import Target
from batchtts.texts import read_texts

__all__ = ["MAX_FINDINGS", "Check", "check"]

MAX_FINDINGS = 10_000  # kept with their details; the rest is counted


_TROUBLES: Mapping[Trouble, str] = {
    "missing": "file missing",
    "altered": "file altered by hand",
}


@dataclass(slots=True, kw_only=True)
class Check:
    """What a check has found."""

    job: str
    outputs: int = 0
    current: int = 0
    stale: int = 0
    orphans: int = 0
    findings: list[Finding] = field(default_factory=list)
    more: int = 0  # findings that were only counted
    trouble: str | None = None  # of the lock itself
    notes: list[str] = field(default_factory=list)
    warnings: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        """Tell whether there is nothing to do."""
        return not (self.stale or self.orphans or self.trouble)

    @property
    def exit_code(self) -> int:
        """Return 0, or 8 if something is out of date."""
        return 0 if self.is_current else StaleError.exit_code

    def add(self, finding: Finding) -> None:
        """Keep what is out of date, if it is not too much."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
        else:
            self.more += 1


def check(job: Job) -> Check:
    """Compare a job with its lock and its files; nothing is sent.

    Nothing is written but what the next check is quicker by, in the state folder.
    Raises JobError when an input is bad or the lock is damaged, LocalError when
    a file cannot be read.
    """
    with looked_into(job) as (ledger, merged):
        inputs = Inputs(job)
        known = standing(job, ledger, inputs.digests)
        known = known or standing(job, ledger, inputs.digests, mark=CHECKED)
        if known is not None:
            every = known.outputs
            return Check(
                job=job.name, outputs=every, current=every, warnings=known.warnings
            )
        size = survey(job, read_texts)
        found = Check(job=job.name, outputs=size.outputs, warnings=size.warnings)
        checker = _Checker(job, size, ledger, found)
        found.trouble = _trouble(job, ledger, merged) or checker.recordings()
        checker.outputs()
        checker.codecs()
        noted = checker.noted(inputs)
        remember(ledger, merged, job, {} if noted is None else {CHECKED: noted})
    return found


def _trouble(job: Job, ledger: Ledger, merged: Merged) -> str | None:
    path = lock_path(job)
    if not (path.is_file() or ledger.is_empty):
        return f'there is no "{path.name}" yet: `batchtts run` writes it'
    return merged.sentence


def _troubled(ledger: Ledger) -> bool:
    """Look at all files that the lock knows; tell whether any is not what it was."""
    with ledger.lock:
        ledger.database.execute(
            "create temp table if not exists troubled (path primary key, trouble)"
        )
        ledger.database.execute("delete from temp.troubled")
    found = False
    for one in unlike(ledger, "outputs"):
        found = True
        with ledger.lock:
            ledger.database.execute("insert into temp.troubled values (?, ?)", one)
    return found


def _trouble_of(ledger: Ledger, name: str) -> Trouble | None:
    query = "select trouble from temp.troubled where path = ?"
    with ledger.lock:
        found = ledger.database.execute(query, (name,)).fetchone()
    return None if found is None else cast("Trouble", found[0])


class _Checker:
    """Goes through a job and notes what is out of date."""

    def __init__(self, job: Job, size: Survey, ledger: Ledger, found: Check) -> None:
        self._job = job
        self._size = size
        self._ledger = ledger
        self._found = found
        self._engine = engine_of(job, ledger)
        self._recipes = Recipes(self._engine)
        self._earlier = Remembered(ledger)
        self._troubled = False  # some file is not what it was
        self._known = 0  # files that the lock knows and the job asks for

    def _planned(self) -> Iterator[Reading]:
        return readings(
            self._job,
            read_texts,
            engine=self._engine,
            texts=self._size.texts,
            earlier=self._earlier,
        )

    def outputs(self) -> None:
        """Look at every output, and for files that nobody asks for."""
        self._troubled = _troubled(self._ledger)
        with contextlib.closing(
            collections_of(self._job, self._ledger, None, self._recipes, by_lock=True)
        ) as shared:
            for reading in self._planned():
                shared.expect(reading)
                for target in reading.targets:
                    self._file(reading, target)
            shared.decide()
            tally = shared.tally
            self._found.current += tally.unchanged
            self._found.stale += tally.outputs - tally.unchanged
            for finding in shared.findings():
                self._found.add(finding)
        if counted_files(self._ledger) > self._known:
            self._orphans(orphans(self._planned(), self._ledger))
        self._orphans(shared_orphans(shared.paths, self._ledger))

    def _orphans(self, paths: Iterable[str]) -> None:
        place = Place(lock_path(self._job).name)
        for path in paths:
            reason = Reason(place, "nothing in the job asks for it any more")
            self._add("orphan", path, None, (reason,))

    def _file(self, reading: Reading, target: Target) -> None:
        ledger, path = self._ledger, target.path
        name = ledger.name(path)
        row = ledger.row(name)
        if row is None:
            what = "not in the lock" if path.exists() else "not made yet"
            self._add("new", name, reading, (Reason(reading.text.place, what),))
            return
        self._known += 1
        made = self._recipes.made(
            reading, target.output, self._recipes.rate_hz(reading, target.output)
        )
        if not is_made_of(row, made):
            reasons = differences(
                ledger, self._recipes, reading, target.output, row.made
            )
            place = reading.text.place
            reasons = reasons or (Reason(place, "made of something else"),)
            self._add("changed", name, reading, reasons)
        elif self._troubled and (trouble := _trouble_of(ledger, name)):
            reason = Reason(reading.text.place, _TROUBLES[trouble])
            self._add(trouble, name, reading, (reason,))
        elif target.output.subtitles and not is_shown(
            reading, target, json.loads(row.facts)
        ):
            reason = Reason(reading.text.place, "its subtitles missing or altered")
            self._add("altered", name, reading, (reason,))
        else:
            self._found.current += 1

    def _add(
        self,
        state: State,
        path: str,
        reading: Reading | None,
        reasons: tuple[Reason, ...],
    ) -> None:
        if state == "orphan":
            self._found.orphans += 1
        else:
            self._found.stale += 1
        self._found.add(
            Finding(
                state=state,
                path=path,
                text=None if reading is None else reading.text.id,
                voice=None if reading is None else reading.voice.name,
                reasons=reasons,
            )
        )

    def recordings(self) -> str | None:
        """Say what is wrong with pinned recordings; None: nothing."""
        return "; ".join(map(str, recording_problems(self._job, self._earlier))) or None

    def noted(self, inputs: Inputs) -> str | None:
        """Return what to note for the next check: that all is as it should be."""
        list(inputs.watched(iter(())))
        found = self._found
        is_whole = found.is_current and not (found.notes or inputs.changed)
        is_shared = any(output.sharing != "none" for output in self._job.outputs)
        note_standing(
            self._job,
            self._ledger,
            self._size,
            inputs.digests,
            files=self._known,
            shared=None if is_shared else (),
            is_whole=is_whole,
        )
        if not is_whole:
            return None
        return checked(self._job, self._ledger, self._size, inputs.digests)

    def codecs(self) -> None:
        """Note whether other versions of the codecs are here than made the files."""
        # Loaded late: nothing else of a check needs them.
        from batchtts.audio.codecs import codec_versions
        from batchtts.lock.lines import definition

        here = definition("codecs", {"versions": codec_versions()}).id
        others = counted_files(self._ledger, but_by=here)
        if others:
            self._found.notes.append(
                f"{others:,} files were written by other versions of the codecs "
                "than are here; they stay as they are"
            )
