"""Lenient access to the fields of a mapping.

The shape check tells what is wrong with a file. The parts of the reader that
make values of it take what they can use and see nothing where something else
stands, so that all problems of a file are found in one go.
"""

from __future__ import annotations

from batchtts.jobfile.nodes import (
    Entry,
    ListNode,
    MapNode,
    Node,
    ScalarNode,
    core,
)
from batchtts.jobfile.scalars import is_null

__all__ = ["Fields", "number_of", "text_of"]


def text_of(node: Node | None) -> str | None:
    """Return the scalar's text; None for anything else, null and nothing."""
    if not isinstance(node, ScalarNode) or is_null(node):
        return None
    return node.text or None


def number_of(node: Node | None) -> float | None:
    """Return the scalar's number; None for anything else."""
    value = core(node) if isinstance(node, ScalarNode) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value


class Fields:
    """The fields of one mapping, or of nothing."""

    def __init__(self, node: Node | None) -> None:
        """Look into ``node``; what is no mapping has no fields."""
        self.node = node
        self._entries = node.entries if isinstance(node, MapNode) else {}

    def __contains__(self, key: str) -> bool:
        """Tell whether the key stands there."""
        return key in self._entries

    def value(self, key: str) -> Node | None:
        """Return what stands at the key, if anything."""
        entry = self._entries.get(key)
        return entry.value if entry else None

    def below(self, key: str) -> Fields:
        """Return the fields of the mapping at the key."""
        return Fields(self.value(key))

    def items(self, key: str) -> tuple[Node, ...]:
        """Return the list at the key; one scalar is a list of itself."""
        value = self.value(key)
        if isinstance(value, ListNode):
            return value.items
        return (value,) if isinstance(value, ScalarNode) else ()

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries in their order."""
        return tuple(self._entries.values())

    def text(self, key: str) -> str | None:
        """Return the text at the key."""
        return text_of(self.value(key))

    def number(self, key: str) -> float | None:
        """Return the number at the key."""
        return number_of(self.value(key))

    def whole(self, key: str) -> int | None:
        """Return the whole number at the key."""
        value = self.number(key)
        if isinstance(value, float):
            return int(value) if value.is_integer() else None
        return value

    def flag(self, key: str) -> bool:
        """Tell whether the value at the key is true."""
        value = self.value(key)
        return isinstance(value, ScalarNode) and core(value) is True
