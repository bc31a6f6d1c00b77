"""The pool: bounded, without barriers, nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pools import (
    DROPPED,
    TAKE,
    THROTTLED,
    Admitted,
    Pools,
    Speaker,
    StuckClock,
    request,
    settle_all,
    take_all,
)

from batchtts.errors import AuthError, Fault, LocalError, ServiceError, TakeError
from batchtts.events import Retrying, TakeDone, TakeFailed, Throttled
from batchtts.model import Recording, Request
from batchtts.pool import Outcome, Pool, Stopped


@pytest.fixture
def pools(tmp_path: Path) -> Pools:
    """Give a maker of pools."""
    return Pools(tmp_path / "cache")


def test_every_request_gets_its_take(pools: Pools) -> None:
    """All takes are in the cache, and no more sockets were open than allowed."""
    speaker = Speaker()
    requests = [request(n) for n in range(50)]
    outcomes = asyncio.run(take_all(pools(speaker), requests))
    assert all(outcome == Outcome(0.01) for outcome in outcomes)
    assert 1 < speaker.most_open <= 4
    assert all(pools.cache.load(one.fingerprint) == TAKE for one in requests)


def test_identical_requests_are_made_once(pools: Pools) -> None:
    """Twenty texts with the same words are one request."""
    speaker = Speaker()
    outcomes = asyncio.run(take_all(pools(speaker), [request(1)] * 20))
    assert len(outcomes) == 20
    assert speaker.calls.total() == 1


def test_takes_in_the_cache_are_not_made(pools: Pools) -> None:
    """A second pool over the same cache speaks nothing."""
    requests = [request(n) for n in range(10)]
    asyncio.run(take_all(pools(Speaker()), requests))
    pools.events.clear()
    speaker = Speaker()
    pool = pools(speaker)
    asyncio.run(take_all(pool, requests))
    assert speaker.calls.total() == 0
    assert pool.totals.cached == 10
    assert {event.cached for event in pools.of(TakeDone)} == {True}


def test_a_damaged_take_is_made_again(pools: Pools) -> None:
    """What fails its checksum is asked for anew."""
    asyncio.run(take_all(pools(Speaker()), [request(1)]))
    path = pools.cache.path(request(1).fingerprint)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    speaker = Speaker()
    asyncio.run(take_all(pools(speaker), [request(1)]))
    assert speaker.calls.total() == 1
    assert pools.cache.load(request(1).fingerprint) == TAKE


def test_a_failed_attempt_is_made_again(pools: Pools) -> None:
    """Two drops and then a success are a success, told as two retries."""
    pool = pools(Speaker(lambda n, _: DROPPED if n < 3 else None))
    [outcome] = asyncio.run(take_all(pool, [request(1)]))
    assert outcome == Outcome(0.01)
    assert pool.totals.retries == 2
    assert pool.totals.attempts == 3
    told = pools.of(Retrying)
    assert [(event.failures, event.delay_s) for event in told] == [(1, 0.5), (2, 1.0)]
    assert pools.clock.now_s() == 1.5


def test_giving_up_leaves_the_others_alone(pools: Pools) -> None:
    """A request that always fails is reported; the others have their takes."""
    bad = request(3)
    pool = pools(Speaker(lambda _, one: DROPPED if one == bad else None))
    outcomes = asyncio.run(take_all(pool, [request(n) for n in range(8)]))
    [failed] = [outcome for outcome in outcomes if outcome.error]
    assert failed is outcomes[3]
    assert failed.error is DROPPED
    assert pool.totals.attempts == 7 + 5
    assert pool.totals.failed == len(pools.of(TakeFailed)) == 1
    assert not pools.cache.has(bad.fingerprint)


def test_each_failed_attempt_is_recorded(pools: Pools) -> None:
    """What was seen, and when, is there for whoever looks into a failure."""
    errors = [
        TakeError(Fault.SERVICE, "HTTP 502", status=502),
        THROTTLED,
        TakeError(Fault.DROPPED, "closed with 1006", close_code=1006),
        DROPPED,
        DROPPED,
        DROPPED,
    ]
    pool = pools(Speaker(lambda n, _: errors[n - 1]))
    [outcome] = asyncio.run(take_all(pool, [request(1)]))
    assert [miss.attempt for miss in outcome.misses] == [1, 2, 3, 4, 5]
    first, second, *_, last = outcome.misses
    assert (first.status, first.close_code) == (502, None)
    assert (second.close_code, second.fault) == (1006, Fault.DROPPED)
    assert (last.reason, last.received_bytes) == ("gone", 7)
    assert first.when == "2026-01-01T00:00:00.000+00:00"
    assert last.when > second.when


def test_throttles_cost_no_attempt(pools: Pools) -> None:
    """However often the service asks to wait, the request is still made."""
    pool = pools(Speaker(lambda n, _: THROTTLED if n <= 12 else None), 1)
    [outcome] = asyncio.run(take_all(pool, [request(1)]))
    assert outcome.error is None
    assert pool.totals.throttles == len(pools.of(Throttled)) == 12
    assert pool.totals.retries == 0
    assert pool.totals.characters_sent == len("text 1")


@pytest.mark.parametrize("error", [AuthError("401"), ServiceError("no certificate")])
def test_what_ends_a_run_reaches_everyone(pools: Pools, error: Exception) -> None:
    """An error for all requests is raised, not reported as one text's failure."""
    pool = pools(Speaker(lambda _, __: error))
    with pytest.raises(type(error)):
        asyncio.run(take_all(pool, [request(n) for n in range(5)]))


