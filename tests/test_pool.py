"""The pool: bounded, without barriers, nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from batchtts.cache import Cache
from batchtts.errors import AuthError, Fault, ServiceError, TakeError
from batchtts.events import Event, Retrying, TakeDone, Throttled
from batchtts.model import Recording, Request
from batchtts.pool import Outcome, Pool, Speak, Stopped

TAKE = Recording("pcm", 8_000, bytes(160))


def _request(number: int) -> Request:
    return Request("test", (), f"text {number}")


class _FastClock:
    """A clock whose waiting takes no time but is counted."""

    def __init__(self) -> None:
        self.slept_s: list[float] = []

    def now_s(self) -> float:
        """Add up what was slept."""
        return sum(self.slept_s)

    async def sleep(self, seconds: float) -> None:
        """Note the wait and give way once."""
        self.slept_s.append(seconds)
        await asyncio.sleep(0)


class _Pools:
    """Makes pools over one cache and keeps what they tell."""

    def __init__(self, folder: Path) -> None:
        self.cache = Cache(folder)
        self.events: list[Event] = []
        self.clock = _FastClock()

    def __call__(self, speak: Speak, concurrency: int = 4) -> Pool:
        """Make a pool that speaks so."""
        return Pool(
            speak=speak,
            cache=self.cache,
            concurrency=concurrency,
            duration_s=lambda take: len(take.data) / 2 / take.sampling_rate,
            clock=self.clock,
            chance=lambda: 0.5,
            on_event=self.events.append,
        )

    def of(self, kind: type[Event]) -> list[Event]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def pools(tmp_path: Path) -> _Pools:
    """Give a maker of pools."""
    return _Pools(tmp_path / "cache")


class _Speaker:
    """Speaks after two turns of the loop; fails as it is told; counts."""

    def __init__(
        self, fail: Callable[[int], Exception | None] = lambda _: None
    ) -> None:
        self.calls: Counter[str] = Counter()
        self.open = self.most_open = 0
        self.began = asyncio.Event()
        self._fail = fail

    async def __call__(self, request: Request) -> Recording:
        """Make one attempt."""
        self.calls[request.text] += 1
        self.open += 1
        self.began.set()
        self.most_open = max(self.most_open, self.open)
        try:
            await asyncio.sleep(0.001)
            if error := self._fail(sum(self.calls.values())):
                raise error
            return TAKE
        finally:
            self.open -= 1


async def _all(pool: Pool, requests: list[Request]) -> list[Outcome]:
    outcomes = await asyncio.gather(*(pool.take(request) for request in requests))
    await pool.close(0)
    return outcomes


def test_every_request_gets_its_take(pools: _Pools) -> None:
    """All takes are in the cache, and no more sockets were open than allowed."""
    speaker = _Speaker()
    requests = [_request(n) for n in range(50)]
    outcomes = asyncio.run(_all(pools(speaker), requests))
    assert all(outcome == Outcome(0.01) for outcome in outcomes)
    assert speaker.most_open == 4
    assert all(pools.cache.load(one.fingerprint) == TAKE for one in requests)


def test_identical_requests_are_made_once(pools: _Pools) -> None:
    """Twenty texts with the same words are one request."""
    speaker = _Speaker()
    outcomes = asyncio.run(_all(pools(speaker), [_request(1)] * 20))
    assert len(outcomes) == 20
    assert speaker.calls.total() == 1


def test_takes_in_the_cache_are_not_made(pools: _Pools) -> None:
    """A second pool over the same cache speaks nothing."""
    requests = [_request(n) for n in range(10)]
    asyncio.run(_all(pools(_Speaker()), requests))
    pools.events.clear()
    speaker = _Speaker()
    pool = pools(speaker)
    asyncio.run(_all(pool, requests))
    assert speaker.calls.total() == 0
    assert pool.totals.cached == 10
    assert {event.cached for event in pools.of(TakeDone)} == {True}  # type: ignore[union-attr]


def test_a_damaged_take_is_made_again(pools: _Pools) -> None:
    """What fails its checksum is asked for anew."""
    asyncio.run(_all(pools(_Speaker()), [_request(1)]))
    path = pools.cache.path(_request(1).fingerprint)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    speaker = _Speaker()
    asyncio.run(_all(pools(speaker), [_request(1)]))
    assert speaker.calls.total() == 1
    assert pools.cache.load(_request(1).fingerprint) == TAKE


def test_a_failed_attempt_is_made_again(pools: _Pools) -> None:
    """Two drops and then a success are a success, told as two retries."""
    speaker = _Speaker(lambda n: TakeError(Fault.DROPPED, "gone") if n < 3 else None)
    pool = pools(speaker)
    [outcome] = asyncio.run(_all(pool, [_request(1)]))
    assert outcome.error is None
    assert pool.totals.retries == 2
    assert pool.totals.attempts == 3
    assert [event.failures for event in pools.of(Retrying)] == [1, 2]  # type: ignore[union-attr]
    assert pools.clock.slept_s == [0.5, 1.0]


def test_giving_up_leaves_the_others_alone(pools: _Pools) -> None:
    """A request that always fails is reported; the others have their takes."""

    async def speak(request: Request) -> Recording:
        if request.text == "text 3":
            raise TakeError(Fault.INCOMPLETE, "cut short")
        return TAKE

    pool = pools(speak)
    outcomes = asyncio.run(_all(pool, [_request(n) for n in range(8)]))
    failed = [n for n, outcome in enumerate(outcomes) if outcome.error]
    assert failed == [3]
    assert outcomes[3].error is not None
    assert outcomes[3].error.fault is Fault.INCOMPLETE
    assert pool.totals.attempts == 7 + 5
    assert not pools.cache.has(_request(3).fingerprint)


def test_throttles_cost_no_attempt(pools: _Pools) -> None:
    """However often the service asks to wait, the request is still made."""
    errors = TakeError(Fault.THROTTLED, "Currently at websocket limit", status=429)
    speaker = _Speaker(lambda n: errors if n <= 12 else None)

    async def go() -> tuple[Outcome, Pool]:
        pool = pools(speaker, 1)
        pools.clock = _FastClock()
        task = asyncio.create_task(pool.take(_request(1)))
        while not task.done():
            await asyncio.sleep(0.001)
            pool.gate.pause_until_s = 0
            pool._wake()
        return await task, pool

    outcome, pool = asyncio.run(go())
    assert outcome.error is None
    assert pool.totals.throttles == 12
    assert pool.totals.retries == 0
    assert pool.totals.characters_sent == len("text 1")
    assert len(pools.of(Throttled)) == 12


@pytest.mark.parametrize("error", [AuthError("401"), ServiceError("no route")])
def test_what_ends_a_run_reaches_everyone(pools: _Pools, error: Exception) -> None:
    """An error for all requests is raised, not reported as one text's failure."""

    async def speak(request: Request) -> Recording:
        raise error

    with pytest.raises(type(error)):
        asyncio.run(_all(pools(speak), [_request(n) for n in range(5)]))


