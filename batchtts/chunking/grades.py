"""How good each kind of cut is: what the packing weighs.

Penalties and weights share one scale, on which a request costs ``request`` of
``Weights``. They were set on a novel at 500 characters, so that a cut moves to
the end of a paragraph at the price of 1 % more requests: an engine that bills
characters bills no more for them, and a listener hears each cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from batchtts.model import Boundary

__all__ = ["Cut", "Weights", "thinned"]

# --- between sentences ----------------------------------------------------------
SECTION: Final = 0
PARAGRAPH: Final = 2
LINE: Final = 14  # a line that ends with a stop
SENTENCE: Final = 24
BARE_LINE: Final = 30  # a line without a stop, the next starting afresh
GLUED: Final = 34  # a stop without white space after it
TRAILING: Final = 8  # more, where dots trail off
QUOTED: Final = 12  # more, inside a quotation or a bracket
DOUBTFUL: Final = 30  # more, after what could be an abbreviation or a number
LABEL: Final = 120  # more, after a speaker's name before the words of a part
HEADING: Final = 45  # more, after a heading: it leads on to what follows

# --- inside a sentence longer than the limit ------------------------------------
PAUSE: Final = 60  # a semicolon, colon, dash or closing bracket
RUN_ON: Final = 70  # a stop that a small letter follows
COMMA_IN_QUOTE: Final = 80
COMMA: Final = 100
BRACKETED: Final = 50  # more, inside a bracket
FRAGMENT: Final = 60  # more, where a word or two stand alone on one side

# --- inside a clause longer than the limit --------------------------------------
LINK: Final = 180  # before a conjunction
SPACE: Final = 240
TAG: Final = 300  # between a quotation's mark and who said it
LEANING: Final = 340  # after an article or a preposition
NAME: Final = 900  # between two names, or beside a number
HELD: Final = 3000  # inside what belongs together

# --- inside a word longer than the limit ----------------------------------------
JOINED: Final = 1000  # between letters; below it, between words without spaces
FORCED: Final = 5000  # inside a grapheme cluster longer than the limit


class Cut(NamedTuple):
    """A place where a text may be cut.

    ``end`` is where the words before it end, ``start`` where those after it
    start; between them stands white space only, which goes to the chunk before.
    """

    end: int
    start: int
    boundary: Boundary
    penalty: int


@dataclass(frozen=True, slots=True)
class Weights:
    """What a chunking costs; the packing finds the one that costs least.

    Every chunk costs ``request``, the penalty of the cut that ends it, and
    ``balance`` times the square of its distance from ``target`` (both lengths
    as shares of the limit). One shorter than ``runt`` of the limit costs up to
    ``runt_cost`` more, the shorter the more, and one with nothing to speak
    ``silent``. Where the chunks of an earlier version are known, they cost
    nothing, and what is made again costs ``again`` for as much as the limit holds.
    """

    request: int = 45
    balance: int = 200
    target: float = 0.85
    runt: float = 0.3
    runt_cost: int = 60
    silent: int = 1_000_000
    again: int = 200


def thinned(cuts: Sequence[Cut], apart: int) -> list[Cut]:
    """Keep the best of cuts that stand closer together than ``apart``.

    Cuts beside a gap of ``apart`` or more stay as well, and so do the first and
    the last, so that no gap grows that was wide before.
    """
    kept: list[Cut] = []
    group: list[Cut] = []
    before = -apart  # where the cut before the group is
    for cut in cuts:
        if group and cut.start - group[0].start >= apart:
            kept += _best(group, before, cut.start, apart)
            before = group[-1].start
            group = []
        group.append(cut)
    if group:
        kept += _best(group, before, group[-1].start + apart, apart)
    return kept


def _best(group: list[Cut], before: int, after: int, apart: int) -> list[Cut]:
    """Give the last of the best cuts of a group, and its ends if they stand alone."""
    last = len(group) - 1
    best = min(range(last, -1, -1), key=lambda index: group[index].penalty)
    chosen = {best}
    if group[0].start - before >= apart:
        chosen.add(0)
    if after - group[last].start >= apart:
        chosen.add(last)
    return [group[index] for index in sorted(chosen)]
