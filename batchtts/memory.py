"""How this process takes memory from the system."""

from __future__ import annotations

import contextlib
import ctypes
import sys

__all__ = ["share_arenas"]

_ARENAS = 2
_M_ARENA_MAX = -8  # of the C library's mallopt(3)


def share_arenas() -> None:
    """Have all threads take their memory from two arenas; before threads begin.

    The GNU C library gives them eight a processor, and what was freed in one is of no
    use to the others: a run that moves audio through dozens of threads has a sixth
    more memory after ten thousand requests, and still a little more after each
    further ten thousand. Elsewhere nothing is done.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
