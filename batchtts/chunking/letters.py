"""Find the cuts inside a stretch without white space, longer than the limit.

In Chinese, Japanese and Thai such a stretch is many words, and the kinds of its
characters tell something of where they part. Elsewhere it is one long word.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from batchtts.chunking import grades
from batchtts.chunking.grades import Cut
from batchtts.chunking.graphemes import clusters
from batchtts.model import Boundary

__all__ = ["letter_cuts"]

_NEVER_FIRST = frozenset(
    # small kana, marks that lengthen or repeat, marks and closing brackets,
    # Thai vowels that follow their consonant
    "\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087\u308e\u3095\u3096"
    "\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7\u30ee\u30f5\u30f6"
    "\u30fc\u3005\u303b\u309d\u309e\u30fd\u30fe\u30fb\u3002\u3001\uff0c\uff01\uff1f"
    "\uff1a\uff1b\u300d\u300f\u3011\u300b\u3009\u3015\uff09\u2019\u201d\u2026\u2014"
    ".,;:!?)]}%\"'\u00bb\u0e46\u0e2f\u0e30\u0e32\u0e33\u0e45"
    # the same of Lao; what parts syllables in Tibetan
    "\u0eb0\u0eb2\u0eb3\u0ebd\u0ec6\u0eaf\u0f0b\u0f0c\u0f0d\u0f0e"
)
_NEVER_LAST = frozenset(
    # opening brackets, signs before a number, Thai vowels before their
    # consonant, the middle dot of a name
    "\u300c\u300e\u3010\u300a\u3008\u3014\uff08\u2018\u201c([{\u00ab\u00bf\u00a1$#"
    "\u00a3\u20ac\u00a5\u0e40\u0e41\u0e42\u0e43\u0e44\u30fb"
    "\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4"
    # Chinese numbers, whose measure word follows
    "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u767e\u5343\u4e07"
    "\u4e24\u51e0\u534a\u7b2c\u6bcf\u96f6"
)
_ENDING = re.compile("[\u1000-\u1021]\u1037?\u103a")  # a consonant that ends a syllable
_TSHEG = "\u0f0b"
_HAN_PARTICLES = "\u4e86\u7684\u7740\u8fc7"
_KANA_PARTICLES = "\u306f\u304c\u3092\u306b\u3067\u3068\u3082\u306e\u3066"
_SAME = {
    "han": 420,
    "hiragana": 450,
    "katakana": grades.JOINED,
    "thai": 600,
    "tibetan": grades.JOINED,
}
_OTHER = 500  # between other characters of one kind
_AFTER_PHRASE = 200
_AFTER_PARTICLE = 300
_AFTER_HIRAGANA = 360
_AFTER_HAN_PARTICLE = 350
_AFTER_SYLLABLE = 450
_BEFORE_HIRAGANA = 800  # kana after kanji end the same word
_BESIDE_LETTER = 600
_BETWEEN_KINDS = 450
_KINDS = (
    (0x3041, 0x309F, "hiragana"),
    (0x30A0, 0x30FF, "katakana"),
    (0x31F0, 0x31FF, "katakana"),
    (0x3400, 0x9FFF, "han"),
    (0x20000, 0x3FFFF, "han"),
    (0x0E00, 0x0EFF, "thai"),
    (0x0F00, 0x0FBC, "tibetan"),
)


def letter_cuts(
    text: str, start: int, end: int, phrases: Collection[int] = ()
) -> list[Cut]:
    """Give the cuts between the grapheme clusters of a stretch, in order.

    ``phrases`` are places in it where a phrase is known to end, if any are.
    """
    cuts = []
    for position in clusters(text, start, end):
        penalty = _penalty(text[position - 1], text[position])
        if _ENDING.match(text, position):
            penalty = grades.HELD
        if phrases and penalty < grades.JOINED:
            penalty = _AFTER_PHRASE if position in phrases else grades.JOINED
        joined = penalty >= grades.JOINED
        kind = Boundary.GRAPHEME if joined else Boundary.WORD
        cuts.append(Cut(position, position, kind, penalty))
    return cuts


def _kind(char: str) -> str:
    """Give the kind of a character, as far as words can be told by it."""
    code = ord(char)
    for first, last, kind in _KINDS:
        if first <= code <= last:
            return kind
    return "letter" if char.isalnum() else "other"


@lru_cache(maxsize=4096)
def _penalty(before: str, after: str) -> int:
    """Grade a place between two clusters by the characters beside it."""
    if after in _NEVER_FIRST or before in _NEVER_LAST:
        return grades.HELD
    one, two = _kind(before), _kind(after)
    if one == two:
        return _within(one, before)
    if "letter" in (one, two):
        return _BESIDE_LETTER if "other" in (one, two) else _OTHER
    if one == "hiragana":
        return _AFTER_PARTICLE if before in _KANA_PARTICLES else _AFTER_HIRAGANA
    return _BEFORE_HIRAGANA if two == "hiragana" else _BETWEEN_KINDS


def _within(kind: str, before: str) -> int:
    """Grade a place between two characters of one kind."""
    if kind == "letter":
        return grades.JOINED
    if before == _TSHEG:
        return _AFTER_SYLLABLE
    if before in _HAN_PARTICLES:
        return _AFTER_HAN_PARTICLE
    return _SAME.get(kind, _OTHER)
