"""Whether the service as a whole is down, and when to look whether it is back.

A request that cannot be sent because no host answers, or that a 5xx meets, says
nothing about the request. Ten different ones in a row are an outage: nothing
more is sent but one attempt every 30 s, and when three of those have failed the
run ends, to be taken up later. Until then nobody's attempts are spent.

Different service-wide faults count as one row, since a service that goes down
refuses connections, answers 502 and then 503 in turn. Anything else that it
answers, a refusal of one request included, ends the row. And where it has not
answered once since the run began, nothing is waited for: that is a wrong
address, or no network, or a service that was down before, and whoever started
the run is best told at once.
"""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum, auto

__all__ = ["Breaker", "State"]


class State(Enum):
    """What is to be sent."""

    CLOSED = auto()  # everything
    OPEN = auto()  # a probe now and then
    DEAD = auto()  # nothing any more


class Breaker:
    """Counts service-wide failures; no clock of its own."""

    def __init__(self, *, row: int, probe_every_s: float, probes: int) -> None:
        """Open after ``row`` different requests; give up after ``probes``."""
        self.state = State.CLOSED
        self._row = row
        self.probe_every_s = probe_every_s
        self._probes = probes
        self._failed: set[Hashable] = set()
        self._failed_probes = 0
        self._probing = False
        self._next_probe_s = 0.0
        self._answered_s: float | None = None

    def wait_s(self, now_s: float) -> float | None:
        """Say how long an attempt must wait: 0, seconds, or None for an event."""
        if self.state is State.CLOSED:
            return 0.0
        if self._probing or self.state is State.DEAD:
            return None
        return max(0.0, self._next_probe_s - now_s)

    def enter(self) -> bool:
        """Record the begin of an attempt; say whether it is a probe."""
        self._probing = self.state is State.OPEN
        return self._probing

    def leave(self, *, probe: bool) -> None:
        """Record the end of an attempt, whatever came of it."""
        if probe:
            self._probing = False

    def failed(self, who: Hashable, now_s: float, *, probe: bool) -> State:
        """Record a service-wide failure of one attempt at ``who``."""
        if probe and self.state is State.OPEN:
            self._failed_probes += 1
            self._next_probe_s = now_s + self.probe_every_s
            if self._failed_probes >= self._probes:
                self.state = State.DEAD
        elif self.state is State.CLOSED:
            self._failed.add(who)
            if len(self._failed) >= self._row:
                self.trip(now_s)
        return self.state

    @property
    def has_answered(self) -> bool:
        """Say whether the service has ever answered."""
        return self._answered_s is not None

    def silent_since(self, moment_s: float) -> bool:
        """Say whether the service has answered nothing since then."""
        return self._answered_s is None or self._answered_s < moment_s

    def trip(self, now_s: float) -> State:
        """Hold everything back; give up where the service has never answered."""
        if self.state is State.CLOSED:
            self.state = State.OPEN if self.has_answered else State.DEAD
            self._failed_probes = 0
            self._next_probe_s = now_s + self.probe_every_s
        return self.state

    def answered(self, now_s: float) -> None:
        """Record that the service has answered, be it with a refusal."""
        self._answered_s = now_s
        self._failed.clear()
        if self.state is State.OPEN:
            self.state = State.CLOSED
