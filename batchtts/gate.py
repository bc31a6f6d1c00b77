"""How many sockets may be open now: one adaptive limit shared by all workers.

A throttle (HTTP 429 and its kin) lowers the limit and pauses everyone; a run of
successes raises it again, up to the number the user allows.
"""

from __future__ import annotations

__all__ = ["Gate"]

_SHRINK = 0.7
_SUCCESSES_PER_STEP = 10  # times the limit: one more socket after that many
_PAUSE_BASE_S = 0.5
_PAUSE_CAP_S = 30.0
_RETRY_AFTER_CAP_S = 120.0


class Gate:
    """The limit, the shared pause and the sockets in use. No clock, no waiting."""

    def __init__(self, cap: int) -> None:
        """Start with ``cap`` sockets allowed, which is also the most there can be."""
        self.cap = cap
        self.limit = cap
        self.in_use = 0
        self.pause_until_s = 0.0
        self._successes = 0
        self._throttles = 0

    def wait_s(self, now_s: float) -> float | None:
        """Say how long a new socket must wait.

        0: none, take it now. A positive number: the shared pause still lasts so
        many seconds. None: the limit is reached, until a socket is given back.
        """
        if self.in_use >= self.limit:
            return None
        return max(0.0, self.pause_until_s - now_s)

    def enter(self) -> None:
        """Count one socket as in use."""
        self.in_use += 1

    def leave(self) -> None:
        """Count one socket as given back."""
        self.in_use -= 1

    def succeeded(self) -> None:
        """Record a finished request: many of them raise the limit by one."""
        self._throttles = 0
        self._successes += 1
        if self._successes >= _SUCCESSES_PER_STEP * self.limit:
            self._successes = 0
            self.limit = min(self.cap, self.limit + 1)

    def throttled(
        self, now_s: float, *, chance: float, retry_after_s: float | None
    ) -> None:
        """Record a refusal for capacity: pause all and lower the limit.

        Refusals that arrive during the pause belong to the same burst and lower
        the limit no further; a longer ``retry_after_s`` still lengthens it.
        """
        asked_s = min(max(retry_after_s or 0.0, 0.0), _RETRY_AFTER_CAP_S)
        if now_s < self.pause_until_s:
            self.pause_until_s = max(self.pause_until_s, now_s + asked_s)
            return
        self._successes = 0
        self.limit = max(1, int(self.limit * _SHRINK))
        jitter_s = (0.5 + chance / 2) * min(
            _PAUSE_CAP_S, _PAUSE_BASE_S * 2.0**self._throttles
        )
        self._throttles += 1
        self.pause_until_s = now_s + max(jitter_s, asked_s)
