"""Find every cut of one text that the packing may choose, from coarse to fine."""

from __future__ import annotations

import heapq
import re
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence

from batchtts.chunking import grades
from batchtts.chunking.clauses import clause_cuts
from batchtts.chunking.grades import Cut, thinned
from batchtts.chunking.languages import Language
from batchtts.chunking.letters import letter_cuts
from batchtts.chunking.phrases import phrase_ends
from batchtts.chunking.protected import Spans
from batchtts.chunking.sentences import sentence_cuts
from batchtts.chunking.speakable import speakable
from batchtts.chunking.words import word_cuts
from batchtts.model import Boundary

__all__ = ["Cutter", "Ruler", "units"]

_BIG = re.compile("[\U00010000-\U0010ffff]")
_UNSPACED = re.compile("[\u3041-\u30ff\u3400-\u9fff]")  # Chinese and Japanese
_FRAGMENT = 20  # characters: a word or two
_WORD_CELLS = 16  # cuts between words, or inside one, weighed for one limit


def units(text: str) -> int:
    """Count ``text`` as the limit does: UTF-16 units, never less than code points."""
    return len(text) + (0 if text.isascii() else len(_BIG.findall(text)))


def _weighed(cut: Cut, start: int, end: int) -> Cut:
    """Let a cut near the start or the end of its sentence cost more."""
    if min(cut.end - start, end - cut.start) >= _FRAGMENT:
        return cut
    return cut._replace(penalty=cut.penalty + grades.FRAGMENT)


def _parts_words(cut: Cut) -> bool:
    """Whether a cut between clusters is one between words, as far as they tell."""
    return cut.boundary is Boundary.WORD


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
        self, cuts: Sequence[Cut], silences: Sequence[tuple[int, int]], reach: int
    ) -> list[Cut]:
        """Add cuts inside the sentences within ``reach`` of stretches without words.

        Chunks that end there can take the silence in, at the price of a cut
        inside a sentence that is otherwise left whole.
        """
        every: list[Cut] = []
        waiting = deque(silences)
        start = 0
        for cut in cuts:
            while waiting and waiting[0][1] + reach <= start:
                waiting.popleft()
            if waiting and waiting[0][0] - reach < cut.start:
                every += (
                    finer._replace(penalty=finer.penalty + grades.HELD)
                    for finer in self._beside_words(start, cut.start)
                    if start < finer.start < cut.start
                )
            every.append(cut)
            start = cut.start
        return every

    def _beside_words(self, start: int, end: int) -> list[Cut]:
        """Give the cuts where words and marks meet, and some of the others."""
        text = self._text
        clusters = self._clusters(start, end)
        some = set(thinned(clusters, self._apart))
        return [
            cut
            for cut in clusters
            if cut in some
            or speakable(text[cut.start - 1]) != speakable(text[cut.start])
        ]

    def _fits(self, start: int, end: int) -> bool:
        """Whether a stretch is within the limit."""
        return self._ruler.at(end) - self._ruler.at(start) <= self._limit

    def _allowed(self, cuts: list[Cut]) -> list[Cut]:
        """Leave out the cuts inside what must stay whole."""
        if not self._whole or not cuts:
            return cuts
        # A stretch that fits and holds a cut starts at most a limit before it.
        first = bisect_left(self._whole, (cuts[0].start - self._limit, 0))
        last = bisect_left(self._whole, (cuts[-1].start, 0))
        spans = Spans(self._whole[first:last])
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
        if not _UNSPACED.search(self._text, start, end):
            clauses = [_weighed(cut, start, end) for cut in clauses]
        return self._filled(start, end, clauses, self._words)

    def _words(self, start: int, end: int) -> list[Cut]:
        """Give the cuts between words of a clause that is too long."""
        words = self._allowed(word_cuts(self._text, start, end, self._language))
        if _UNSPACED.search(self._text, start, end):
            between = (cut for cut in self._clusters(start, end) if _parts_words(cut))
            words = list(heapq.merge(words, between, key=lambda cut: cut.start))
        return self._filled(start, end, thinned(words, self._apart), self._letters)

    def _letters(self, start: int, end: int) -> list[Cut]:
        """Give the cuts inside a word that is too long."""
        letters = thinned(self._clusters(start, end), self._apart)
        return self._filled(start, end, letters, self._forced)

    def _clusters(self, start: int, end: int) -> list[Cut]:
        """Give the cuts between all the clusters of a stretch."""
        text = self._text
        ends = phrase_ends(text, start, end) if self._phrases else frozenset()
        return self._allowed(letter_cuts(text, start, end, ends))

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
