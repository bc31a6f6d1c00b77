"""Footnotes in Markdown: their marks are not spoken, their words are.

CommonMark does not know footnotes: it would take ``[^1]: Ibid.`` for the
target of a link, and swallow it.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

__all__ = ["without_footnote_marks"]

_MARK = re.compile(r"\[\^[^\]\[\s]{1,100}\]")
_NOTE = re.compile(_MARK.pattern + ":[ \t]*")


def without_footnote_marks(parser: MarkdownIt) -> MarkdownIt:
    """Teach the parser to step over footnote marks, and return it."""
    parser.block.ruler.before("reference", "note", _note, {"alt": ["paragraph"]})
    parser.inline.ruler.before("link", "note_mark", _note_mark)
    return parser


def _note(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:  # noqa: ARG001, FBT001 -- the parser decides what a rule takes
    """Begin a footnote's line behind its mark; it is a paragraph otherwise."""
    start = state.bMarks[line] + state.tShift[line]
    found = _NOTE.match(state.src, start, state.eMarks[line])
    if found is None or state.is_code_block(line):
        return False
    if not silent:
        state.bMarks[line] = found.end()
        state.tShift[line] = 0
    return silent


def _note_mark(state: StateInline, silent: bool) -> bool:  # noqa: ARG001, FBT001 -- the parser decides what a rule takes
    """Step over a mark in running text."""
    found = _MARK.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    state.pos = found.end()
    return True
