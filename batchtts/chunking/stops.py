"""Does this full stop end a sentence? The rules, in order of certainty."""

from __future__ import annotations

import re

from batchtts.chunking.languages import Language
from batchtts.chunking.marks import OPENERS

__all__ = [
    "is_abbreviation",
    "is_doubtful",
    "is_stop_of_word",
    "parts_glued",
    "pronoun",
]

_REACH = 28  # characters looked back for the word before a full stop
_BULLETS = "\u2022\u2043\u2023\u25e6\u25aa\u00b7\u25cf"
_INSIDE = re.compile(rf"[{OPENERS}\u2013\u2014\u2015/*_<>\u2060{_BULLETS}]+")
_NOTHING = re.compile(rf"[{OPENERS}\s\u2013\u2014\u2015*_\u2060{_BULLETS}-]*\Z")
_NEXT_WORD = re.compile(r"[^\s.,;:!?\u2026\u2019'\"\u201d)\]\u2014\u2013-]+['\u2019]?")
_INITIAL = re.compile(r"[^\W\d_]\.(?=\s|[^\W\d_]\.)")
_ROMAN = re.compile(r"[ivxlcdm]{1,6}\Z")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}\Z")
_ADVERBIAL = re.compile(
    r"(?:at|by|on|in|from|around|before|after|until)\s", re.IGNORECASE
)
_LIST_NUMBER = re.compile(
    r"(?:\d{1,3}(?:\.\d{1,3})*|[^\W\d_]|[ivxlcdm]{1,5})\Z", re.IGNORECASE
)
_VOWELLESS = re.compile(
    r"(?!(?:h+m+|m+|p?s+[ht]+|b+r+|g+r+|t+s+k+|p+f+t?|tv)\Z)[b-df-hj-np-tv-xz\u00df]{2,6}\Z"
)
_PRONOUN = re.compile(r"I(?:['\u2019](?:m|d|ll|ve))?\b(?!\.)")
_GLUED = re.compile(r"([^\W\d_]+(?:['\u2019][^\W\d_]+)?)(?:[\s,]|\.\s)")
_ADVERBIAL_LENGTH = 40  # characters of an adverbial at the start of a sentence
_NEVER_LAST = frozenset(
    "e.g i.e cf viz z.b d.h p.ex t.ex f.eks s m.in p.ej t.e".split()  # noqa: SIM905
)
_HOURS = frozenset({"a.m", "p.m"})


def is_stop_of_word(
    text: str, start: int, end: int, following: int, language: Language
) -> bool:
    """Whether the full stop at ``end`` belongs to the word before it.

    ``start`` is where the sentence starts, ``following`` where the next word
    does. Such a stop ends no sentence, unless the next word says so.
    """
    stop = _Stop(text, start, end, following, language)
    word, folded = stop.word, stop.folded
    if not word:
        return False
    if stop.name():
        return True
    if folded in language.numbered and stop.number_follows():
        return True
    if _LIST_NUMBER.match(word) and stop.labels():
        return True
    if word.lstrip("-")[:1].isdigit():
        return stop.ordinal()
    return stop.abbreviation()


