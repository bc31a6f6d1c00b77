"""What a run did: the object the API returns, and the file it leaves.

``<job stem>.report.json`` is one JSON document, ``version`` 1; fields are added,
never changed. Its list of outputs is streamed, so that a million files do not
pass through memory.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from batchtts.files import atomic
from batchtts.model import TextId, VoiceName
from batchtts.pool import Totals

__all__ = ["Failure", "ReportWriter", "RunReport"]

VERSION = 1
MAX_FAILURES = 10_000  # kept with their details; the rest is counted


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
    more_failures: int = 0
    error: str | None = None  # what ended the run early
    exit_code: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def pending(self) -> int:
        """Return how many outputs were neither made nor found nor failed."""
        return self.outputs - self.made - self.unchanged - self.failed


class ReportWriter:
    """Collects what a run does and writes the report once, at its end."""

    def __init__(self) -> None:
        """Begin an empty report."""
        self.made = 0
        self.unchanged = 0
        self.failed = 0
        self.audio_seconds = 0.0
        self.failures: list[Failure] = []
        self.more_failures = 0
        self._lines: IO[str] = tempfile.TemporaryFile(  # noqa: SIM115 - closed by us
            "w+", encoding="utf-8", errors="backslashreplace"
        )

    def output_made(self, entry: Mapping[str, object], seconds: float) -> None:
        """Note a file that was written."""
        self.made += 1
        self.audio_seconds += seconds
        self._line(entry)

    def output_unchanged(self, entry: Mapping[str, object]) -> None:
        """Note a file that was found as it should be."""
        self.unchanged += 1
        self._line(entry)

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
            "audio_seconds": round(report.audio_seconds, 3),
            "requests": asdict(report.totals),
            "failures": [asdict(failure) for failure in report.failures],
            "more_failures": report.more_failures,
            "warnings": list(report.warnings),
            "versions": dict(versions),
        }
        opening = json.dumps(head, ensure_ascii=False, indent=1)
        with (
            atomic(report.path) as temporary,
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
        self._lines.close()

    def _line(self, entry: Mapping[str, object]) -> None:
        self._lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
