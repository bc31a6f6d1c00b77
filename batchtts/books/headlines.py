"""Chapters of plain text: where headings clearly stand, and nowhere else.

A heading is a line of its own, "Chapter 3", "II. The Letter" or "第三章", that
counts on from the one before. Two of them that begin with a word such as
"Chapter", or three bare numbers, make a text a book of chapters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchtts.books.numerals import NUMERAL, number
from batchtts.books.outline import Section

__all__ = ["sections"]

_MOST_CHARACTERS = 80
_MOST_LINES = 2
_BARE_STEPS = 2  # from one number to the next
_CONTENTS = 3  # headings with nothing between them may be a contents list

# Words that begin headings, from several languages, in lower case.
_NOUNS = (
    "act|adventure|bab|boek|bok|book|bölüm|buch|buku|canto|capitolo|cap[íi]tulo|chapitre"
    "|chapter|chương|część|deel|del|hoofdstuk|kapitel|kapitola|kapittel|kirja|letter"
    "|libro|livre|livro|luku|osa|part|parte|partie|rozdzia[łl]|scene|stave|teil|tome"
    "|volume|глава|книга|розділ|часть|κεφ[άα]λαιο|פרק|الباب|الجزء|الفصل"
)
_NAMED = re.compile(rf"(?P<noun>{_NOUNS})\s+(?:the\s+)?(?P<number>{NUMERAL})(?![^\W_])")
_CHINESE = re.compile(rf"第\s*(?P<number>{NUMERAL})\s*(?P<noun>[章回节節話话部卷篇編])")
_KOREAN = re.compile(r"제\s*(?P<number>\d+)\s*(?P<noun>[장부권편])")
_BARE = re.compile(r"(?P<noun>)(?P<number>\d{1,3}|[ivxlc]{1,8})\.?\Z")
_UNNUMBERED = re.compile(
    r"(?:afterword|conclusion|epilog(?:ue)?|foreword|introduction|preface|prolog(?:ue)?"
    r"|épilogue|préface|vorwort|nachwort|prólogo|epílogo|пролог|эпилог)[.:]?\Z"
)
_PATTERNS = _NAMED, _CHINESE, _KOREAN, _BARE, _UNNUMBERED
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class _Headline:
    """A line or two that may open a chapter; ``number`` is -1 where it has none."""

    start: int
    end: int
    title: str
    noun: str
    number: int


def sections(text: str) -> tuple[Section, ...]:
    """Divide a text at its headings; it is one section if they are not clear."""
    found = _counting(_without_contents(text, list(_headlines(text))))
    if not found:
        return (Section("", 0, len(text)),)
    edges = [0, *(line.start for line in found), len(text)]
    titles = ["", *(line.title for line in found)]
    divided = (
        Section(title, start, end)
        for title, start, end in zip(titles, edges, edges[1:], strict=False)
    )
    return tuple(s for s in divided if any(map(str.isalnum, text[s.start : s.end])))


def _headlines(text: str) -> Iterator[_Headline]:
    """Yield what may be a heading, if only it counts on from others."""
    for start, end in _blocks(text):
        lines = [line.strip() for line in text[start:end].rstrip("\n").split("\n")]
        patterns = _PATTERNS if len(lines) == 1 else _PATTERNS[:-2]
        line = lines[0].casefold()
        found = next(filter(None, (one.match(line) for one in patterns)), None)
        if found is None:
            continue
        named = found.groupdict()
        counted = number(named["number"]) if named else -1
        if counted is not None:
            title = (" " if lines[0][-1] in ".:" else ": ").join(lines)
            yield _Headline(start, end, title, named.get("noun", ""), counted)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a short line, or two, stands between empty ones."""
    lines: list[tuple[int, int]] = []
    for found in _LINE.finditer(text):
        written = found.group().strip()
        if written and len(written) <= _MOST_CHARACTERS:
            lines.append(found.span())
        elif written:
            lines += [found.span()] * (_MOST_LINES + 1)  # too much for a heading
        elif lines:
            if len(lines) <= _MOST_LINES:
                yield lines[0][0], lines[-1][1]
            lines = []


def _without_contents(text: str, found: Sequence[_Headline]) -> list[_Headline]:
    """Leave out headings in a row that come again where the chapters are."""
    kept: list[_Headline] = []
    row: list[_Headline] = []
    last = {(line.noun, line.number): line for line in found}
    for line in found:
        if row and any(map(str.isalnum, text[row[-1].end : line.start])):
            kept += _real(row, last)
            row = []
        row.append(line)
    return kept + _real(row, last)


def _real(
    row: Sequence[_Headline], last: Mapping[tuple[str, int], _Headline]
) -> list[_Headline]:
    if len(row) < _CONTENTS:
        return list(row)
    return [line for line in row if last[line.noun, line.number] is line]


def _counting(found: Sequence[_Headline]) -> list[_Headline]:
    """Return the headings that count on, and those without numbers between them."""
    before: dict[str, int] = {}
    steps: Counter[str] = Counter()
    counting: list[_Headline] = []
    for line in found:
        if line.number < 0:
            counting.append(line)
            continue
        follows = line.number == before.get(line.noun, -2) + 1
        if follows or line.number <= 1 or line.noun not in before:
            before[line.noun] = line.number
            steps[line.noun] += follows
            counting.append(line)
    clear = {noun for noun, n in steps.items() if n >= (1 if noun else _BARE_STEPS)}
    kept = [line for line in counting if line.number < 0 or line.noun in clear]
    return kept if clear else []
