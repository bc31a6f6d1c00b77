"""Passages that a text gives to a voice by name: ``[[clerk: Good morning.]]``."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

__all__ = ["Marked", "unmarked"]

_OPENING = re.compile(r"\[\[\s*([^\[\]:\n]{1,100}?)\s*:\s*")
_CLOSING = re.compile(r"\s*\]\]")


@dataclass(frozen=True, slots=True)
class Marked:
    """A passage of a text without its marks, and the voice that is to read it."""

    start: int
    end: int
    voice: str


def unmarked(
    text: str, voices: Container[str]
) -> tuple[str, list[Marked], list[tuple[int, int]]]:
    """Return a text without its marks, the passages marked, and what was removed.

    The last are stretches of the text given. Raises ValueError, with a sentence,
    for a mark that names no voice or is never closed.
    """
    parts: list[str] = []
    passages: list[Marked] = []
    removed: list[tuple[int, int]] = []
    at = length = 0
    while (opening := _OPENING.search(text, at)) is not None:
        voice = opening.group(1)
        if voice not in voices:
            raise ValueError(
                f'no voice "{voice}" for what is marked "{_shown(opening)}"'
            )
        closing = _CLOSING.search(text, opening.end())
        if closing is None:
            raise ValueError(f'the mark "{_shown(opening)}" has no "]]" after it')
        parts += text[at : opening.start()], text[opening.end() : closing.start()]
        start = length + opening.start() - at
        length = start + closing.start() - opening.end()
        passages.append(Marked(start, length, voice))
        removed += opening.span(), closing.span()
        at = closing.end()
    return "".join([*parts, text[at:]]), passages, removed


def _shown(opening: re.Match[str]) -> str:
    return opening.string[opening.start() : opening.end() + 20]
