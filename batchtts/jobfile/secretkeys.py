"""Keys in places where they must not be: found, refused and never repeated."""

from __future__ import annotations

from batchtts.jobfile.nodes import ListNode, MapNode, Node
from batchtts.jobfile.problems import Problems, quoted

__all__ = ["note_secrets", "without_secrets"]

_NAMES = frozenset(
    {
        "accesstoken",
        "apikey",
        "apitoken",
        "auth",
        "authorization",
        "bearer",
        "bearertoken",
        "key",
        "password",
        "rimeapikey",
        "rimekey",
        "secret",
        "secretkey",
        "token",
    }
)


_WORDS = "lexicon"
"""Has words for its keys, and those may well be "key" and "password"."""


def _is_secret(name: str, value: Node) -> bool:
    squashed = name.casefold().replace("_", "").replace("-", "").replace(" ", "")
    return squashed in _NAMES and not isinstance(value, MapNode)


def note_secrets(node: Node, problems: Problems) -> None:
    """Note every field below ``node`` that is called like a key or a token."""
    if isinstance(node, ListNode):
        for item in node.items:
            note_secrets(item, problems)
    elif isinstance(node, MapNode):
        for name, entry in node.entries.items():
            if _is_secret(name, entry.value):
                problems.add(
                    entry.key,
                    f"a job file holds no keys: {quoted(name)} cannot stand here",
                    "put the key into the environment variable RIME_API_KEY "
                    "or into .env, and change it if the file was shared",
                )
            elif name != _WORDS:
                note_secrets(entry.value, problems)


def without_secrets(node: Node) -> Node:
    """Return the tree without those fields, so that nothing else speaks of them."""
    if isinstance(node, ListNode):
        items = tuple(without_secrets(item) for item in node.items)
        return ListNode(items, node.line, node.column)
    if isinstance(node, MapNode):
        kept = {
            name: entry
            if name == _WORDS
            else type(entry)(entry.key, without_secrets(entry.value))
            for name, entry in node.entries.items()
            if not _is_secret(name, entry.value)
        }
        return MapNode(kept, node.line, node.column)
    return node
