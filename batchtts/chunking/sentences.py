"""Find the cuts between sentences, lines and paragraphs of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from batchtts.chunking.grades import Cut
from batchtts.chunking.graphemes import parts
from batchtts.chunking.languages import Language
from batchtts.chunking.marks import CLOSERS, COMMAS, OPENERS, STOPS, TIGHT_STOPS
from batchtts.chunking.stops import is_stop_of_word
from batchtts.model import Boundary

__all__ = ["sentence_cuts"]

SECTION = 0
PARAGRAPH = 2
HEADING = 45  # after a short paragraph without a stop: it leads on to the next
LINE = 8
SENTENCE = 12
BARE_LINE = 16  # a line that ends without a stop, the next starting afresh
QUOTED = 8  # more, where the cut is inside a quotation or bracket
ELLIPSIS = 8  # more, where dots trail off
_HEADING_LENGTH = 60

_SPACE = re.compile(r"\s*")
_LEAD = re.compile(rf"[{OPENERS}\s\u2014\u2013\u2015\u2012\u2010*_-]{{0,16}}")
_TIGHT = re.compile(f"[{TIGHT_STOPS}]")
_ONLY_STOPS = re.compile(f"[{STOPS}]+")
_ENDED = re.compile(rf"[{STOPS}][{CLOSERS}]*\Z")
_RUNS_ON = re.compile(rf"[{COMMAS}\u2014\u2013-]\Z")
_NO_BREAK = "\u00a0\u2007\u202f\u2060"
_DOTS = "\u2025\u2026"


@cache
def _breaks(extra: str) -> re.Pattern[str]:
    """Compile what may end a sentence; ``extra`` are a language's own stops.

    A mark takes with it every further mark and every closing quote or bracket
    that follows at once, a guillemet after the French space, and the number
    of a note.
    """
    stops = STOPS + extra
    return re.compile(
        r"\n\s*"
        r"|(?:\u0965\s?\d{1,4}\s?\u0965|\u1361\u1361|[" + stops + r"])"
        r"(?:[" + stops + CLOSERS + r"]"
        r"|[\u201c\u2018\u00ab\u2039](?=[\s,;:.!?)\u2014\u2013]|\Z)"
        r"|[ \u00a0\u202f]?[\u00bb\u203a](?=[\s,;:.!?)\u2014\u2013]|\Z)"
        r"|\[\d{1,3}\]|[\u00b9\u00b2\u00b3\u2070-\u2079])*"
    )


class _Quotes:
    """Counts, by paragraph, what quotations and brackets are open."""

    __slots__ = ("_depth", "_inside", "_straight", "_text", "_upto", "_used")

    def __init__(self, text: str) -> None:
        self._text = text
        self._used = [
            pair
            for pair in ("\u201c\u201d", "\u00ab\u00bb", "()", "\u300c\u300d", "[]")
            if pair[0] in text
        ]
        self._straight = '"' in text
        self._depth = 0
        self._inside = False
        self._upto = 0

    def restart(self, position: int) -> None:
        """Forget what is open: a paragraph starts at ``position``."""
        self._depth = 0
        self._inside = False
        self._upto = position

    def open_at(self, position: int) -> bool:
        """Whether ``position``, beyond all asked before, is inside any."""
        text, upto = self._text, self._upto
        for opening, closing in self._used:
            self._depth += text.count(opening, upto, position)
            self._depth -= text.count(closing, upto, position)
        if self._depth < 0:
            self._depth = 0
        if self._straight and text.count('"', upto, position) % 2:
            self._inside = not self._inside
        self._upto = position
        return self._inside or self._depth > 0


class _Scanner:
    """Walks through one text and grades each place where a sentence may end."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._quotes = _Quotes(text)
        self._no_capitals = text == text.lower()
        self._sentence = 0  # where the sentence under way starts
        self._paragraph = 0  # where the paragraph under way starts

    def cuts(self) -> Iterator[Cut]:
        """Give every cut, in order."""
        text = self._text
        last = len(text)
        stops = ";\u037e" if self._language.code == "ell" else ""
        for found in _breaks(stops).finditer(text):
            start, end = found.span()
            if text[start] == "\n":
                cut = self._at_newline(start, end)
            else:
                cut = self._at_stop(start, end)
            if cut is None or cut.start >= last or not parts(text, cut.start):
                continue
            if cut.end == 0 or cut.start == 0:
                continue
            self._sentence = cut.start
            yield cut

    def _at_newline(self, start: int, end: int) -> Cut | None:
        """Grade the end of a line or of a paragraph."""
        text = self._text
        words_end = start
        while words_end > self._sentence and text[words_end - 1].isspace():
            words_end -= 1
        newlines = text.count("\n", start, end)
        if newlines == 1:
            return self._at_line(words_end, end)
        heading = words_end - self._paragraph < _HEADING_LENGTH and not _ENDED.search(
            text, max(self._paragraph, words_end - 4), words_end
        )
        self._quotes.restart(end)
        self._paragraph = end
        if newlines > 2:  # noqa: PLR2004 - two blank lines and more
            kind, penalty = Boundary.SECTION, SECTION
        else:
            kind, penalty = Boundary.PARAGRAPH, PARAGRAPH
        return Cut(words_end, end, kind, penalty + (HEADING if heading else 0))

    def _at_line(self, words_end: int, start: int) -> Cut | None:
        """Grade the end of a line inside a paragraph."""
        text = self._text
        tail = max(self._sentence, words_end - 8)
        if words_end == self._sentence:  # the line's last stop was a cut already
            return None
        if _ENDED.search(text, tail, words_end):
            if self._held(words_end, start):
                return None
            return Cut(words_end, start, Boundary.LINE, LINE)
        if _RUNS_ON.search(text, tail, words_end) or self._runs_on(start):
            return None
        return Cut(words_end, start, Boundary.LINE, BARE_LINE)

    def _held(self, words_end: int, start: int) -> bool:
        """Whether the full stop at a line's end is one of an abbreviation."""
        text = self._text
        return text[words_end - 1] == "." and is_stop_of_word(
            text, self._sentence, words_end - 1, start, self._language
        )

    def _runs_on(self, position: int) -> bool:
        """Whether the words at ``position`` go on with the sentence before."""
        lead = _LEAD.match(self._text, position)
        place = lead.end() if lead else position
        char = self._text[place : place + 1]
        return char.islower() and not self._no_capitals

    def _at_stop(self, start: int, end: int) -> Cut | None:
        """Grade a mark that may end a sentence."""
        text = self._text
        space = _SPACE.match(text, end)
        following = space.end() if space else end
        if "\n" in text[end:following]:
            return None  # the end of the line decides
        mark = text[start:end]
        tight = bool(_TIGHT.search(mark))
        if following == end:
            if not tight:
                return None
        elif text[end] in _NO_BREAK:
            return None
        if following >= len(text) or self._goes_on(start, end, following, mark):
            return None
        penalty = SENTENCE
        if mark[0] in _DOTS or mark.startswith("..") or text[start - 2 : start] == ". ":
            penalty += ELLIPSIS
        if self._quotes.open_at(end):
            penalty += QUOTED
        return Cut(end, following, Boundary.SENTENCE, penalty)

    def _goes_on(self, start: int, end: int, following: int, mark: str) -> bool:
        """Whether the sentence goes on after the mark."""
        text = self._text
        if text[following] in ".,;:!?\u2026)]\u00bb%":
            return True
        if self._runs_on(following):
            return True
        if mark[0] == ".":
            closed = end - start > 1
            if not closed or not _ONLY_STOPS.fullmatch(mark):
                return is_stop_of_word(
                    text, self._sentence, start, following, self._language
                )
            return False
        if end - start > 1 and not _TIGHT.search(mark):
            return self._quoted_question(end, following)
        return False

    def _quoted_question(self, end: int, following: int) -> bool:
        """Whether a quoted question is followed by its tag in a script without case."""
        char = self._text[following]
        if not char.isalpha() or char.lower() != char.upper():
            return False
        return not _ONLY_STOPS.match(self._text, end - 1)


def sentence_cuts(text: str, language: Language) -> list[Cut]:
    """Give the cuts between sentences, lines and paragraphs, in order.

    None is at either end of the text, none inside a grapheme cluster.
    """
    return list(_Scanner(text, language).cuts())
