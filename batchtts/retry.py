"""When to try a failed request again: a table and pure functions.

Clock and chance are arguments. The waiting times are those of "full jitter":
uniformly between nothing and an exponentially growing bound, which spreads
clients that failed together.

Three things end the trying. A *request* is given up after its attempts, or when
they have taken ten minutes; the time it waits for its turn, for a throttle or
for a service that is down is not its own and does not count. A *run* ends when
its quota of retries is used up: each costs five successes, after a deadline was
missed ten, and the run begins with a hundred retries to spare. A service of
which more than one attempt in six fails is not well, and going on would pay for
each word twice; so the run stops, and nothing is called failed for want of
another attempt. Only attempts that may have been billed draw on the quota: what
fails before anything is sent costs nothing but time, and is the breaker's
business (`batchtts.breaker`).
"""

from __future__ import annotations

from dataclasses import dataclass

from batchtts.errors import BatchTTSError, Fault, TakeError

__all__ = [
    "Policy",
    "Quota",
    "attempts_at",
    "is_service_wide",
    "may_be_billed",
    "retry_delay",
]

_BEFORE_SENDING = {
    Fault.REJECTED,
    Fault.SERVICE,
    Fault.THROTTLED,
    Fault.UNREACHABLE,
}
_SERVICE_WIDE = {Fault.SERVICE, Fault.UNREACHABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long a request is tried, and a service that seems to be down."""

    # One request: attempts, the waits between them, and seconds over all of it.
    attempts: int = 5
    base_s: float = 0.5
    cap_s: float = 30.0
    total_s: float = 600.0

    # The service: see `batchtts.breaker`.
    row: int = 10
    probe_every_s: float = 30.0
    probes: int = 3


_FEWER: dict[Fault, int] = {
    # The service has answered this very request: it would answer the same.
    Fault.REJECTED: 1,
    # The voice has worked before, or the run would be over: an odd answer.
    Fault.WRONG_FORMAT: 2,
    Fault.TOO_LARGE: 2,
    Fault.PROTOCOL: 2,
    Fault.NO_AUDIO: 3,
}
_INTERNAL_ERROR = 1011
_AFTER_INTERNAL_ERROR = 3
_AFTER_BROKEN_HANDSHAKE = 3

_MOST_TOKENS = 500
_RETRY_COSTS = 5
_LATE_RETRY_COSTS = 10


def attempts_at(error: TakeError, policy: Policy) -> int:
    """Return how many attempts a request gets that fails in this way."""
    most = policy.attempts
    if error.close_code == _INTERNAL_ERROR:
        most = min(most, _AFTER_INTERNAL_ERROR)
    elif error.fault is Fault.SERVICE and error.status is None:
        most = min(most, _AFTER_BROKEN_HANDSHAKE)
    return min(most, _FEWER.get(error.fault, most))


def retry_delay(
    error: TakeError,
    *,
    failures: int,
    spent_s: float,
    chance: float,
    policy: Policy,
) -> float | None:
    """Return the seconds to wait before the next attempt, or None to give up.

    ``failures`` counts this request's failed attempts so far, throttles
    excepted, and ``spent_s`` is how long they and the waits between them took;
    ``chance`` is a uniform random number in [0, 1).
    """
    if failures >= attempts_at(error, policy):
        return None
    delay_s = chance * min(policy.cap_s, policy.base_s * 2.0**failures)
    return delay_s if spent_s + delay_s <= policy.total_s else None


def may_be_billed(error: BatchTTSError) -> bool:
    """Say whether an attempt got so far that its characters may be paid for."""
    if not isinstance(error, TakeError):
        return False
    return error.close_code is not None or error.fault not in _BEFORE_SENDING


def is_service_wide(error: TakeError) -> bool:
    """Say whether a failure tells of the service, and nothing of the request."""
    return error.fault in _SERVICE_WIDE and not may_be_billed(error)


class Quota:
    """The retries that a run can still afford, earned by its successes."""

    def __init__(self) -> None:
        """Begin with the most there can be."""
        self.left = _MOST_TOKENS

    def pay(self, error: TakeError) -> bool:
        """Pay for another attempt after ``error``; False if that cannot be paid."""
        if not may_be_billed(error):
            return True
        late = error.fault is Fault.STALLED
        cost = _LATE_RETRY_COSTS if late else _RETRY_COSTS
        if cost > self.left:
            return False
        self.left -= cost
        return True

    def succeeded(self) -> None:
        """Earn with a success."""
        self.left = min(_MOST_TOKENS, self.left + 1)
