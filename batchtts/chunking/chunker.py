"""Cut a cleaned text into chunks: find the cuts, then choose among them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from batchtts.chunking.grades import Cut, Weights
from batchtts.chunking.inner import clause_cuts, thinned, tight_cuts, word_cuts
from batchtts.chunking.languages import Language, language
from batchtts.chunking.packing import chunk_cost, pack
from batchtts.chunking.protected import Markup, markup_spans
from batchtts.chunking.sentences import sentence_cuts
from batchtts.chunking.speakable import speakable
from batchtts.model import Boundary, Chunk

__all__ = ["MINIMUM_LIMIT", "Rules", "chunk", "units"]

MINIMUM_LIMIT = 40
_BIG = re.compile("[\U00010000-\U0010ffff]")
_CELLS = 16  # cuts between words that are weighed for one limit
_DENSE_CELLS = 40  # the same for any cuts
_FORCED = 5000


@dataclass(frozen=True, slots=True)
class Rules:
    """What is allowed, and what is preferred, when a text is cut.

    ``separate`` keeps paragraphs apart: no chunk spans two of them. ``markup``
    names the notations that the engine obeys and that are therefore never cut.
    """

    separate: bool = False
    markup: frozenset[Markup] = frozenset()
    weights: Weights = Weights()


_DEFAULT = Rules()


def units(text: str) -> int:
    """Count ``text`` as the limit does: UTF-16 units, never less than code points."""
    if text.isascii():
        return len(text)
    return len(text) + sum(char > "\uffff" for char in text)


class _Ruler:
    """Measures any stretch of one text in the units of the limit."""

    __slots__ = ("_big",)

    def __init__(self, text: str) -> None:
        self._big = [] if text.isascii() else [m.start() for m in _BIG.finditer(text)]

    def at(self, position: int) -> int:
        """Give the units before ``position``."""
        return position + bisect_left(self._big, position) if self._big else position

    def back(self, start: int, length: int) -> int:
        """Give the furthest place that is at most ``length`` units after ``start``."""
        if not self._big:
            return start + length
        place = start + length
        while self.at(place) - self.at(start) > length:
            place -= max(1, (self.at(place) - self.at(start) - length) // 2)
        return place


class _Cutter:
    """Finds every cut of one text that the packing may choose."""

    def __init__(self, text: str, limit: int, language: Language) -> None:
        self._text = text
        self._limit = limit
        self._language = language
        self.ruler = _Ruler(text)

    def _fits(self, start: int, end: int) -> bool:
        at = self.ruler.at
        return at(end) - at(start) <= self._limit

    def cuts(self) -> list[Cut]:
        """Give the cuts, in order, neighbours never further apart than the limit."""
        text = self._text
        end = Cut(len(text), len(text), Boundary.END, 0)
        every: list[Cut] = []
        start = 0
        for cut in (*sentence_cuts(text, self._language), end):
            shifted = self._shifted(start, cut)
            if not self._fits(start, shifted.start):
                every += self._inside(start, shifted.start)
            every.append(shifted)
            start = shifted.start
        return self._loosened(every)

    def _shifted(self, start: int, cut: Cut) -> Cut:
        """Let white space go to the next chunk where only it is too much."""
        if self._fits(start, cut.start) or not self._fits(start, cut.end):
            return cut
        if cut.boundary is Boundary.END:
            return cut
        return cut._replace(start=self.ruler.back(start, self._limit))

    def _inside(self, start: int, end: int) -> list[Cut]:
        """Give the cuts inside a sentence that is too long."""
        text, limit = self._text, self._limit
        cuts: list[Cut] = []
        clauses = clause_cuts(text, start, end, self._language)
        for cut in self._filled(start, end, clauses, self._words):
            cuts.append(cut)
        return thinned(cuts, max(1, limit // _DENSE_CELLS)) if len(cuts) > 8 else cuts  # noqa: PLR2004

    def _words(self, start: int, end: int) -> list[Cut]:
        """Give the cuts between words of a clause that is too long."""
        cell = max(1, self._limit // _CELLS)
        cuts = thinned(word_cuts(self._text, start, end, self._language), cell)
        return self._filled(start, end, cuts, self._clusters)

    def _clusters(self, start: int, end: int) -> list[Cut]:
        """Give the cuts inside a word that is too long."""
        cell = max(1, self._limit // _CELLS)
        cuts = thinned(tight_cuts(self._text, start, end), cell)
        return self._filled(start, end, cuts, self._forced)

    def _forced(self, start: int, end: int) -> list[Cut]:
        """Give the cuts of a cluster that is too long, as the limit falls."""
        cuts = []
        while not self._fits(start, end):
            start = self.ruler.back(start, self._limit)
            cuts.append(Cut(start, start, Boundary.GRAPHEME, _FORCED))
        return cuts

    def _filled(
        self,
        start: int,
        end: int,
        cuts: Iterable[Cut],
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

    def _loosened(self, cuts: list[Cut]) -> list[Cut]:
        """Thin out cuts where they stand so close that weighing all would be slow."""
        apart = self._limit // _DENSE_CELLS
        if apart < 2 or len(cuts) * apart < len(self._text):  # noqa: PLR2004
            return cuts
        last = cuts.pop()
        return [*thinned(cuts, apart), last]


def chunk(
    cleaned_text: str,
    *,
    limit: int = 500,
    lang: str = "eng",
    previous: Sequence[str] = (),
    rules: Rules = _DEFAULT,
) -> tuple[Chunk, ...]:
    """Cut a text into chunks of at most ``limit`` characters that join to it again.

    A character counts as its UTF-16 units do, so that the limit holds however
    it is counted. ``lang`` is a 2- or 3-letter code. ``previous`` are the chunks
    of an earlier version of the text: those that still fit are used again.
    """
    if limit < MINIMUM_LIMIT:
        raise ValueError(f"limit must be at least {MINIMUM_LIMIT}, not {limit}")
    if not cleaned_text:
        return ()
    if (
        len(cleaned_text) <= limit
        and not rules.separate
        and units(cleaned_text) <= limit
    ):
        return (Chunk(cleaned_text, 0, len(cleaned_text), Boundary.END),)
    cutter = _Cutter(cleaned_text, limit, language(lang))
    return _packed(cleaned_text, cutter.cuts(), cutter.ruler, limit, rules, previous)


@lru_cache(maxsize=64)
def _costs(limit: int, weights: Weights) -> tuple[float, ...]:
    """Give what a chunk of each length costs, and then what silence does."""
    costs = [chunk_cost(length, limit, weights) for length in range(limit + 1)]
    return (*costs, float(weights.silent))


def _packed(text, cuts, ruler, limit, rules, previous):
    starts = [0, *(cut.start for cut in cuts)]
    positions = [ruler.at(start) for start in starts]
    penalties = [0, *(cut.penalty for cut in cuts)]
    spoken = [0]
    count = 0
    for here, there in zip(starts, starts[1:], strict=False):
        count += speakable(text[here:there])
        spoken.append(count)
    paid = None
    if previous:
        known = frozenset(words.strip() for words in previous)

        def paid(here, there):
            return text[starts[here] : starts[there]].strip() in known

    ends = pack(positions, penalties, spoken, _costs(limit, rules.weights), paid)
    chunks = []
    start = 0
    for index in ends:
        cut = cuts[index - 1]
        chunks.append(Chunk(text[start : cut.start], start, cut.start, cut.boundary))
        start = cut.start
    return tuple(chunks)
