"""Find every cut of one text that the packing may choose, from coarse to fine."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence

from batchtts.chunking import grades
from batchtts.chunking.clauses import clause_cuts
from batchtts.chunking.grades import Cut, thinned
from batchtts.chunking.languages import Language
from batchtts.chunking.letters import letter_cuts
from batchtts.chunking.phrases import phrase_ends
from batchtts.chunking.protected import Spans
from batchtts.chunking.sentences import sentence_cuts
from batchtts.chunking.words import word_cuts
from batchtts.model import Boundary

__all__ = ["Cutter", "Ruler", "units"]

_BIG = re.compile("[\U00010000-\U0010ffff]")
_WORD_CELLS = 16  # cuts between words, or inside one, weighed for one limit


def units(text: str) -> int:
    """Count ``text`` as the limit does: UTF-16 units, never less than code points."""
    return len(text) + (0 if text.isascii() else len(_BIG.findall(text)))


class Ruler:
    """Measures any stretch of one text in the units of the limit."""

    __slots__ = ("_big",)

    def __init__(self, text: str) -> None:
        """Take the measure of ``text``."""
        self._big = (
            [] if text.isascii() else [found.start() for found in _BIG.finditer(text)]
        )

    def at(self, position: int) -> int:
        """Give the units before ``position``."""
        return position + bisect_left(self._big, position) if self._big else position

    def reach(self, start: int, length: int) -> int:
        """Give the furthest place at most ``length`` units after ``start``."""
        place = start + length
        upto = self.at(start) + length
        while self._big and self.at(place) > upto:
            place -= (self.at(place) - upto + 1) // 2
        return place


class Cutter:
    """Cuts one text, and more finely wherever two cuts are too far apart.

    No cut is inside a stretch of ``whole`` that fits the limit.
    """

    def __init__(
        self,
        text: str,
        limit: int,
        language: Language,
        whole: Sequence[tuple[int, int]] = (),
        *,
        phrases: bool = False,
    ) -> None:
        """Take a text, what of it must stay whole, whether phrases are looked for."""
        self._text = text
        self._limit = limit
        self._language = language
        self._phrases = phrases
        self._ruler = Ruler(text)
        self._whole = [span for span in whole if self._fits(*span)]
        self._apart = max(1, limit // _WORD_CELLS)

    def cuts(self) -> list[Cut]:
        """Give the cuts, in order, neighbours never further apart than the limit.

        The last one is at the end of the text.
        """
        text = self._text
        end = Cut(len(text), len(text), Boundary.END, 0)
        every: list[Cut] = []
        start = 0
        for cut in (*self._allowed(sentence_cuts(text, self._language)), end):
            shifted = self._shifted(start, cut)
            if not self._fits(start, shifted.start):
                every += self._inside(start, shifted.start)
            every.append(shifted)
            start = shifted.start
        return every

    def refined(
        self, cuts: Sequence[Cut], silences: Sequence[tuple[int, int]]
    ) -> list[Cut]:
        """Add cuts inside the sentences beside stretches with nothing to speak.

        A chunk that ends there can take the silence in, at the price of a cut
        inside a sentence that is otherwise left whole.
        """
        edges = {place for silence in silences for place in silence}
        every: list[Cut] = []
        start = 0
        for cut in cuts:
            if start in edges or cut.start in edges:
                every += (
                    finer._replace(penalty=finer.penalty + grades.HELD)
                    for finer in self._letters(start, cut.start)
                    if start < finer.start < cut.start
                )
            every.append(cut)
            start = cut.start
        return every

    def _fits(self, start: int, end: int) -> bool:
        """Whether a stretch is within the limit."""
        return self._ruler.at(end) - self._ruler.at(start) <= self._limit

    def _allowed(self, cuts: list[Cut]) -> list[Cut]:
        """Leave out the cuts inside what must stay whole."""
        if not self._whole:
            return cuts
        spans = Spans(self._whole)
        return [cut for cut in cuts if not spans.hold(cut.start)]

    def _shifted(self, start: int, cut: Cut) -> Cut:
        """Let white space go to the next chunk where only it is too much."""
        if self._fits(start, cut.start) or not self._fits(start, cut.end):
            return cut
        if cut.boundary is Boundary.END:
            return cut
        return cut._replace(start=self._ruler.reach(start, self._limit))

    def _inside(self, start: int, end: int) -> list[Cut]:
        """Give the cuts inside a sentence that is too long."""
        clauses = self._allowed(clause_cuts(self._text, start, end, self._language))
        return self._filled(start, end, clauses, self._words)

    def _words(self, start: int, end: int) -> list[Cut]:
        """Give the cuts between words of a clause that is too long."""
        words = self._allowed(word_cuts(self._text, start, end, self._language))
        return self._filled(start, end, thinned(words, self._apart), self._letters)

    def _letters(self, start: int, end: int) -> list[Cut]:
        """Give the cuts inside a word that is too long."""
        text = self._text
        ends = phrase_ends(text, start, end) if self._phrases else frozenset()
        letters = self._allowed(letter_cuts(text, start, end, ends))
        return self._filled(start, end, thinned(letters, self._apart), self._forced)

    def _forced(self, start: int, end: int) -> list[Cut]:
        """Give the cuts of a cluster that is too long, as the limit falls."""
        cuts = []
        while not self._fits(start, end):
            start = self._ruler.reach(start, self._limit)
            cuts.append(Cut(start, start, Boundary.GRAPHEME, grades.FORCED))
        return cuts

    def _filled(
        self,
        start: int,
        end: int,
        cuts: Sequence[Cut],
        finer: Callable[[int, int], list[Cut]],
    ) -> list[Cut]:
        """Add finer cuts wherever two neighbours are too far apart."""
        filled: list[Cut] = []
        for cut in cuts:
            if not self._fits(start, cut.start):
                filled += finer(start, cut.start)
            filled.append(cut)
            start = cut.start
        if not self._fits(start, end):
            filled += finer(start, end)
        return filled
