"""Does this full stop end a sentence? The rules, in order of certainty."""

from __future__ import annotations

import re

from batchtts.chunking.languages import Language
from batchtts.chunking.marks import OPENERS

__all__ = ["is_stop_of_word", "last_word", "numeral"]

_REACH = 28  # characters looked back for the word before a full stop
_INSIDE = re.compile(rf"[{OPENERS}\u2013\u2014\u2015/*_<>\u2060]+")
_NEXT_WORD = re.compile(r"[^\s.,;:!?\u2026\u2019'\"\u201d)\]\u2014\u2013-]+['\u2019]?")
_ROMAN = re.compile(r"[ivxlcdm]{1,6}\Z")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}\Z")
_ADVERBIAL = re.compile(r"(?:at|by|on|in|from|around|before|after|until)\s", re.I)
_LIST_NUMBER = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*|[^\W\d_]|[ivxlcdm]{1,5})\Z", re.I)
_NAME_LETTERS = 40  # an adverbial at a sentence's start is not longer


def last_word(text: str, start: int, end: int) -> str:
    """Give the word that ends at ``end``, as far back as an abbreviation goes."""
    pieces = text[max(start, end - _REACH) : end].rsplit(None, 1)
    if not pieces:
        return ""
    return _INSIDE.split(pieces[-1])[-1]


def next_word(text: str, position: int) -> str:
    """Give the word that starts at ``position``."""
    found = _NEXT_WORD.match(text, position, position + _REACH)
    return found.group() if found else ""


def numeral(word: str) -> bool:
    """Whether ``word`` is a number in digits or in small Roman letters."""
    return word[:1].isdigit() or bool(_ROMAN.match(word))


def _before(text: str, start: int, word_start: int) -> str:
    """Give the word before the one that starts at ``word_start``."""
    pieces = text[max(start, word_start - _REACH) : word_start].rsplit(None, 1)
    return pieces[-1] if pieces else ""


def _initial_ends(text: str, start: int, end: int, language: Language) -> bool:
    """Whether a single capital with a full stop ends the sentence after all."""
    if language.code == "eng" and text[end - 1] == "I":
        before = _before(text, start, end - 1)
        return before.islower()
    return False


class _Stop:
    """A full stop with the words on both sides of it."""

    __slots__ = ("after", "end", "folded", "language", "start", "text", "word")

    def __init__(
        self, text: str, start: int, end: int, after: str, language: Language
    ) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.after = after
        self.language = language
        self.word = last_word(text, start, end)
        self.folded = self.word.lower()

    def opens(self) -> bool:
        """Whether the next word is one that opens sentences and is no name."""
        after = self.after
        if len(after) > 1 and after.isupper() and self.word.isupper():
            return False  # all in capitals: the case of the next word says nothing
        return after.lower() in self.language.starts

    def adverbial(self) -> bool:
        """Whether the sentence so far is only "At 5 a.m."."""
        so_far = self.text[self.start : self.end]
        return len(so_far) < _NAME_LETTERS and bool(_ADVERBIAL.match(so_far))


def is_stop_of_word(
    text: str, start: int, end: int, following: int, language: Language
) -> bool:
    """Whether the full stop at ``end`` belongs to the word before it.

    ``start`` is where the sentence starts, ``following`` where the next word
    does. Such a stop ends no sentence, unless the next word says so.
    """
    stop = _Stop(text, start, end, next_word(text, following), language)
    word, folded = stop.word, stop.folded
    if not word:
        return False
    if folded in language.names:
        return True
    if stop.after[:1].isdigit() and folded in language.numbered:
        return True
    if end - start - len(word) <= 0 and _LIST_NUMBER.match(word):
        return True  # "1. First": the sentence is only a number so far
    if word[0].isdigit():
        return _ordinal(stop)
    return _abbreviation(stop)


def _ordinal(stop: _Stop) -> bool:
    """Whether the full stop makes an ordinal of a number: "3. Mai"."""
    if not stop.language.ordinals or not stop.word.isdigit() or len(stop.word) > 2:  # noqa: PLR2004
        return False
    return not stop.opens()


def _abbreviation(stop: _Stop) -> bool:
    """Whether the word is an abbreviation that does not end the sentence."""
    word, folded, language = stop.word, stop.folded, stop.language
    if len(word) == 1 and word.isalpha():
        if word.isupper() and _initial_ends(stop.text, stop.start, stop.end, language):
            return False
        return _cased(word) and not stop.opens()
    tail = folded.rpartition("-")[2]
    known = folded in language.abbr or tail in language.abbr | language.names
    if not known and not _DOTTED.match(word):
        return (
            bool(language.ordinals and word.isupper() and _ROMAN.match(folded))
            and not stop.opens()
        )
    if folded in {"e.g", "i.e", "cf", "z.b", "d.h", "p.ex", "t.ex", "f.eks", "viz"}:
        return True
    if folded in {"a.m", "p.m"} and not stop.adverbial():
        return not (stop.opens() or stop.after.lower() in language.names)
    return not stop.opens()


def _cased(letter: str) -> bool:
    """Whether ``letter`` is of a script with capitals, where initials are."""
    return letter.lower() != letter.upper()
