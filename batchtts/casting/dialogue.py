"""Find what is said aloud in a story: speech in quotation marks, or after dashes.

A quotation is speech where it opens a paragraph, follows a stop, a comma, a
colon or a dash, or ends with a stop or a comma of its own. Words that stand in
quotation marks inside a sentence - a "so-called" expert - are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from batchtts.casting.dashes import dashed_speeches, opens_with_dash
from batchtts.chunking.marks import COMMAS, STOPS, TIGHT_COMMAS

__all__ = ["SAID", "speeches"]

_PARAGRAPH = re.compile(r"\s*\n\s*\n\s*")
_MARK = rf"[{COMMAS}{TIGHT_COMMAS}{STOPS}\u2014\u2013]"
_CLOSERS = "\"'\u2019\u201d\u201c\u00bb\u00ab\u203a\u2039\u300d\u300f)\\]\u05f4"
_LED = re.compile(rf"{_MARK}[{_CLOSERS}]*\s*\Z")
_ENDING = re.compile(rf"{_MARK}[{_CLOSERS}]*\Z")
_JAPANESE = "\u300c"
SAID = re.compile(r"\u3068|\u3063\u3066")
"""Japanese "to" and "tte", which follow what is said."""

_REACH = 16
_DOUBLE = re.compile('["\u201c\u201d\u201e\u00ab\u00bb\u300c]|(?<!\\w)\u05f4')
_BEHIND = r"(?<![^\s(\[\u2014\u2013-])"  # where a mark opens that closes as well
_ELIDED = r"(?!(?i:[dkmnrst]|tis|twas|twere|em|til|till|cause|bout|round|\d\ds?)\b)"
_SINGLE_END = rf"(?<=[.,!?;:\u2026\u2014\u2013{_CLOSERS}])"

_Marks = Mapping[str, tuple[str, str]]
"""What opens a quotation, by its mark, and what closes it: regular expressions."""


def speeches(text: str, lang: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a cleaned text that are spoken by its characters.

    ``lang``, in 2 or 3 letters, tells what dashes mean. A speech that goes on for
    several paragraphs, each of which opens it anew, is one stretch a paragraph.
    Single quotation marks count only in a text that has no others. What is opened
    and never closed is no speech.
    """
    marks = _marks(text)
    edges = [0]
    for gap in _PARAGRAPH.finditer(text):
        edges += gap.start(), gap.end()
    edges.append(len(text))
    paragraphs = list(zip(edges[::2], edges[1::2], strict=True))
    opened = ""
    for (start, end), (following, _) in pairwise([*paragraphs, (len(text), 0)]):
        if not opened and opens_with_dash(text, start, end, lang):
            yield from dashed_speeches(text, start, end, lang)
            continue
        found, opened = _quoted(text, (start, end), following, marks, opened)
        yield from found


def _quoted(
    text: str, paragraph: tuple[int, int], following: int, marks: _Marks, opened: str
) -> tuple[list[tuple[int, int]], str]:
    """Return the speeches of a paragraph, and the mark of one that goes on after it.

    ``opened`` is that mark of the paragraph before: this one opens it anew, in
    French perhaps with what closes it.
    """
    opening = re.compile("|".join(opener for opener, _ in marks.values()))
    start, end = paragraph
    found: list[tuple[int, int]] = []
    unclosed: set[str] = set()
    at, mark = start, opened
    while True:
        if not mark:
            begins = opening.search(text, at, end)
            if begins is None:
                return found, ""
            at, mark = begins.start(), begins.group()
        closed = None if mark in unclosed else _closed(text, at, end, marks[mark])
        if closed is None:
            unclosed.add(mark)
        if closed is None and _opens(text, following, marks[mark]):
            return [*found, (at, end)], mark
        if closed is not None and _is_speech(text, start, at, closed):
            found.append((at, closed))
        at, mark = closed or at + 1, ""


def _opens(text: str, at: int, marks: tuple[str, str]) -> bool:
    """Tell whether a paragraph opens a quotation anew."""
    return any(re.compile(mark).match(text, at) is not None for mark in marks)


def _closed(text: str, at: int, end: int, marks: tuple[str, str]) -> int | None:
    """Return where a quotation ends, after those of its kind inside it."""
    opener, closer = marks
    closing = re.compile(closer)
    depth, first = 1, None
    for found in re.compile(f"{opener}|{closer}").finditer(text, at + 1, end):
        closes = closing.match(text, found.start()) is not None
        depth += -1 if closes else 1
        if closes:
            first = first or found.end()
        if not depth:
            return found.end()
    return first


def _marks(text: str) -> _Marks:
    """Return the marks of a text's quotations; no two of them begin alike."""
    if not _DOUBLE.search(text):
        return _single_marks(text)
    found = {'"': _same('"'), _JAPANESE: (_JAPANESE, "\u300d")}
    if "\u201e" in text:
        found["\u201e"] = "\u201e", "[\u201c\u201d]"
    elif "\u201c" in text:
        found["\u201c"] = "\u201c", "\u201d"
    else:  # as in Swedish
        found["\u201d"] = _same("\u201d")
    if "\u00ab" not in text:
        found["\u00bb"] = _same("\u00bb")
    elif text.find("\u00ab") < text.find("\u00bb"):
        found["\u00ab"] = "\u00ab", "\u00bb"
    else:
        found["\u00bb"] = "\u00bb", "\u00ab"
    found["\u05f4"] = _same("\u05f4", r"(?!\w)")
    return found


def _single_marks(text: str) -> _Marks:
    """Return single marks, which must not be taken for apostrophes."""
    if "\u201a" in text:
        return {"\u201a": ("\u201a", "\u2018")}
    return {
        "\u2018": (f"{_BEHIND}\u2018{_ELIDED}", rf"{_SINGLE_END}\u2019(?!\w)"),
        "'": (rf"{_BEHIND}'{_ELIDED}(?=\S)", rf"{_SINGLE_END}'(?!\w)"),
    }


def _same(mark: str, behind: str = "") -> tuple[str, str]:
    """Return how a mark opens and closes that does both."""
    return rf"{_BEHIND}{mark}(?=\S)", rf"(?<=\S){mark}{behind}"


def _is_speech(text: str, paragraph: int, start: int, end: int) -> bool:
    before = text[max(paragraph, start - _REACH) : start]
    if not before.strip() or _LED.search(before):
        return True
    if text[start] == _JAPANESE:
        return SAID.match(text, end) is not None
    return _ENDING.search(text, start, end) is not None
