"""Join the lines of hard-wrapped plain text; leave verse and lists as they are.

A file is hard-wrapped if a program broke its lines: each line is as full as it
could be, so that the next line's first word would not have fitted. The width is
judged over the whole text, never by one line, and each paragraph then has to
fit it. Verse does not: its lines end where the poet wants.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["unwrapped"]

_LEAST_WIDTH = 45
_MOST_WIDTH = 120
_LEAST_JOINTS = 4
_FULL = 0.6  # of the line breaks must be forced by the width
_RUN_ON = 0.3  # of the next lines must start with a small letter
_SLACK = 2  # characters an editor may break early
_BLOCKS = re.compile(r"(\n[ \t]*\n\s*)")
_NOT_PROSE = re.compile(r"[ \t]|[-*+\u2022\u2014\u2013|>#=]|\d{1,3}[.)]\s")
_LEADERS = re.compile(r"\.{4,}|(?: \.){3,}|\t|\|")


def _forced(line: str, following: str, width: int) -> bool:
    """Whether a line broken at ``width`` had no room for the next line's word."""
    word = following.split(None, 1)[0] if following.strip() else ""
    return len(line) + 1 + len(word) > width - _SLACK


def _width(blocks: Sequence[list[str]]) -> int:
    """Give the width the blocks of lines were wrapped at, 0 if they were not."""
    joints = [pair for lines in blocks for pair in pairwise(lines)]
    if len(joints) < _LEAST_JOINTS:
        return 0
    longest = sorted(len(line) for lines in blocks for line in lines)
    width = longest[-1 - len(longest) // 100]
    if not _LEAST_WIDTH <= width <= _MOST_WIDTH or longest[-1] > _MOST_WIDTH:
        return 0
    forced = [(a, b) for a, b in joints if _forced(a, b, width)]
    running = sum(b[:1].islower() for _, b in forced)
    if len(forced) < _FULL * len(joints) or running < _RUN_ON * len(forced):
        return 0
    return width


def _is_prose(lines: Sequence[str], width: int) -> bool:
    """Whether every line break of a block was forced by the width."""
    return all(
        _forced(one, two, width)
        and not _NOT_PROSE.match(two)
        and not _LEADERS.search(one)
        for one, two in pairwise(lines)
    )


def _joined(lines: Sequence[str]) -> str:
    """Join lines with spaces, without one after a hyphen inside a word."""
    text = lines[0].rstrip(" \t")
    for line in lines[1:]:
        hyphen = text.endswith("-") and text[-2:-1].isalpha() and line[:1].islower()
        text += line.rstrip(" \t") if hyphen else " " + line.rstrip(" \t")
    return text


def unwrapped(text: str) -> tuple[str, int]:
    """Join the lines that only the width of a page parted; say how many."""
    if text.count("\n") < _LEAST_JOINTS:
        return text, 0
    body = text.rstrip()
    pieces = _BLOCKS.split(body)
    blocks = [piece.split("\n") for piece in pieces[::2]]
    if any(len(line) > _MOST_WIDTH for lines in blocks for line in lines):
        return text, 0
    width = _width([lines for lines in blocks if len(lines) > 1])
    if not width:
        return text, 0
    count = 0
    for index, lines in enumerate(blocks):
        if len(lines) > 1 and _is_prose([line.rstrip() for line in lines], width):
            pieces[2 * index] = _joined(lines)
            count += len(lines) - 1
    return "".join(pieces) + text[len(body) :], count
