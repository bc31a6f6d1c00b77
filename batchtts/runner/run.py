"""One run of a job, from its texts to its files.

Everything that a run needs is brought together here, checked before anything is
sent, and reported at the end; the work itself is a `Session`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from batchtts.clock import SystemClock
from batchtts.earlier import Earlier
from batchtts.errors import JobError, LocalError, Problem, StaleError
from batchtts.events import OnEvent, Warned
from batchtts.files import local_errors
from batchtts.model import Job, RunLimits
from batchtts.plan import Reading, Survey, readings, survey
from batchtts.report import ReportWriter, RunReport, Spending
from batchtts.runner.allowance import Allowance, cost_of
from batchtts.runner.collection import collections_of
from batchtts.runner.ears import Ears
from batchtts.runner.ending import Ending
from batchtts.runner.engine import Engine, engine_for
from batchtts.runner.guard import guard
from batchtts.runner.inputs import Inputs
from batchtts.runner.ledger import Ledger
from batchtts.runner.locking import take_over, write_lock
from batchtts.runner.orphans import counted_files, orphans, shared_orphans, tidied
from batchtts.runner.places import (
    ledger_path,
    lock_path,
    report_path,
    require_real,
    state_folder,
)
from batchtts.runner.premises import drop, require_packages, workshop_of
from batchtts.runner.preview import Left, left_of
from batchtts.runner.recipes import Recipes
from batchtts.runner.recordings import require_recordings, store_recording
from batchtts.runner.remembered import Remembered
from batchtts.runner.scope import EVERYTHING, Scope
from batchtts.runner.session import Session
from batchtts.runner.signals import Interrupts, interrupts
from batchtts.runner.space import Room
from batchtts.runner.standing import note_standing, standing, unchanged_report
from batchtts.runner.strangers import Strangers, run_begun, run_ended
from batchtts.runner.telling import Told, planned
from batchtts.runner.versions import versions
from batchtts.runner.workshop import Workshop
from batchtts.text_safety import many
from batchtts.texts import read_texts

__all__ = ["run"]


def run(
    job: Job,
    *,
    on_event: OnEvent | None = None,
    wait_lock_s: float = 0.0,
    strict: bool = False,
    limits: RunLimits | None = None,
    recogniser: str | None = None,
    scope: Scope = EVERYTHING,
) -> RunReport:
    """Make every output of ``job`` that is not there yet, and report.

    ``on_event`` is told what happens as it happens; an error that it raises is
    not the run's. Another run of the job is waited for, at most ``wait_lock_s``.
    If ``strict``, a take in doubt counts as a failure in the exit code. What the
    ``limits`` do not allow is left for a later run. ``recogniser`` is a command or
    a function of yours that hears the utterances of datasets which ask for it.
    Of the job the ``scope`` is made.
    Raises JobError before anything is sent when an input is bad, LockedError
    when another run works on the job, LocalError when a folder cannot be
    written or the disk is too full. Everything else that goes wrong is in the
    report, whose ``exit_code`` tells how the run ended; a bug is raised once
    that is written.
    """
    told = Told(on_event)
    allowance = Allowance(limits or RunLimits(), job, SystemClock())
    require_packages()
    require_real(job)
    with (
        interrupts(lambda: drop(job)) as interrupted,
        guard(state_folder(job), job.path.stem, wait_s=wait_lock_s),
        contextlib.ExitStack() as opened,
    ):
        reported = report_path(job).exists()
        with local_errors("cannot remove the last report"):
            report_path(job).unlink(missing_ok=True)
        inputs = Inputs(job)
        ledger = opened.enter_context(
            Ledger.open(ledger_path(job), base=job.path.parent)
        )
        known = None if scope.only else standing(job, ledger, inputs.digests)
        if known is not None:
            for remark in known.warnings:
                told(Warned(remark))
            return unchanged_report(job, known, inputs, ledger, told)
        merged = take_over(ledger, lock_path(job), job.path.parent)
        strangers = Strangers(job, ledger, scope, reported=reported)
        size = survey(job, read_texts, strange=strangers.problem)
        for warning in (*size.warnings, merged.sentence):
            if warning is not None:
                told(Warned(warning))
        with (
            contextlib.closing(Ears(recogniser)) as ears,
            workshop_of(job, ears) as shop,
            engine_for(job, warn=lambda what: told(Warned(what))) as engine,
        ):
            made = _Run(
                job,
                size,
                inputs,
                engine,
                shop,
                told,
                allowance,
                scope,
                ledger,
                strict=strict,
            )
            return made.go(interrupted)


@dataclass(slots=True)
class _Run:
    """A run whose inputs are checked and whose folders are there."""

    job: Job
    size: Survey
    inputs: Inputs
    engine: Engine
    shop: Workshop
    told: Told
    allowance: Allowance
    scope: Scope
    ledger: Ledger
    strict: bool = field(kw_only=True)
    files: int = 0  # that the job asks for

    def go(self, interrupted: Interrupts) -> RunReport:
        """Do the work and report."""
        job, engine, ledger = self.job, self.engine, self.ledger
        earlier = self._know()
        recipes = Recipes(engine.identity)
        self.size = size = self.scope.survey(self.size, self._planned(earlier))
        self.told(planned(size))
        self._require_takes()
        with contextlib.closing(
            ReportWriter(self.shop.scratch, owner=self.shop.owner)
        ) as writer:
            self._require_room()
            engine.before_speaking(self._before_speaking)
            with contextlib.closing(
                collections_of(job, ledger, self.shop, recipes, self.scope)
            ) as collections:
                collections.settle(self._planned(earlier))
                session = Session(
                    job,
                    engine,
                    ledger,
                    self.shop,
                    writer,
                    self.told,
                    self.allowance,
                    collections,
                )
                run_begun(job)
                coming = self.inputs.watched(self._counted(earlier))
                again = functools.partial(self._planned, earlier)
                asyncio.run(session.go(coming, interrupted, again))
                shared = None
                with contextlib.suppress(LocalError):  # it only makes the next quicker
                    shared = collections.standing()
            self._note_changes(session.ending, writer)
            spending = self._spending(session.ending, writer)
            try:
                self._tidy(session.ending, writer, earlier, collections.paths)
                write_lock(ledger, job, recipes.definitions)
                if session.ending.error is None:
                    run_ended(job)
            except (JobError, LocalError) as exc:
                session.ending.failed(exc)
            report = self._report(session, writer, spending)
            try:
                writer.write(report, versions(engine.identity))
            except LocalError as exc:
                session.ending.failed(exc)
                report = self._report(session, writer, spending)
                report = replace(report, written=False)
        if session.ending.bug is not None:
            raise session.ending.bug
        if not self.scope.only:
            told = set(report.warnings) - set(size.warnings) - session.journal.remarks
            is_whole = report.exit_code == 0 and report.pending == 0 and not told
            note_standing(
                job,
                ledger,
                size,
                report.inputs,
                files=self.files,
                shared=shared,
                is_whole=is_whole,
            )
        return report

    def _know(self) -> Remembered:
        """Return what earlier runs made, by the lock. Raises JobError."""
        base = self.job.path.parent
        store = functools.partial(store_recording, base, self.shop.cache)
        earlier = Remembered(self.ledger, store)
        require_recordings(self.job, earlier)
        return earlier

    def _planned(self, earlier: Earlier) -> Iterator[Reading]:
        every = readings(
            self.job,
            read_texts,
            engine=self.engine.identity,
            texts=self.size.texts,
            earlier=earlier,
        )
        return self.scope.of(every)

    def _counted(self, earlier: Earlier) -> Iterator[Reading]:
        for reading in self._planned(earlier):
            self.files += len(reading.targets)
            yield reading

    def _require_takes(self) -> None:
        """Raise StaleError if nothing may be sent, and something would have to be."""
        if not self.scope.frozen:
            return
        left = self._left()
        if left.to_send:
            first = left.first_to_send
            where = "" if first is None else f', first for text "{first.id}"'
            raise StaleError(
                f"{many(left.to_send, 'request')} ({left.characters:,} characters) "
                f"would have to be sent{where}: the cache cannot serve them, and "
                "`--frozen` sends nothing"
            )

    def _before_speaking(self) -> None:
        if self.scope.frozen:  # a take was damaged
            raise StaleError("the cache cannot serve a request; `--frozen` sends none")
        self.shop.cache.require_writable()

    def _left(self) -> Left:
        identity = self.engine.identity
        return left_of(self.job, self.size, identity, self.ledger, self.scope)

    def _tidy(
        self,
        ending: Ending,
        writer: ReportWriter,
        earlier: Earlier,
        shared: Collection[Path],
    ) -> None:
        """Remove files that nothing asks for any more, or tell of them."""
        scope = self.scope
        if scope.only or ending.begun.is_set() or not scope.tidies:
            return
        found = shared_orphans(shared, self.ledger)
        if counted_files(self.ledger) > self.files or writer.failed:
            found += orphans(self._planned(earlier), self.ledger)
        base, prune = self.job.path.parent, scope.prune
        writer.removed, remark = tidied(found, self.ledger, base, remove=prune)
        if remark:
            self.told(Warned(remark))

    def _require_room(self) -> None:
        """Raise LocalError if what is left to do will not fit on the disk."""
        job, size = self.job, self.size
        room = Room(cache=self.shop.cache.folder, scratch=self.shop.scratch)
        room.whole(job, size.characters, size.outputs)
        if room.shortages():  # how much of it is left takes longer to find out
            self._left().room.require()

    def _note_changes(self, ending: Ending, writer: ReportWriter) -> None:
        """Note what the run should have found as it was when it began."""
        if damaged := self.shop.cache.put_aside:
            self.told(
                Warned(
                    f"{many(damaged, 'take')} in the cache damaged: put aside, and "
                    "asked for again"
                )
            )
        if self.inputs.job_changed():
            self.told(
                Warned(
                    f'"{self.job.path.name}" was edited meanwhile: this run made '
                    "what it said before; run again"
                )
            )
        done = writer.made + writer.unchanged + writer.failed
        changed = bool(self.inputs.changed) or (
            done != self.size.outputs and not self.allowance.short
        )
        if changed and not ending.begun.is_set():
            ending.failed(JobError([_changed(self.job, self.inputs.changed)]))

    def _spending(self, ending: Ending, writer: ReportWriter) -> Spending | None:
        """Return what was allowed and left; note it if that ended the run."""
        allowance = self.allowance
        if allowance.limits == RunLimits():
            return None
        done = writer.made + writer.unchanged + writer.failed
        characters = None
        if allowance.short and not ending.begun.is_set():
            with contextlib.suppress(JobError):  # the texts have changed meanwhile
                characters = self._left().characters
        spending = allowance.spending(self.size.outputs - done, characters)
        if (sentence := allowance.sentence(spending)) is not None:
            ending.fell_short(sentence)
        return spending

    def _report(
        self, session: Session, writer: ReportWriter, spending: Spending | None
    ) -> RunReport:
        return RunReport(
            job=self.job.name,
            path=report_path(self.job),
            outputs=self.size.outputs,
            made=writer.made,
            unchanged=writer.unchanged,
            failed=writer.failed,
            removed=writer.removed,
            audio_seconds=writer.audio_seconds,
            totals=session.pool.totals,
            failures=tuple(writer.failures),
            more_failures=writer.more_failures,
            suspects=writer.suspects,
            more_suspects=writer.more_suspects,
            error=session.ending.error,
            exit_code=session.ending.exit_code(
                failed=writer.failed + (len(writer.suspects) if self.strict else 0)
            ),
            warnings=tuple(self.told.warnings),
            inputs=self.inputs.digests,
            cost=cost_of(session.pool.totals.characters_sent, self.job),
            spending=spending,
        )


def _changed(job: Job, names: Sequence[str]) -> Problem:
    what = ", ".join(f'"{name}"' for name in names) or "the job's texts"
    return Problem(
        job.place,
        f"{what} changed while the run read it: not all that was checked was made",
        "run again",
    )
