"""What the end of a line in a file says: a space, but between Chinese or Japanese."""

from __future__ import annotations

import re

__all__ = ["between_lines"]

_WITHOUT_SPACES = re.compile(
    # Chinese and Japanese letters and their marks: CSS Text 4, segment breaks.
    "[\u2e80-\u2fdf\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f\U00020000-\U0003ffff]"
)


def between_lines(before: str, after: str) -> str:
    """Return what stands between two lines that a file's width parted."""
    ends = _WITHOUT_SPACES.match(before[-1:]), _WITHOUT_SPACES.match(after)
    return " " if None in ends else ""
