"""Whether one scalar is what its place asks for."""

from __future__ import annotations

import re
from dataclasses import replace

from batchtts.jobfile.nodes import (
    ListNode,
    MapNode,
    Node,
    ScalarNode,
    core,
)
from batchtts.jobfile.problems import Problems, quoted
from batchtts.jobfile.shape import (
    Choice,
    Flag,
    Integer,
    Number,
    ScalarShape,
    Text,
)
from batchtts.jobfile.wording import expected

__all__ = ["check_scalar", "is_null", "kind_of"]

_YES_NO = {"yes": "true", "y": "true", "on": "true", "true": "true", "1": "true"} | {
    "no": "false", "n": "false", "off": "false", "false": "false", "0": "false"
}  # fmt: skip


def kind_of(node: Node) -> str:
    """Return what the node is in the words of JSON Schema."""
    match node:
        case ListNode():
            return "array"
        case MapNode():
            return "object"
        case _:
            return _scalar_kind(node)


def _scalar_kind(node: ScalarNode) -> str:
    match core(node):
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case _:
            return "number"


def is_null(node: Node) -> bool:
    """Tell whether nothing stands there, or a word for nothing."""
    return kind_of(node) == "null"


def check_scalar(
    node: ScalarNode, shape: ScalarShape, label: str, problems: Problems
) -> None:
    """Note in ``problems`` why the scalar is not of ``shape``, if it is not."""
    if is_null(node):
        _check_null(node, shape, label, problems)
        return
    match shape:
        case Text():
            fine = _fits_text(node, shape)
        case Choice():
            fine = node.text in shape.values
        case Flag():
            fine = isinstance(core(node), bool)
        case Integer():
            fine = _fits_integer(node, shape)
        case Number():
            fine = _fits_number(node, shape)
    if not fine:
        private = isinstance(shape, Text) and shape.private
        found = "" if private else f", not {quoted(node.text)}"
        message = f'"{label}" must be {expected(shape)}{found}'
        problems.add(node, message, _hint(node, shape, problems))


def _check_null(
    node: ScalarNode, shape: ScalarShape, label: str, problems: Problems
) -> None:
    message = f'"{label}" has no value'
    hint = f"it must be {expected(shape)}"
    if node.text:
        message = f'"{label}: {node.text}" is YAML for no value'
        if isinstance(shape, Text | Choice):
            hint = f'for the text write "{node.text}" in quotes'
    problems.add(node, message, hint)


def _fits_text(node: ScalarNode, shape: Text) -> bool:
    if not node.text or (shape.words_only and not isinstance(core(node), str)):
        return False
    return shape.pattern is None or re.search(shape.pattern, node.text) is not None


def _fits_integer(node: ScalarNode, shape: Integer) -> bool:
    value = core(node)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(value, float) and not value.is_integer():
        return False
    if shape.among:
        return value in shape.among
    return shape.minimum <= value and (shape.maximum is None or value <= shape.maximum)


def _fits_number(node: ScalarNode, shape: Number) -> bool:
    value = core(node)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if shape.above_minimum and value == shape.minimum:
        return False
    return shape.minimum <= value <= shape.maximum


def _hint(node: ScalarNode, shape: ScalarShape, problems: Problems) -> str:
    match shape:
        case Flag():
            said = _YES_NO.get(node.text.casefold(), "")
            quotes = " without quotes" if not node.plain else ""
            return f"write {said}{quotes}" if said else ""
        case Choice():
            return problems.suggest(node.text, shape.values)
        case Integer() | Number():
            return _number_hint(node)
        case Text():
            return ""


def _number_hint(node: ScalarNode) -> str:
    bare = replace(node, text=node.text.strip(), plain=True)
    if not node.plain and isinstance(core(bare), int | float):
        return "write it without quotes"
    if re.fullmatch(r"[0-9]{1,3}([_ ,'][0-9]{3})+", node.text):
        return f"write {re.sub('[^0-9]', '', node.text)}"
    if re.fullmatch(r"[0-9]+,[0-9]+", node.text):
        return f"write {node.text.replace(',', '.')}"
    return ""
