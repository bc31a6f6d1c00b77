"""Find the cuts between sentences, lines and paragraphs of a text."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import cache

from batchtts.chunking import grades
from batchtts.chunking.glued import parts_glued
from batchtts.chunking.grades import Cut
from batchtts.chunking.graphemes import parts
from batchtts.chunking.languages import Language
from batchtts.chunking.lists import items, starts_item
from batchtts.chunking.marks import (
    CLOSERS,
    COMMAS,
    OPENERS,
    STOPS,
    TIGHT_COMMAS,
    TIGHT_STOPS,
)
from batchtts.chunking.quotations import Quotations
from batchtts.chunking.stops import (
    is_doubtful,
    is_stop_of_name,
    is_stop_of_word,
    pronoun,
)
from batchtts.model import Boundary

__all__ = ["sentence_cuts"]

_HEADING_LENGTH = 60
_REACH = 28  # characters looked back for a line's last word
_QUOTE_REACH = 300  # characters looked back for where a quotation starts

_SPACE = re.compile(r"\s*")
_LEAD = re.compile(rf"[{OPENERS}\s\u2014\u2013\u2015\u2012\u2010*_-]{{0,16}}")
_TIGHT = re.compile(f"[{TIGHT_STOPS}]")
_ONLY_STOPS = re.compile(f"[{STOPS}]+")
_ENDED = re.compile(rf"[{STOPS}][{CLOSERS}\u201c\u00bb]*\Z")
_RUNS_ON = re.compile(rf"[{COMMAS}\u2014\u2013-]\Z")
_NO_BREAK = "\u00a0\u2007\u202f\u2060"
_DASH_AND_LETTER = re.compile(r"\u2060?[\u2014\u2015]+\u2060?(\w)")
_DOTS = "\u2025\u2026"
_CJK_CLOSERS = "\u300d\u300f\uff09"
_NOT_FIRST = re.compile(
    rf"[{COMMAS}{TIGHT_COMMAS}!?)\]%\uff09\u300b.\u2026]"
    r"|[\u00bb\u203a](?!\w)"  # in German they open
)
_LABEL_LENGTH = 30  # of a speaker's name before the words of a part


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


class _Scanner:
    """Walks through one text and grades each place where a sentence may end."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._quotations = Quotations(text)
        self._no_capitals = text == text.lower()
        self._all_capitals = text == text.upper()
        self._sentence = 0  # where the sentence under way starts
        self._paragraph = 0  # where the paragraph under way starts
        self._line = 0  # where the line under way starts
        self._items: deque[int] = deque()  # of the list in the line under way
        self._start_line(0)

    def cuts(self) -> Iterator[Cut]:
        """Give every cut, in order, none at the text's ends or inside a cluster."""
        text = self._text
        for found in _breaks(self._language.stops).finditer(text):
            start, end = found.span()
            while self._items and self._items[0] <= start:
                yield self._next_item()
            if text[start] == "\n":
                cut = self._at_newline(start, end)
            else:
                cut = self._at_stop(start, end)
            if (
                cut is not None
                and cut.end > 0
                and cut.start < len(text)
                and parts(text, cut.start)
            ):
                self._sentence = cut.start
                yield cut
        while self._items:
            yield self._next_item()

    def _start_line(self, position: int) -> None:
        """Look whether the line that starts at ``position`` is a list."""
        self._line = position
        end = self._text.find("\n", position)
        self._items.extend(
            items(self._text, position, end if end >= 0 else len(self._text))
        )

    def _next_item(self) -> Cut:
        """Cut before the next item of a list."""
        start = self._sentence = self._items.popleft()
        return Cut(start - 1, start, Boundary.SENTENCE, grades.SENTENCE)

    def _at_newline(self, start: int, end: int) -> Cut | None:
        """Grade the end of a line or of a paragraph."""
        text = self._text
        words_end = start
        while words_end > self._sentence and text[words_end - 1].isspace():
            words_end -= 1
        self._start_line(end)
        newlines = text.count("\n", start, end)
        if newlines == 1:
            return self._at_line(words_end, end)
        heading = words_end - self._paragraph < _HEADING_LENGTH and not _ENDED.search(
            text, max(self._paragraph, words_end - 4), words_end
        )
        self._quotations.restart(end)
        self._paragraph = end
        if newlines > 2:  # noqa: PLR2004 - two blank lines and more
            kind, penalty = Boundary.SECTION, grades.SECTION
        else:
            kind, penalty = Boundary.PARAGRAPH, grades.PARAGRAPH
        return Cut(words_end, end, kind, penalty + (grades.HEADING if heading else 0))

    def _at_line(self, words_end: int, start: int) -> Cut | None:
        """Grade the end of a line inside a paragraph."""
        text = self._text
        tail = max(self._sentence, words_end - 8)
        if words_end == self._sentence:  # nothing since the last cut
            return None
        is_item = starts_item(text, start)
        if _ENDED.search(text, tail, words_end):
            if is_item or text[words_end - 1] != ".":
                return Cut(words_end, start, Boundary.LINE, grades.LINE)
            return self._at_stopped_line(words_end, start)
        if is_item:
            return Cut(words_end, start, Boundary.LINE, grades.BARE_LINE)
        last = text[max(self._sentence, words_end - _REACH) : words_end].split()[-1:]
        if (
            (text[words_end - 1] != ":" and _RUNS_ON.search(text, tail, words_end))
            or self._runs_on(start)
            or (last and last[0].lower() in self._language.weak)
        ):
            return None
        return Cut(words_end, start, Boundary.LINE, grades.BARE_LINE)

    def _at_stopped_line(self, words_end: int, start: int) -> Cut | None:
        """Grade the end of a line that has a full stop."""
        stop = words_end - 1
        where = (self._text, self._sentence, stop, start, self._language)
        if not is_stop_of_word(*where):
            return Cut(words_end, start, Boundary.LINE, grades.LINE)
        if is_stop_of_name(*where) or self._runs_on(start):
            return None
        penalty = grades.BARE_LINE + grades.DOUBTFUL
        return Cut(words_end, start, Boundary.LINE, penalty)

    def _first_letter(self, position: int) -> int:
        """Give where the words at ``position`` start, after quotes and dashes."""
        lead = _LEAD.match(self._text, position)
        return lead.end() if lead else position

    def _runs_on(self, position: int) -> bool:
        """Whether the words at ``position`` go on with the sentence before."""
        place = self._first_letter(position)
        return self._text[place : place + 1].islower() and not self._no_capitals

    def _at_stop(self, start: int, end: int) -> Cut | None:
        """Grade a mark that may end a sentence."""
        text = self._text
        mark = text[start:end]
        space = _SPACE.match(text, end)
        following = space.end() if space else end
        if following >= len(text) or "\n" in text[end:following]:
            return None  # the end of the text or of the line decides
        if following > end:
            if text[end] in _NO_BREAK:
                return None
        elif not _TIGHT.search(mark):
            return self._at_glued_stop(start, end)
        if self._goes_on(start, end, following):
            return None
        penalty = grades.SENTENCE
        if self._trails_off(start, mark):
            penalty += grades.TRAILING
        if mark[0] == "." and is_doubtful(text, self._sentence, start, self._language):
            penalty += grades.DOUBTFUL
        if self._quotations.open_at(end):
            penalty += grades.QUOTED
        if self._is_label(end):
            penalty += grades.LABEL
        return Cut(end, following, Boundary.SENTENCE, penalty)

    def _is_label(self, end: int) -> bool:
        """Whether all of the line so far is a name in capitals, as in a play."""
        if self._sentence != self._line or end - self._line > _LABEL_LENGTH:
            return False
        return not self._all_capitals and self._text[self._line : end].isupper()

    def _at_glued_stop(self, start: int, end: int) -> Cut | None:
        """Grade a stop with no white space after it."""
        dash = _DASH_AND_LETTER.match(self._text, end)
        if dash is not None and dash.group(1).isupper():
            return Cut(end, end, Boundary.SENTENCE, grades.GLUED)
        if end - start > 1 or not parts_glued(
            self._text, self._sentence, start, self._language
        ):
            return None
        return Cut(end, end, Boundary.SENTENCE, grades.GLUED)

    def _trails_off(self, start: int, mark: str) -> bool:
        """Whether the mark at ``start`` is the end of an ellipsis."""
        return (
            mark[0] in _DOTS
            or mark.startswith("..")
            or self._text[max(0, start - 2) : start] == ". "
        )

    def _goes_on(self, start: int, end: int, following: int) -> bool:
        """Whether the sentence goes on after the mark between two places."""
        text = self._text
        mark = text[start:end]
        if _NOT_FIRST.match(text, following):
            dots = text.startswith(("...", "\u2026"), following)
            return not (dots and mark == ".")
        if self._runs_on(following):
            return True
        if self._trails_off(start, mark):
            return self._after_ellipsis(start, mark, following)
        if mark[0] == "." and not (len(mark) > 1 and _ONLY_STOPS.fullmatch(mark)):
            return is_stop_of_word(
                text,
                self._sentence,
                start,
                self._first_letter(following),
                self._language,
            )
        return self._quotations.in_title(self._sentence, start) or (
            len(mark) > 1 and self._has_tag(end, following)
        )

    def _after_ellipsis(self, start: int, mark: str, following: int) -> bool:
        """Whether the sentence goes on after dots although no small letter does."""
        text = self._text
        if text[max(0, start - 1) : start] in {"[", "("} and mark[-1:] not in STOPS:
            return True  # words left out of a quotation
        if text[following].isdigit() and len(mark) > 3:  # noqa: PLR2004
            return True  # dots that lead to the number of a page
        return pronoun(text, self._first_letter(following), self._language)

    def _has_tag(self, end: int, following: int) -> bool:
        """Whether a quotation has its tag after it, in a script without case."""
        char = self._text[following]
        if following == end:  # in Japanese a particle follows at once
            return self._text[end - 1] in _CJK_CLOSERS and "\u3041" <= char <= "\u309f"
        if not char.isalpha() or char.lower() != char.upper():
            return False
        if _ONLY_STOPS.match(self._text, end - 1):
            return False
        first = max(self._sentence, end - _QUOTE_REACH)
        opening = self._text.rfind("\u201c", first, end)
        before = self._text[max(first, opening - 4) : max(first, opening)].rstrip()
        return before[-1:] not in {":", ","}


def sentence_cuts(text: str, language: Language) -> list[Cut]:
    """Give the cuts between sentences, lines and paragraphs, in order.

    None is at either end of the text, none inside a grapheme cluster.
    """
    return list(_Scanner(text, language).cuts())
