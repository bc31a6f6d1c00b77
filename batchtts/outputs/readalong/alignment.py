"""Where the sentences of a chapter stand in the markup that they were read from."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from batchtts.books.pages.drafts import Bound

__all__ = ["Run", "located"]

Run = tuple[str, int, int]
"""A file of the book, and from where to where words of a sentence stand in it."""

_BRACKETS = str.maketrans("<>", "()")
_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Zl", "Zp", "Zs"})


def located(sentences: Sequence[str], bound: Bound) -> list[list[Run]] | None:
    """Return the runs of each sentence of a chapter, in order.

    ``sentences`` joined are the chapter's words, cleaned: without characters that
    no one sees, and with others for white space; its title may stand before them.
    None: they are other words. What is read from an attribute, such as a picture's
    alternative, has no run.
    """
    chapter = bound.chapter
    letters, places = _letters(chapter.words)
    bare = [_letters(one)[0] for one in sentences]
    said = "".join(bare)
    if said == letters:
        first = 0
    elif said == (title := _letters(chapter.title)[0]) + letters:
        first = -len(title)
    else:
        return None
    found: list[list[Run]] = []
    for one in bare:
        begin, first = first, first + len(one)
        if first <= max(begin, 0):
            found.append([])
            continue
        start, end = places[max(begin, 0)], places[first - 1] + 1
        found.append(list(_runs(bound, start, end)))
    return found


def _letters(words: str) -> tuple[str, list[int]]:
    """Return what is left of words when all that may differ is gone, and its offsets.

    A character that stands for several is there so often. Cleaning puts round
    brackets for angle brackets that a command could be made of.
    """
    found = [
        (part, number)
        for number, char in enumerate(words)
        for part in (char if char.isascii() else unicodedata.normalize("NFKD", char))
        if unicodedata.category(part) not in _UNSEEN
    ]
    letters = "".join(part for part, _ in found)
    return letters.translate(_BRACKETS), [number for _, number in found]


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
