"""An event loop on which waiting takes no time, for tests of deadlines and retries.

Sockets are real. Whenever nothing is left to do but to wait, the loop's clock
jumps to the moment that is waited for, so that a stall of a minute is over in a
few milliseconds and a slow machine never runs into a deadline. Client and server
must be on the same loop, and threads are not used: what would be given to one is
done at once. When all wait for each other, TimeoutError ends the loop.

    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        runner.run(main())
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import ParamSpec, TypeVar

__all__ = ["LoopClock", "WarpLoop"]

_Args = ParamSpec("_Args")
_Value = TypeVar("_Value")

# Bytes need a moment to get from one socket of this machine to another.
_IN_FLIGHT_S = 0.003
_STUCK_S = 60.0  # for another process to answer


class _Selector(selectors.DefaultSelector):
    """Waits for sockets only, and notes by how much the clock is to jump."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        ready = super().select(_STUCK_S if timeout is None else _IN_FLIGHT_S)
        if not ready:
            if timeout is None:
                raise TimeoutError("everyone on the loop waits for someone else")
            self.now_s += timeout
        return ready


class _AtOnce(ThreadPoolExecutor):
    """Does the work where it is asked for."""

    def submit(
        self,
        fn: Callable[_Args, _Value],
        /,
        *args: _Args.args,
        **kwargs: _Args.kwargs,
    ) -> Future[_Value]:
        done: Future[_Value] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as exc:  # noqa: BLE001 - goes to whoever asked
            done.set_exception(exc)
        return done


class WarpLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock begins at 0 and jumps over all waiting."""

    def __init__(self) -> None:
        """Begin at 0 seconds."""
        self._jumping = _Selector()
        super().__init__(self._jumping)
        self.set_default_executor(_AtOnce(1))

    def time(self) -> float:
        """Return the seconds since the beginning, waiting included."""
        return self._jumping.now_s

    def jump(self, seconds: float) -> None:
        """Let time go by in which nothing happens, as when a machine sleeps."""
        self._jumping.now_s += seconds


class LoopClock:
    """The running loop's time, as a `batchtts.clock.Clock`; it begins in 2026."""

    def now_s(self) -> float:
        """Return the loop's time."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait on the loop."""
        await asyncio.sleep(seconds)

    def utc(self) -> datetime:
        """Return the date and time that go with the loop's time."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now_s())
