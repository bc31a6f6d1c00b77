"""Front matter: the short YAML mapping with which a Markdown file may begin."""

from __future__ import annotations

import re

from batchtts.jobfile.nodes import MapNode, ScalarNode
from batchtts.jobfile.problems import Problems
from batchtts.jobfile.scalars import is_null
from batchtts.jobfile.yamltree import read_tree

__all__ = ["front_matter"]

_MAX_CHARACTERS = 1 << 16  # a rule at the top of a book must not swallow the book
_OPENING = re.compile(r"\ufeff?---[ \t]*(?:\r\n|\n|\r)")
_CLOSING = re.compile(r"(?<=[\n\r])---[ \t]*(?:\r\n|\n|\r|\Z)")


def front_matter(text: str, shown: str) -> tuple[dict[str, str], int]:
    """Return a Markdown file's front matter, and the offset of what follows it.

    Values are the text that stands there; lists, mappings and empty values are
    left out. Where the text does not begin with front matter the result is
    empty, with the offset 0: a line ``---`` without a second one, or with
    something other than a mapping below it, is a rule across the page.

    Raises JobError, with positions in the file ``shown``, when the front matter
    is not the YAML that job files may hold either.
    """
    opening = _OPENING.match(text)
    if opening is None:
        return {}, 0
    head = text[: opening.end() + _MAX_CHARACTERS]
    closing = _CLOSING.search(head, opening.end())
    if closing is None or (closing.end() == len(head) < len(text)):
        return {}, 0
    problems = Problems(shown)
    # the line break stands for the opening line, so that positions are right
    root = read_tree("\n" + text[opening.end() : closing.start()], problems)
    problems.raise_any()
    if root is None or (isinstance(root, ScalarNode) and is_null(root)):
        return {}, closing.end()
    if not isinstance(root, MapNode):
        return {}, 0
    found = {
        name: entry.value.text
        for name, entry in root.entries.items()
        if isinstance(entry.value, ScalarNode) and not is_null(entry.value)
    }
    return found, closing.end()
