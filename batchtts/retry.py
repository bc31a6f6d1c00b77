"""When to try a failed request again: a table and pure functions.

Clock and chance are arguments. The waiting times are those of "full jitter":
uniformly between nothing and an exponentially growing bound, which spreads
clients that failed together.
"""

from __future__ import annotations

from dataclasses import dataclass

from batchtts.errors import Fault

__all__ = ["RetryPolicy", "retry_delay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long one request is tried: attempts, and seconds over all of them."""

    attempts: int = 5
    base_s: float = 0.5
    cap_s: float = 30.0
    total_s: float = 600.0


_FEWER: dict[Fault, int] = {
    # The service has answered this very request: it would answer the same.
    Fault.REJECTED: 1,
    # The settings do not fit; each further attempt would be paid for in vain.
    Fault.WRONG_FORMAT: 1,
    Fault.TOO_LARGE: 2,
    Fault.PROTOCOL: 2,
    Fault.NO_AUDIO: 3,
}


def retry_delay(
    fault: Fault,
    *,
    failures: int,
    elapsed_s: float,
    chance: float,
    policy: RetryPolicy,
) -> float | None:
    """Return the seconds to wait before the next attempt, or None to give up.

    ``failures`` counts this request's attempts so far, throttles excepted;
    ``chance`` is a uniform random number in [0, 1).
    """
    if failures >= min(policy.attempts, _FEWER.get(fault, policy.attempts)):
        return None
    delay_s = chance * min(policy.cap_s, policy.base_s * 2.0**failures)
    return delay_s if elapsed_s + delay_s <= policy.total_s else None
