"""How shapes and values are called in messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from batchtts.jobfile.nodes import ListNode, MapNode, Node, ScalarNode
from batchtts.jobfile.problems import quoted
from batchtts.jobfile.shape import (
    Choice,
    Either,
    Flag,
    Integer,
    Listing,
    Number,
    Shape,
    Text,
)

__all__ = ["article", "expected", "kinds"]


_KINDS: Mapping[type, tuple[str, ...]] = {
    Choice: ("string",),
    Number: ("number",),
    Integer: ("number",),
    Flag: ("boolean",),
    Listing: ("array",),
}


def expected(shape: Shape) -> str:
    """Say what the shape allows, so that it fits after "must be"."""
    match shape:
        case Text():
            words = shape.expects
        case Choice():
            words = _one_of(f'"{value}"' for value in shape.values)
        case Flag():
            words = "true or false"
        case Number() | Integer():
            words = _range(shape)
        case Listing():
            words = "a list"
        case Either():
            words = " or ".join(expected(option) for option in shape.options)
        case _:
            words = "a mapping (key: value)"
    return words


def kinds(shape: Shape) -> tuple[str, ...]:
    """Return the kinds of value, in JSON Schema's words, that the shape holds."""
    if isinstance(shape, Text):
        return ("string",) if shape.words_only else ("string", "number", "boolean")
    if isinstance(shape, Either):
        return tuple(kind for option in shape.options for kind in kinds(option))
    return _KINDS.get(type(shape), ("object",))


def article(node: Node) -> str:
    """Say what stands at ``node``: a list, a mapping or the value itself."""
    match node:
        case ScalarNode():
            return quoted(node.text)
        case ListNode():
            return "a list"
        case MapNode():
            return "a mapping"


def _range(shape: Number | Integer) -> str:
    if isinstance(shape, Integer):
        if shape.among:
            return _one_of(str(value) for value in shape.among)
        if shape.maximum is None:
            return f"a whole number from {shape.minimum} up"
        return f"a whole number from {shape.minimum} to {shape.maximum}"
    if shape.above_minimum:
        return f"a number above {shape.minimum:g} and at most {shape.maximum:g}"
    return f"a number from {shape.minimum:g} to {shape.maximum:g}"


def _one_of(values: Iterable[str]) -> str:
    *most, last = values
    return f"{', '.join(most)} or {last}" if most else last