class _Stop:
    """A full stop with the words on both sides of it."""

    __slots__ = (
        "_after",
        "_end",
        "_following",
        "_language",
        "_start",
        "_text",
        "folded",
        "word",
    )

    def __init__(
        self, text: str, start: int, end: int, following: int, language: Language
    ) -> None:
        self._text = text
        self._start = start
        self._end = end
        self._following = following
        self._after: str | None = None
        self._language = language
        pieces = text[max(start, end - _REACH) : end].rsplit(None, 1)
        self.word = _INSIDE.split(pieces[-1])[-1] if pieces else ""
        self.folded = self.word.lower()

    def name(self) -> bool:
        """Whether the word is one that stands before a name."""
        language = self._language
        if self.folded not in language.names:
            return False
        return self.folded not in language.capital or self.word[0].isupper()

    def known(self) -> bool:
        """Whether the word is an abbreviation that may end a sentence."""
        folded, language = self.folded, self._language
        if folded in language.abbr or folded.rpartition("-")[2] in language.abbr:
            return True
        if folded in language.capital:
            return self.word[0].isupper()
        if _VOWELLESS.match(folded) and not self.word.isupper():
            return not language.vowelless  # "Schr.", "ltd."
        return folded in language.units and self._before()[-1:].isdigit()

    def dotted(self) -> bool:
        """Whether the word has stops between its letters: "U.S"."""
        return _DOTTED.match(self.word) is not None

    def after(self) -> str:
        """Give the next word."""
        if self._after is None:
            end = self._following + _REACH
            found = _NEXT_WORD.match(self._text, self._following, end)
            self._after = found.group() if found else ""
        return self._after

    def number_follows(self) -> bool:
        """Whether the next word is a number in digits or in Roman letters."""
        after = self.after()
        if after[:1].isdigit():
            return True
        return len(after) > 1 and bool(_ROMAN.match(after.lower()))

    def _opens(self) -> bool:
        """Whether the next word is one that opens sentences and is no name."""
        after = self.after()
        if len(after) > 1 and after.isupper() and self.word.isupper():
            return False  # all in capitals: the case of the next word says nothing
        if _INITIAL.match(self._text, self._following):
            return False
        folded = after.lower().replace("\u2019", "'")
        return folded in self._language.starts

    def _before(self) -> str:
        """Give the word before this one."""
        upto = self._end - len(self.word)
        pieces = self._text[max(self._start, upto - _REACH) : upto].rsplit(None, 1)
        return pieces[-1] if pieces else ""

    def labels(self) -> bool:
        """Whether the sentence is only a label so far: "1." or "Chapter 2."."""
        upto = self._end - len(self.word)
        if _NOTHING.match(self._text, self._start, upto):
            return True
        before = self._text[self._start : upto].strip()
        return len(before) < _REACH and before.lower() in self._language.labels

    def ordinal(self) -> bool:
        """Whether the full stop makes an ordinal of a number: "3. Mai"."""
        digits = self.word.lstrip("-")
        if not self._language.ordinals or not digits.isdigit():
            return False
        return len(digits) <= 2 and not self._opens()  # noqa: PLR2004 - no year

    def abbreviation(self) -> bool:
        """Whether the word is an abbreviation that does not end the sentence."""
        word, folded, language = self.word, self.folded, self._language
        if len(word) == 1 and word.isalpha():
            return self._initial()
        if folded in _NEVER_LAST or folded.rpartition("-")[2] in language.names:
            return True
        if not self.known() and not self.dotted():
            roman = language.ordinals and word.isupper() and _ROMAN.match(folded)
            return bool(roman) and not self._opens()
        if folded in _HOURS and not self._adverbial():
            return not (self._opens() or self.after().lower() in language.names)
        return not self._opens()

    def _initial(self) -> bool:
        """Whether a single letter with a full stop is an initial or the like."""
        if (
            self._language.code == "eng"
            and self.word == "I"
            and self._before().islower()
        ):
            return False  # "so did I."
        has_case = self.word.lower() != self.word.upper()
        return has_case and not self._opens()

    def _adverbial(self) -> bool:
        """Whether the sentence so far is only "At 5 a.m."."""
        so_far = self._text[self._start : self._end]
        return len(so_far) < _ADVERBIAL_LENGTH and bool(_ADVERBIAL.match(so_far))


def is_doubtful(text: str, start: int, end: int, language: Language) -> bool:
    """Whether the full stop at ``end``, which ends a sentence, might not."""
    stop = _Stop(text, start, end, end + 1, language)
    word = stop.word
    if len(word) <= 1:
        return not word.isdigit()
    if word.isdigit():
        return language.ordinals and len(word) <= 2  # noqa: PLR2004 - no year
    return stop.name() or stop.known() or stop.dotted()


def is_abbreviation(text: str, start: int, end: int, language: Language) -> bool:
    """Whether the full stop at ``end``, which ends no sentence, is not a slip."""
    stop = _Stop(text, start, end, end + 1, language)
    known = language.names | language.abbr | language.numbered
    return (
        len(stop.word) <= 1
        or stop.word[0].isdigit()
        or stop.folded in known | language.capital | language.units
        or stop.dotted()
    )


def pronoun(text: str, position: int, language: Language) -> bool:
    """Whether the English "I" stands at ``position``, a capital in any place."""
    return language.code == "eng" and bool(_PRONOUN.match(text, position))


def parts_glued(text: str, start: int, end: int, language: Language) -> bool:
    """Whether the full stop at ``end``, with no white space after it, ends a sentence.

    It does between a word in small letters and a capitalised one, and before a
    word that opens sentences: "it rained.The road was gone". Addresses and
    names of files have further dots, slashes or capitals in them.
    """
    if not text[end + 1].isupper():
        return False
    found = _GLUED.match(text, end + 1, end + _REACH)
    pieces = text[max(start, end - _REACH) : end].rsplit(None, 1)
    if found is None or not pieces:
        return False
    before, after = pieces[-1], found.group(1)
    if any(char in before for char in ".:/\\@_#"):
        return False
    if after.lower() in language.starts | language.names:
        return before[-2:].isalpha() or before[-1].isdigit()
    plain = before.lstrip("([\"'\u201c\u2018")
    return len(plain) > 1 and plain.isalpha() and plain.islower() and after.istitle()
