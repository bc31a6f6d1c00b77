"""Voices that stand for several: one for each choice of swept parameters.

A voice ``astra`` with ``sweep: {temperature: [0.3, 0.5]}`` is the voices
``astra-0.3`` and ``astra-0.5``; an output that names ``astra`` means both. All of
it happens in the tree, so that what follows knows of no sweeps, and checks each
voice as if it stood there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping

from batchtts.jobfile.nodes import Entry, ListNode, MapNode, Node, ScalarNode
from batchtts.jobfile.problems import Problems, quoted

__all__ = ["without_sweeps"]

_MOST = 1000
_Variants = Mapping[str, tuple[str, ...]]


def without_sweeps(root: Node, problems: Problems) -> Node:
    """Return the tree of a job with each swept voice in all of its variants.

    Where the shape is wrong, which is told elsewhere, it stays as it is.
    """
    voices = _below(root, "voices")
    if not (isinstance(root, MapNode) and isinstance(voices, MapNode)):
        return root
    made: dict[str, Entry] = {}
    variants: dict[str, tuple[str, ...]] = {}
    for name, entry in voices.entries.items():
        several = list(_variants(name, entry, problems))
        if several:
            variants[name] = tuple(one.key.text for one in several)
        for one in several or [entry]:
            _note_taken(one.key, made, voices, problems, is_new=bool(several))
            made[one.key.text] = one
    if not variants:
        return root
    changed: dict[str, Node] = {"voices": MapNode(made, voices.line, voices.column)}
    outputs = _below(root, "outputs")
    if isinstance(outputs, ListNode):
        items = tuple(_named(item, variants) for item in outputs.items)
        changed["outputs"] = ListNode(items, outputs.line, outputs.column)
    return _replaced(root, changed)


def _variants(name: str, entry: Entry, problems: Problems) -> Iterator[Entry]:
    """Yield a voice's variants; nothing where it has none."""
    voice, sweep = entry.value, _below(entry.value, "sweep")
    if not (isinstance(voice, MapNode) and isinstance(sweep, MapNode)):
        return
    lists = {
        parameter: [one for one in each.value.items if isinstance(one, ScalarNode)]
        for parameter, each in sweep.entries.items()
        if isinstance(each.value, ListNode)
    }
    if len(lists) < len(sweep.entries) or not all(lists.values()):
        return
    for parameter in lists.keys() & voice.entries.keys():
        message = f"{quoted(parameter)} is swept, and stands in the voice too"
        problems.add(voice.entries[parameter].key, message, "remove one of them")
    count = math.prod(map(len, lists.values()))
    if count > _MOST:
        message = f"the voice {quoted(name)} would be {count:,} voices"
        problems.add(sweep, message, f"at most {_MOST:,}")
        return
    for values in itertools.product(*lists.values()):
        text = "-".join([name, *(value.text for value in values)])
        key = ScalarNode(text, entry.key.plain, entry.key.line, entry.key.column)
        fields = {k: e for k, e in voice.entries.items() if k != "sweep"}
        for parameter, value in zip(lists, values, strict=True):
            fields[parameter] = Entry(sweep.entries[parameter].key, value)
        yield Entry(key, MapNode(fields, voice.line, voice.column))


def _note_taken(
    key: ScalarNode,
    made: Mapping[str, Entry],
    voices: MapNode,
    problems: Problems,
    *,
    is_new: bool,
) -> None:
    if key.text in made or (is_new and key.text in voices.entries):
        problems.add(key, f"there are two voices {quoted(key.text)}", "rename one")


def _named(output: Node, variants: _Variants) -> Node:
    """Have an output name the variants where it names a swept voice."""
    changed: dict[str, Node] = {}
    names = _below(output, "voices")
    if isinstance(names, ListNode):
        items = tuple(one for item in names.items for one in _each(item, variants))
        changed["voices"] = ListNode(items, names.line, names.column)
    held = _below(output, "held_out")
    if isinstance(held, MapNode):
        entries = {
            key.text: Entry(key, entry.value)
            for entry in held.entries.values()
            for key in _each(entry.key, variants)
            if isinstance(key, ScalarNode)
        }
        changed["held_out"] = MapNode(entries, held.line, held.column)
    return _replaced(output, changed)


def _each(node: Node, variants: _Variants) -> Iterator[Node]:
    if isinstance(node, ScalarNode) and node.text in variants:
        for name in variants[node.text]:
            yield ScalarNode(name, node.plain, node.line, node.column)
    else:
        yield node


def _below(node: Node | None, key: str) -> Node | None:
    entry = node.entries.get(key) if isinstance(node, MapNode) else None
    return entry.value if entry else None


def _replaced(node: Node, changed: Mapping[str, Node]) -> Node:
    if not isinstance(node, MapNode):
        return node
    entries = {
        key: Entry(entry.key, changed.get(key, entry.value))
        for key, entry in node.entries.items()
    }
    return MapNode(entries, node.line, node.column)
