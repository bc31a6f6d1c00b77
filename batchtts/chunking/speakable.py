"""Is there anything to speak?"""

from __future__ import annotations

import re
from collections.abc import Collection

from batchtts.chunking.protected import Markup

__all__ = ["speakable"]

_SPOKEN = re.compile(r"[^\W_]")
_PAUSE = re.compile(r"<\d{1,6}>")


def speakable(text: str, markup: Collection[Markup] = ()) -> bool:
    """Whether ``text`` has a letter or a digit of any script.

    What has none is never sent: it becomes a pause. The digits of a pause that
    the engine obeys are not spoken, if ``markup`` has that notation.
    """
    if Markup.PAUSES in markup and "<" in text:
        text = _PAUSE.sub("", text)
    return _SPOKEN.search(text) is not None
