"""The takes of one reading, waited for by the thread that joins them."""

from __future__ import annotations

import threading

__all__ = ["Arrivals", "NotComing"]


class NotComing(Exception):  # noqa: N818 - a state, not a fault
    """A take that was waited for will not come, or is no longer wanted."""


class Arrivals:
    """Which takes are in the cache: told on one thread, waited for on another."""

    def __init__(self, pieces: int) -> None:
        """Begin with none of so many."""
        self._missing = set(range(pieces))
        self._closed = False
        self._changed = threading.Condition()

    def arrived(self, number: int) -> None:
        """Say that the take of a piece, counted from 0, is there."""
        with self._changed:
            self._missing.discard(number)
            self._changed.notify_all()

    @property
    def complete(self) -> bool:
        """Tell whether all takes are there."""
        with self._changed:
            return not self._missing

    def close(self) -> None:
        """Say that no more takes will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait(self, number: int) -> None:
        """Wait until a piece's take is there; raise NotComing if it will not be."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or number not in self._missing)
            if number in self._missing:
                raise NotComing