def test_an_unreachable_service_ends_the_run(pools: _Pools) -> None:
    """Offline is nobody's fault: nothing is marked as failed."""
    offline = TakeError(Fault.UNREACHABLE, "no route to host")
    with pytest.raises(ServiceError, match="cannot be reached: no route to host"):
        asyncio.run(_all(pools(_Speaker(lambda _: offline)), [_request(1)]))


def test_a_row_of_service_failures_ends_the_run(pools: _Pools) -> None:
    """Ten different requests failing with 5xx are the service's trouble."""
    broken = TakeError(Fault.SERVICE, "HTTP 503", status=503)
    speaker = _Speaker(lambda _: broken)
    with pytest.raises(ServiceError, match="10 requests in a row"):
        asyncio.run(_all(pools(speaker), [_request(n) for n in range(30)]))


def test_stopping_lets_what_is_in_flight_finish(pools: _Pools) -> None:
    """After stop no request starts; those in flight end up in the cache."""
    speaker = _Speaker()

    async def go() -> list[Outcome | BaseException]:
        pool = pools(speaker)
        tasks = [asyncio.create_task(pool.take(_request(n))) for n in range(20)]
        await speaker.began.wait()
        await pool.close(5)
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(go())
    finished = [n for n, one in enumerate(results) if isinstance(one, Outcome)]
    assert 1 <= len(finished) <= 4
    assert all(pools.cache.has(_request(n).fingerprint) for n in finished)
    assert sum(isinstance(one, Stopped) for one in results) == 20 - len(finished)
    assert speaker.calls.total() == len(finished)


def test_closing_at_once_cancels_what_is_in_flight(pools: _Pools) -> None:
    """Without grace an attempt that hangs is cancelled and its socket given back."""

    async def go() -> tuple[Pool, bool]:
        cancelled = False
        began = asyncio.Event()

        async def hang(request: Request) -> Recording:
            nonlocal cancelled
            began.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled = True
                raise
            return TAKE

        pool = pools(hang)
        task = asyncio.create_task(pool.take(_request(1)))
        await began.wait()
        await pool.close(0)
        await asyncio.gather(task, return_exceptions=True)
        return pool, cancelled

    pool, cancelled = asyncio.run(go())
    assert cancelled
    assert pool.gate.in_use == 0


