"""Where the sentences of a chapter stand in the markup that they were read from."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from batchtts.books.pages.drafts import Bound

__all__ = ["Run", "located"]

Run = tuple[str, int, int]
"""A file of the book, and from where to where words of a sentence stand in it."""

_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Zl", "Zp", "Zs"})


def located(sentences: Sequence[str], bound: Bound) -> list[list[Run]] | None:
    """Return the runs of each sentence of a chapter, in order.

    ``sentences`` joined are the chapter's words, cleaned: without characters that
    no one sees, and with others for white space. None: they are other words. What
    is read from an attribute, such as a picture's alternative, has no run.
    """
    places = _letters(bound.chapter.words)
    counts = [len(_letters(one)) for one in sentences]
    if sum(counts) != len(places):
        return None
    found: list[list[Run]] = []
    first = 0
    for count in counts:
        if not count:
            found.append([])
            continue
        start, end = places[first], places[first + count - 1] + 1
        found.append(list(_runs(bound, start, end)))
        first += count
    return found


def _letters(words: str) -> list[int]:
    """Return the offsets of what is left of words when all that may differ is gone.

    A character that stands for several is counted so often.
    """
    if words.isascii():
        return [n for n, char in enumerate(words) if char > " " and char != "\x7f"]
    return [
        number
        for number, char in enumerate(words)
        for part in unicodedata.normalize("NFKD", char)
        if unicodedata.category(part) not in _UNSEEN
    ]


def _runs(bound: Bound, start: int, end: int) -> Iterator[Run]:
    """Yield where the words between two offsets of a chapter stand."""
    origins = bound.origins
    number = bisect_right(origins, start, key=lambda one: one[1].start)
    for file, origin in origins[max(0, number - 1) :]:
        if origin.start >= end:
            return
        first = max(start, origin.start) - origin.start
        last = min(end, origin.start + origin.length) - origin.start
        if first >= last:
            continue
        if origin.written == origin.length:
            yield file, origin.at + first, origin.at + last
        else:  # a character written by its name
            yield file, origin.at, origin.at + origin.written
