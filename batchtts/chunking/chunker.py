"""Cut a cleaned text into chunks: find the cuts, then choose among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from batchtts.chunking.cutting import Cutter, Ruler, units
from batchtts.chunking.grades import Cut, Weights, thinned
from batchtts.chunking.languages import language
from batchtts.chunking.packing import chunk_cost, pack
from batchtts.chunking.protected import Markup, markup_spans
from batchtts.chunking.speakable import speakable
from batchtts.model import Boundary, Chunk

__all__ = ["MINIMUM_LIMIT", "Rules", "chunk"]

MINIMUM_LIMIT = 40
_CELLS = 40  # cuts weighed for one limit, where they stand that close
_STEP = 1024  # lengths that costs are reckoned for are multiples of it
_ROUNDS = 3  # of finer cuts, until no chunk is silent
_WEIGHTS = Weights()
_SECTION_BREAK = "\n\n\n"
_SECTION_ENDS = {Boundary.SECTION}
_END = Boundary.END


@dataclass(frozen=True, slots=True)
class Rules:
    """What is allowed, and what is preferred, when a text is cut.

    No chunk ever has words of two sections; ``separate`` keeps paragraphs apart
    as well. ``markup`` names the notations that the engine obeys and that are
    therefore never cut. ``phrases`` cuts Chinese, Japanese and Thai that run on
    without any mark where the optional package budoux sees a phrase end; without
    it the kinds of the characters decide.
    """

    separate: bool = False
    phrases: bool = False
    markup: frozenset[Markup] = frozenset()
    weights: Weights = _WEIGHTS


_RULES = Rules()


def chunk(
    cleaned_text: str,
    *,
    limit: int = 500,
    lang: str = "eng",
    previous: Callable[[str], bool] | None = None,
    rules: Rules = _RULES,
) -> tuple[Chunk, ...]:
    """Cut a text into chunks of at most ``limit`` characters that join to it again.

    A character counts as its UTF-16 units do, so that the limit holds however
    it is counted. ``lang`` is a 2- or 3-letter code. ``previous`` tells of words,
    white space at their ends aside, whether they were a chunk of an earlier version
    of the text: such chunks cost nothing where they still fit.
    """
    if limit < MINIMUM_LIMIT:
        raise ValueError(f"limit must be at least {MINIMUM_LIMIT}, not {limit}")
    length = len(cleaned_text)
    fits = length <= limit and (cleaned_text.isascii() or units(cleaned_text) <= limit)
    if fits and "\n" not in cleaned_text:  # as most rows of a table are
        return (Chunk(cleaned_text, 0, length, _END),) if length else ()
    if fits and not rules.separate and _SECTION_BREAK not in cleaned_text.strip():
        return (Chunk(cleaned_text, 0, length, _END),)
    whole = markup_spans(cleaned_text, rules.markup)
    cutter = Cutter(cleaned_text, limit, language(lang), whole, phrases=rules.phrases)
    packer = _Packer(cleaned_text, limit, rules, previous)
    cuts = cutter.cuts()
    chunks = packer.packed(cuts)
    for nearby in range(1, _ROUNDS + 1):
        silences = [
            (one.start, one.end)
            for one in chunks
            if not speakable(one.text, rules.markup)
        ]
        if not silences or len(silences) == len(chunks):
            break
        cuts = cutter.refined(cuts, silences, nearby * limit)
        chunks = packer.packed(cuts)
    return tuple(chunks)


def _stretches(text: str, cuts: list[Cut], rules: Rules) -> list[list[Cut]]:
    """Part the cuts where a chunk has to end: between sections, or paragraphs.

    A section with nothing to speak goes with the next one, the last one with
    the one before.
    """
    ends = {Boundary.SECTION, Boundary.PARAGRAPH} if rules.separate else _SECTION_ENDS
    stretches: list[list[Cut]] = [[]]
    start, heard = 0, False
    for cut in cuts:
        stretches[-1].append(cut)
        heard = heard or speakable(text[start : cut.start], rules.markup)
        start = cut.start
        if heard and cut.boundary in ends:
            stretches.append([])
            heard = False
    if not heard and len(stretches) > 1:
        stretches[-2:] = [stretches[-2] + stretches[-1]]
    return stretches


@lru_cache(maxsize=64)
def _costs(
    limit: int, longest: int, weights: Weights, edition: int
) -> tuple[float, ...]:
    """Give what a chunk of each length costs, and last what silence does.

    In a later ``edition`` of a text, what has to be made again costs more.
    """
    again = weights.again * edition / limit
    costs = [
        chunk_cost(length, limit, weights) + again * length
        for length in range(longest + 1)
    ]
    return (*costs, float(weights.silent))


class _Packer:
    """Chooses the cheapest of the cuts of one text."""

    def __init__(
        self,
        text: str,
        limit: int,
        rules: Rules,
        previous: Callable[[str], bool] | None,
    ) -> None:
        self._text = text
        self._ruler = Ruler(text)
        self._rules = rules
        self._apart = limit // _CELLS
        self._paid = previous
        whole = self._ruler.at(len(text))
        longest = min(limit, (whole // _STEP + 1) * _STEP)
        self._costs = _costs(
            limit, longest, rules.weights, 0 if previous is None else 1
        )

    def packed(self, cuts: list[Cut]) -> list[Chunk]:
        """Give the chunks."""
        chunks: list[Chunk] = []
        start = 0
        for stretch in _stretches(self._text, cuts, self._rules):
            for cut in self._chosen(start, stretch):
                words = self._text[start : cut.start]
                chunks.append(Chunk(words, start, cut.start, cut.boundary))
                start = cut.start
        return chunks

    def _chosen(self, start: int, cuts: Sequence[Cut]) -> list[Cut]:
        """Give the cuts to make in a stretch that starts at ``start``."""
        text, markup = self._text, self._rules.markup
        if self._apart > 1 and len(cuts) * self._apart > cuts[-1].start - start:
            cuts = [*thinned(cuts[:-1], self._apart), cuts[-1]]
        places = [start, *(cut.start for cut in cuts)]
        spoken = [0]
        for here, there in pairwise(places):
            spoken.append(spoken[-1] + speakable(text[here:there], markup))
        ends = pack(
            [self._ruler.at(place) for place in places],
            [0, *(cut.penalty for cut in cuts)],
            spoken,
            self._costs,
            None if self._paid is None else self._is_paid(places, self._paid),
        )
        return [cuts[index - 1] for index in ends]

    def _is_paid(
        self, places: Sequence[int], paid: Callable[[str], bool]
    ) -> Callable[[int, int], bool]:
        """Give the test whether the chunk between two places is one paid for."""
        text = self._text

        def is_paid(here: int, there: int) -> bool:
            return paid(text[places[here] : places[there]].strip())

        return is_paid
