"""How many sockets may be open now: one limit shared by all workers.

The service admits so many connections of an account at the same time, does not
say how many, and answers 429 to the next. That number is usually a constant, so
the limit is not felt for by halving it at each refusal, but *found*:

* An admission (the 101 that answers a handshake, long before any audio) is proof
  that there is room. The limit begins small and grows as admissions come, by two
  to four sockets a round trip: 32 are open within a second, and a service that
  admits 2 has refused two handshakes by then, not thirty.
* A refusal while n of ours are open is proof that n is all there is now: the
  limit becomes n. No pause is needed: the next socket opens when one of the n
  ends. Only when none is open, or when one refusal follows another with no
  admission between, is there nothing to wait for but time: a pause for everyone,
  longer each time, and as long as the service asks where it does.
* The number may grow again: another program shared the account, a plan was
  changed. So one socket more is tried after 40 finished requests, after 80 and
  then 160 when that is refused. It is tried four times as often below the most
  that was ever found, since what was there once is likely to come back. A try
  that is admitted makes the limit grow, slowly at first and then as at the start.
  Where the service asks to wait after each refusal, tries are rarer still: they
  may cost 5 % of the time.

In figures, of a model and of the real server: `tests/benchmarks/throttles.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Gate", "Pass"]

_FIRST = 2
_LEAST_STEP, _STEP = 2, 4
_SHARE = 4  # a large limit grows by its fourth
_PROBE_AFTER = 40  # finished requests
_REGAIN_AFTER = 10
_MOST_DOUBLINGS = 2
_REST = 20  # times what the service asked to wait: no try for so long
_GAIN = 1.25  # a try that found so much more was worth it
_PAUSE_BASE_S = 0.25
_PAUSE_CAP_S = 30.0
_OUTAGE = 4  # refusals in a row; what was known before may not hold after it
RETRY_AFTER_CAP_S = 120.0
_SPREAD_S = 0.5  # those who were told the same time do not come at the same time


@dataclass(slots=True, eq=False)
class Pass:
    """The leave to make one attempt: to have a socket open, and to keep its take."""

    since_s: float
    room: int  # the most of ours that were open at once since the handshake began
    admitted: bool = False
    closed: bool = False


class Gate:
    """The limit, the shared pause and the sockets in use. No clock, no waiting."""

    def __init__(self, cap: int) -> None:
        """Allow ``cap`` sockets at most, and a few to begin with."""
        self.cap = cap
        self.limit = min(_FIRST, cap)
        self.pause_until_s = 0.0
        self._passes: set[Pass] = set()
        self._sockets = 0  # of them, those that are not closed
        self._admitted = 0  # of these
        self._ceiling: int | None = None  # at the last refusal; None: never refused
        self._best = 0  # the most that was found at a refusal
        self._growing = True
        self._finished = 0  # requests since the last refusal or try
        self._vain_tries = 0
        self._refusals = 0  # since the last admission; of one moment, counted once
        self._refused_s = -math.inf
        self._rest_until_s = -math.inf

    @property
    def in_use(self) -> int:
        """Return how many passes are out."""
        return len(self._passes)

    def wait_s(self, now_s: float) -> float | None:
        """Say how long a new socket must wait.

        0: none, take it now. A positive number: the shared pause still lasts so
        many seconds. None: the limit is reached, until a socket is given back.
        """
        if self._sockets >= self.limit or self.in_use >= self.cap:
            return None
        return max(0.0, self.pause_until_s - now_s)

    def enter(self, now_s: float) -> Pass:
        """Give a pass for one attempt."""
        one = Pass(now_s, self._admitted)
        self._passes.add(one)
        self._sockets += 1
        return one

    def admitted(self, one: Pass) -> None:
        """Record that the service has let a socket in."""
        if one.admitted or one.closed:
            return
        one.admitted = True
        self._admitted += 1
        self._refusals = 0
        for other in self._passes:
            if not other.admitted and not other.closed:
                other.room = max(other.room, self._admitted)
        if self._ceiling is not None and self._admitted > self._ceiling:
            if one.since_s <= self._refused_s:  # their answers overtook one another
                self._found(self._admitted)
            else:
                self._growing = True
        more = self._step() if self._growing else 0
        self.limit = max(self.limit, min(self.cap, self._admitted + more))

    def closed(self, one: Pass) -> None:
        """Record that a socket is closed: the service has room for the next."""
        if not one.closed:
            one.closed = True
            self._sockets -= 1
            self._admitted -= one.admitted

    def leave(self, one: Pass) -> None:
        """Take a pass back, at the end of its attempt."""
        self.closed(one)
        self._passes.discard(one)

    def finished(self, now_s: float) -> None:
        """Record a finished request: after some of them one socket more is tried."""
        self._finished += 1
        if self._growing or self.limit != self._ceiling or self.limit >= self.cap:
            return
        after = _REGAIN_AFTER if self.limit < self._best else _PROBE_AFTER
        if self._finished >= after << self._vain_tries and now_s >= self._rest_until_s:
            self._finished = 0
            self.limit += 1

    def refused(
        self, one: Pass, now_s: float, *, chance: float, retry_after_s: float | None
    ) -> None:
        """Record a refusal for capacity.

        ``retry_after_s`` is honoured up to 120 s, for everyone, and with up to
        half a second added. Refusals of handshakes that had begun before another
        one was heard of tell of the same moment.
        """
        self.closed(one)
        room = max(one.room - one.admitted, 0)
        asked_s = min(max(retry_after_s or 0.0, 0.0), RETRY_AFTER_CAP_S)
        if asked_s:
            self._pause(now_s + asked_s + chance * min(_SPREAD_S, asked_s))
            self._rest_until_s = now_s + _REST * asked_s
        if one.since_s <= self._refused_s:  # clocks may be coarse
            self._found(max(self._admitted, min(self.limit, room)))
            return
        if not room or self._refusals:
            bound_s = min(_PAUSE_CAP_S, _PAUSE_BASE_S * 2.0**self._refusals)
            self._pause(now_s + (0.5 + chance / 2) * bound_s)
        self._refused_s = now_s
        self._refusals = min(self._refusals + 1, 2 * _OUTAGE)
        self._finished = 0
        before = self._ceiling
        self._found(room)
        self._growing = not room and (asked_s > 0 or self._refusals > _OUTAGE)
        if before is None or self.limit > _GAIN * before:
            self._vain_tries = 0
        else:
            self._vain_tries = min(_MOST_DOUBLINGS, self._vain_tries + 1)

    def _step(self) -> int:
        """Return by how much the limit goes beyond what is admitted: more and more."""
        step = max(_LEAST_STEP, min(_STEP, self._admitted // 2))
        step = max(step, self._admitted // _SHARE)
        if self._ceiling is None:
            return step
        # The first beyond the ceiling may have had the place of one whose end we
        # have not yet heard of: it is no proof of much room.
        return min(step, max(1, self._admitted - self._ceiling))

    def _found(self, room: int) -> None:
        """Note that there is room for so many and no more."""
        self.limit = self._ceiling = max(1, room)
        self._best = max(self._best, self._ceiling)

    def _pause(self, until_s: float) -> None:
        self.pause_until_s = max(self.pause_until_s, until_s)
