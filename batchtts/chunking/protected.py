r"""Find what must not be cut although it has white space or marks inside.

Every quantifier is bounded and every pattern is anchored at something rare, so
that a search is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum

from batchtts.model import Chunk

__all__ = ["Markup", "Spans", "markup_spans", "protected_spans", "shared_speeds"]


class Markup(StrEnum):
    """A notation inside the words that the engine obeys where it is switched on."""

    PHONEMES = "phonemes"  # {h0El1o}
    PAUSES = "pauses"  # <750>
    SPELL = "spell"  # spell(AB 12)
    SPEEDS = "speeds"  # [quick words]


_GAP = r"[ \u00a0\u202f]"
_UNIT = (
    r"(?:%|\u2030|\u00b0|\u2032|\u2033|\u20ac|\u00a3|\u00a5|\$|[ap]\.?m\b|[ap]\.m\."
    r"|[kcmd\u00b5\u03bc]?[mgl]\b|km/h|mph|[kMG]?Hz|[kMGT]?B\b|[kM]?W\b|ft\b|in\.|lbs?\b|oz\b"
    r"|Uhr|Euro|h\b|min\b|sec?\b|N\b|S\b|E\b|W\b|C\b|F\b|Pro\b|Max\b)"
)
_DAY = r"\d{1,2}[^\W\d_]{0,2}\.?"
_DIGITS = r"\d[\d.,:/()\u2011-]{0,20}"
_SPANS = re.compile(
    # a telephone number, or any run of groups of digits
    rf"[+(]{{0,2}}{_DIGITS}(?:[ \u00a0\u202f-]\(?{_DIGITS}){{1,8}}"
    # a number and its unit, chained: 5 ft. 4 in.
    rf"|[\d\u2032\u2033\u00b0]{_GAP}?{_UNIT}(?:\.?{_GAP}\d{{1,4}}{_GAP}?{_UNIT}){{0,6}}"
    rf"(?:{_GAP}[NSEW]\b)?"
    # a date: Jan. 3, 2024; January 3rd, 2024; 3rd of January, 2024
    rf"|\b[^\W\d_]{{3,10}}\.?{_GAP}{_DAY},{_GAP}\d{{4}}\b"
    rf"|\b{_DAY}{_GAP}(?:[^\W\d_]{{2,3}}{_GAP})?[^\W\d_]{{3,10}}\.?,{_GAP}\d{{4}}\b"
    # an ellipsis with spaces and the words beside it
    rf"|\S{{0,12}}(?:{_GAP}\.){{2,4}}{_GAP}?\S{{0,12}}"
    # a ratio; a formula: f(x) = x2
    rf"|\d{_GAP}[:/x]{_GAP}\d[\d., ]{{0,12}}"
    rf"|\S{{1,12}}{_GAP}[=<>\u2248\u2264\u2265\u00d7\u00f7\u00b7\u00b1+\u2212]{_GAP}\S{{1,12}}"
)
_BRACKETED = re.compile(
    r"\[[^\[\]\n]{1,80}\]|\{[^{}\n]{1,80}\}|\bspell\([^()\n]{1,80}\)"
    r"|\([^()\n]{1,24}\)"
)
_MARKUP = {
    Markup.PHONEMES: r"\{[^{}\n]{1,400}\}",
    Markup.PAUSES: r"<\d{1,6}>",
    Markup.SPELL: r"\bspell\([^()\n]{1,400}\)",
    Markup.SPEEDS: r"\[[^\[\]\n]{1,400}\]",
}


class Spans:
    """Answers, for ascending places, whether one is inside any of some stretches."""

    __slots__ = ("_spans",)

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        """Take the stretches, in any order."""
        self._spans = sorted(spans, reverse=True)

    def hold(self, position: int) -> bool:
        """Whether ``position`` is strictly inside a stretch."""
        spans = self._spans
        while spans and spans[-1][1] <= position:
            spans.pop()
        return any(start < position < end for start, end in spans[-4:])


def protected_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give the stretches that a cut between words should leave whole."""
    for found in _SPANS.finditer(text, start, end):
        yield found.span()
    for found in _BRACKETED.finditer(text, start, end):
        yield found.span()


def markup_spans(text: str, markup: Collection[Markup]) -> list[tuple[int, int]]:
    """Give the stretches of the notations that are switched on, in order."""
    if not markup:
        return []
    pattern = "|".join(_MARKUP[kind] for kind in sorted(markup))
    return [found.span() for found in re.finditer(pattern, text)]


def shared_speeds(
    chunks: Sequence[Chunk], speeds: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """Give each chunk its share of a text's inline speeds.

    The engine matches a list of speeds with the square brackets of one request
    by their order, so a text's list has to be dealt out as its brackets are.
    Brackets beyond the list have no speed.
    """
    bracket = re.compile(_MARKUP[Markup.SPEEDS])
    shares = []
    dealt = 0
    for piece in chunks:
        count = len(bracket.findall(piece.text))
        shares.append(tuple(speeds[dealt : dealt + count]))
        dealt += count
    return tuple(shares)
