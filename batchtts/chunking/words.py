"""Find the cuts between the words of a clause longer than the limit."""

from __future__ import annotations

import re

from batchtts.chunking import grades
from batchtts.chunking.grades import Cut
from batchtts.chunking.graphemes import parts
from batchtts.chunking.languages import Language
from batchtts.chunking.marks import BREAKING, NEVER_FIRST
from batchtts.chunking.protected import Spans, protected_spans
from batchtts.model import Boundary

__all__ = ["word_cuts"]

_GAPS = re.compile(f"[{BREAKING}]+")
_NOT_FIRST = re.compile(NEVER_FIRST)
_NOT_LAST = "([{\u00ab\u2039\u201e\u201a\u201c\u2018\u00bf\u00a1#\u2013*"
_ENUMERATOR = re.compile(r"\(?\w{1,4}\)\Z")
_GERESH = re.compile("[\u05d0-\u05ea]['\u05f3]\\Z")  # "\u05e8\u05d7'", an abbreviation
_CLOSING = "\"'\u2019\u201d)]"
_BARE = "\u2019\u201d\u201c\u2018\"'()[]{}.,;:!?"
_REACH = 28  # characters of each neighbour that are looked at


def word_cuts(text: str, start: int, end: int, language: Language) -> list[Cut]:
    """Give the cuts between the words of a clause, in order."""
    cuts = []
    held = Spans(protected_spans(text, start, end))
    for found in _GAPS.finditer(text, start, end):
        words_end, following = found.span()
        if not start < following < end or not parts(text, following):
            continue
        if held.hold(following):
            penalty = grades.HELD
        else:
            before = text[max(start, words_end - _REACH) : words_end].split()
            after = text[following : following + _REACH].split(None, 1)
            penalty = (
                _penalty(before[-1], after[0], language)
                if before and after
                else grades.SPACE
            )
        kind = Boundary.LINE if "\n" in found.group() else Boundary.WORD
        cuts.append(Cut(words_end, following, kind, penalty))
    return cuts


def _penalty(before: str, after: str, language: Language) -> int:
    """Grade a space by the two words beside it."""
    bare_before, bare_after = before.strip(_BARE), after.strip(_BARE)
    folded = bare_before.lower()
    titled = bare_before[:1].isupper() and folded in language.names
    if titled or _held(before, after):
        return grades.HELD
    if after[0].isdigit() or bare_after.isdigit() or bare_before[:1].isdigit():
        return grades.NAME
    if _in_name(bare_before, after, language) or _GERESH.search(before):
        return grades.NAME
    if folded in language.weak:
        return grades.LEANING
    return grades.LINK if bare_after.lower() in language.links else grades.SPACE


def _in_name(before: str, after: str, language: Language) -> bool:
    """Whether two words are of one name: "de Boer", "Roe v.", "Ida Moss"."""
    following = after.partition(".")[0]
    if "." in after and following.lower() in language.suffixes:
        return True
    if not after.strip(_BARE)[:1].isupper():
        return False
    folded = before.lower()
    small = folded in language.names or folded in language.particles
    return small or before[:1].isupper()


def _held(before: str, after: str) -> bool:
    """Whether the marks of two words hold them together.

    A full stop that ended no sentence belongs to an abbreviation, an
    exclamation mark to a name or to the quotation whose tag follows.
    """
    return bool(
        _NOT_FIRST.match(after)
        or before[-1] in _NOT_LAST
        or before.rstrip(_CLOSING)[-1:] in {".", "!", "?", "\u2026"}
        or _ENUMERATOR.match(before)
    )
