"""Turn the engine's commands into words, in whatever disguise they come.

Rime's ``/ws`` obeys ``<EOS>``, ``<CLEAR>`` and ``<FLUSH>`` in the very stream
that carries the words. A text that holds one, or something that a lenient
reader might take for one, must not end, drop or speak early what was sent.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["commands_defused"]

_NAMES = frozenset({"eos", "clear", "flush"})
_OPENING = "<\uff1c\ufe64"
_CLOSING = ">\uff1e\ufe65"
_BRACKETED = re.compile(f"[{_OPENING}]([^{_OPENING}{_CLOSING}]{{3,40}})[{_CLOSING}]")
_NOT_LETTERS = re.compile(r"[\s\ufe00-\ufe0f\u200c\u200d/\\]+")


def _is_command(inside: str) -> bool:
    """Whether a bracket's content reads as the name of a command."""
    plain = unicodedata.normalize("NFKC", inside).casefold()
    return _NOT_LETTERS.sub("", plain) in _NAMES


def _defused(found: re.Match[str]) -> str:
    inside = found.group(1)
    return f"({inside})" if _is_command(inside) else found.group()


def commands_defused(text: str) -> tuple[str, int]:
    """Put round brackets for the angle brackets of commands; say of how many."""
    if "<" not in text and "\uff1c" not in text and "\ufe64" not in text:
        return text, 0
    count = sum(_is_command(found.group(1)) for found in _BRACKETED.finditer(text))
    return (_BRACKETED.sub(_defused, text), count) if count else (text, 0)
