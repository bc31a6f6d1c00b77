"""Whether a tree has the shape it should have, and if not, why not."""

from __future__ import annotations

from collections.abc import Iterator

from batchtts.jobfile.nodes import ListNode, MapNode, Node, ScalarNode, core
from batchtts.jobfile.problems import Problems, quoted
from batchtts.jobfile.scalars import check_scalar, is_null, kind_of
from batchtts.jobfile.shape import (
    ByKey,
    ByValue,
    Either,
    Limit,
    Listing,
    MapShape,
    Named,
    Path,
    Record,
    Rule,
    Shape,
)
from batchtts.jobfile.wording import article, expected, kinds

__all__ = ["check"]


def check(node: Node, shape: Shape, label: str, problems: Problems) -> None:
    """Note in ``problems`` everything at ``node`` that ``shape`` does not allow.

    ``label`` is what messages call the value.
    """
    if isinstance(shape, Either):
        _check_either(node, shape, label, problems)
    elif isinstance(shape, Listing):
        _check_list(node, shape, label, problems)
    elif isinstance(shape, Named | Record | ByKey | ByValue):
        _check_map(node, shape, label, problems)
    elif isinstance(node, ScalarNode):
        check_scalar(node, shape, label, problems)
    else:
        _wrong_kind(node, shape, label, problems)


def _check_map(
    node: Node,
    shape: MapShape,
    label: str,
    problems: Problems,
) -> None:
    if not isinstance(node, MapNode):
        _wrong_kind(node, shape, label, problems)
    elif isinstance(shape, Named):
        _check_named(node, shape, label, problems)
    elif isinstance(shape, Record):
        _check_record(node, shape, problems)
    elif isinstance(shape, ByKey):
        _check_by_key(node, shape, problems)
    else:
        _check_by_value(node, shape, problems)


def _wrong_kind(node: Node, shape: Shape, label: str, problems: Problems) -> None:
    if is_null(node):
        message, hint = f'"{label}" is empty', f"it must be {expected(shape)}"
    else:
        message = f'"{label}" must be {expected(shape)}, not {article(node)}'
        hint = ""
        if isinstance(shape, Listing) and not isinstance(node, ListNode):
            hint = "put a list there, also for one thing"
    problems.add(node, message, hint)


def _check_either(node: Node, shape: Either, label: str, problems: Problems) -> None:
    kind = kind_of(node)
    for option in shape.options:
        if kind in kinds(option):
            check(node, option, label, problems)
            return
    _wrong_kind(node, shape, label, problems)


def _check_list(node: Node, shape: Listing, label: str, problems: Problems) -> None:
    if not isinstance(node, ListNode):
        _wrong_kind(node, shape, label, problems)
        return
    if not node.items:
        problems.add(node, f'"{label}" is an empty list', "give it at least one entry")
    for item in node.items:
        check(item, shape.each, label, problems)


def _check_named(node: MapNode, shape: Named, label: str, problems: Problems) -> None:
    if len(node.entries) < shape.at_least:
        problems.add(node, f'"{label}" is empty', f"give it a {shape.noun}")
    for name, entry in node.entries.items():
        if not name:
            problems.add(entry.key, f"a {shape.noun} here has no name")
        elif name in shape.refused:
            message = f"{quoted(name)} cannot be the name of a {shape.noun}"
            problems.add(entry.key, message, shape.refused[name])
        check(entry.value, shape.each, name, problems)


def _check_record(node: MapNode, shape: Record, problems: Problems) -> None:
    for key, entry in node.entries.items():
        if key not in shape.fields:
            problems.add(
                entry.key,
                f"unknown key {quoted(key)} in the {shape.noun}",
                _suggestion(key, shape, problems),
            )
        else:
            check(entry.value, shape.fields[key].shape, key, problems)
    for key, field in shape.fields.items():
        if field.required and key not in node.entries:
            problems.add(node, f'the {shape.noun} has no "{key}"', field.doc)
    for rule in shape.rules:
        _check_rule(node, rule, problems)


def _suggestion(key: str, shape: Record, problems: Problems) -> str:
    names = {alias: n for n, f in shape.fields.items() for alias in f.aliases}
    if key in names:
        return f'did you mean "{names[key]}"?'
    known = "it knows " + ", ".join(shape.fields)
    return problems.suggest(key, shape.fields, otherwise=known)


def _check_by_key(node: MapNode, shape: ByKey, problems: Problems) -> None:
    for key, variant in shape.variants.items():
        if key in node.entries:
            others = [k for k in shape.variants if k in node.entries and k != key]
            clashing = [k for k in others if k not in variant.fields]
            if clashing:
                problems.add(
                    node.entries[clashing[0]].key,
                    f'"{clashing[0]}" cannot stand beside "{key}"',
                    "keep one of them",
                )
            rest = {k: e for k, e in node.entries.items() if k not in clashing}
            kept = MapNode(rest, node.line, node.column)
            _check_record(kept, variant, problems)
            return
    names = " or ".join(f'"{key}"' for key in shape.variants)
    meant = (problems.suggest(key, shape.variants) for key in node.entries)
    problems.add(node, f"the {shape.noun} needs {names}", next(filter(None, meant), ""))


def _check_by_value(node: MapNode, shape: ByValue, problems: Problems) -> None:
    entry = node.entries.get(shape.key)
    if entry is None:
        problems.add(node, f'the {shape.noun} has no "{shape.key}"', shape.doc)
        return
    value = entry.value
    variant = None
    if isinstance(value, ScalarNode):
        variant = shape.variants.get(value.text)
    if variant is None:
        names = ", ".join(f'"{name}"' for name in shape.variants)
        shown = quoted(value.text) if isinstance(value, ScalarNode) else article(value)
        problems.add(
            value,
            f'"{shape.key}" must be {names}, not {shown}',
            problems.suggest(getattr(value, "text", ""), shape.variants),
        )
    else:
        _check_record(node, variant, problems)


def _check_rule(node: MapNode, rule: Rule, problems: Problems) -> None:
    if not _holds(node, rule):
        return
    for limit in rule.limits:
        for label, target in _at(node, limit.path):
            _check_limit(target, limit, label, problems)


def _check_limit(node: Node, limit: Limit, label: str, problems: Problems) -> None:
    if limit.demand is None:
        problems.add(node, f'"{label}" is not for {limit.why}', "remove it")
    elif isinstance(limit.demand, Rule):
        if isinstance(node, MapNode):
            _check_rule(node, limit.demand, problems)
    elif kind_of(node) in kinds(limit.demand):
        further = Problems(problems.shown)
        check(node, limit.demand, label, further)
        if further:
            must = expected(limit.demand)
            problems.add(node, f'"{label}" must be {must} for {limit.why}')


def _holds(node: MapNode, rule: Rule) -> bool:
    found = list(_at(node, rule.decides))
    if not found:
        return rule.absent
    value = found[0][1]
    return isinstance(value, ScalarNode) and core(value) in rule.among


def _at(node: Node, path: Path) -> Iterator[tuple[str, Node]]:
    """Give label and node of everything at ``path`` below ``node``."""
    if not isinstance(node, MapNode):
        return
    head, rest = path[0], path[1:]
    names = list(node.entries) if head == "*" else [head]
    for name in names:
        if (entry := node.entries.get(name)) is None:
            continue
        if rest:
            yield from _at(entry.value, rest)
        else:
            yield name, entry.value
