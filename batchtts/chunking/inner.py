"""Find the cuts inside a sentence that is longer than the limit.

First between clauses, then, where a clause alone is longer, between words, and
last, where a word alone is longer, between grapheme clusters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from batchtts.chunking.grades import Cut
from batchtts.chunking.graphemes import clusters, parts
from batchtts.chunking.languages import Language
from batchtts.chunking.marks import (
    BREAKING,
    CLOSERS,
    COMMAS,
    OPENERS,
    PAUSES,
    STOPS,
    TIGHT_COMMAS,
)
from batchtts.chunking.protected import protected_spans
from batchtts.chunking.stops import is_stop_of_word
from batchtts.model import Boundary

__all__ = ["clause_cuts", "thinned", "tight_cuts", "word_cuts"]

PAUSE = 60  # ; : a dash, a closed bracket
RUN_ON = 70  # a stop that is followed by a small letter
COMMA_IN_QUOTE = 80
COMMA = 100
LINK = 180  # a space before a conjunction
SPACE = 240
LEANING = 340  # a space after an article or a preposition
NUMBER = 900  # a space beside a number or between two names
HELD = 3000  # a space inside what belongs together
INSIDE_BRACKET = 50  # more, inside a bracket

_BREAK = f"[{BREAKING}]"
_CLAUSE = re.compile(
    rf"[{COMMAS}][{CLOSERS}{COMMAS}]*(?={_BREAK})"
    rf"|[{TIGHT_COMMAS}][{CLOSERS}{TIGHT_COMMAS}]*"
    rf"|[\u2014\u2015\u2e3a\u2e3b]+[{CLOSERS}]*|{_BREAK}\u2013(?={_BREAK})"
    rf"|[)\]}}\uff09\u3011\u300b]+(?={_BREAK})"
    rf"|[{STOPS}][{STOPS}{CLOSERS}]*(?={_BREAK})|\u2026+(?=\w)"
    rf"|(?={_BREAK}[(\[]\w)"
    r"|(?<=[\u0e01-\u0eff]) (?=[\u0e01-\u0eff])"
)
_SPACES = re.compile(f"{_BREAK}*")
_GAPS = re.compile(f"{_BREAK}+")
_NOT_FIRST = re.compile(
    rf"[{COMMAS}{TIGHT_COMMAS}{STOPS})\]}}\u2019\u201d\u00bb\u203a%\u2030\u2013\u2014]"
)
_NOT_LAST = re.compile(
    r"[(\[{\u00ab\u2039\u201e\u201a\u201c\u2018\u00bf\u00a1#\u2013*]"
)
_PAUSE = re.compile(f"[{PAUSES}\u2014\u2013\u2015)\\]]")
_BARE = f"{''.join(chr(c) for c in (0x2019, 0x201D, 0x201C, 0x2018))}\"'()[]{{}}.,;:!?"


def _spaces_after(text: str, position: int) -> int:
    found = _SPACES.match(text, position)
    return found.end() if found else position


def clause_cuts(text: str, start: int, end: int, language: Language) -> list[Cut]:
    """Give the cuts between the clauses of a sentence, in order."""
    cuts = []
    held = _Spans(protected_spans(text, start, end))
    bracket = _Spans((m.span() for m in _BRACKET.finditer(text, start, end)))
    for found in _CLAUSE.finditer(text, start, end):
        words_end = found.end()
        following = _spaces_after(text, words_end)
        if not start < following < end or not parts(text, following):
            continue
        penalty = _clause_penalty(text, found, following, start, language)
        if penalty is None or held.hold(following):
            continue
        if bracket.hold(following):
            penalty += INSIDE_BRACKET
        kind = Boundary.LINE if "\n" in text[words_end:following] else Boundary.CLAUSE
        cuts.append(Cut(words_end, following, kind, penalty))
    return cuts


_BRACKET = re.compile(r"\([^()\n]{1,400}\)|\[[^\[\]\n]{1,400}\]")


def _clause_penalty(
    text: str, found: re.Match[str], following: int, start: int, language: Language
) -> int | None:
    """Grade a mark between clauses, None where it is none."""
    mark = found.group()
    after = text[following]
    if _NOT_FIRST.match(after):
        return None
    if not mark:
        return PAUSE
    before = text[found.start() - 1 : found.start()]
    if mark[0] in ".!?\u2026":
        return _stop_penalty(text, found, following, start, language)
    if mark[0] == "," or mark[0] in "\u060c\uff0c\u3001\uff64":
        if before == "." and len(mark) == 1:
            return NUMBER
        return COMMA_IN_QUOTE if len(mark) > 1 else COMMA
    if mark in {"\uff1a", ":"} and after in '\u201c\u300c\u300e\u00ab"':
        return NUMBER if mark == "\uff1a" else PAUSE
    if mark[0] in "\u2014\u2015" and before and before in '\u201c\u2018"\u00ab\n ':
        return None if before != " " else PAUSE
    return PAUSE


def _stop_penalty(
    text: str, found: re.Match[str], following: int, start: int, language: Language
) -> int | None:
    """Grade a stop inside a sentence."""
    mark = found.group()
    if mark[0] == ".":
        if set(mark) <= {"."} and len(mark) > 1:
            return RUN_ON
        if is_stop_of_word(text, start, found.start(), following, language):
            return None
        return NUMBER
    if mark[0] == "\u2026" and len(mark.strip("\u2026")) == 0:
        return RUN_ON
    return NUMBER


class _Spans:
    """Answers, for ascending places, whether one is inside any of some spans."""

    __slots__ = ("_spans",)

    def __init__(self, spans: Iterator[tuple[int, int]]) -> None:
        self._spans = sorted(spans, reverse=True)

    def hold(self, position: int) -> bool:
        """Whether ``position`` is strictly inside a span."""
        spans = self._spans
        while spans and spans[-1][1] <= position:
            spans.pop()
        return any(a < position < b for a, b in spans[-3:])


def word_cuts(text: str, start: int, end: int, language: Language) -> list[Cut]:
    """Give the cuts between the words of a clause, in order."""
    cuts = []
    held = _Spans(protected_spans(text, start, end))
    for found in _GAPS.finditer(text, start, end):
        words_end, following = found.span()
        if not start < following < end or not parts(text, following):
            continue
        if held.hold(following):
            penalty = HELD
        else:
            penalty = _word_penalty(text, start, words_end, following, language)
        kind = Boundary.LINE if "\n" in found.group() else Boundary.WORD
        cuts.append(Cut(words_end, following, kind, penalty))
    return cuts


def _word_penalty(
    text: str, start: int, words_end: int, following: int, language: Language
) -> int:
    """Grade a space by the two words beside it."""
    reach = text[max(start, words_end - 28) : words_end].rsplit(None, 1)
    before = reach[-1] if reach else ""
    ahead = text[following : following + 28].split(None, 1)
    after = ahead[0] if ahead else ""
    if not before or not after:
        return SPACE
    if _NOT_FIRST.match(after) or _NOT_LAST.search(before[-1]):
        return HELD
    if before.rstrip("\"'\u2019\u201d)]")[-1:] in {".", "!", "?", "\u2026"}:
        return HELD
    bare_before, bare_after = before.strip(_BARE), after.strip(_BARE)
    folded = bare_before.lower()
    if folded in language.names and bare_before[:1].isupper():
        return HELD
    if after[0].isdigit() or bare_after.isdigit() or bare_before.isdigit():
        return NUMBER
    if bare_before[:1].isupper() and bare_after[:1].isupper():
        return NUMBER
    if folded in language.weak:
        return LEANING
    return LINK if bare_after.lower() in language.links else SPACE


def tight_cuts(text: str, start: int, end: int) -> list[Cut]:
    """Give the cuts inside a stretch without a break, between clusters."""
    cuts = []
    for position in clusters(text, start, end):
        penalty = _tight_penalty(text[position - 1], text[position])
        kind = Boundary.WORD if penalty < JOINED else Boundary.GRAPHEME
        cuts.append(Cut(position, position, kind, penalty))
    return cuts


JOINED = 1000  # inside a word
_NEVER_FIRST = frozenset(
    "\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087\u308e\u3095\u3096"
    "\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7\u30ee\u30f5\u30f6"
    "\u30fc\u3005\u303b\u309d\u309e\u30fd\u30fe\u30fb\u3002\u3001\uff0c\uff01\uff1f"
    "\uff1a\uff1b\u300d\u300f\u3011\u300b\u3009\u3015\uff09\u2019\u201d\u2026\u2014"
    ".,;:!?)]}%\"'\u00bb\u0e46\u0e2f\u0e30\u0e32\u0e33\u0e45"
)
_NEVER_LAST = frozenset(
    "\u300c\u300e\u3010\u300a\u3008\u3014\uff08\u2018\u201c([{\u00ab\u00bf\u00a1$#"
    "\u00a3\u20ac\u00a5\u0e40\u0e41\u0e42\u0e43\u0e44\u30fb"
)
_CJK_NUMBERS = frozenset(
    "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u767e\u5343\u4e07"
    "\u4e24\u51e0\u534a\u7b2c\u6bcf\u96f6"
)


def _script(char: str) -> str:
    """Give the kind of a character, as far as words can be told by it."""
    code = ord(char)
    if 0x3041 <= code <= 0x309F:  # noqa: PLR2004 - the block of hiragana
        return "hiragana"
    if 0x30A0 <= code <= 0x30FF or 0x31F0 <= code <= 0x31FF:  # noqa: PLR2004
        return "katakana"
    if 0x3400 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFF:  # noqa: PLR2004
        return "han"
    if 0x0E00 <= code <= 0x0EFF:  # noqa: PLR2004 - Thai and Lao
        return "thai"
    if char.isalnum():
        return "letter"
    return "space" if char.isspace() else "other"


def _tight_penalty(before: str, after: str) -> int:
    """Grade a place between two clusters that no white space parts."""
    if after in _NEVER_FIRST or before in _NEVER_LAST or before in _CJK_NUMBERS:
        return HELD
    one, two = _script(before), _script(after)
    if one == "letter" or two == "letter":
        if one == two:
            return JOINED
        return 600 if "other" in (one, two) else 500
    if one == two:
        return {
            "han": 420 if before not in "\u4e86\u7684\u7740\u8fc7" else 350,
            "hiragana": 450,
            "katakana": 1000,
            "thai": 600,
            "space": 500,
        }.get(one, 500)
    if one == "hiragana":
        return (
            300
            if before in "\u306f\u304c\u3092\u306b\u3067\u3068\u3082\u306e\u3066"
            else 360
        )
    if two == "hiragana":
        return 800
    return 450


def thinned(cuts: list[Cut], apart: int) -> list[Cut]:
    """Keep the best of the cuts that stand closer together than ``apart``."""
    kept: list[Cut] = []
    first = -1
    for cut in cuts:
        if kept and cut.start - first < apart:
            if cut.penalty <= kept[-1].penalty:
                kept[-1] = cut
        else:
            kept.append(cut)
            first = cut.start
    return kept
