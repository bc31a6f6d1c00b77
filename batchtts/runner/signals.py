"""Interrupts: the first asks the run to end well, the second ends it at once."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

__all__ = ["Interrupts", "interrupts"]

_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
]


class Interrupts:
    """What is done at an interrupt: by itself it ends the block that is running.

    `told_to` has it passed on instead; once that is over, the run is at its end
    and goes there.
    """

    def __init__(self, at_once: Callable[[], None]) -> None:
        """Call ``at_once`` before the process ends at the second interrupt."""
        self._at_once = at_once
        self._listener: Callable[[int], None] | None = None
        self._first: int | None = None

    @contextlib.contextmanager
    def told_to(self, listener: Callable[[int], None]) -> Iterator[None]:
        """Call ``listener(signal number)`` at the first interrupt from now on."""
        self._listener = listener
        try:
            yield
        finally:
            self._listener = _ignored

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Act on a signal; may raise KeyboardInterrupt or SystemExit."""
        if self._first is not None:
            self._at_once()
            with contextlib.suppress(OSError):
                os.write(2, b"ended at once; run again to resume\n")
            os._exit(128 + number)
        self._first = number
        if self._listener is not None:
            self._listener(number)
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        else:
            raise SystemExit(128 + number)


@contextlib.contextmanager
def interrupts(at_once: Callable[[], None]) -> Iterator[Interrupts]:
    """Handle this process's interrupts for the length of the block.

    At the second one ``at_once`` is called, and the process ends there and then
    with 128 + the signal's number. Outside the main thread signals are left to
    the host program.
    """
    made = Interrupts(at_once)
    if threading.current_thread() is not threading.main_thread():
        yield made
        return
    # What the caller has set to be ignored, as nohup does, stays ignored.
    before = {
        number: signal.signal(number, made.handle)
        for number in _SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield made
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignored(number: int) -> None:
    """Do nothing: what is left to do takes no time."""
