"""Is there anything to speak?"""

from __future__ import annotations

import re

__all__ = ["speakable"]

_SPOKEN = re.compile(r"[^\W_]")


def speakable(text: str) -> bool:
    """Whether ``text`` has a letter or a digit of any script.

    What has none is never sent: it becomes a pause.
    """
    return _SPOKEN.search(text) is not None
