"""What a run did: the object the API returns, and the file it leaves.

``<job stem>.report.json`` is one JSON document, ``version`` 1; fields are added,
never changed. Its list of outputs is streamed, so that a million files do not
pass through memory.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from batchtts.files import atomic, local_errors
from batchtts.model import TextId, VoiceName
from batchtts.pool import Miss, Totals
from batchtts.text_safety import visible_json

__all__ = ["Failure", "ReportWriter", "RunReport", "Spending", "Suspect"]

VERSION = 1
MAX_FAILURES = 10_000  # kept with their details; the rest is counted
MAX_SUSPECTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A text that could not be finished in a voice, and why."""

    text: TextId
    voice: VoiceName
    place: str
    chunk: int | None  # counted from 1; None: not one chunk's fault
    chunks: int
    kind: str
    reason: str
    chunks_failed: int = 0  # this one included
    host: str | None = None  # that was asked; None: nobody was
    speaker: str | None = None
    model: str | None = None
    lang: str | None = None
    attempts: tuple[Miss, ...] = ()  # each as it was seen when it failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A chunk whose take may not be complete, though a second one agreed with it."""

    text: TextId
    voice: VoiceName
    place: str
    chunk: int  # counted from 1
    chunks: int
    reason: str
    take: str  # the fingerprint, by which the cache names its file


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a run was allowed, and what it left for want of money or time."""

    max_characters: int | None
    max_cost: float | None
    deadline_s: float | None
    outputs_left: int
    characters_left: int | None  # to be sent for them; None: not counted
    cost_left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """The end of a run."""

    job: str
    path: Path  # of the report file
    outputs: int  # asked for
    made: int
    unchanged: int
    failed: int
    audio_seconds: float  # of the files made
    totals: Totals
    failures: tuple[Failure, ...]
    removed: int = 0  # files that nothing asks for any more
    more_failures: int = 0
    suspects: tuple[Suspect, ...] = ()  # in all files that are as asked
    more_suspects: int = 0
    error: str | None = None  # what ended the run early
    exit_code: int = 0
    warnings: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)  # SHA-256 by name
    cost: float | None = None  # of the characters sent, if the job knows a price
    spending: Spending | None = None  # None: everything was allowed
    written: bool = True  # False: the report file could not be

    @property
    def pending(self) -> int:
        """Return how many outputs were neither made nor found nor failed."""
        return self.outputs - self.made - self.unchanged - self.failed


class ReportWriter:
    """Collects what a run does and writes the report once, at its end."""

    def __init__(self, folder: Path, *, owner: str) -> None:
        """Begin an empty report; ``folder`` takes a temporary file.

        ``owner``: see `files.atomic`.
        """
        self._owner = owner
        self.made = 0
        self.unchanged = 0
        self.failed = 0
        self.removed = 0
        self.audio_seconds = 0.0
        self.failures: list[Failure] = []
        self.more_failures = 0
        self.more_suspects = 0
        self._suspects: dict[tuple[TextId, VoiceName, int], Suspect] = {}
        with local_errors("cannot begin the report"):
            self._lines: IO[str] = tempfile.TemporaryFile(  # noqa: SIM115 - closed by us
                "w+", encoding="utf-8", errors="backslashreplace", dir=folder
            )

    def output_made(
        self, entry: Mapping[str, object], seconds: float, outputs: int = 1
    ) -> None:
        """Note a file that was written, or what else counts as so many outputs."""
        self.made += outputs
        self.audio_seconds += seconds
        self._line(entry)

    def output_unchanged(self, entry: Mapping[str, object], outputs: int = 1) -> None:
        """Note a file, or what counts as so many, that was found as it should be."""
        self.unchanged += outputs
        self._line(entry)

    def outputs_standing(self, entries: Iterable[str]) -> None:
        """Note files that were found as they should be, each as JSON in one line."""
        with local_errors("cannot note what was done"):
            for entry in entries:
                self.unchanged += 1
                self._lines.write(f"{entry}\n")

    @property
    def suspects(self) -> tuple[Suspect, ...]:
        """Return the takes in doubt that were noted, each once."""
        return tuple(self._suspects.values())

    def suspect(self, suspect: Suspect) -> None:
        """Note a take in doubt; again for each file that it is in."""
        key = (suspect.text, suspect.voice, suspect.chunk)
        if key in self._suspects:
            return
        if len(self._suspects) < MAX_SUSPECTS:
            self._suspects[key] = suspect
        else:
            self.more_suspects += 1

    def reading_failed(self, failure: Failure, outputs: int) -> None:
        """Note a text that failed in a voice, and the files that are missing for it."""
        self.failed += outputs
        if len(self.failures) < MAX_FAILURES:
            self.failures.append(failure)
        else:
            self.more_failures += 1

    def write(self, report: RunReport, versions: Mapping[str, str]) -> None:
        """Write the report to ``report.path``, whole or not at all."""
        head = {
            "version": VERSION,
            "job": report.job,
            "exit_code": report.exit_code,
            "error": report.error,
            "outputs_asked": report.outputs,
            "outputs_made": report.made,
            "outputs_unchanged": report.unchanged,
            "outputs_failed": report.failed,
            "outputs_pending": report.pending,
            "outputs_removed": report.removed,
            "audio_seconds": round(report.audio_seconds, 3),
            "requests": asdict(report.totals),
            "cost": report.cost,
            "spending": None if report.spending is None else asdict(report.spending),
            "failures": [asdict(failure) for failure in report.failures],
            "more_failures": report.more_failures,
            "suspects": [asdict(suspect) for suspect in report.suspects],
            "more_suspects": report.more_suspects,
            "warnings": list(report.warnings),
            "versions": dict(versions),
            "inputs": dict(report.inputs),
        }
        opening = visible_json(head, indent=1)
        with (
            atomic(report.path, owner=self._owner) as temporary,
            temporary.open(
                "w", encoding="utf-8", errors="backslashreplace", newline="\n"
            ) as file,
        ):
            file.write(opening.removesuffix("\n}"))
            file.write(',\n "outputs": [')
            self._lines.seek(0)
            separator = "\n  "
            for line in self._lines:
                file.write(separator + line.rstrip("\n"))
                separator = ",\n  "
            file.write("\n ]\n}\n")

    def close(self) -> None:
        """Let go of the temporary file."""
        with contextlib.suppress(OSError):  # it could not be written out either
            self._lines.close()

    def _line(self, entry: Mapping[str, object]) -> None:
        with local_errors("cannot note what was done"):
            self._lines.write(visible_json(entry) + "\n")
