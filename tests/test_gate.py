"""How many sockets may be open: found quickly, kept, and looked for again rarely."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.gate import Gate, Pass


def _refuse(
    gate: Gate, one: Pass, now_s: float, *, asked_s: float | None = None
) -> None:
    gate.refused(one, now_s, chance=0.0, retry_after_s=asked_s)
    gate.leave(one)


def _full(gate: Gate, room: int) -> list[Pass]:
    """Open sockets until a service with so much room refuses; return them."""
    opened: list[Pass] = []
    while True:
        one = gate.enter(0.0)
        if len(opened) == room:
            _refuse(gate, one, 0.0)
            return opened
        gate.admitted(one)
        opened.append(one)


def _finish(gate: Gate, requests: int, now_s: float = 0.0) -> None:
    for _ in range(requests):
        gate.finished(now_s)


def test_few_sockets_to_begin_with() -> None:
    """Before anything was admitted two sockets may be opened, never more than asked."""
    assert Gate(32).limit == 2
    assert Gate(1).limit == 1


@pytest.mark.parametrize("cap", [1, 2, 8, 32, 256])
def test_each_admission_makes_room_for_more(cap: int) -> None:
    """While all are admitted the limit grows until it is what the user allows."""
    gate = Gate(cap)
    trips = 0
    while gate.limit < cap or gate.in_use < cap:
        assert gate.limit <= cap
        for one in [gate.enter(0.0) for _ in range(gate.limit - gate.in_use)]:
            gate.admitted(one)
        trips += 1
    assert gate.in_use == cap
    assert gate.wait_s(0.0) is None
    assert trips <= 10 + cap // 20


def test_no_admission_no_more_sockets() -> None:
    """A service that takes its time to answer is not stormed."""
    gate = Gate(32)
    gate.enter(0.0)
    gate.enter(0.0)
    assert gate.wait_s(60.0) is None


@pytest.mark.parametrize("room", [1, 2, 5, 20])
def test_a_refusal_tells_how_many_there_is_room_for(room: int) -> None:
    """The limit is what is open, and no time is lost: one that ends is replaced."""
    gate = Gate(32)
    opened = _full(gate, room)
    assert gate.limit == room
    assert gate.wait_s(0.0) is None
    gate.leave(opened[0])
    assert gate.wait_s(0.0) == 0


def test_refusals_of_one_moment_count_once() -> None:
    """Handshakes that were under way when one was refused teach nothing new."""
    gate = Gate(32)
    opened = [gate.enter(0.0) for _ in range(8)]
    for one in opened[:3]:
        gate.admitted(one)
    for one in opened[3:]:
        _refuse(gate, one, 1.0)
    assert gate.limit == 3
    assert gate.pause_until_s == 0
    gate.leave(opened[0])
    assert gate.wait_s(1.0) == 0


def test_a_coarse_clock_tells_moments_apart_no_worse() -> None:
    """Where a clock stands still for a while, refusals are still of one moment."""
    gate = Gate(32)
    opened = [gate.enter(1.0) for _ in range(8)]
    gate.admitted(opened[0])
    for one in opened[1:]:
        _refuse(gate, one, 1.0)
    assert (gate.limit, gate.pause_until_s) == (1, 0)


def test_an_end_during_the_handshake_hides_no_room() -> None:
    """What counts is how many were open while the service decided."""
    gate = Gate(32)
    first, second = gate.enter(0.0), gate.enter(0.0)
    gate.admitted(first)
    gate.admitted(second)
    third = gate.enter(0.1)
    gate.leave(first)
    _refuse(gate, third, 0.2)
    assert gate.limit == 2


def test_an_admission_after_a_refusal_is_believed() -> None:
    """Answers may overtake one another: who is in is in."""
    gate = Gate(32)
    one, two, three = (gate.enter(0.0) for _ in range(3))
    gate.admitted(one)
    _refuse(gate, three, 0.1)
    assert gate.limit == 1
    gate.admitted(two)
    assert gate.limit == 2


def test_a_socket_that_is_closed_leaves_room_at_once() -> None:
    """While a take is put into the cache the next socket is opened, within the cap."""
    gate = Gate(3)
    opened = _full(gate, 2)
    gate.closed(opened[0])
    assert gate.wait_s(0.0) == 0
    gate.enter(0.0)
    gate.closed(opened[1])
    assert gate.wait_s(0.0) is None  # three attempts are under way
    gate.leave(opened[0])
    assert gate.wait_s(0.0) == 0


def test_no_room_at_all_is_waited_for() -> None:
    """Where nothing of ours is open only time can help: longer and longer."""
    gate = Gate(8)
    now_s = 0.0
    waits = []
    for _ in range(12):
        one = gate.enter(now_s)
        gate.refused(one, now_s, chance=1.0, retry_after_s=None)
        gate.leave(one)
        wait_s = gate.wait_s(now_s)
        assert wait_s is not None
        waits.append(wait_s)
        now_s += wait_s
    assert waits[:4] == [0.25, 0.5, 1.0, 2.0]
    assert waits == sorted(waits)
    assert waits[-1] == 30.0
    assert gate.limit == 1


def test_refusals_one_after_the_other_are_waited_for_too() -> None:
    """A service that refuses by the second gets the time that it needs."""
    gate = Gate(8)
    [held] = _full(gate, 1)
    assert gate.wait_s(0.0) is None
    gate.leave(held)
    held = gate.enter(1.0)
    _refuse(gate, held, 1.1)
    wait_s = gate.wait_s(1.1)
    assert wait_s is not None
    assert wait_s > 0


@pytest.mark.parametrize(
    ("asked_s", "least_s", "most_s"),
    [(7.0, 7.0, 7.5), (0.2, 0.2, 0.4), (1e9, 120.0, 120.5), (-5.0, 0.0, 0.25)],
)
@pytest.mark.parametrize("chance", [0.0, 0.999])
def test_retry_after_is_honoured_within_reason(
    asked_s: float, least_s: float, most_s: float, chance: float
) -> None:
    """A wish is met, spread by up to half a second; a huge one capped, a bad one not.

    It holds for everyone, however many sockets are open.
    """
    gate = Gate(4)
    held = gate.enter(0.0)
    gate.admitted(held)
    one = gate.enter(0.0)
    gate.refused(one, 10.0, chance=chance, retry_after_s=asked_s)
    gate.leave(one)
    gate.leave(held)
    wait_s = gate.wait_s(10.0)
    assert wait_s is not None
    assert least_s - 1e-9 <= wait_s <= most_s


def test_a_later_wish_lengthens_the_pause() -> None:
    """A refusal of the same moment can ask for a longer one, never for a shorter."""
    gate = Gate(8)
    passes = [gate.enter(0.0) for _ in range(3)]
    _refuse(gate, passes[0], 1.0)
    _refuse(gate, passes[1], 1.1, asked_s=60.0)
    _refuse(gate, passes[2], 1.2, asked_s=1.0)
    assert gate.pause_until_s == pytest.approx(61.1)


def test_one_more_is_tried_rarely_and_then_more_rarely() -> None:
    """After 40 finished requests, and when that is refused after 80, then 160."""
    gate = Gate(32)
    _full(gate, 2)
    for moment, after in enumerate((40, 80, 160, 160), 1):
        _finish(gate, after - 1)
        assert gate.limit == 2
        _finish(gate, 1)
        assert gate.limit == 3
        _refuse(gate, gate.enter(moment), moment)
        assert gate.limit == 2


def test_what_was_there_once_is_looked_for_sooner() -> None:
    """Below the most that was ever found a try is made after ten requests."""
    gate = Gate(32)
    opened = _full(gate, 8)
    for one in opened[:6]:
        gate.leave(one)
    one = gate.enter(5.0)
    _refuse(gate, one, 5.1)
    assert gate.limit == 2
    for moment, after in enumerate((20, 40), 6):  # the drop was a try in vain
        _finish(gate, after - 1)
        assert gate.limit == 2
        _finish(gate, 1)
        assert gate.limit == 3
        _refuse(gate, gate.enter(moment), moment)


def test_a_try_that_is_admitted_is_followed_by_more() -> None:
    """When there is room again it is found in a few round trips, gently at first."""
    gate = Gate(32)
    opened = _full(gate, 4)
    _finish(gate, 40)
    limits = []
    while gate.limit < 32:
        assert gate.wait_s(1.0) == 0
        for one in [gate.enter(1.0) for _ in range(gate.limit - gate.in_use)]:
            gate.admitted(one)
            opened.append(one)
        limits.append(gate.limit)
    assert limits[0] == 6
    assert len(limits) < 12


def test_a_service_that_asks_to_wait_is_seldom_tried() -> None:
    """Where a refusal costs ten seconds, no try is made for two hundred."""
    gate = Gate(32)
    held = gate.enter(0.0)
    gate.admitted(held)
    one = gate.enter(0.0)
    _refuse(gate, one, 0.0, asked_s=10.0)
    _finish(gate, 1000, now_s=199.0)
    assert gate.limit == 1
    _finish(gate, 1, now_s=200.0)
    assert gate.limit == 2


def test_after_an_outage_nothing_is_taken_for_known() -> None:
    """When no one was let in for long, the limit grows as at the start."""
    gate = Gate(32)
    opened = _full(gate, 20)
    for one in opened:
        gate.leave(one)
    for moment in range(6):
        _refuse(gate, gate.enter(100.0 * moment), 100.0 * moment)
    assert gate.limit == 1
    for _ in range(10):
        for one in [gate.enter(900.0) for _ in range(gate.limit - gate.in_use)]:
            gate.admitted(one)
    assert gate.limit >= 20


def test_what_is_told_twice_or_too_late_counts_once() -> None:
    """An admission that is told twice, or after the end, opens no second place."""
    gate = Gate(8)
    one = gate.enter(0.0)
    gate.admitted(one)
    gate.admitted(one)
    assert gate.limit == 3
    gate.leave(one)
    gate.leave(one)
    gate.admitted(one)
    assert gate.in_use == 0
    two = gate.enter(0.0)
    gate.closed(two)
    gate.closed(two)
    gate.leave(two)
    assert [gate.wait_s(0.0) for _ in range(2)] == [0, 0]


class _Model:
    """A service with so many places, and a client that keeps to a gate."""

    def __init__(self, cap: int, room: int, trip_s: float, seed: int) -> None:
        self.gate = Gate(cap)
        self.room = room
        self.trip_s = trip_s
        self.chance = random.Random(seed)
        self.now_s = self.busy_s = 0.0
        self.open = self.refused = self.done = 0
        self.events: list[tuple[float, int, Callable[[Pass], None], Pass]] = []
        self.order = itertools.count()

    def run(self, requests: int) -> None:
        """Make so many requests."""
        left = requests
        nobody = Pass(0.0, 0)
        while self.done < requests:
            while left and (wait := self.gate.wait_s(self.now_s)) == 0:
                left -= 1
                self.after(self.trip_s, self.knock, self.gate.enter(self.now_s))
            if left and wait:
                self.after(wait, lambda _: None, nobody)
            refused = self.refused
            self.now_s, _, happen, one = heapq.heappop(self.events)
            happen(one)
            left += self.refused - refused

    def after(self, delay_s: float, what: Callable[[Pass], None], one: Pass) -> None:
        """Have something happen."""
        event = (self.now_s + delay_s, next(self.order), what, one)
        heapq.heappush(self.events, event)

    def knock(self, one: Pass) -> None:
        """Let one in, or refuse it."""
        if self.open >= self.room:
            self.refused += 1
            chance = self.chance.random()
            self.gate.refused(one, self.now_s, chance=chance, retry_after_s=None)
            self.gate.leave(one)
            return
        self.open += 1
        assert self.open <= self.room
        self.gate.admitted(one)
        length_s = self.chance.uniform(0.5, 1.6)
        self.busy_s += length_s
        self.after(length_s, self.end, one)

    def end(self, one: Pass) -> None:
        """End one well."""
        self.open -= 1
        self.done += 1
        self.gate.finished(self.now_s)
        self.gate.leave(one)


@pytest.mark.parametrize("room", [1, 2, 3, 5, 8, 20, 31, 32, 40])
@pytest.mark.parametrize("trip_s", [0.005, 0.2])
def test_a_fixed_number_of_places_is_found_and_used(room: int, trip_s: float) -> None:
    """Nearly all places are always taken, and hardly a handshake is refused."""
    for seed in range(3):
        model = _Model(32, room, trip_s, seed)
        model.run(60 + 12 * room)
        places = min(room, 32)
        ideal_s = (model.busy_s + model.done * trip_s) / places
        assert model.now_s <= 1.15 * ideal_s + 10 * trip_s + 1.6
        assert model.refused / (model.refused + model.done) <= 0.05


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.001, 1), st.integers(0, 99))
def test_the_gate_never_locks(cap: int, room: int, trip_s: float, seed: int) -> None:
    """Whatever is allowed and admitted, all requests are made, and never too many."""
    model = _Model(cap, room, trip_s, seed)
    model.run(80)
    assert model.done == 80
    assert model.gate.in_use == 0
