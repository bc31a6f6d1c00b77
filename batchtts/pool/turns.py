"""Who may begin an attempt, and when: first come, first served."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from batchtts.clock import Clock
from batchtts.pool.outcome import Stopped

__all__ = ["Turns"]

P = TypeVar("P")


@dataclass(frozen=True, slots=True, order=True)
class _Turn(Generic[P]):
    """A request that waits; the least ``order`` goes first."""

    order: tuple[float, ...]
    not_before_s: float = field(compare=False)
    characters: int = field(compare=False)
    granted: asyncio.Future[P] = field(compare=False)


class Turns(Generic[P]):
    """A queue whose head is served as soon as there is a place for it.

    All waiting is here, and ends at once at `stop`: for a place, for a pause to
    be over, and for the moment from which a request may be tried again.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        wait_s: Callable[[float], float | None],
        enter: Callable[[float], P],
        leave: Callable[[P], None],
    ) -> None:
        """Ask ``wait_s`` when a place can be had: now (0), later, or not yet (None).

        ``enter`` takes the place, ``leave`` gives back one that nobody came for.
        """
        self._clock = clock
        self._wait_s = wait_s
        self._enter = enter
        self._leave = leave
        self._ready: list[_Turn[P]] = []  # heaps
        self._resting: list[tuple[float, _Turn[P]]] = []
        self._last_call = False
        self._stopped = False
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_s = math.inf

    def __len__(self) -> int:
        """Return how many wait for their turn."""
        return len(self._ready) + len(self._resting)

    async def turn(
        self, ticket: int, characters: int, *, not_before_s: float = -math.inf
    ) -> P:
        """Wait until it is this ticket's turn; return the place that it was given.

        A request that is tried again keeps its ticket, and so its place in the
        queue. Raises Stopped.
        """
        if self._stopped:
            raise Stopped
        granted: asyncio.Future[P] = asyncio.get_running_loop().create_future()
        order = (-characters, ticket) if self._last_call else (ticket,)
        turn = _Turn(order, not_before_s, characters, granted)
        heapq.heappush(self._resting, (not_before_s, turn))
        self.wake()
        try:
            return await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled() and not granted.exception():
                self._leave(granted.result())  # granted, but nobody is there to use it
                self.wake()
            raise

    def wake(self) -> None:
        """Serve as many as can be served now, and see to it that the rest will be."""
        now_s = self._clock.now_s()
        while self._resting and self._resting[0][0] <= now_s:
            heapq.heappush(self._ready, heapq.heappop(self._resting)[1])
        next_s = self._resting[0][0] if self._resting else math.inf
        while self._ready:
            if self._ready[0].granted.done():
                heapq.heappop(self._ready)
                continue
            wait_s = self._wait_s(now_s)
            if wait_s is None:
                break
            if wait_s > 0:
                next_s = min(next_s, now_s + wait_s)
                break
            heapq.heappop(self._ready).granted.set_result(self._enter(now_s))
        if next_s < self._alarm_s:
            self._set_alarm(next_s)

    def last_call(self) -> None:
        """Say that no ticket will come that has not come.

        From now on the longest that waits is served first, so that at the end
        no place is left alone with a long request that came late.
        """
        self._last_call = True
        self._ready = [_longest_first(turn) for turn in self._ready]
        self._resting = [(at, _longest_first(turn)) for at, turn in self._resting]
        heapq.heapify(self._ready)
        heapq.heapify(self._resting)

    def stop(self) -> None:
        """Serve nobody any more: whoever waits is told so now."""
        self._stopped = True
        for turn in [*self._ready, *(turn for _, turn in self._resting)]:
            if not turn.granted.done():
                turn.granted.set_exception(Stopped())
        self._ready.clear()
        self._resting.clear()
        if self._alarm is not None:
            self._alarm.cancel()

    def _set_alarm(self, at_s: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_s = at_s
        self._alarm = asyncio.create_task(self._sleep_until(at_s))

    async def _sleep_until(self, at_s: float) -> None:
        await self._clock.sleep(max(0.0, at_s - self._clock.now_s()))
        self._alarm, self._alarm_s = None, math.inf
        self.wake()


def _longest_first(turn: _Turn[P]) -> _Turn[P]:
    return replace(turn, order=(-turn.characters, *turn.order[-1:]))
