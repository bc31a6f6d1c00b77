"""Find the cuts between the clauses of a sentence longer than the limit."""

from __future__ import annotations

import re

from batchtts.chunking import grades
from batchtts.chunking.grades import Cut
from batchtts.chunking.graphemes import parts
from batchtts.chunking.languages import Language
from batchtts.chunking.marks import (
    BREAKING,
    CLOSERS,
    COMMAS,
    NEVER_FIRST,
    STOPS,
    TIGHT_COMMAS,
)
from batchtts.chunking.protected import Spans, protected_spans
from batchtts.chunking.stops import is_abbreviation
from batchtts.model import Boundary

__all__ = ["clause_cuts"]

_BREAK = f"[{BREAKING}]"
_MARK = re.compile(
    # a comma and the like; one that needs no white space after it
    rf"[{COMMAS}][{CLOSERS}{COMMAS}]{{0,8}}(?={_BREAK})"
    rf"|[{TIGHT_COMMAS}][{CLOSERS}{TIGHT_COMMAS}]*"
    # dashes; closing brackets; a stop that did not end the sentence
    rf"|[\u2014\u2015\u2e3a\u2e3b]+[{CLOSERS}]*|{_BREAK}\u2013(?={_BREAK})"
    rf"|[)\]}}\uff09\u3011\u300b]{{1,8}}(?={_BREAK})"
    rf"|(?<![{STOPS}])[{STOPS}]{{1,8}}[{CLOSERS}]{{0,8}}(?={_BREAK})"
    r"|(?<!\u2026)\u2026++(?=\w)"
    # before an opening bracket or a dash that opens; a space in Thai or Lao
    rf"|(?={_BREAK}[(\[\u2014]\w)"
    r"|(?<=[\u0e01-\u0eff])(?= [\u0e01-\u0eff])"
    r"|(?<=[\d%)])(?= (?:\u0e41\u0e25\u0e30|\u0e2b\u0e23\u0e37\u0e2d|\u0e41\u0e15\u0e48"
    r"|\u0e0b\u0e36\u0e48\u0e07|\u0e42\u0e14\u0e22|\u0e40\u0e1e))"  # and, or, but ...
)
_SPACES = re.compile(f"{_BREAK}*")
_NOT_FIRST = re.compile(NEVER_FIRST)
_BRACKET = re.compile(r"\([^()\n]{1,400}\)|\[[^\[\]\n]{1,400}\]")
_NUMBERED = re.compile(r"[^\W\d_]{1,5}\.\s?\d")  # "Vol. 2, No. 3"
_ENUMERATOR = re.compile(r"(?:\(|\b)\w{1,4}\)\Z")
_INITIAL = re.compile(r"[^\W\d_]\.(?:[\s,]|-?[^\W\d_]\.)")
_REACH = 28  # characters looked back for the word before a comma
_COMMA = ",\u060c\uff0c\u3001\uff64"
_CLOSING_QUOTE = '"\u201d\u2019\u00bb\u201c\u300d\u300f'
_OPENING_QUOTE = '\u201c\u2018"\u00ab'


def clause_cuts(text: str, start: int, end: int, language: Language) -> list[Cut]:
    """Give the cuts between the clauses of a sentence, in order."""
    cuts = []
    held = Spans(protected_spans(text, start, end))
    brackets = Spans(found.span() for found in _BRACKET.finditer(text, start, end))
    for found in _MARK.finditer(text, start, end):
        words_end = found.end()
        spaces = _SPACES.match(text, words_end)
        following = spaces.end() if spaces else words_end
        if not start < following < end or not parts(text, following):
            continue
        penalty = _penalty(text, found, following, start, language)
        if penalty is None or held.hold(following):
            continue
        if brackets.hold(following):
            penalty += grades.BRACKETED
        kind = Boundary.LINE if "\n" in text[words_end:following] else Boundary.CLAUSE
        cuts.append(Cut(words_end, following, kind, penalty))
    return cuts


