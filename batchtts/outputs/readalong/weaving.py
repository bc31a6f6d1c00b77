"""Put elements with ids around words of a page, and change nothing else."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batchtts.markup import Close, Open, tokens

__all__ = ["Page", "Stretch"]

_EMPTY = frozenset(
    {"area", "br", "col", "embed", "hr", "img", "input", "source", "wbr"}
)
_PHRASING = frozenset(
    {
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn",
        "em", "font", "i", "ins", "kbd", "label", "mark", "q", "rb", "rp", "rt", "rtc",
        "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time",
        "tt", "u", "var", "area", "br", "embed", "img", "input", "source", "wbr",
    }
)  # fmt: skip
_FOREIGN = frozenset({"math", "svg"})  # in which no span may stand


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words that one element can hold, and how many characters they are."""

    start: int
    end: int
    characters: int


class Page:
    """The markup of one page of a book, with the places of its tags."""

    def __init__(self, markup: str) -> None:
        """Find the tags."""
        self.markup = markup
        self._tags = [t for t in tokens(markup) if isinstance(t, Open | Close)]
        self._starts = [tag.start for tag in self._tags]
        self._foreign = list(_foreign(self._tags))
        root = next((t for t in self._tags if t.local == "html"), None)
        written = "html" if root is None else markup[root.start + 1 : root.end]
        self._prefix = written[: written.lower().index("html")]

    def stretches(self, runs: Sequence[tuple[int, int]]) -> Iterator[Stretch]:
        """Yield the words of some runs as stretches, each inside one element.

        Runs are in order. Elements that begin and end between them stay inside a
        stretch, if they are such as a line of text may hold.
        """
        runs = [run for run in runs if not self._is_foreign(run[0])]
        if not runs:
            return
        breaks, pairs = self._breaks(runs[0][0], max(end for _, end in runs))
        held: Stretch | None = None
        for start, end in runs:
            if held is not None and not (
                start < held.end or _any_between(breaks, held.end, start)
            ):
                held = Stretch(held.start, end, held.characters + end - start)
                continue
            if held is not None:
                yield _widened(held, pairs)
            held = Stretch(start, end, end - start)
        if held is not None:
            yield _widened(held, pairs)

    def woven(self, named: Sequence[tuple[Stretch, str]]) -> str:
        """Return the markup with an element around each stretch, by its id."""
        parts: list[str] = []
        at = 0
        name = f"{self._prefix}span"
        for stretch, identifier in sorted(named, key=lambda one: one[0].start):
            words = self.markup[stretch.start : stretch.end]
            parts += (
                self.markup[at : stretch.start],
                f'<{name} id="{identifier}">{words}</{name}>',
            )
            at = stretch.end
        return "".join([*parts, self.markup[at:]])

    def linked(self, markup: str, href: str) -> str:
        """Return some version of the markup with a style sheet in its head."""
        head = next((t for t in tokens(markup) if _closes(t, "head")), None)
        if head is None:
            return markup
        link = f'<{self._prefix}link rel="stylesheet" type="text/css" href="{href}"/>'
        return markup[: head.start] + link + markup[head.start :]

    def _is_foreign(self, at: int) -> bool:
        return any(start < at < end for start, end in self._foreign)

    def _breaks(self, start: int, end: int) -> tuple[list[int], list[_Pair]]:
        """Return the tags between two places at which an element has to end.

        And the elements that begin and end there. Tags that touch the places
        count too.
        """
        breaks: set[int] = set()
        pairs: list[_Pair] = []
        opened: list[Open] = []
        for tag in self._tags[slice(*self._touched(start, end))]:
            if tag.local not in _PHRASING:
                breaks.add(tag.start)
            elif isinstance(tag, Open):
                if not (tag.empty or tag.local in _EMPTY):
                    opened.append(tag)
            elif opened and opened[-1].name == tag.name:
                pairs.append((opened.pop().start, tag.start, tag.end))
            else:
                breaks.add(tag.start)
        breaks.update(tag.start for tag in opened)
        whole = []
        for pair in sorted(pairs, reverse=True):  # inner ones before outer ones
            if _any_between(sorted(breaks), pair[0] + 1, pair[1]):
                breaks.update(pair[:2])
            else:
                whole.append(pair)
        return sorted(breaks), whole

    def _touched(self, start: int, end: int) -> tuple[int, int]:
        """Return the first tag between two places, or touching them, and the last."""
        first, last = bisect_left(self._starts, start), bisect_left(self._starts, end)
        tags = self._tags
        while first and tags[first - 1].end == start and _is_phrasing(tags[first - 1]):
            first -= 1
            start = tags[first].start
        while last < len(tags) and tags[last].start == end and _is_phrasing(tags[last]):
            end = tags[last].end
            last += 1
        return first, last


_Pair = tuple[int, int, int]
"""Where the start tag of an element begins, and where its end tag does and ends."""


def _is_phrasing(tag: Open | Close) -> bool:
    return tag.local in _PHRASING


def _widened(stretch: Stretch, pairs: Sequence[_Pair]) -> Stretch:
    """Return a stretch with the tags beside it of elements that end or begin in it."""
    start, end = stretch.start, stretch.end
    for opening, closing, behind in pairs:
        if opening < stretch.start < closing < stretch.end:
            start = min(start, opening)
        if stretch.start <= opening < stretch.end <= closing:
            end = max(end, behind)
    return Stretch(start, end, stretch.characters)


def _any_between(places: Sequence[int], start: int, end: int) -> bool:
    number = bisect_left(places, start)
    return number < len(places) and places[number] < end


def _foreign(tags: Sequence[Open | Close]) -> Iterator[tuple[int, int]]:
    depth, start = 0, 0
    for tag in tags:
        if tag.local not in _FOREIGN or (isinstance(tag, Open) and tag.empty):
            continue
        if isinstance(tag, Open):
            start = start if depth else tag.start
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                yield start, tag.end


def _closes(token: object, name: str) -> bool:
    return isinstance(token, Close) and token.local == name
