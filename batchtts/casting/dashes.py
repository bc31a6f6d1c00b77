"""Find what is said in paragraphs that open with a dash: ``—Hola —dijo él—. Adiós.``

Languages differ in how the narrator's words stand inside. Where a dash touches a
word, it opens them before it and closes them behind it, as in Spanish. A dash
with white space around it parts them in Polish or Portuguese wherever it stands,
in Russian only after a mark: ``— Да, — сказал он. — Он — врач.`` Other languages
have nothing but a comma there, or no such paragraphs: nothing is found in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from batchtts.chunking.languages import language
from batchtts.chunking.marks import CLOSERS, COMMAS, STOPS

__all__ = ["dashed_speeches", "opens_with_dash"]

_ANYWHERE = frozenset(
    {
        "ast", "bos", "bul", "cat", "eus", "glg", "hrv", "hun", "ita", "mkd", "oci",
        "pol", "por", "slv", "spa", "srp",
    }
)  # fmt: skip
_AFTER_MARKS = frozenset({"bel", "kaz", "lav", "lit", "rus", "ukr"})

_DASH = "[\u2014\u2013\u2015]"
_FIRST = re.compile(
    rf"{_DASH}\s*(?=[^\W_]|[\"'\u201c\u00ab\u201e(\[\u00bf\u00a1\u2026])"
)
_LINE = re.compile(rf"\s*\n(?={_DASH})")
_ENDED = re.compile(rf"[{STOPS}{COMMAS}\u2014\u2013][{CLOSERS}\u00bb\u201c]*\Z")
_MARKED = re.compile(rf"[{STOPS}{COMMAS}][{CLOSERS}\u00bb\u201c]*\s*\Z")
_INNER = re.compile(
    rf"(?P<opens>(?<=\s){_DASH}(?=\S))"
    rf"|(?P<parts>(?<=[\s{STOPS}{COMMAS}]){_DASH}(?=\s))"
    rf"|(?P<closes>(?<=\S){_DASH}[{STOPS}{COMMAS}]*(?=\s))"
)
_RANGE = re.compile(r"\d\s\s\d")
_REACH = 16


def opens_with_dash(text: str, start: int, end: int, lang: str) -> bool:
    """Tell whether a paragraph is such that `dashed_speeches` can tell who speaks."""
    code = language(lang).code
    if code not in _ANYWHERE and code not in _AFTER_MARKS:
        return False
    return _FIRST.match(text, start, end) is not None


def dashed_speeches(
    text: str, start: int, end: int, lang: str
) -> Iterator[tuple[int, int]]:
    """Yield what is said in a paragraph, each line of which may open with a dash.

    One that ends with no mark is no speech, but a name under a letter or a motto.
    """
    anywhere = language(lang).code in _ANYWHERE
    starts = [start, *(found.end() for found in _LINE.finditer(text, start, end))]
    for first, last in zip(starts, [*starts[1:], end], strict=True):
        if _ENDED.search(text[max(first, last - _REACH) : last].rstrip()):
            yield from _said(text, first, last, anywhere=anywhere)


def _said(
    text: str, start: int, end: int, *, anywhere: bool
) -> Iterator[tuple[int, int]]:
    """Yield the speeches of a line: all but what stands between its inner dashes."""
    at: int | None = start
    for dash in _INNER.finditer(text, start + 1, end):
        before = text[max(start, dash.start() - _REACH) : dash.start()]
        marked = _MARKED.search(before) is not None
        if dash.lastgroup == "parts":
            if not marked and not (anywhere and not _is_range(text, dash)):
                continue
        elif (dash.lastgroup == "opens") is (at is None) and not marked:
            continue
        if at is not None:
            yield at, dash.start() - len(before) + len(before.rstrip())
            at = None
        else:
            at = dash.end() if dash.lastgroup == "closes" else dash.start()
    if at is not None and at < end:
        yield at, end


def _is_range(text: str, dash: re.Match[str]) -> bool:
    """Tell whether a dash stands between numbers."""
    around = text[dash.start() - 2 : dash.start()] + text[dash.end() : dash.end() + 2]
    return _RANGE.fullmatch(around) is not None
