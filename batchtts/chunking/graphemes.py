"""Where a user-perceived character ends, after Unicode's annex 29.

Only what is needed never to cut one: where this and the annex differ, this
keeps together what the annex would part.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

__all__ = ["clusters", "parts"]

_ZWJ = "\u200d"
_EXTENDING = frozenset(
    "\u200c\u200d\u0e33\u0eb3\uff9e\uff9f"
    + "".join(map(chr, range(0x1F3FB, 0x1F400)))  # skin tones
    + "".join(map(chr, range(0xE0020, 0xE0080)))  # tags of a flag
)
_PREPENDED = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e"
    "\U000110bd\U000110cd\U000111c2\U000111c3\U000113d1\U0001193f\U00011941"
    "\U00011a3a\U00011a84\U00011a85\U00011a86\U00011a87\U00011a88\U00011a89"
    "\U00011d46\U00011f02"
)
_FIRST_MARK = "\u0300"
_VIRAMA = 9  # canonical combining class


@lru_cache(maxsize=4096)
def _extends(char: str) -> bool:
    """Whether ``char`` belongs to the cluster before it, whatever that is."""
    return char in _EXTENDING or unicodedata.category(char)[0] == "M"


def _is_control(char: str) -> bool:
    """Whether nothing joins ``char`` on either side."""
    if char in _EXTENDING or char in _PREPENDED:
        return False
    return unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}


def _is_regional(char: str) -> bool:
    """Whether ``char`` is half of a flag."""
    return "\U0001f1e6" <= char <= "\U0001f1ff"


_HANGUL = (
    (0x1100, 0x115F, "L"),
    (0x1160, 0x11A7, "V"),
    (0x11A8, 0x11FF, "T"),
    (0xA960, 0xA97C, "L"),
    (0xD7B0, 0xD7C6, "V"),
    (0xD7CB, 0xD7FB, "T"),
)
_SYLLABLES = (0xAC00, 0xD7A3)
_SYLLABLE_TAILS = 28  # a syllable without a tail stands at every 28th place


def _jamo(char: str) -> str:
    """Give the kind of a Hangul character: L, V, T, LV, LVT, or nothing."""
    code = ord(char)
    first, last = _SYLLABLES
    if first <= code <= last:
        return "LVT" if (code - first) % _SYLLABLE_TAILS else "LV"
    for low, high, kind in _HANGUL:
        if low <= code <= high:
            return kind
    return ""


_HANGUL_JOINS = frozenset(
    pair
    for before, afters in (
        ("L", ("L", "V", "LV", "LVT")),
        ("LV", ("V", "T")),
        ("V", ("V", "T")),
        ("LVT", ("T",)),
        ("T", ("T",)),
    )
    for pair in ((before, after) for after in afters)
)


@lru_cache(maxsize=4096)
def _joined(before: str, after: str) -> bool:
    """Whether two neighbours are one cluster, as far as two can tell."""
    if _is_control(before) or _is_control(after):
        return False
    if _extends(after) or before == _ZWJ or before in _PREPENDED:
        return True
    return (_jamo(before), _jamo(after)) in _HANGUL_JOINS


def _follows_virama(text: str, position: int) -> bool:
    """Whether a virama before ``position`` ties the letter there to it."""
    lowest = max(0, position - 8)
    while position > lowest and _extends(text[position - 1]):
        position -= 1
        if unicodedata.combining(text[position]) == _VIRAMA:
            return True
    return False


def parts(text: str, position: int) -> bool:
    """Whether a cut at ``position`` parts two clusters; flags are kept whole.

    Looks at a few characters only, so a run of flags, which can only be read
    from its start, is never cut by it.
    """
    if position <= 0 or position >= len(text):
        return True
    before, after = text[position - 1], text[position]
    if after < _FIRST_MARK and before < _FIRST_MARK:
        return not (before == "\r" and after == "\n")
    if _joined(before, after) or (_is_regional(before) and _is_regional(after)):
        return False
    return not (unicodedata.category(after) == "Lo" and _follows_virama(text, position))


def clusters(text: str, start: int, end: int) -> Iterator[int]:
    """Give each place strictly inside a stretch where a cluster ends.

    ``start`` must be such a place itself: flags are paired from there.
    """
    unpaired = start < end and _is_regional(text[start])
    for position in range(start + 1, end):
        if _is_regional(text[position]):
            tied = text[position - 1] == _ZWJ
            if unpaired and _is_regional(text[position - 1]):
                unpaired = False
                continue
            unpaired = True
            if not tied and text[position - 1] not in _PREPENDED:
                yield position
        else:
            if not _extends(text[position]):
                unpaired = False
            if parts(text, position):
                yield position
