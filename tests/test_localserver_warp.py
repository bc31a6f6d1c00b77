"""The loop on which waiting takes no time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, datetime

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedOK

from batchtts.localserver import ServerSettings, tone, warp
from batchtts.localserver.faultplan import parse_plan
from batchtts.localserver.server import LocalServer
from batchtts.localserver.warp import LoopClock, WarpLoop


def warped(main: Coroutine[object, object, None]) -> float:
    """Run ``main`` on a warp loop; return the real seconds that it took."""
    began_s = time.perf_counter()
    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        runner.run(main)
    return time.perf_counter() - began_s


def test_waiting_takes_no_time_and_keeps_its_order() -> None:
    """Who waits less is done earlier, at exactly the time asked for."""
    woken: list[tuple[float, str]] = []

    async def sleep(seconds: float, name: str) -> None:
        await LoopClock().sleep(seconds)
        woken.append((asyncio.get_running_loop().time(), name))

    async def main() -> None:
        await asyncio.gather(sleep(3600, "c"), sleep(0.5, "a"), sleep(60, "b"))
        assert LoopClock().now_s() == 3600
        assert LoopClock().utc() == datetime(2026, 1, 1, 1, tzinfo=UTC)

    assert warped(main()) < 10
    assert woken == [(0.5, "a"), (60, "b"), (3600, "c")]


def test_sockets_are_served_before_time_goes_on() -> None:
    """A stall of an hour is felt by whoever waits, and by nothing else."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        plan = parse_plan("faults: [{every: 2, reply: {at: 50%, stall_s: 3600}}]")
        async with LocalServer(ServerSettings(synthesiser="tone"), faults=plan) as it:
            for number in range(6):
                began_s = loop.time()
                heard = await _heard(it.url)
                assert heard == tone.speak("Hello.", speaker="astra", lang="eng")
                assert (loop.time() - began_s >= 3600) is (number % 2 == 1)
        assert loop.time() < 3 * 3600 + 60

    assert warped(main()) < 10


def test_a_machine_can_sleep() -> None:
    """Everything that was due meanwhile is due at once afterwards."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, WarpLoop)
        loop.call_later(1, loop.jump, 3600)
        await asyncio.gather(asyncio.sleep(2), asyncio.sleep(60))
        assert loop.time() == 3601

    warped(main())


async def _heard(url: str) -> bytes:
    query = "?speaker=astra&modelId=arcana&audioFormat=pcm"
    key = {"Authorization": "Bearer x"}
    async with connect(url + query, additional_headers=key) as socket:
        await socket.send("Hello.")
        await socket.send("<EOS>")
        heard = b""
        try:
            while True:
                message = await socket.recv()
                heard += message if isinstance(message, bytes) else b""
        except ConnectionClosedOK:
            return heard


def test_work_for_threads_is_done_at_once() -> None:
    """With its result or its error, and time stands still meanwhile."""

    def fail() -> None:
        raise ValueError("as it should")

    async def main() -> None:
        timer = asyncio.create_task(asyncio.sleep(0.001))
        assert await asyncio.to_thread(sum, (1, 2)) == 3
        with pytest.raises(ValueError, match="as it should"):
            await asyncio.to_thread(fail)
        assert not timer.done()
        await timer

    warped(main())


def test_a_loop_on_which_nothing_can_happen_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Instead of waiting for ever."""
    monkeypatch.setattr(warp, "_STUCK_S", 0.01)

    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError, match="waits for someone else"):
        warped(main())
