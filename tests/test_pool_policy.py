"""What the pool makes of failures: an outage, a throttle, bad settings, a budget."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pools import (
    DOWN,
    DROPPED,
    OFFLINE,
    TAKE,
    THROTTLED,
    Admitted,
    Pools,
    Speaker,
    request,
    settle_all,
    take_all,
)

from batchtts.budget import Budget
from batchtts.errors import Fault, JobError, ServiceError, TakeError
from batchtts.events import Held, Warned
from batchtts.model import Recording, Request
from batchtts.pool import LeftOut, Outcome, Pool

REFUSED = TakeError(Fault.REJECTED, 'HTTP 400: "no such speaker"', status=400)
WRONG = TakeError(Fault.WRONG_FORMAT, "asked for 24000 Hz, got 22050 Hz")


@pytest.fixture
def pools(tmp_path: Path) -> Pools:
    """Give a maker of pools."""
    return Pools(tmp_path / "cache")


def _run(pool: Pool, count: int) -> list[Outcome]:
    return asyncio.run(take_all(pool, [request(n) for n in range(count)]))


# --- outages ---------------------------------------------------------------------


@pytest.mark.parametrize("error", [OFFLINE, DOWN])
@pytest.mark.parametrize("requests", [1, 3, 30])
def test_a_service_that_never_answers_ends_the_run_soon(
    pools: Pools, error: TakeError, requests: int
) -> None:
    """Offline is nobody's fault: nothing is marked as failed, nothing waited for."""
    pool = pools(Speaker(lambda _, __: error))
    with pytest.raises(ServiceError, match=error.reason):
        _run(pool, requests)
    assert pool.totals.failed == 0
    assert pools.of(Held) == []
    assert pools.clock.now_s() < 16


@pytest.mark.parametrize("error", [OFFLINE, DOWN])
@pytest.mark.parametrize("concurrency", [1, 4, 32])
def test_an_outage_is_waited_for(
    pools: Pools, error: TakeError, concurrency: int
) -> None:
    """When the service is back, all are made; in between it is only probed."""
    during: list[float] = []

    def fail(number: int, _: Request) -> TakeError | None:
        now_s = pools.clock.now_s()
        if number > 10 and now_s < 70:
            during.append(now_s)
            return error
        return None

    pool = pools(Speaker(fail), concurrency)
    outcomes = _run(pool, 60)
    assert all(outcome == Outcome(0.01) for outcome in outcomes)
    assert len(pools.of(Held)) >= 2
    assert sum(moment > 20 for moment in during) <= 2  # the probes


def test_an_outage_that_lasts_ends_the_run(pools: Pools) -> None:
    """After three probes in vain the run ends, and every request is only pending."""
    pool = pools(Speaker(lambda n, _: DOWN if n > 10 else None))
    with pytest.raises(ServiceError, match=r"no longer works: HTTP 503; run again"):
        _run(pool, 60)
    assert pool.totals.failed == 0
    assert len(pools.of(Held)) == 3
    assert 90 <= pools.clock.now_s() < 120


def test_the_last_request_can_meet_an_outage_too(pools: Pools) -> None:
    """Where only one is left, ten different ones cannot fail: its attempts count."""
    pool = pools(Speaker(lambda n, _: OFFLINE if 1 < n < 9 else None), 1)

    async def go() -> list[Outcome]:
        outcomes = [await pool.take(request(1))]
        pools.clock.time_s += 60
        outcomes.append(await pool.take(request(2)))
        await pool.close(0)
        return outcomes

    assert [one.error for one in asyncio.run(go())] == [None, None]
    assert pools.of(Held)


def test_one_request_that_the_service_breaks_on_fails_alone(pools: Pools) -> None:
    """As long as others succeed, a 5xx for one is that one's failure."""
    bad = request(3)

    async def speak(one: Request, admitted: Admitted) -> Recording:
        await asyncio.sleep(0)
        if one == bad:
            raise DOWN
        admitted()
        await pools.clock.sleep(0.3)
        return TAKE

    outcomes = _run(pools(speak, 2), 100)
    assert [n for n, one in enumerate(outcomes) if one.error] == [3]
    assert len(outcomes[3].misses) == 5


def test_an_internal_error_is_tried_three_times(pools: Pools) -> None:
    """A close with 1011 may have been billed: it is the request's own failure."""
    error = TakeError(Fault.SERVICE, 'closed with code 1011: "oops"', close_code=1011)
    pool = pools(Speaker(lambda _, __: error))
    [outcome] = _run(pool, 1)
    assert outcome.error is error
    assert pool.totals.attempts == 3
    assert pool.totals.characters_sent == 3 * len("text 0")


# --- throttles --------------------------------------------------------------------


def test_fifteen_minutes_of_throttles_end_the_run(pools: Pools) -> None:
    """A service that admits nobody is not asked for ever."""
    pool = pools(Speaker(lambda _, __: THROTTLED))
    with pytest.raises(ServiceError, match="nothing for 15 minutes"):
        _run(pool, 5)
    assert pool.totals.failed == pool.totals.retries == 0
    assert 900 <= pools.clock.now_s() < 900 + 31
    assert pool.totals.throttles < 60


def test_a_quiet_time_is_no_starving(pools: Pools) -> None:
    """A throttle long after the last success is not fifteen minutes without one."""
    pool = pools(Speaker(lambda n, _: THROTTLED if n in {2, 3} else None), 1)

    async def go() -> Outcome:
        await pool.take(request(1))
        pools.clock.time_s += 5000
        outcome = await pool.take(request(2))
        await pool.close(0)
        return outcome

    assert asyncio.run(go()).error is None
    assert pool.totals.throttles == 2


