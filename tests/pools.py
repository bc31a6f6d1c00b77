"""Pools for tests: a real cache, a voice that fails as it is told, a quick clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from batchtts.budget import Budget
from batchtts.cache import Cache
from batchtts.errors import Fault, TakeError
from batchtts.events import Event
from batchtts.model import Recording, Request
from batchtts.pool import Effects, Judge, Outcome, Pool, Speak

Admitted = Callable[[], None]
Verdict = Exception | None
E = TypeVar("E")

TAKE = Recording("pcm", 8_000, bytes(160))
THROTTLED = TakeError(Fault.THROTTLED, "Currently at websocket limit", status=429)
OFFLINE = TakeError(Fault.UNREACHABLE, "no route to host")
DOWN = TakeError(Fault.SERVICE, "HTTP 503", status=503)
DROPPED = TakeError(Fault.DROPPED, "gone", received_bytes=7)


def request(number: int, *, speaker: str = "astra") -> Request:
    """Return one of many different requests, of six or more characters."""
    return Request("test", (("speaker", speaker),), f"text {number}")


class QuickClock:
    """A clock whose waiting takes no time but counts; who waits less wakes first."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.time_s = 0.0
        self._sleepers: list[float] = []

    def now_s(self) -> float:
        """Return all that was slept."""
        return self.time_s

    async def sleep(self, seconds: float) -> None:
        """Let a moment pass, and the time be what it is then."""
        until_s = self.time_s + seconds
        self._sleepers.append(until_s)
        try:
            turns = 0  # of being the next: others may just be about to sleep less
            while turns < 3:
                await asyncio.sleep(0.0003)
                turns = turns + 1 if until_s <= min(self._sleepers) else 0
            self.time_s = max(self.time_s, until_s)
        finally:
            self._sleepers.remove(until_s)

    def utc(self) -> datetime:
        """Tell the time since the first of January."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time_s)


class StuckClock(QuickClock):
    """A clock on which no wait ever ends."""

    async def sleep(self, seconds: float) -> None:
        """Wait for ever."""
        del seconds
        await asyncio.Event().wait()


class Speaker:
    """Speaks in two turns of the loop; fails as it is told; counts."""

    def __init__(self, fail: Callable[[int, Request], Verdict] | None = None) -> None:
        """Fail the n-th attempt with what ``fail(n, request)`` returns, if anything."""
        self.calls: Counter[str] = Counter()
        self.order: list[str] = []
        self.open = self.most_open = 0
        self.began = asyncio.Event()
        self.may_begin = asyncio.Event()
        self.may_begin.set()
        self._fail = fail or (lambda _, __: None)

    async def __call__(self, request: Request, admitted: Admitted) -> Recording:
        """Make one attempt."""
        self.open += 1
        self.began.set()
        self.most_open = max(self.most_open, self.open)
        try:
            await self.may_begin.wait()
            self.calls[request.text] += 1
            self.order.append(request.text)
            number = self.calls.total()
            await asyncio.sleep(0)
            if error := self._fail(number, request):
                raise error
            admitted()
            await asyncio.sleep(0)
            return TAKE
        finally:
            self.open -= 1


class Pools:
    """Makes pools over one cache and keeps what they tell."""

    def __init__(self, folder: Path) -> None:
        """Use a cache in ``folder``."""
        self.cache = Cache(folder)
        self.events: list[Event] = []
        self.clock = QuickClock()

    def __call__(
        self,
        speak: Speak,
        concurrency: int = 4,
        *,
        judge: Judge | None = None,
        budget: Budget | None = None,
    ) -> Pool:
        """Make a pool that speaks so."""
        return Pool(
            Effects(
                speak=speak,
                clock=self.clock,
                chance=lambda: 0.5,
                on_event=self.events.append,
            ),
            cache=self.cache,
            concurrency=concurrency,
            duration_s=lambda take: len(take.data) / 2 / take.sampling_rate,
            judge=judge,
            budget=budget,
        )

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


async def take_all(pool: Pool, requests: list[Request]) -> list[Outcome]:
    """Ask for all at once; raise the first that is raised."""
    try:
        return await asyncio.gather(*(pool.take(one) for one in requests))
    finally:
        await pool.close(0)


async def settle_all(
    pool: Pool, requests: list[Request]
) -> list[Outcome | BaseException]:
    """Ask for all at once; return what is raised too."""
    try:
        takes = (pool.take(one) for one in requests)
        return await asyncio.gather(*takes, return_exceptions=True)
    finally:
        await pool.close(0)
