"""When a request is tried again, and what that may cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.errors import AuthError, Fault, LocalError, TakeError
from batchtts.retry import Policy, Quota, is_service_wide, may_be_billed, retry_delay

POLICY = Policy()


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (TakeError(Fault.DROPPED, ""), 5),
        (TakeError(Fault.INCOMPLETE, ""), 5),
        (TakeError(Fault.NOT_AUDIO, ""), 5),
        (TakeError(Fault.STALLED, ""), 5),
        (TakeError(Fault.UNREACHABLE, ""), 5),
        (TakeError(Fault.SERVICE, "HTTP 503", status=503), 5),
        (TakeError(Fault.SERVICE, "broken handshake"), 3),
        (TakeError(Fault.SERVICE, "closed with 1011", close_code=1011), 3),
        (TakeError(Fault.DROPPED, "closed with 1011", close_code=1011), 3),
        (TakeError(Fault.DROPPED, "closed with 1006", close_code=1006), 5),
        (TakeError(Fault.NO_AUDIO, ""), 3),
        (TakeError(Fault.TOO_LARGE, ""), 2),
        (TakeError(Fault.PROTOCOL, ""), 2),
        (TakeError(Fault.WRONG_FORMAT, ""), 2),
        (TakeError(Fault.REJECTED, "HTTP 400", status=400), 1),
    ],
)
def test_each_fault_has_its_number_of_attempts(error: TakeError, attempts: int) -> None:
    """A fault is retried as often as retrying can help."""
    made = 1
    while (
        retry_delay(error, failures=made, spent_s=0, chance=0.5, policy=POLICY)
        is not None
    ):
        made += 1
    assert made == attempts


@given(
    st.integers(1, 4),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1200),
)
def test_delays_are_bounded(failures: int, chance: float, spent_s: float) -> None:
    """A delay lies under the growing bound and within the time for the request."""
    delay_s = retry_delay(
        TakeError(Fault.DROPPED, "gone"),
        failures=failures,
        spent_s=spent_s,
        chance=chance,
        policy=POLICY,
    )
    if delay_s is None:
        assert spent_s + 8 > POLICY.total_s
    else:
        assert 0 <= delay_s <= min(30, 0.5 * 2**failures)
        assert spent_s + delay_s <= POLICY.total_s


@pytest.mark.parametrize(
    ("error", "billed", "wide"),
    [
        (TakeError(Fault.DROPPED, ""), True, False),
        (TakeError(Fault.NO_AUDIO, ""), True, False),
        (TakeError(Fault.STALLED, ""), True, False),
        (TakeError(Fault.SERVICE, "", close_code=1011), True, False),
        (TakeError(Fault.REJECTED, "", close_code=1008), True, False),
        (TakeError(Fault.SERVICE, "", status=500), False, True),
        (TakeError(Fault.SERVICE, "no handshake"), False, True),
        (TakeError(Fault.UNREACHABLE, "no route"), False, True),
        (TakeError(Fault.THROTTLED, "", status=429), False, False),
        (TakeError(Fault.REJECTED, "", status=400), False, False),
    ],
)
def test_what_may_have_been_paid_for(
    error: TakeError, *, billed: bool, wide: bool
) -> None:
    """What fails before anything is sent costs nothing; some of it is the service's."""
    assert may_be_billed(error) is billed
    assert is_service_wide(error) is wide


@pytest.mark.parametrize("error", [AuthError("401"), LocalError("too many files")])
def test_what_ends_a_run_before_sending_is_not_billed(error: AuthError) -> None:
    """A refused key and a missing file handle cost nothing."""
    assert not may_be_billed(error)


def test_a_run_has_a_hundred_retries_to_spare() -> None:
    """Without successes a hundred retries are granted, fifty after deadlines."""
    for fault, granted in ((Fault.DROPPED, 100), (Fault.STALLED, 50)):
        quota, error = Quota(), TakeError(fault, "")
        assert sum(quota.pay(error) for _ in range(300)) == granted


def test_five_successes_earn_a_retry() -> None:
    """The quota comes back, but never beyond what it was."""
    quota, error = Quota(), TakeError(Fault.DROPPED, "")
    for _ in range(1000):
        quota.succeeded()
    while quota.pay(error):
        pass
    for _ in range(4):
        quota.succeeded()
    assert not quota.pay(error)
    quota.succeeded()
    assert quota.pay(error)
    assert not quota.pay(error)


def test_what_costs_nothing_draws_on_no_quota() -> None:
    """An outage of the service leaves the quota for what comes after it."""
    quota = Quota()
    for _ in range(500):
        assert quota.pay(TakeError(Fault.SERVICE, "HTTP 503", status=503))
    assert quota.left == Quota().left
