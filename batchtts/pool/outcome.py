"""What the pool is given and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from batchtts.clock import Chance, Clock
from batchtts.errors import Fault, TakeError
from batchtts.events import OnEvent
from batchtts.model import Recording, Request

__all__ = [
    "Effects",
    "LeftOut",
    "Miss",
    "Outcome",
    "Speak",
    "Stopped",
    "Totals",
]

Speak = Callable[[Request, Callable[[], None]], Awaitable[Recording]]
"""Make one attempt at a request: the whole recording, or TakeError. Any other
BatchTTSError means that no request can succeed, and ends the run. The function
given is called when the service has admitted the connection, before any audio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """The pool's ways into the world: the service, time, chance, who listens."""

    speak: Speak
    clock: Clock
    chance: Chance
    on_event: OnEvent


@dataclass(frozen=True, slots=True)
class Miss:
    """A failed attempt, recorded at that moment."""

    when: str  # UTC, ISO 8601
    attempt: int  # at this request, from 1; throttles do not count
    fault: Fault
    reason: str
    status: int | None  # of the refused handshake
    close_code: int | None
    received_bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended: with a take in the cache, or with an error."""

    seconds: float = 0.0  # of audio, as it came
    error: TakeError | None = None
    suspect: str | None = None  # why the take is doubtful, though confirmed
    misses: tuple[Miss, ...] = ()  # the failed attempts of one that was given up


@dataclass(frozen=True, slots=True)
class Totals:
    """What a pool has done so far."""

    made: int = 0
    cached: int = 0
    failed: int = 0
    attempts: int = 0
    retries: int = 0
    throttles: int = 0
    characters_sent: int = 0  # of every attempt: what the service may bill
    characters_made: int = 0
    characters_cached: int = 0


class Stopped(Exception):  # noqa: N818 - a state, not a fault
    """The pool takes no new requests: the run is ending."""


class LeftOut(Stopped):
    """The budget has no room for this request's next attempt."""
