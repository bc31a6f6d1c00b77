"""How long an attempt may take and how much it may bring."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Deadlines", "Limits"]

_BASE_CHARACTERS = 500  # the length that the deadlines are made for
_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long to wait, in seconds, at each stage of one attempt.

    ``first_audio_s`` counts from the open socket, ``between_s`` from one
    message with audio to the next. Pings are not signs of life.
    """

    open_s: float = 10.0
    first_audio_s: float = 20.0
    between_s: float = 10.0
    attempt_s: float = 90.0  # for up to 500 characters; longer texts get more
    close_s: float = 5.0

    def whole_attempt_s(self, characters: int) -> float:
        """Return the deadline of a whole attempt at so many characters."""
        return self.attempt_s * max(1.0, characters / _BASE_CHARACTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most bytes that are taken from the other side."""

    message_bytes: int = 16 * _MIB
    take_bytes: int = 64 * _MIB

    def whole_take_bytes(self, longest_s: float, rate_hz: int) -> int:
        """Return the cap for a take that may be ``longest_s`` seconds long.

        Reckoned as 16-bit samples, which no accepted encoding exceeds, twice
        over: a reply that is only too long is then told from a flood.
        """
        return min(self.take_bytes, _MIB + int(2 * longest_s * rate_hz * 2))
