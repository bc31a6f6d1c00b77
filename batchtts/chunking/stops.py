"""Does this full stop end a sentence? The rules, in order of certainty."""

from __future__ import annotations

import re

from batchtts.chunking.languages import Language
from batchtts.chunking.marks import OPENERS
from batchtts.chunking.shapes import (
    is_dotted,
    is_letter_of_india,
    is_list_number,
    is_roman,
    is_short_in_thai,
    is_vowelless,
    letters_a_number,
    names_a_move,
    names_a_verse,
    names_pence,
    numbers,
    opens_abbreviation,
)

__all__ = [
    "is_abbreviation",
    "is_doubtful",
    "is_stop_of_name",
    "is_stop_of_word",
    "pronoun",
]

_REACH = 28  # characters looked back for the word before a full stop
_BULLETS = "\u2022\u2043\u2023\u25e6\u25aa\u00b7\u25cf"
_INSIDE = re.compile(rf"[{OPENERS}\u2013\u2014\u2015/*_<>\u2060{_BULLETS}]+")
_NOTHING = re.compile(rf"[{OPENERS}\s\u2013\u2014\u2015*_\u2060{_BULLETS}-]*\Z")
_NEXT_WORD = re.compile(r"[^\s.,;:!?\u2026\u2019'\"\u201d)\]\u2014\u2013-]+['\u2019]?")
_INITIAL = re.compile(r"[^\W\d_]\.(?=[\s,;:)\u2019\u201d]|[^\W\d_]\.|\Z)")
_ELIDED = re.compile(
    r"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|(?:d|n|su?|co|a)ell|all|dall|sull|un)"
    r"['\u2019](?=[^\W\d_])",
    re.IGNORECASE,
)
_ADVERBIAL = re.compile(
    rf"[{OPENERS}]*(?:at|by|on|in|from|around|before|after|until)\s", re.IGNORECASE
)
_PRONOUN = re.compile(r"I(?:['\u2019](?:m|d|ll|ve))?\b(?!\.)")
_SHORT = 5  # letters of an abbreviation that no table has
_ADVERBIAL_LENGTH = 40  # characters of an adverbial at the start of a sentence
_NEVER_LAST = frozenset(
    "e.g i.e cf viz z.b d.h p.ex t.ex f.eks s m.in p.ej t.e".split()  # noqa: SIM905
)
_STREET = "str"  # "Hauptstr. 5", "Kerkstr. 5"
_TITLES = frozenset({"Mr", "Mrs", "Ms", "Dr"})  # open a sentence as often as not
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
    numbered = folded in language.numbered or folded.endswith(_STREET)
    if numbered and stop.number_follows():
        return True
    if is_list_number(word) and stop.labels():
        return True
    if word.lstrip("-")[:1].isdigit():
        return stop.ordinal() or stop.counts()
    return stop.abbreviation()


