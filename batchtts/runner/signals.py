"""Interrupts: the first asks the run to end well, the second ends it at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

__all__ = ["interrupts"]

_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
]


@contextlib.contextmanager
def interrupts(on_first: Callable[[int], None]) -> Iterator[None]:
    """Call ``on_first(signal number)`` on the event loop at the first interrupt.

    At the second the process ends there and then with 128 + the signal's
    number. Outside the main thread signals are left to the host program.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    seen: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        if seen:
            os.write(2, b"ended at once; run again to resume\n")
            os._exit(128 + number)
        seen.append(number)
        loop.call_soon_threadsafe(on_first, number)

    # What the caller has set to be ignored, as nohup does, stays ignored.
    before = {
        number: signal.signal(number, handle)
        for number in _SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