def test_a_disk_that_refuses_ends_the_run(pools: Pools) -> None:
    """A take that cannot be kept was paid for, and no other is bought."""
    pools.cache.folder.write_text("in the way")
    speaker = Speaker()
    pool = pools(speaker, 1)
    with pytest.raises(LocalError):
        asyncio.run(take_all(pool, [request(n) for n in range(5)]))


def test_stopping_lets_what_is_in_flight_finish(pools: Pools) -> None:
    """After stop no request starts; those in flight end up in the cache."""
    speaker = Speaker()

    async def go() -> list[Outcome | BaseException]:
        pool = pools(speaker)
        tasks = [asyncio.create_task(pool.take(request(n))) for n in range(20)]
        await speaker.began.wait()
        await pool.close(5)
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(go())
    finished = [n for n, one in enumerate(results) if isinstance(one, Outcome)]
    assert 1 <= len(finished) <= 4
    assert all(pools.cache.has(request(n).fingerprint) for n in finished)
    assert sum(isinstance(one, Stopped) for one in results) == 20 - len(finished)
    assert speaker.calls.total() == len(finished)


def test_closing_at_once_cancels_what_is_in_flight(pools: Pools) -> None:
    """Without grace an attempt that hangs is cancelled and its socket given back."""
    cancelled = False

    async def go() -> Pool:
        began = asyncio.Event()

        async def hang(request: Request, admitted: Admitted) -> Recording:
            nonlocal cancelled
            began.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled = True
                raise
            return TAKE

        pool = pools(hang)
        task = asyncio.create_task(pool.take(request(1)))
        await began.wait()
        await pool.close(0)
        await asyncio.gather(task, return_exceptions=True)
        return pool

    pool = asyncio.run(go())
    assert cancelled
    assert pool.gate.in_use == 0
    assert pool.totals.characters_sent == len("text 1")  # it may be billed


@pytest.mark.parametrize("error", [DROPPED, THROTTLED])
def test_no_wait_outlives_the_stop(pools: Pools, error: TakeError) -> None:
    """Who waits, for another attempt or for a pause to be over, is told at once."""
    pools.clock = StuckClock()

    async def go() -> list[Outcome | BaseException]:
        pool = pools(Speaker(lambda _, __: error), 1)
        tasks = [asyncio.create_task(pool.take(request(n))) for n in range(3)]
        while pool.totals.attempts < 1:  # noqa: ASYNC110 - has no event
            await asyncio.sleep(0.001)
        async with asyncio.timeout(5):
            await pool.close(1000)
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert all(isinstance(one, Stopped) for one in asyncio.run(go()))


def test_requests_start_in_the_order_of_arrival(pools: Pools) -> None:
    """What was asked for first is spoken first, a request tried again included."""
    retried = {"text 0", "text 10", "text 20"}
    speaker = Speaker(
        lambda _, one: (
            DROPPED if one.text in retried and speaker.calls[one.text] == 1 else None
        )
    )

    async def go() -> None:
        speaker.may_begin.clear()
        pool = pools(speaker, 1)
        tasks = [asyncio.create_task(pool.take(request(n))) for n in range(30)]
        while len(pool._turns) < len(tasks) - 1:  # noqa: ASYNC110 - has no event
            await asyncio.sleep(0.001)
        speaker.may_begin.set()
        await asyncio.gather(*tasks)
        await pool.close(0)

    asyncio.run(go())
    assert len(speaker.order) == 33
    first, *others = dict.fromkeys(speaker.order)  # which one asks first is open
    assert others == [f"text {n}" for n in range(30) if f"text {n}" != first]


def test_at_the_end_the_longest_goes_first(pools: Pools) -> None:
    """Once nothing more will come, no long request is left for last."""
    speaker = Speaker()

    async def go() -> None:
        speaker.may_begin.clear()
        pool = pools(speaker, 1)
        texts = [Request("test", (), "x" * n) for n in (5, 3, 9, 1, 7, 2, 8)]
        tasks = [asyncio.create_task(pool.take(text)) for text in texts]
        while len(pool._turns) < len(texts) - 1:  # noqa: ASYNC110 - has no event
            await asyncio.sleep(0.001)
        pool.last_call()
        speaker.may_begin.set()
        await asyncio.gather(*tasks)
        await pool.close(0)

    asyncio.run(go())
    lengths = [len(text) for text in speaker.order[1:]]
    assert lengths == sorted(lengths, reverse=True)


def test_a_refusal_ends_the_sending_at_once(pools: Pools) -> None:
    """After a 401 no further request is sent, however many wait."""
    speaker = Speaker(lambda _, __: AuthError("401"))
    results = asyncio.run(
        settle_all(pools(speaker, 2), [request(n) for n in range(50)])
    )
    assert speaker.calls.total() <= 2
    assert any(isinstance(one, AuthError) for one in results)
    assert sum(isinstance(one, Stopped) for one in results) >= 48


def test_nothing_is_sent_inside_a_pause(pools: Pools) -> None:
    """The pause that one refusal asks for holds for everyone from that moment."""
    asked = TakeError(Fault.THROTTLED, "limit", status=429, retry_after_s=20)
    moments: list[float] = []

    def fail(number: int, _: Request) -> TakeError | None:
        moments.append(pools.clock.now_s())
        return asked if number == 1 else None

    asyncio.run(take_all(pools(Speaker(fail)), [request(n) for n in range(9)]))
    begun = sum(moment < 1 for moment in moments)
    assert begun <= 2  # those whose handshake was under way
    assert len(moments) == 10
    assert 20 <= moments[-1] <= 21
