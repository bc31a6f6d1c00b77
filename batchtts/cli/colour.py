"""Whether to write in colour."""

from __future__ import annotations

import os

__all__ = ["color"]


def color() -> bool | None:
    """Honour NO_COLOR, FORCE_COLOR and TERM; None leaves it to the terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return False if os.environ.get("TERM") == "dumb" else None
