"""Statuses: which mean wait, try again, give up, or stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from batchtts.errors import AuthError, Fault, TakeError
from batchtts.rime.verdicts import retry_after_s, verdict, verdict_of_reason

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (400, Fault.REJECTED),
        (404, Fault.REJECTED),
        (413, Fault.REJECTED),
        (426, Fault.REJECTED),
        (408, Fault.SERVICE),
        (429, Fault.THROTTLED),
        (500, Fault.SERVICE),
        (502, Fault.SERVICE),
        (503, Fault.SERVICE),
        (504, Fault.SERVICE),
        (200, Fault.SERVICE),
        (999, Fault.SERVICE),
    ],
)
def test_a_status_has_its_fault(status: int, fault: Fault) -> None:
    """The service's own words and the status go with the fault."""
    error = verdict(status, "some words")
    assert isinstance(error, TakeError)
    assert (error.fault, error.status) == (fault, status)
    assert error.reason == f'HTTP {status}: "some words"'


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_stops_everything(status: int) -> None:
    """The message names the status, the service's words, and what to check."""
    error = verdict(status, "invalid subscription")
    assert isinstance(error, AuthError)
    assert str(error) == (
        f"the service refuses the key or the account, HTTP {status}: "
        '"invalid subscription"; check RIME_API_KEY and the subscription'
    )


def test_unavailable_with_a_time_is_a_throttle() -> None:
    """A 503 that says how long to wait is back-pressure."""
    error = verdict(503, "", 7.0)
    assert isinstance(error, TakeError)
    assert (error.fault, error.retry_after_s) == (Fault.THROTTLED, 7.0)
    assert error.reason == "HTTP 503"


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("400 text is too long", Fault.REJECTED),
        ("HTTP 404: no such voice", Fault.REJECTED),
        ("HTTP/1.1 500 oops", Fault.SERVICE),
        ("429 slow down", Fault.THROTTLED),
        ("503: no capacity", Fault.SERVICE),
        ("the engine crashed", Fault.SERVICE),
        ("5000 words at most", Fault.SERVICE),
        ("", Fault.DROPPED),
    ],
)
def test_an_internal_error_is_judged_by_its_reason(reason: str, fault: Fault) -> None:
    """A status in front of the reason decides; it is not the upgrade's status."""
    error = verdict_of_reason(1011, reason, reason)
    assert isinstance(error, TakeError)
    assert (error.fault, error.status) == (fault, None)
    said = f': "{reason}"' if reason else ""
    assert error.reason == f"closed with code 1011{said}"


def test_a_key_refused_late_stops_everything() -> None:
    """A 401 in a close is as final as one at the upgrade."""
    assert isinstance(verdict_of_reason(1011, "401 unauthorized", "x"), AuthError)


def test_another_code_without_a_status_is_a_drop() -> None:
    """Codes other than 1011 say nothing about whose fault it was."""
    error = verdict_of_reason(1012, "restarting", "restarting")
    assert isinstance(error, TakeError)
    assert error.fault is Fault.DROPPED


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("1000000000", 1e9),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 13:00:30 +0100", 30.0),
        ("Sun, 01 Mar 2026 12:00:30 -0000", 30.0),
    ],
)
def test_a_time_to_wait_is_read(value: str, seconds: float) -> None:
    """Whole seconds and HTTP dates are understood."""
    assert retry_after_s(value, NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "-5",
        "+5",
        "1.5",
        "1e9",
        "nan",
        "9" * 11,
        "9" * 5000,
        "\N{ARABIC-INDIC DIGIT SEVEN}",
        "Sun, 01 Mar 2026 11:59:59 GMT",
        "Sun, 99 Mar 2026 12:00:30 GMT",
        "Sun, 01 Mar 99999 12:00:30 GMT",
    ],
)
def test_a_senseless_time_is_ignored(value: str | None) -> None:
    """Garbage, negative and past times are as none."""
    assert retry_after_s(value, NOW) is None


def test_a_date_counts_from_now() -> None:
    """Without a given moment the machine's own clock is used."""
    soon = datetime.now(UTC) + timedelta(seconds=100)
    seconds = retry_after_s(soon.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    assert seconds is not None
    assert 0 < seconds <= 100
