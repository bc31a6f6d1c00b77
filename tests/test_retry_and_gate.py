"""When to try again, and how many sockets may be open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.errors import Fault
from batchtts.gate import Gate
from batchtts.retry import RetryPolicy, retry_delay

POLICY = RetryPolicy()


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        (Fault.DROPPED, 5),
        (Fault.INCOMPLETE, 5),
        (Fault.STALLED, 5),
        (Fault.SERVICE, 5),
        (Fault.NO_AUDIO, 3),
        (Fault.TOO_LARGE, 2),
        (Fault.PROTOCOL, 2),
        (Fault.REJECTED, 1),
        (Fault.WRONG_FORMAT, 1),
    ],
)
def test_each_fault_has_its_number_of_attempts(fault: Fault, attempts: int) -> None:
    """A fault is retried as often as retrying can help."""
    made = 1
    while (
        retry_delay(fault, failures=made, elapsed_s=0, chance=0.5, policy=POLICY)
        is not None
    ):
        made += 1
    assert made == attempts


@given(
    st.integers(1, 4),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1200),
)
def test_delays_are_bounded(failures: int, chance: float, elapsed_s: float) -> None:
    """A delay lies under the growing bound and within the time for the request."""
    delay_s = retry_delay(
        Fault.DROPPED,
        failures=failures,
        elapsed_s=elapsed_s,
        chance=chance,
        policy=POLICY,
    )
    if delay_s is None:
        assert elapsed_s + 8 > POLICY.total_s
    else:
        assert 0 <= delay_s <= min(30, 0.5 * 2**failures)
        assert elapsed_s + delay_s <= POLICY.total_s


def test_gate_admits_up_to_its_limit() -> None:
    """Sockets are granted until the limit is reached, and again when one is back."""
    gate = Gate(2)
    assert gate.wait_s(0) == 0
    gate.enter()
    gate.enter()
    assert gate.wait_s(0) is None
    gate.leave()
    assert gate.wait_s(0) == 0


def test_a_throttle_pauses_all_and_lowers_the_limit() -> None:
    """After a refusal everyone waits and fewer sockets are allowed."""
    gate = Gate(10)
    gate.throttled(100.0, chance=0.0, retry_after_s=None)
    assert gate.limit == 7
    wait_s = gate.wait_s(100.0)
    assert wait_s is not None
    assert 0 < wait_s <= 0.5


def test_refusals_of_one_burst_count_once() -> None:
    """Eight refusals at one moment are one event, not eight."""
    gate = Gate(10)
    for _ in range(8):
        gate.throttled(100.0, chance=0.5, retry_after_s=None)
    assert gate.limit == 7


@pytest.mark.parametrize(
    ("asked_s", "waited_s"), [(7.0, 7.0), (1e9, 120.0), (-5.0, 0.25)]
)
def test_retry_after_is_honoured_within_reason(asked_s: float, waited_s: float) -> None:
    """A sensible wish is met exactly, a huge one capped, a negative one ignored."""
    gate = Gate(4)
    gate.throttled(0.0, chance=0.0, retry_after_s=asked_s)
    assert gate.pause_until_s == waited_s


def test_a_later_wish_lengthens_the_pause() -> None:
    """A refusal during the pause can ask for a longer one."""
    gate = Gate(4)
    gate.throttled(0.0, chance=0.0, retry_after_s=None)
    gate.throttled(0.1, chance=0.0, retry_after_s=60.0)
    assert gate.pause_until_s == pytest.approx(60.1)


def test_successes_raise_the_limit_to_the_cap_and_no_further() -> None:
    """Ten times the limit of successes earn one more socket."""
    gate = Gate(3)
    gate.throttled(0.0, chance=0.0, retry_after_s=None)
    assert gate.limit == 2
    for _ in range(20):
        gate.succeeded()
    assert gate.limit == 3
    for _ in range(1000):
        gate.succeeded()
    assert gate.limit == 3


def test_the_limit_never_falls_below_one() -> None:
    """However often the service refuses, one socket is tried."""
    gate = Gate(8)
    for burst in range(30):
        gate.throttled(burst * 1000.0, chance=0.9, retry_after_s=None)
    assert gate.limit == 1
    assert gate.pause_until_s - 29_000 <= 30
