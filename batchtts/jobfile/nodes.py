"""The tree of a YAML file: what stands where, and what a scalar means.

A scalar keeps the text that its author wrote; whether ``no`` or ``007`` is
text, a number or a truth value is decided by whoever asks for it, not here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "Core",
    "Entry",
    "ListNode",
    "MapNode",
    "Node",
    "ScalarNode",
    "Spot",
    "core",
]

Core = str | int | float | bool | None
"""What a scalar can be in the core schema of YAML 1.2."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_NUMBER = re.compile(
    r"""(?P<int>[-+]?[0-9]+)
    | 0o(?P<oct>[0-7]+)
    | 0x(?P<hex>[0-9a-fA-F]+)
    | [-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?
    """,
    re.VERBOSE | re.ASCII,
)
_MAX_DIGITS = 300  # an integer of more is beyond every range, and slow to convert


@dataclass(frozen=True, slots=True)
class Spot:
    """A position in a file, where no node stands; counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value as written; ``plain`` when it stands without quotes."""

    text: str
    plain: bool
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ListNode:
    """A sequence."""

    items: tuple[Node, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping with its value."""

    key: ScalarNode
    value: Node


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping; its keys are the text that stands there, each only once."""

    entries: Mapping[str, Entry]
    line: int
    column: int


Node = ScalarNode | ListNode | MapNode


def core(node: ScalarNode) -> Core:
    """Return what the scalar is in YAML 1.2's core schema.

    Infinity and not-a-number are taken as the text they are, since no field
    holds them and JSON does not know them.
    """
    text = node.text
    if not node.plain:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    match = _NUMBER.fullmatch(text)
    return text if match is None else _number(match)


def _number(match: re.Match[str]) -> int | float:
    for group, base in (("int", 10), ("oct", 8), ("hex", 16)):
        if digits := match.group(group):
            return int(digits, base) if len(digits) <= _MAX_DIGITS else float("inf")
    return float(match.group())
