"""The seam where a test makes the server break its promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from batchtts.localserver.query import Refusal, SpeechQuery

__all__ = ["Cut", "Faults", "Outgoing"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message about to be sent: the n-th of its connection, from 0."""

    query: SpeechQuery
    text: str  # the sentence it belongs to; empty after the last one
    number: int
    data: bytes


class Cut(Exception):  # noqa: N818 (an order to the server, not an error)
    """Raised by faults to end a connection at once.

    With a ``code`` by a close frame, without one by dropping the TCP connection.
    """

    def __init__(self, code: int | None = None, reason: str = "") -> None:
        """Say how to end."""
        self.code = code
        self.reason = reason
        super().__init__(code, reason)


class Faults(Protocol):
    """What a server asks before it does what it should."""

    async def at_handshake(self, query: SpeechQuery) -> Refusal | None:
        """Return a refusal to be given instead of a connection, or None."""

    async def at_message(self, outgoing: Outgoing) -> bytes | None:
        """Return what to send instead, or None to send nothing.

        May take its time, and may raise Cut.
        """
