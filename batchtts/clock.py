"""Time and chance, as values to be passed in."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Chance", "Clock", "SystemClock", "system_chance"]


class Clock(Protocol):
    """Monotonic time and waiting, in seconds; and what the calendar says."""

    def now_s(self) -> float:
        """Return seconds since some fixed moment; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""

    def utc(self) -> datetime:
        """Return the date and time, for records; it may go back."""


class Chance(Protocol):
    """A source of uniform random numbers in [0, 1)."""

    def __call__(self) -> float:
        """Return the next number."""


class SystemClock:
    """The machine's own clock."""

    def now_s(self) -> float:
        """Return the machine's monotonic time."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)

    def utc(self) -> datetime:
        """Return what the machine takes for the date and time."""
        return datetime.now(UTC)


def system_chance() -> float:
    """Return a random number that differs between processes."""
    return random.random()  # noqa: S311 - jitter, not cryptography
