"""Turns: in order, never two in one place, and no wait that cannot be ended."""

from __future__ import annotations

import asyncio

import pytest
from pools import QuickClock, StuckClock

from batchtts.pool import Stopped
from batchtts.pool.turns import Turns


class _Room:
    """So many places, numbered; closed for a while if told so."""

    def __init__(self, places: int) -> None:
        self.free = list(range(places))
        self.closed_until_s = 0.0

    def wait_s(self, now_s: float) -> float | None:
        """Say when there is a place."""
        return max(0.0, self.closed_until_s - now_s) if self.free else None

    def enter(self, now_s: float) -> int:
        """Take a place."""
        assert now_s >= self.closed_until_s
        return self.free.pop()

    def leave(self, place: int) -> None:
        """Give a place back."""
        assert place not in self.free
        self.free.append(place)

    def turns(self, clock: QuickClock | None = None) -> Turns[int]:
        """Make a queue for it."""
        return Turns(
            clock or QuickClock(),
            wait_s=self.wait_s,
            enter=self.enter,
            leave=self.leave,
        )


def test_a_cancelled_waiter_gives_its_turn_back() -> None:
    """Cancelling one that waits, or was just served, loses no place."""

    async def go() -> None:
        room = _Room(1)
        turns = room.turns()
        for number in range(30):
            waiting = asyncio.create_task(turns.turn(number, 5))
            for _ in range(number % 3):
                await asyncio.sleep(0)
            waiting.cancel()
            result = (await asyncio.gather(waiting, return_exceptions=True))[0]
            if isinstance(result, int):
                room.leave(result)
        assert await turns.turn(99, 5) == 0

    asyncio.run(go())


def test_the_next_is_served_when_a_waiter_has_gone() -> None:
    """A waiter that was cancelled in the queue does not block those behind it."""

    async def go() -> list[int]:
        room = _Room(1)
        turns = room.turns()
        place = await turns.turn(0, 5)
        first, second = (asyncio.create_task(turns.turn(n, 5)) for n in (1, 2))
        await asyncio.sleep(0)
        first.cancel()
        room.leave(place)
        turns.wake()
        return [await second, len(turns)]

    assert asyncio.run(go()) == [0, 0]


def test_whoever_rests_lets_the_others_pass() -> None:
    """Until its moment has come a ticket waits beside the queue, not in it."""

    async def go() -> list[int]:
        room = _Room(1)
        clock = QuickClock()
        turns = room.turns(clock)
        served: list[int] = []

        async def one(ticket: int, not_before_s: float) -> None:
            place = await turns.turn(ticket, 5, not_before_s=not_before_s)
            assert clock.now_s() >= not_before_s
            served.append(ticket)
            await clock.sleep(1)
            room.leave(place)
            turns.wake()

        await asyncio.gather(one(0, 2.5), one(1, 0), one(2, 0), one(3, 0), one(4, 0))
        return served

    assert asyncio.run(go()) == [1, 2, 3, 0, 4]


def test_a_closed_room_opens_by_itself() -> None:
    """When the way is barred for a time, nobody has to call for it to end."""

    async def go() -> float:
        room, clock = _Room(2), QuickClock()
        room.closed_until_s = 7.0
        turns = room.turns(clock)
        await asyncio.gather(turns.turn(0, 5), turns.turn(1, 5))
        return clock.now_s()

    assert 7 <= asyncio.run(go()) < 8


def test_an_earlier_moment_is_not_missed() -> None:
    """The alarm that is set goes by the first of several moments."""

    async def go() -> list[float]:
        room, clock = _Room(9), QuickClock()
        turns = room.turns(clock)
        moments = [30.0, 5.0, 20.0, 5.0, 1.0]
        tasks = []
        for ticket, moment in enumerate(moments):
            waiting = turns.turn(ticket, 5, not_before_s=moment)
            tasks.append(asyncio.create_task(waiting))
            await asyncio.sleep(0)
        ended = []
        for task in asyncio.as_completed(tasks):
            await task
            ended.append(clock.now_s())
        return ended

    assert asyncio.run(go()) == [1, 5, 5, 20, 30]


@pytest.mark.parametrize("not_before_s", [0.0, 1000.0])
def test_stop_ends_every_wait(not_before_s: float) -> None:
    """Those who wait are told at once, those who come later too."""

    async def go() -> None:
        turns = _Room(0).turns(StuckClock())
        waiting = [
            asyncio.create_task(turns.turn(n, 5, not_before_s=not_before_s))
            for n in range(5)
        ]
        await asyncio.sleep(0)
        assert len(turns) == 5
        turns.stop()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(result) for result in results} == {Stopped}
        with pytest.raises(Stopped):
            await turns.turn(9, 5)
        turns.wake()
        turns.stop()

    asyncio.run(go())


def test_the_last_call_puts_the_longest_first() -> None:
    """Those who rest are sorted in too; of two as long the earlier goes first."""

    async def go() -> list[int]:
        room, clock = _Room(1), QuickClock()
        turns = room.turns(clock)
        first = await turns.turn(0, 1)
        served: list[int] = []

        async def one(ticket: int, characters: int, not_before_s: float) -> None:
            place = await turns.turn(ticket, characters, not_before_s=not_before_s)
            served.append(ticket)
            room.leave(place)
            turns.wake()

        sizes = {1: 5, 2: 9, 3: 5, 4: 20, 5: 7}
        tasks = [
            asyncio.create_task(one(n, size, 1.0 if n == 4 else 0.0))
            for n, size in sizes.items()
        ]
        await asyncio.sleep(0)
        turns.last_call()
        await clock.sleep(2)
        room.leave(first)
        turns.wake()
        await asyncio.gather(*tasks)
        return served

    assert asyncio.run(go()) == [4, 2, 5, 1, 3]