def _penalty(
    text: str, found: re.Match[str], following: int, start: int, language: Language
) -> int | None:
    """Grade a mark between clauses, None where it is none."""
    mark = found.group()
    before = text[max(start, found.start() - 1) : found.start()]
    if not mark:
        return _opening_penalty(text, found.start(), start, language)
    is_product = mark[0] == "\u00b7" and before.isspace()
    if is_product or _NOT_FIRST.match(text, following) or _in_number(text, found):
        return None
    if mark[0] in ".!?\u2026":
        return _stop_penalty(text, found, following, start, language)
    if mark[0] in _COMMA:
        if len(mark) > 1:
            return grades.COMMA_IN_QUOTE
        return _comma_penalty(text, found, following, start, language)
    return None if _leads_on(text, found, following, start) else grades.PAUSE


def _opening_penalty(
    text: str, position: int, start: int, language: Language
) -> int | None:
    """Grade the place before a bracket or a dash that opens."""
    word = text[max(start, position - _REACH) : position].rpartition(" ")[2].lower()
    if word[-1:] == ".":
        return None  # "Eq. (3)"
    leans = word in language.weak or word in language.links
    return grades.LEANING if leans else grades.PAUSE


def _comma_penalty(
    text: str, found: re.Match[str], following: int, start: int, language: Language
) -> int | None:
    """Grade a comma without a quotation mark, by the words on both sides of it."""
    word = text[max(start, found.start() - _REACH) : found.start()].rpartition(" ")[2]
    listed = word[-1:].isdigit() and _NUMBERED.match(text, following)
    bare = word.rstrip(".").lower()
    stopped = word[-1:] == "." and (
        bare in language.suffixes or text[following].isupper()
    )
    if listed or stopped or _leans_back(text, following, language):
        return None
    if _INITIAL.match(text, following) and word[:1].isupper():
        return grades.LEANING  # "Orr, J."
    leans = word[-1:] == "." or bare in language.weak or bare in language.links
    return grades.COMMA + (grades.FRAGMENT if leans else 0)


def _leans_back(text: str, position: int, language: Language) -> bool:
    """Whether the word at ``position`` belongs to the name before: "Hale, Jr."."""
    word = text[position : position + 6].partition(".")
    return word[1] == "." and word[0].lower() in language.suffixes


def _in_number(text: str, found: re.Match[str]) -> bool:
    """Whether a mark without white space stands between two digits."""
    sides = text[max(0, found.start() - 1)] + text[min(found.end(), len(text) - 1)]
    return sides.isdigit()


def _leads_on(text: str, found: re.Match[str], following: int, start: int) -> bool:
    """Whether the mark belongs to what follows it."""
    mark, end = found.group(), found.end()
    if mark[0] in ")]":
        return _ENUMERATOR.search(text, max(start, end - 6), end) is not None
    if mark == "\uff1a":
        return text[following] in "\u201c\u300c\u300e"
    if mark[0] in "\u2014\u2015":  # a dash that opens a line, a quotation or its tag
        before = text[max(start, found.start() - 1)]
        return before in f"{_OPENING_QUOTE}\n" or (before == " " and following == end)
    return False


def _stop_penalty(
    text: str, found: re.Match[str], following: int, start: int, language: Language
) -> int | None:
    """Grade a stop inside a sentence."""
    mark = found.group()
    if mark.strip(".\u2026") == "" and (len(mark) > 1 or mark == "\u2026"):
        opens = text[max(start, found.start() - 1)] in f"{_OPENING_QUOTE}([\n"
        leads = opens or text[following].isdigit()  # to the number of a page
        return None if leads else grades.RUN_ON
    if mark[-1] in _CLOSING_QUOTE:
        return grades.TAG
    slip = mark[0] == "." and text[following].islower()
    if not slip or is_abbreviation(text, start, found.start(), language):
        return None
    return grades.RUN_ON