def is_stop_of_name(
    text: str, start: int, end: int, following: int, language: Language
) -> bool:
    """Whether the full stop at ``end`` is that of a title or of an initial."""
    stop = _Stop(text, start, end, following, language)
    return stop.name() or (len(stop.word) == 1 and stop.word.isupper())


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
        word = _INSIDE.split(pieces[-1])[-1] if pieces else ""
        elided = _ELIDED.match(word)
        self.word = word[elided.end() :] if elided else word
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
        if is_vowelless(folded) and not self.word.isupper():
            return not language.vowelless
        return folded in language.units and self._before()[-1:].isdigit()

    def common(self) -> bool:
        """Whether the word is an ordinary one, as far as the tables tell."""
        folded, language = self.folded, self._language
        return any(
            folded in words
            for words in (language.starts, language.weak, language.links)
        )

    def unlisted(self) -> bool:
        """Whether the word, in no table, is used as abbreviations are.

        Before a number if it is very short, in the row of abbreviations if it
        is short: "Rte. 66", "J. Anim. Sci.".
        """
        word, text, following = self.word, self._text, self._following
        if is_short_in_thai(word):
            return True
        if is_letter_of_india(word):
            return self._before()[-1:] == "." or opens_abbreviation(text, following)
        if not word.isalpha() or self.common() or len(word) > _SHORT:
            return False
        if self.after()[:1].isdigit():
            return len(word) <= 2 + word.istitle() or names_a_verse(text, following)
        return (
            word.istitle()
            and any(char.isalnum() for char in self._before())
            and not self._opens()
            and self.after() not in _TITLES
            and opens_abbreviation(text, following)
        )

    def after(self) -> str:
        """Give the next word."""
        if self._after is None:
            end = self._following + _REACH
            found = _NEXT_WORD.match(self._text, self._following, end)
            self._after = found.group() if found else ""
        return self._after

    def looks_cut(self) -> bool:
        """Whether the word is so short that it may be the start of a longer one."""
        word = self.word
        if not word.isalpha() or self.common():
            return False
        return len(word) <= 2 + word.istitle()

    def number_follows(self) -> bool:
        """Whether the next word is a number in digits or in Roman letters."""
        after = self.after()
        if after[:1].isdigit() or letters_a_number(self._text, self._following):
            return True
        return len(after) > 1 and is_roman(after.lower())

    def _opens(self) -> bool:
        """Whether the next word is one that opens sentences and is no name."""
        after = self.after()
        if len(after) > 1 and after.isupper() and self.word.isupper():
            return False  # all in capitals: the case of the next word says nothing
        if _INITIAL.match(self._text, self._following):
            return False
        if numbers(self._text, self._following):
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
        if upto - self._start > _REACH:
            return False
        if _NOTHING.match(self._text, self._start, upto):
            return True
        before = self._text[self._start : upto].strip()
        return before.lower() in self._language.labels

    def ordinal(self) -> bool:
        """Whether the full stop makes an ordinal of a number: "3. Mai"."""
        digits = self.word.lstrip("-")
        if not self._language.ordinals or not digits.isdigit():
            return False
        return len(digits) <= 2 and not self._opens()  # noqa: PLR2004 - no year

    def counts(self) -> bool:
        """Whether a number is that of a move of chess, or shillings before pence."""
        if self.word.isdigit():
            return names_a_move(self._text, self._following)
        return self.word[-1] == "s" and names_pence(self._text, self._following)

    def abbreviation(self) -> bool:
        """Whether the word is an abbreviation that does not end the sentence."""
        word, folded, language = self.word, self.folded, self._language
        if len(word) == 1 and word.isalpha():
            return self._initial() or self.unlisted()
        if folded in _NEVER_LAST or folded.rpartition("-")[2] in language.names:
            return True
        if not self.known() and not is_dotted(word):
            roman = language.ordinals and word.isupper() and is_roman(folded)
            return (roman and not self._opens()) or self.unlisted()
        if folded in _HOURS and self._adverbial():
            return not self._opens() or self.after() == "I"
        if folded in _HOURS:
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
        if self._end - self._start >= _ADVERBIAL_LENGTH:
            return False
        return bool(_ADVERBIAL.match(self._text, self._start, self._end))


def is_doubtful(text: str, start: int, end: int, language: Language) -> bool:
    """Whether the full stop at ``end``, which ends a sentence, might not."""
    stop = _Stop(text, start, end, end + 1, language)
    word = stop.word
    if len(word) <= 1:
        return not word.isdigit()
    if word.isdigit():
        return language.ordinals and len(word) <= 2  # noqa: PLR2004 - no year
    return stop.name() or stop.known() or is_dotted(word) or stop.looks_cut()


def is_abbreviation(text: str, start: int, end: int, language: Language) -> bool:
    """Whether the full stop at ``end``, which ends no sentence, is not a slip."""
    stop = _Stop(text, start, end, end + 1, language)
    word, folded = stop.word, stop.folded
    return (
        len(word) <= 1
        or word[0].isdigit()
        or folded in language.numbered
        or folded in language.units
        or stop.name()
        or stop.known()
        or is_dotted(word)
        or (word.isupper() and is_roman(folded))
        or stop.looks_cut()
    )


def pronoun(text: str, position: int, language: Language) -> bool:
    """Whether the English or Danish "I" stands at ``position``, always a capital."""
    return language.code in {"eng", "dan"} and bool(_PRONOUN.match(text, position))
