"""What became of each output of a run: told as it happens, kept for the report."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from batchtts.events import OnEvent, OutputMade, ReadingFailed, Warned
from batchtts.report import Failure, ReportWriter, Suspect
from batchtts.runner.collection import Found, Made
from batchtts.runner.entries import Entries, missed, suspects
from batchtts.runner.feed import There, Work

if TYPE_CHECKING:
    from batchtts.runner.render import Rendered

__all__ = ["Journal"]


class Journal:
    """Notes what was made, found and given up."""

    def __init__(self, writer: ReportWriter, tell: OnEvent, *, base: Path) -> None:
        """Name files relative to ``base``."""
        self._writer = writer
        self._tell = tell
        self._entries = Entries(base)
        self.remarks: set[str] = set()  # warnings that come but once, with what is made

    def found(self, one: Work, there: There) -> None:
        """Note a reading's file that is as it should be."""
        self._writer.output_unchanged(self._entries.found(one, there))
        self._doubt(suspects(one, there.facts))

    def made(self, one: Work, made: Rendered) -> None:
        """Note a reading's file that was made."""
        due, written = made.due, made.written
        seconds = float(written.duration_s)
        entry = self._entries.made(one, due, written.sha256, made.facts)
        self._writer.output_made(entry, seconds)
        self._doubt(suspects(one, made.facts))
        if warning := missed(written, due.target.output.audio.loudness):
            self._tell(Warned(warning))
        self._tell(OutputMade(written.path, seconds))

    def shared_found(self, found: Found) -> None:
        """Note what of a collection is as it should be."""
        self._writer.output_unchanged(found.entry, found.outputs)
        self._doubt(found.suspects)

    def shared_made(self, made: Made) -> None:
        """Note what of a collection was made."""
        self._writer.output_made(made.entry, made.seconds, made.outputs)
        self._doubt(made.suspects)
        self.remarks.update(made.warnings)
        for warning in made.warnings:
            self._tell(Warned(warning))
        self._tell(OutputMade(made.path, made.seconds))

    def gave_up(self, one: Work, failure: Failure, files: int) -> None:
        """Note a reading that failed, and all outputs that fail with it."""
        reading, reason = one.reading, failure.reason
        lost = [
            share.collection.lose(reading, share.target, reason) for share in one.shares
        ]
        self._writer.reading_failed(failure, files + sum(lost))
        self._tell(ReadingFailed(failure.text, failure.voice, failure.reason))

    def _doubt(self, doubts: Iterable[Suspect]) -> None:
        for suspect in doubts:
            self._writer.suspect(suspect)
