"""Plain sentences for what is wrong with the syntax of a YAML file."""

from __future__ import annotations

import re
from typing import Protocol

__all__ = ["sentence"]


class _Mark(Protocol):
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class _SyntaxFault(Protocol):
    """The part of PyYAML's errors that is used here; both its parsers fill it."""

    @property
    def context(self) -> str | None: ...
    @property
    def context_mark(self) -> _Mark | None: ...
    @property
    def problem(self) -> str | None: ...
    @property
    def problem_mark(self) -> _Mark | None: ...


_INDENT = "compare the indentation with the lines above"
_SENTENCES: tuple[tuple[str, str, str, bool], ...] = (
    # pattern over "context: problem"; message; hint; told at the construct's start
    (
        r"mapping values are not allowed",
        "a colon with a space after it stands inside a value",
        "put the value in quotes, or check the indentation",
        False,
    ),
    (
        r"unexpected ':'",
        "a colon inside { } or [ ] needs a space after it",
        'write {key: value}; quote values that contain ":"',
        False,
    ),
    (
        r"quoted scalar.*(end of stream|document indicator)",
        "this quote is never closed",
        "add the closing quote",
        True,
    ),
    (
        r"flow sequence",
        "this list in brackets is not closed, or a comma is missing in it",
        'write it as [a, b]; quote values that contain "," "[" "]" or ": "',
        True,
    ),
    (
        r"flow mapping",
        "this mapping in braces is not closed, or a comma is missing in it",
        'write it as {a: 1, b: 2}; quote values that contain "," "{" "}" or ": "',
        True,
    ),
    (r"could not find expected ':'", "a key has no colon after it", _INDENT, True),
    (r"block (mapping|collection)", "this line does not fit the ones above", _INDENT,
     False),
    (r"block sequence|sequence entries", "a list item does not fit here", _INDENT,
     False),
    (r"escape|hexdecimal|hexadecimal", "there is no such escape in double quotes",
     r'write "\\" for a backslash, or use single quotes', False),
    (r"undefined tag handle|tag", "a tag (!name) is not allowed here", "remove it",
     False),
    (r"alias|anchor", "an anchor or alias (&name, *name) is not allowed here",
     'put a value that begins with "&" or "*" in quotes', False),
    (r"directive|YAML document", "a directive (%...) is not allowed here", "remove it",
     False),
    (r"document start", "something stands after the end of the document",
     "keep one document a file", False),
    (r"node", "a value is expected here", 'put "]" and "}" in a value in quotes',
     False),
    (r"block scalar", 'nothing may stand after "|" or ">" on its line', _INDENT, False),
)  # fmt: skip


def sentence(fault: _SyntaxFault, text: str) -> tuple[tuple[int, int], str, str]:
    """Return where the fault is (line, column), what it is and what to do.

    Nothing of the file is repeated: what is badly written may be a secret.
    """
    mark = _position(fault.problem_mark or fault.context_mark)
    if _character(text, mark) == "\t":
        return mark, "a tab cannot be used to indent or to separate", "use spaces"
    said = f"{fault.context or ''}: {fault.problem or ''}"
    if "cannot start any token" in said:
        return mark, "a value cannot begin with this character", "put it in quotes"
    for pattern, message, hint, at_start in _SENTENCES:
        if re.search(pattern, said):
            start = fault.context_mark if at_start else None
            return (_position(start) if start else mark), message, hint
    return mark, "this is not valid YAML", _INDENT


def _position(mark: _Mark | None) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _character(text: str, mark: tuple[int, int]) -> str:
    lines = re.split("\r\n|[\n\r\x85\u2028\u2029]", text)
    line, column = mark
    row = lines[line - 1] if line <= len(lines) else ""
    return row[column - 1] if column <= len(row) else ""
