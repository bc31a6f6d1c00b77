"""Find what is said aloud in a story: speech in quotation marks.

A quotation is speech where it opens a paragraph, follows a stop, a comma, a
colon or a dash, or ends with a stop or a comma of its own. Words that stand in
quotation marks inside a sentence - a "so-called" expert - are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

__all__ = ["speeches"]

_PARAGRAPH = re.compile(r"\s*\n\s*\n\s*")
_LEADING = frozenset(".,:;!?\u2026\u2014\u2013\u3002\uff01\uff1f\u3001\uff0c\uff1a")
_CLOSERS = "\"'\u2019\u201d\u201c\u00bb\u00ab\u203a\u2039\u300d\u300f)\\]"
_ENDING = re.compile(rf"[.,!?;:\u2026\u2014\u2013\u3002\uff01\uff1f][{_CLOSERS}]*\Z")
_JAPANESE = "\u300c"
_SAID = re.compile(r"\u3068|\u3063\u3066")  # "to" and "tte", which follow what is said
_DOUBLE = re.compile('["\u201c\u201d\u201e\u00ab\u00bb\u300c]')
_STRAIGHT = r"(?:(?<![^\s(\[\u2014\u2013-])\"(?=\S))"
_SINGLE = r"(?:(?<![^\s(\[\u2014\u2013])\u2018)"
_SINGLE_END = rf"(?<=[.,!?;:\u2026\u2014\u2013{_CLOSERS}])\u2019(?!\w)"


def speeches(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a cleaned text that are spoken by its characters.

    A speech that goes on for several paragraphs, each of which opens it anew,
    is one stretch a paragraph. Single quotation marks count only in a text that
    has no others. What is opened and never closed is no speech.
    """
    opening, closings = _marks(text)
    edges = [0]
    for gap in _PARAGRAPH.finditer(text):
        edges += gap.start(), gap.end()
    edges.append(len(text))
    paragraphs = list(zip(edges[::2], edges[1::2], strict=True))
    for (start, end), (following, _) in pairwise([*paragraphs, (len(text), 0)]):
        at = start
        while (found := opening.search(text, at, end)) is not None:
            closed = _closed(found, closings[found.group()], end)
            goes_on = opening.match(text, following) is not None
            if closed is None and not goes_on:
                at = found.end()
                continue
            at = closed or end
            if closed is None or _is_speech(text, start, found.start(), at):
                yield found.start(), at


def _closed(opened: re.Match[str], closing: re.Pattern[str], end: int) -> int | None:
    """Return where a quotation ends, after those of its kind inside it."""
    text, depth, first = opened.string, 1, None
    for found in re.compile(f"{opened.group()}|{closing.pattern}").finditer(
        text, opened.end(), end
    ):
        closes = closing.match(text, found.start()) is not None
        depth += -1 if closes else 1
        if closes:
            first = first or found.end()
        if not depth:
            return found.end()
    return first


def _marks(text: str) -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    """Return what opens a quotation in a text, and what closes each of them."""
    if not _DOUBLE.search(text):
        return re.compile(_SINGLE), {"\u2018": re.compile(_SINGLE_END)}
    low = "\u201e" in text
    outward = "\u00ab" in text and text.find("\u00ab") < text.find("\u00bb")
    pairs = {
        "\u201e" if low else "\u201c": "[\u201c\u201d]" if low else "\u201d",
        "\u00ab" if outward else "\u00bb": "\u00bb" if outward else "\u00ab",
        _JAPANESE: "\u300d",
    }
    closings = {opener: re.compile(closer) for opener, closer in pairs.items()}
    closings['"'] = re.compile(r"(?<=\S)\"")
    return re.compile(f"[{''.join(pairs)}]|{_STRAIGHT}"), closings


def _is_speech(text: str, paragraph: int, start: int, end: int) -> bool:
    before = text[paragraph:start].rstrip()
    if not before or before.rstrip(_CLOSERS)[-1:] in _LEADING:
        return True
    if text[start] == _JAPANESE:
        return _SAID.match(text, end) is not None
    return _ENDING.search(text, start, end) is not None