def test_a_huge_wish_is_capped_and_said_once(pools: Pools) -> None:
    """A service that asks to wait for a year is tried again after two minutes."""
    asked = TakeError(Fault.THROTTLED, "limit", status=429, retry_after_s=1e9)
    pool = pools(Speaker(lambda n, _: asked if n <= 4 else None), 1)
    [outcome] = _run(pool, 1)
    assert outcome.error is None
    [warning] = pools.of(Warned)
    assert "asks to wait 1,000,000,000 s" in warning.message
    assert 480 <= pools.clock.now_s() < 483


# --- the quota --------------------------------------------------------------------


def test_a_service_of_which_most_attempts_fail_is_left(pools: Pools) -> None:
    """A hundred retries without successes end the run: each may have been paid for."""
    pool = pools(Speaker(lambda _, __: DROPPED), 8)
    with pytest.raises(ServiceError, match=r"too many attempts fail: 100 of \d+ had"):
        _run(pool, 60)
    assert pool.totals.retries == 100


def test_a_shaky_service_is_borne_with(pools: Pools) -> None:
    """One drop in eight goes on for as long as it takes."""
    due = {request(n).text for n in range(0, 700, 7)}

    def drop(_: int, one: Request) -> TakeError | None:
        if one.text not in due:
            return None
        due.remove(one.text)
        return DROPPED

    pool = pools(Speaker(drop), 8)
    assert all(one.error is None for one in _run(pool, 700))
    assert pool.totals.retries == 100


# --- settings ---------------------------------------------------------------------


def test_a_voice_that_is_always_refused_ends_the_run(pools: Pools) -> None:
    """Five refusals in the same words are the job's mistake: exit 2, not 3."""
    pool = pools(Speaker(lambda _, __: REFUSED), 1)
    with pytest.raises(JobError, match=r'astra: refuses .*"no such speaker"') as caught:
        _run(pool, 30)
    assert caught.value.exit_code == 2
    assert pool.totals.attempts == 5


def test_texts_that_are_refused_are_only_theirs(pools: Pools) -> None:
    """Between refusals something was spoken: the voice is right, the run goes on."""
    pool = pools(Speaker(lambda n, _: REFUSED if n % 2 else None), 1)
    outcomes = _run(pool, 30)
    assert sum(one.error is not None for one in outcomes) == 15
    assert pool.totals.attempts == 30


def test_refusals_in_other_words_or_voices_are_not_alike(pools: Pools) -> None:
    """What is counted is one voice refused for one reason."""
    wrong = ["astra", "luna"]

    def fail(number: int, one: Request) -> TakeError:
        speaker = dict(one.parameters)["speaker"]
        words = number if speaker == "astra" else 0
        return TakeError(Fault.REJECTED, f"HTTP 400: {words}", status=400)

    requests = [request(n, speaker=wrong[n % 2]) for n in range(8)]
    pool = pools(Speaker(fail), 1)
    outcomes = asyncio.run(take_all(pool, requests))
    assert all(one.error for one in outcomes)


def test_another_format_than_asked_for_ends_the_run(pools: Pools) -> None:
    """A voice that comes at another rate would be paid for in vain each time."""
    pool = pools(Speaker(lambda _, __: WRONG), 1)
    with pytest.raises(JobError, match="got 22050 Hz") as caught:
        _run(pool, 30)
    assert caught.value.exit_code == 2
    assert pool.totals.attempts == 1


def test_an_odd_answer_of_a_voice_that_works_is_made_again(pools: Pools) -> None:
    """Settings that have worked are not wrong."""
    pool = pools(Speaker(lambda n, _: WRONG if n in {5, 25} else None), 1)
    assert all(one.error is None for one in _run(pool, 30))
    assert pool.totals.retries == 2


# --- the budget -------------------------------------------------------------------


def test_the_budget_is_never_exceeded(pools: Pools) -> None:
    """What does not fit is left out, nothing else fails, and all is accounted for."""
    pool = pools(Speaker(), budget=Budget(45))
    results = asyncio.run(settle_all(pool, [request(n) for n in range(10)]))
    assert sum(isinstance(one, Outcome) for one in results) == 7
    assert sum(isinstance(one, LeftOut) for one in results) == 3
    assert pool.totals.characters_sent == 42


def test_attempts_again_are_paid_from_the_budget(pools: Pools) -> None:
    """Retries are billed; one that cannot be paid leaves its request pending."""
    pool = pools(Speaker(lambda _, __: DROPPED), 1, budget=Budget(20))
    results = asyncio.run(settle_all(pool, [request(1), request(2)]))
    assert all(isinstance(one, LeftOut) for one in results)
    assert pool.totals.characters_sent == 18
    assert pool.totals.failed == 0


def test_what_costs_nothing_is_not_counted(pools: Pools) -> None:
    """Throttles, outages and takes in the cache leave the budget alone."""
    cause = {1: THROTTLED, 2: OFFLINE, 3: DOWN}
    budget = Budget(6)
    pool = pools(Speaker(lambda n, _: cause.get(n)), 1, budget=budget)
    [outcome] = _run(pool, 1)
    assert outcome.error is None
    again = pools(Speaker(), budget=Budget(0))
    assert _run(again, 1) == [Outcome(0.01)]
    assert (budget.spent, again.totals.cached) == (6, 1)
