"""Why a run ends before its work is done, and the exit code that follows."""

from __future__ import annotations

import asyncio
import sqlite3

from batchtts.errors import (
    AuthError,
    BatchTTSError,
    JobError,
    LocalError,
    ServiceError,
    TakeError,
)

__all__ = ["Ending"]

_INTERRUPTED = 128
# The first that applies wins. What is not here is a bug, which comes before all.
_ORDER: tuple[type[BatchTTSError], ...] = (
    AuthError,
    LocalError,
    ServiceError,
    JobError,
)


class Ending:
    """Collects what ends a run; `begun` is set by the first of it."""

    def __init__(self) -> None:
        """Begin with a run that nothing ends."""
        self.begun = asyncio.Event()
        self.bug: BaseException | None = None
        self.disk_failed = False  # no further take could be kept
        self._signal: int | None = None
        self._errors: list[BatchTTSError] = []
        self._short: str | None = None
        self._troubled = False

    def interrupted(self, number: int) -> None:
        """Note a signal from outside."""
        self._signal = number
        self.begun.set()

    def failed(self, error: BaseException) -> None:
        """Note an error that no request of this run can get past."""
        if isinstance(error, BatchTTSError):
            self._errors.append(error)
            self.disk_failed |= isinstance(error, LocalError)
        else:
            self.bug = self.bug or error
        self.begun.set()

    def fell_short(self, reason: str) -> None:
        """Note that the money or the time allowed did not suffice for everything."""
        self._short = reason

    def local_trouble(self, error: LocalError) -> None:
        """Note that files could not be made; a disk that refuses ends the run."""
        self._troubled = True
        if isinstance(error.__cause__, OSError | sqlite3.Error):
            self._errors.append(error)
            self.begun.set()

    @property
    def error(self) -> str | None:
        """Say what ended the run early, if anything did."""
        if self._signal is not None:
            return "interrupted"
        if self.bug is not None:
            return f"a bug in batchtts: {self.bug!r}"
        first = self._first()
        return str(first) if first is not None else self._short

    def exit_code(self, *, failed: int) -> int:
        """Return the code of the documented table; ``failed`` counts what is amiss."""
        if self._signal is not None:
            return _INTERRUPTED + self._signal
        if self.bug is not None:
            return BatchTTSError.exit_code
        first = self._first()
        if isinstance(first, AuthError):
            return first.exit_code
        if self._troubled:
            return LocalError.exit_code
        if first is not None:
            return first.exit_code
        return TakeError.exit_code if failed or self._short else 0

    def _first(self) -> BatchTTSError | None:
        for kind in _ORDER:
            for error in self._errors:
                if isinstance(error, kind):
                    return error
        return self._errors[0] if self._errors else None
