r"""Say words otherwise than they are written: the pronunciation lexicon.

Every entry finds its own places in a text. Of those that overlap the one that
begins first is taken, of those that begin at one place the longest, and of
equally long ones the entry that stands first; what was put there is not looked
at again. An entry of words finds whole words, but in scripts that do not part
them. Regular expressions are those of the package ``regex``, with a limit to the
time that they may take: one that would take for ever is refused before it is
paid for.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import regex

from batchtts.errors import JobError, Problem
from batchtts.model import Respelling
from batchtts.respelt import Change, Respelt

__all__ = ["Lexicon", "expression_problem"]

PATIENCE_S = 5.0  # for one expression in one text; a novel takes a tenth of a second
_MAX_CHARACTERS = 20_000_000  # as many as a book may have
# Thai, Lao, Burmese, Khmer, kana, Han: no spaces part their words. Korean hangs
# its particles on to them.
_ALONE = (
    r"\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf"
    r"\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_SPACED = rf"[\w--[{_ALONE}]]"
_TOKEN = regex.compile(rf"(?V1){_SPACED}+|\S")
_ENDS_IN_WORD = regex.compile(rf"(?V1){_SPACED}\Z")
_GAP = r"(?=\s)[^\S\n]{0,8}\n?[^\S\n]{0,8}"
_ALIKE = {
    "'": "['\u2019]",
    "\u2019": "['\u2019]",
    "-": "[-\u2010\u2011]",
    "\u2010": "[-\u2010\u2011]",
}
_REFERENCE = regex.compile(r"\\(?:(?P<number>\d{1,2})|g<(?P<name>\w+)>|(?P<other>.))")


@dataclass(frozen=True, slots=True)
class _Found:
    """Where an entry applies, and what it puts there."""

    start: int
    end: int
    say: str
    order: int


class Lexicon:
    """The entries of a voice, made ready."""

    def __init__(self, entries: Iterable[Respelling]) -> None:
        """Take the entries, the weightiest first."""
        self.entries = tuple(entries)
        self._words: dict[str, list[_Words]] = {}
        self._expressions: list[_Expression] = []
        for order, entry in enumerate(self.entries):
            if entry.is_expression:
                self._expressions.append(_Expression(entry, order))
            elif first := _TOKEN.search(entry.written):
                kept = self._words.setdefault(first.group().casefold(), [])
                kept.append(_Words(entry, order))

    def respelt(self, text: str, kept: Sequence[tuple[int, int]] = ()) -> Respelt:
        """Return a text with its words respelt, but for the stretches ``kept``.

        Raises JobError when an expression takes too long, or when the text
        becomes longer than any book is.
        """
        found = [one for one in self._found(text) if not _touches(one, kept)]
        found.sort(key=lambda one: (one.start, -one.end, one.order))
        return self._applied(text, found)

    def _found(self, text: str) -> Iterator[_Found]:
        for token in _TOKEN.finditer(text) if self._words else ():
            for words in self._words.get(token.group().casefold(), ()):
                if (found := words.at(text, token.start())) is not None:
                    yield found
        for expression in self._expressions:
            yield from expression.all_in(text)

    def _applied(self, text: str, found: Iterable[_Found]) -> Respelt:
        parts: list[str] = []
        changes: list[Change] = []
        at = length = 0
        for one in found:
            if one.start < at:
                continue
            start = length + one.start - at
            length = start + len(one.say)
            parts += text[at : one.start], one.say
            at = one.end
            entry = self.entries[one.order]
            written = text[one.start : one.end]
            changes.append(Change(start, length, written, entry))
            if length > _MAX_CHARACTERS:
                message = f"it makes a text of more than {_MAX_CHARACTERS:,} characters"
                raise JobError([Problem(entry.place, message, "say less")])
        return Respelt("".join([*parts, text[at:]]), tuple(changes))


def _touches(one: _Found, kept: Sequence[tuple[int, int]]) -> bool:
    """Tell whether a place lies in one of some stretches, which are in order."""
    number = bisect_right(kept, one.start, key=lambda stretch: stretch[1])
    return number < len(kept) and kept[number][0] < one.end


# --- words -----------------------------------------------------------------------


@dataclass
class _Words:
    """An entry of one word or several."""

    entry: Respelling
    order: int

    @cached_property
    def _match(self) -> Callable[..., regex.Match[str] | None]:
        """Compile the entry when its first word is first met: few ever are."""
        written = unicodedata.normalize("NFC", self.entry.written)
        pattern = _GAP.join(map(_pattern, written.split()))
        if _ENDS_IN_WORD.search(written):
            pattern += f"(?!{_SPACED})"
        flags = regex.V1 | (regex.IGNORECASE if self.entry.any_case else 0)
        return regex.compile(pattern, flags).match

    def at(self, text: str, start: int) -> _Found | None:
        """Return what is found where a word of the text starts."""
        found = self._match(text, start)
        if found is None:
            return None
        say = self.entry.say
        if text[start].isupper() and say[0].islower():
            # The next sentence is known by its capital.
            say = say[0].upper() + say[1:]
        return _Found(start, found.end(), say, self.order)


def _pattern(word: str) -> str:
    return "".join(_ALIKE.get(char) or regex.escape(char) for char in word)


# --- regular expressions ---------------------------------------------------------


class _Expression:
    """An entry that is a regular expression."""

    def __init__(self, entry: Respelling, order: int) -> None:
        self._entry = entry
        self._order = order
        flags = regex.IGNORECASE if entry.any_case else 0
        self._pattern = regex.compile(entry.written, flags)

    def all_in(self, text: str) -> Iterator[_Found]:
        """Yield all that it finds by itself, but for what is empty."""
        try:
            for found in self._pattern.finditer(text, timeout=PATIENCE_S):
                if found.end() > found.start():
                    say = _filled(self._entry.say, found)
                    yield _Found(found.start(), found.end(), say, self._order)
        except TimeoutError:
            message = f'"{self._entry.written}" takes too long to be looked for'
            hint = "do not repeat what repeats or is optional itself"
            raise JobError([Problem(self._entry.place, message, hint)]) from None


def _filled(say: str, found: regex.Match[str]) -> str:
    """Return the words to say, with the groups of a match put in."""

    def value(reference: regex.Match[str]) -> str:
        number, name, other = reference.group("number", "name", "other")
        if other is not None:
            return str(other)
        return found.group(int(number) if number is not None else name) or ""

    return _REFERENCE.sub(value, say)


def expression_problem(written: str, say: str) -> str | None:
    """Return what is wrong with a regular expression or with what it puts there."""
    try:
        pattern = regex.compile(written)
    except regex.error as exc:
        return f"is no regular expression: {exc}"
    if pattern.fullmatch("", timeout=PATIENCE_S):
        return "finds places without a character"
    for reference in _REFERENCE.finditer(say):
        number, name, other = reference.group("number", "name", "other")
        if number is not None and int(number) > pattern.groups:
            return f"has no group {number}"
        if name is not None and name not in pattern.groupindex:
            return f"has no group {name}"
        if other is not None and other != "\\":
            return f'puts "\\{other}", which means nothing; write "\\\\" for a "\\"'
    return None
