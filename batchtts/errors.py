"""What can go wrong, as one tree.

::

    BatchTTSError
     +-- JobError        exit 2   the command line, the job file or an input
     +-- AuthError       exit 4   refused: key, account, redirect
     +-- ServiceError    exit 5   the service or the network is unavailable
     +-- LocalError      exit 6   disk, permission, a codec, the speech engine
     +-- StaleError      exit 8   out of date, and nothing may be done about it
     +-- LockedError     exit 11  another run works on the same job
     +-- TakeError       one request failed; the run goes on

Classes carry fields; ``str()`` makes the sentence. A sentence says what
happened, where, and what to do next; it never holds a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from batchtts.model import Place

__all__ = [
    "AuthError",
    "BatchTTSError",
    "Fault",
    "JobError",
    "LocalError",
    "LockedError",
    "Notice",
    "Problem",
    "ServiceError",
    "StaleError",
    "TakeError",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where it stands, what it is, what to do."""

    place: Place
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Make the line a person reads: ``job.yaml:12:5: message (hint)``."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.place}: {self.message}{hint}"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about an input that a person should know, and that stops nothing."""

    place: Place
    message: str

    def __str__(self) -> str:
        """Make the line a person reads: ``book.epub: message``."""
        return f"{self.place}: {self.message}"


class BatchTTSError(Exception):
    """Base of every error that batchtts raises on purpose."""

    exit_code: ClassVar[int] = 1


class JobError(BatchTTSError):
    """The command line, the job file or one of its inputs cannot be used.

    Carries every problem found, in the order of the files, not just the first.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, problems: Sequence[Problem], more: int = 0) -> None:
        """Carry ``problems``, and ``more`` that were counted but not kept."""
        self.problems = tuple(problems)
        self.more = more
        super().__init__(self.problems, more)

    def __str__(self) -> str:
        """Give one line a problem."""
        lines = [str(problem) for problem in self.problems]
        if self.more:
            lines.append(f"... and {self.more:,} more")
        return "\n".join(lines)


class AuthError(BatchTTSError):
    """The service refused us; trying again cannot help."""

    exit_code: ClassVar[int] = 4


class ServiceError(BatchTTSError):
    """The service or the network cannot be used now; a later run may succeed."""

    exit_code: ClassVar[int] = 5


class LocalError(BatchTTSError):
    """This machine stands in the way: disk, permission, codec, speech engine."""

    exit_code: ClassVar[int] = 6


class StaleError(BatchTTSError):
    """Something is out of date, and nothing may be sent to mend it."""

    exit_code: ClassVar[int] = 8


class LockedError(BatchTTSError):
    """Another run is working on the same job."""

    exit_code: ClassVar[int] = 11


class Fault(StrEnum):
    """Why one attempt at a request did not give a take."""

    DROPPED = "dropped"  # the connection broke before the end
    INCOMPLETE = "incomplete"  # it ended, but what came cannot be all
    NO_AUDIO = "no_audio"  # it ended well with nothing in it
    NOT_AUDIO = "not_audio"  # what came is not the format asked for
    PROTOCOL = "protocol"  # the other side does not speak the protocol
    REJECTED = "rejected"  # the service refuses this very request
    SERVICE = "service"  # the service failed: 5xx, no handshake
    STALLED = "stalled"  # nothing came within a deadline
    THROTTLED = "throttled"  # too many connections: wait, do not count it
    TOO_LARGE = "too_large"  # more bytes than any speech of this text
    UNREACHABLE = "unreachable"  # no route: DNS, refused, offline
    WRONG_FORMAT = "wrong_format"  # audio, but of another rate or channel count


class TakeError(BatchTTSError):
    """One attempt at one request failed. Nothing of it may be used."""

    exit_code: ClassVar[int] = 3

    def __init__(
        self,
        fault: Fault,
        reason: str,
        *,
        status: int | None = None,
        close_code: int | None = None,
        retry_after_s: float | None = None,
        received_bytes: int = 0,
    ) -> None:
        """Say what failed; ``reason`` is at most 500 characters, redacted.

        ``status`` is that of a refused handshake, ``close_code`` that of a close
        which was not a clean one.
        """
        self.fault = fault
        self.reason = reason[:500]
        self.status = status
        self.close_code = close_code
        self.retry_after_s = retry_after_s
        self.received_bytes = received_bytes
        super().__init__(fault, self.reason)

    def __str__(self) -> str:
        """Give ``kind: reason``."""
        return f"{self.fault.value}: {self.reason}"
