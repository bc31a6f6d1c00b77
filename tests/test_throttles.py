"""A server that admits fewer connections than are allowed: used to the full.

Over real sockets, on a loop on which waiting takes no time.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from batchtts.cache import Cache
from batchtts.localserver import ServerSettings
from batchtts.localserver.server import LocalServer
from batchtts.localserver.warp import LoopClock, WarpLoop
from batchtts.model import Request
from batchtts.pool import Effects, Outcome, Pool, Totals
from batchtts.rime.client import RimeClient
from batchtts.rime.plausible import duration_s
from batchtts.secret import Secret

FIRST_BYTE_S = 0.3
REAL_TIME_FACTOR = 20.0
PARAMETERS = {
    "audioFormat": "pcm",
    "lang": "eng",
    "modelId": "arcana",
    "samplingRate": "8000",
    "speaker": "astra",
}


def _request(number: int) -> Request:
    words = f"Line {number}" + " and more" * (number * 7 % 5)
    return Request("local/tone+1", tuple(PARAMETERS.items()), f"{words}.")


async def _run(
    limit: int, requests: int, folder: Path
) -> tuple[list[Outcome], Totals, float]:
    """Return what came of the requests, the totals, and how long it took."""
    settings = ServerSettings(
        synthesiser="tone",
        first_byte_s=FIRST_BYTE_S,
        real_time_factor=REAL_TIME_FACTOR,
        connection_limit=limit,
    )
    async with LocalServer(settings) as server:
        client = RimeClient(server.url, key=Secret("any"), engine=server.identity)
        clock = LoopClock()
        effects = Effects(
            speak=client.speak,
            clock=clock,
            chance=lambda: 0.5,
            on_event=lambda _: None,
        )
        pool = Pool(effects, cache=Cache(folder), concurrency=32, duration_s=duration_s)
        began_s = clock.now_s()
        takes = (pool.take(_request(number)) for number in range(requests))
        outcomes = await asyncio.gather(*takes)
        took_s = clock.now_s() - began_s
        await pool.close(0)
        assert server.refusals.get(429, 0) == pool.totals.throttles
        assert server.concurrent_most <= limit
        return outcomes, pool.totals, took_s


@pytest.mark.parametrize(
    ("limit", "requests", "refused_at_most"),
    [(1, 40, 0.1), (2, 60, 0.1), (5, 80, 0.05), (20, 200, 0.05), (40, 96, 0.0)],
)
def test_what_is_admitted_is_used(
    tmp_path: Path, limit: int, requests: int, refused_at_most: float
) -> None:
    """Nothing is lost, hardly more time is taken than by one who knows the limit."""
    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        outcomes, totals, took_s = runner.run(_run(limit, requests, tmp_path))
    assert all(outcome.error is None for outcome in outcomes)
    assert (totals.made, totals.retries) == (requests, 0)
    lengths_s = [outcome.seconds for outcome in outcomes]
    service_s = [FIRST_BYTE_S + one / REAL_TIME_FACTOR for one in lengths_s]
    ideal_s = max(sum(service_s) / min(limit, 32), *service_s)
    assert took_s <= 1.25 * ideal_s
    assert totals.throttles <= refused_at_most * totals.attempts