def test_a_cancelled_waiter_gives_its_turn_back(pools: _Pools) -> None:
    """Cancelling a request that waits, or was just granted, loses no socket."""

    async def go() -> Pool:
        speaker = _Speaker()
        pool = pools(speaker, 1)
        for n in range(30):
            turn = asyncio.create_task(pool._turn(n, 5))
            for _ in range(n % 3):
                await asyncio.sleep(0)
            turn.cancel()
            result = (await asyncio.gather(turn, return_exceptions=True))[0]
            if result is None:
                pool.gate.leave()
        assert (await pool.take(_request(1))).error is None
        return pool

    assert asyncio.run(go()).gate.in_use == 0


def test_requests_start_in_the_order_of_arrival(pools: _Pools) -> None:
    """What was asked for first is spoken first, a request tried again included."""
    spoken: list[int] = []

    async def go() -> None:
        called = asyncio.Event()

        async def speak(request: Request) -> Recording:
            await called.wait()
            number = int(request.text.split()[1])
            spoken.append(number)
            if spoken.count(number) == 1 and number % 10 == 0:
                raise TakeError(Fault.DROPPED, "gone")
            return TAKE

        pool = pools(speak, 1)
        tasks = [asyncio.create_task(pool.take(_request(n))) for n in range(30)]
        while len(pool._queue) < len(tasks) - 1:  # noqa: ASYNC110 - has no event
            await asyncio.sleep(0.001)
        called.set()
        await asyncio.gather(*tasks)
        await pool.close(0)

    asyncio.run(go())
    once = list(dict.fromkeys(spoken[1:]))
    assert len(spoken) == 33
    assert [n for n in once if n != spoken[0]] == [
        n for n in range(30) if n != spoken[0]
    ]


def test_a_refusal_ends_the_sending_at_once(pools: _Pools) -> None:
    """After a 401 no further request is sent, however many wait."""
    speaker = _Speaker(lambda _: AuthError("401"))

    async def go() -> list[object]:
        pool = pools(speaker, 2)
        tasks = [pool.take(_request(n)) for n in range(50)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await pool.close(0)
        return list(results)

    results = asyncio.run(go())
    assert speaker.calls.total() <= 2
    assert any(isinstance(one, AuthError) for one in results)
    assert sum(isinstance(one, Stopped) for one in results) >= 48


def test_nothing_is_sent_inside_a_pause(pools: _Pools) -> None:
    """The pause that one refusal asks for holds for everyone from that moment."""
    moments: list[float] = []

    async def go() -> None:
        loop = asyncio.get_running_loop()
        pools.clock = _LoopClock()

        async def speak(request: Request) -> Recording:
            moments.append(loop.time())
            if len(moments) == 1:
                raise TakeError(Fault.THROTTLED, "limit", status=429, retry_after_s=0.2)
            return TAKE

        pool = pools(speak, 1)
        await asyncio.gather(*(pool.take(_request(n)) for n in range(5)))
        await pool.close(0)

    asyncio.run(go())
    assert len(moments) == 6
    assert moments[1] - moments[0] >= 0.19


class _LoopClock(_FastClock):
    """The event loop's own time."""

    def now_s(self) -> float:
        """Tell the loop's time."""
        return asyncio.get_running_loop().time()


def test_a_quiet_time_is_no_starving(pools: _Pools) -> None:
    """A throttle long after the last success is not fifteen minutes without one."""
    refusals = iter([False, True, False])

    async def speak(request: Request) -> Recording:
        if next(refusals):
            raise TakeError(Fault.THROTTLED, "limit", status=429)
        return TAKE

    async def go() -> Outcome:
        pool = pools(speak, 1)
        await pool.take(_request(1))
        pools.clock.slept_s.append(5000.0)
        task = asyncio.create_task(pool.take(_request(2)))
        await asyncio.wait({task}, timeout=0.05)
        assert pool.totals.throttles == 1
        pools.clock.slept_s.append(60.0)
        pool._wake()
        return await task

    assert asyncio.run(go()).error is None


def test_at_the_end_the_longest_goes_first(pools: _Pools) -> None:
    """Once nothing more will come, no long request is left for last."""
    spoken: list[int] = []

    async def go() -> None:
        called = asyncio.Event()

        async def speak(request: Request) -> Recording:
            await called.wait()
            spoken.append(len(request.text))
            return TAKE

        pool = pools(speak, 1)
        texts = [Request("test", (), "x" * n) for n in (5, 3, 9, 1, 7, 2, 8)]
        tasks = [asyncio.create_task(pool.take(text)) for text in texts]
        while len(pool._queue) < len(texts) - 1:  # noqa: ASYNC110 - has no event
            await asyncio.sleep(0.001)
        pool.last_call()
        called.set()
        await asyncio.gather(*tasks)
        await pool.close(0)

    asyncio.run(go())
    assert spoken[1:] == sorted(spoken[1:], reverse=True)
