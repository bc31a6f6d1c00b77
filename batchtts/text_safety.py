"""Words for people: those of strangers made safe to show, and counts."""

from __future__ import annotations

import unicodedata

__all__ = ["many", "printable"]

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


def many(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural where there are several."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
