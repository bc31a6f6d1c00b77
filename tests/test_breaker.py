"""When a service counts as down, and when as back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from batchtts.breaker import Breaker, State


def _breaker(*, answered: bool = True) -> Breaker:
    breaker = Breaker(row=10, probe_every_s=30.0, probes=3)
    if answered:
        breaker.answered(0.0)
    return breaker


def _open(breaker: Breaker, now_s: float = 100.0) -> None:
    for who in range(10):
        breaker.failed(who, now_s, probe=False)
    assert breaker.state is State.OPEN


def test_ten_different_requests_in_a_row_open_it() -> None:
    """Nine are not enough, nor one request nine times over."""
    breaker = _breaker()
    for who in range(9):
        for _ in range(3):
            assert breaker.failed(who, 1.0, probe=False) is State.CLOSED
    assert breaker.wait_s(1.0) == 0
    assert breaker.failed(9, 1.0, probe=False) is State.OPEN
    assert breaker.wait_s(1.0) == 30


def test_any_answer_ends_the_row() -> None:
    """A success, a refusal, a throttle: whoever answers is not down."""
    breaker = _breaker()
    for who in range(40):
        if who % 9 == 0:
            breaker.answered(1.0)
        assert breaker.failed(who, 1.0, probe=False) is State.CLOSED


def test_one_probe_at_a_time_every_thirty_seconds() -> None:
    """While it is open one attempt is made, and the next half a minute later."""
    breaker = _breaker()
    _open(breaker)
    assert breaker.wait_s(129.0) == 1
    assert breaker.wait_s(130.0) == 0
    assert breaker.enter()
    assert breaker.wait_s(131.0) is None
    assert breaker.failed("probe", 132.0, probe=True) is State.OPEN
    breaker.leave(probe=True)
    assert breaker.wait_s(132.0) == 30


def test_three_failed_probes_are_the_end() -> None:
    """After that nothing is sent any more."""
    breaker = _breaker()
    _open(breaker)
    states = []
    for n in range(3):
        assert breaker.enter()
        states.append(breaker.failed("probe", 200.0 + n, probe=True))
        breaker.leave(probe=True)
    assert states == [State.OPEN, State.OPEN, State.DEAD]
    assert breaker.wait_s(9999.0) is None


def test_an_answered_probe_closes_it() -> None:
    """After a good probe everything goes on, and a new row must begin from none."""
    breaker = _breaker()
    _open(breaker)
    assert breaker.enter()
    breaker.answered(140.0)
    breaker.leave(probe=True)
    assert breaker.wait_s(140.0) == 0
    assert not breaker.enter()
    assert breaker.failed(1, 141.0, probe=False) is State.CLOSED


def test_what_was_under_way_when_it_opened_is_no_probe() -> None:
    """Late failures of the same outage do not count against its end."""
    breaker = _breaker()
    _open(breaker)
    for who in range(20, 50):
        assert breaker.failed(who, 101.0, probe=False) is State.OPEN
    assert breaker.wait_s(101.0) == 29


def test_a_probe_that_is_called_off_leaves_room_for_another() -> None:
    """A cancelled probe says nothing, and blocks nothing."""
    breaker = _breaker()
    _open(breaker)
    breaker.enter()
    breaker.leave(probe=True)
    assert breaker.wait_s(131.0) == 0


def test_a_service_that_never_answered_is_not_waited_for() -> None:
    """A wrong address is told at once."""
    breaker = _breaker(answered=False)
    states = [breaker.failed(who, 1.0, probe=False) for who in range(10)]
    assert states[-2:] == [State.CLOSED, State.DEAD]
    assert _breaker(answered=False).trip(1.0) is State.DEAD
    assert _breaker().trip(1.0) is State.OPEN


def test_silence_is_counted_from_a_moment() -> None:
    """Whether a request's failures are its own is told by answers to others."""
    breaker = _breaker(answered=False)
    assert breaker.silent_since(0.0)
    breaker.answered(5.0)
    assert breaker.silent_since(6.0)
    assert not breaker.silent_since(5.0)


@given(st.lists(st.tuples(st.sampled_from("fapl"), st.integers(0, 15))))
def test_it_never_waits_for_nothing(story: list[tuple[str, int]]) -> None:
    """If no moment is known to go on, a probe is under way or the end has come."""
    breaker, probe, now_s = _breaker(), False, 0.0
    for what, number in story:
        now_s += number
        match what:
            case "f":
                breaker.failed(number, now_s, probe=False)
            case "a":
                breaker.answered(now_s)
            case "p" if breaker.wait_s(now_s) == 0 and not probe:
                probe = breaker.enter()
            case "l" if probe:
                breaker.failed("probe", now_s, probe=True)
                breaker.leave(probe=True)
                probe = False
        waits = breaker.wait_s(now_s) is None
        assert not waits or probe or breaker.state is State.DEAD
