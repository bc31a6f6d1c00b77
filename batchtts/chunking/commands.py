"""Turn the engine's commands into words, in whatever disguise they come.

Rime's ``/ws`` obeys ``<EOS>``, ``<CLEAR>`` and ``<FLUSH>`` in the very stream
that carries the words. A text that holds one, or something that a lenient
reader might take for one, must not end, drop or speak early what was sent.
"""

from __future__ import annotations

import re

from batchtts.rime.commands import find_command, without_codes

__all__ = ["commands_defused"]

_OPENING = "<\uff1c\ufe64"
_CLOSING = ">\uff1e\ufe65\u226f"  # the last is a ">" with a stroke over it
_BRACKETED = re.compile(f"[{_OPENING}]([^{_OPENING}{_CLOSING}]{{3,}})[{_CLOSING}]")
_TOO_MANY = re.compile(r"(?i)(?:[^a-z]*[a-z]){12}")
_BETWEEN = re.compile(r"[\s/\\]+")


def _is_command(inside: str) -> bool:
    """Whether a bracket's content reads as the name of a command."""
    if _TOO_MANY.match(inside):  # spares long ones the closer look
        return False
    return find_command(f"<{_BETWEEN.sub('', inside)}>") is not None


def _defused(found: re.Match[str]) -> str:
    inside = found.group(1)
    return f"({inside})" if _is_command(inside) else found.group()


def commands_defused(text: str) -> tuple[str, int]:
    """Put round brackets for the angle brackets of commands; say of how many.

    Where HTML's codes would make a command, they are put into characters first.
    """
    if "&" in text and find_command(text):
        text = without_codes(text)
    if "<" not in text and "\uff1c" not in text and "\ufe64" not in text:
        return text, 0
    count = sum(_is_command(found.group(1)) for found in _BRACKETED.finditer(text))
    return (_BRACKETED.sub(_defused, text), count) if count else (text, 0)
