"""Lines of printed pages joined to paragraphs again, as well as can be."""

from __future__ import annotations

import itertools
import math
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batchtts.books.lineends import between_lines
from batchtts.books.numerals import number as numeral
from batchtts.books.pages import Omitted

__all__ = ["Line", "Text", "joined"]

_EDGE = 2  # lines at the top and the bottom of a page that may be a running head
_REPEATED = 3  # pages on which it stands
_COUNTED = 2  # pages on which a number stands alone
_NUMBER_FIRST = re.compile(r"\W*(\d{1,4}|[ivxlc]{1,7})\b\W*(.*)")
_NUMBER_LAST = re.compile(r"(.*?)\W*\b(\d{1,4}|[ivxlc]{1,7})\W*")
_INDENT_EM = 0.7
_WIDE_GAP = 1.5  # of the usual distance between lines
_WIDE_GAP_EM = 2.2
_FULL = 0.85  # of a line's usual width
_ENDS = re.compile(r"[.!?:…。！？][\"'’”»)\]]*$")  # noqa: RUF001 - of any script


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was printed; lengths in points, upwards and to the right."""

    page: int
    words: str
    left: float
    right: float
    top: float
    bottom: float  # of its end: a line with a hyphen goes on in the next
    height: float  # of its first letter

    def below(self, before: Line) -> float:
        """Return how far it lies below the line before it."""
        return before.bottom - (self.top - self.height)


@dataclass(frozen=True, slots=True)
class Text:
    """Paragraphs one empty line apart; where lines begin in them, by number."""

    words: str
    starts: dict[int, int]
    omitted: tuple[Omitted, ...]


def joined(lines: Sequence[Line]) -> Text:
    """Join lines to paragraphs, without what stands at the edge of every page."""
    left_out = _at_edges(lines)
    kept = [number for number in range(len(lines)) if number not in left_out]
    body = [lines[number] for number in kept]
    left = _at(0.1, [line.left for line in body])
    width = _at(0.9, [line.right for line in body]) - left
    pairs = itertools.pairwise(body)
    gaps = [b.below(a) for a, b in pairs if a.page == b.page]
    pitch = _usual([gap for gap in gaps if gap > 0])
    parts: list[str] = []
    starts: dict[int, int] = {}
    length = 0
    for before, number in zip([None, *body], kept, strict=False):
        line = lines[number]
        if before is not None:
            begins = _begins(before, line, left, width, pitch)
            joint = between_lines(before.words, line.words)
            parts.append("\n\n" if begins else joint)
            length += len(parts[-1])
        starts[number] = length
        parts.append(line.words)
        length += len(line.words)
    omitted = tuple(Omitted(kind, 0, length) for kind, length in left_out.values())
    return Text("".join(parts), starts, omitted)


def _at(share: float, values: Sequence[float]) -> float:
    """Return what that share of the values lies below; 0 for nothing."""
    return sorted(values)[int(share * len(values))] if values else 0.0


def _usual(values: Sequence[float]) -> float:
    """Return what is so most often, to half a point; infinity for nothing."""
    return statistics.mode([round(2 * value) / 2 for value in values] or [math.inf])


def _begins(before: Line, line: Line, left: float, width: float, pitch: float) -> bool:
    """Tell whether a line begins a paragraph."""
    is_short = before.right - left < _FULL * width
    is_indented = line.left - left > _INDENT_EM * line.height
    other_size = abs(before.height - line.height) > 0.15 * line.height
    if before.page != line.page:
        return is_indented or other_size or (is_short and _is_end(before))
    gap = line.below(before)
    return (
        other_size
        or gap > min(_WIDE_GAP * pitch, _WIDE_GAP_EM * line.height)
        or (is_indented and before.left - left < _INDENT_EM * before.height)
        or (is_short and _is_end(before))
    )


def _is_end(line: Line) -> bool:
    return _ENDS.search(line.words) is not None


def _at_edges(lines: Sequence[Line]) -> dict[int, tuple[str, int]]:
    """Return what is no part of the text: by its number what it is, and its length.

    These are page numbers, and lines that say the same on several pages.
    """
    pages: dict[int, list[int]] = {}
    for number, line in enumerate(lines):
        pages.setdefault(line.page, []).append(number)
    places: dict[tuple[str, int | None], list[int]] = {}
    for numbers in pages.values():
        for number in dict.fromkeys([*numbers[:_EDGE], *numbers[-_EDGE:]]):
            for key in _keys(lines[number]):
                places.setdefault(key, []).append(number)
    found: dict[int, tuple[str, int]] = {}
    for (words, _), numbers in places.items():
        least = _REPEATED if words else _COUNTED
        if len({lines[number].page for number in numbers}) >= least:
            kind = "running head" if words else "page number"
            found |= {number: (kind, len(lines[number].words)) for number in numbers}
    return found


def _keys(line: Line) -> Iterator[tuple[str, int | None]]:
    """Yield what a running head has in common with those of other pages.

    It is what it says or, where a number stands in it that goes with the page,
    the rest of it and how far the number is ahead of the page.
    """
    words = line.words.casefold()
    yield words, None
    if (first := _NUMBER_FIRST.fullmatch(words)) and (
        n := numeral(first[1])
    ) is not None:
        yield first[2], n - line.page
    if (last := _NUMBER_LAST.fullmatch(words)) and (n := numeral(last[2])) is not None:
        yield last[1], n - line.page
