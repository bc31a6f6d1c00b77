"""Words from strangers, made safe to show on a terminal or in a log."""

from __future__ import annotations

import unicodedata

__all__ = ["printable"]

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def printable(text: str) -> str:
    """Return ``text`` with control and format characters spelled out.

    Escape sequences and line breaks in a title or in a server's words can then
    neither colour, move nor forge what a person or a CI system reads.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if unicodedata.category(character) not in _HIDDEN
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )
