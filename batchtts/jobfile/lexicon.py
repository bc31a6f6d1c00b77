"""Pronunciation lexicons: entries of the job file, and files of them."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from batchtts.errors import JobError, Problem
from batchtts.files import local_errors
from batchtts.jobfile.check import check
from batchtts.jobfile.fields import Fields, text_of
from batchtts.jobfile.lexiconshape import LEXICON
from batchtts.jobfile.nodes import Entry, ListNode, MapNode, Node, ScalarNode
from batchtts.jobfile.places import Places
from batchtts.jobfile.pls import read_pls
from batchtts.jobfile.problems import Problems, quoted
from batchtts.jobfile.yamltree import read_tree
from batchtts.model import Respelling

__all__ = ["LEXICON_ENDINGS", "lexicon", "read_lexicon"]

LEXICON_ENDINGS = (".yaml", ".yml", ".pls", ".xml")
MAX_BYTES = 8 << 20
MAX_ENTRIES = 200_000
_MAX_WRITTEN = 200  # characters of an entry
_MAX_SAID = 400


def lexicon(
    node: Node | None, places: Places, problems: Problems
) -> tuple[Respelling, ...]:
    """Return the entries of a lexicon in the job file, those of its files in place."""
    entries: list[Respelling] = []
    for part in node.items if isinstance(node, ListNode) else (node,):
        if isinstance(part, ScalarNode):
            entries += _named(part, places, problems)
        elif isinstance(part, MapNode):
            listed = isinstance(node, ListNode)
            entries += _entries(part, problems, listed=listed)
    return tuple(entries)


def read_lexicon(path: Path, shown: str) -> tuple[Respelling, ...]:
    """Read a file of entries: the YAML of a job's ``lexicon``, or W3C PLS.

    Raises JobError with all that is wrong in it, and LocalError when it cannot
    be read.
    """
    with local_errors("cannot read the lexicon"), path.open("rb") as file:
        too_large = os.fstat(file.fileno()).st_size > MAX_BYTES
        data = b"" if too_large else file.read(MAX_BYTES + 1)
    problems = Problems(shown)
    if too_large or len(data) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES >> 20} MiB"
        problems.add(None, message, "split it into several")
        problems.raise_any()
    if path.suffix.lower() in {".pls", ".xml"}:
        entries = read_pls(data, shown)
        for entry in entries:
            _note_problem(entry, problems)
    else:
        entries = _in_yaml(data, problems)
    if len(entries) > MAX_ENTRIES:
        problems.add(None, f"the file has more than {MAX_ENTRIES:,} entries")
    problems.raise_any()
    return entries


def _named(
    node: ScalarNode, places: Places, problems: Problems
) -> Iterator[Respelling]:
    """Read the file that a job names."""
    raw = text_of(node)
    if raw is None:
        return
    if not raw.lower().endswith(LEXICON_ENDINGS):
        endings = f"its name must end in {', '.join(LEXICON_ENDINGS)}"
        problems.add(node, f"{quoted(raw)} is no lexicon", endings)
    path = places.input_file(raw, node, LEXICON_ENDINGS, problems)
    if path is None:
        return
    try:
        yield from read_lexicon(path, raw)
    except JobError as exc:
        for problem in exc.problems:
            problems.note(problem)


def _in_yaml(data: bytes, problems: Problems) -> tuple[Respelling, ...]:
    root = read_tree(data, problems)
    problems.raise_any()
    if root is None:
        return ()
    check(root, LEXICON, "lexicon", problems)
    if isinstance(root, ScalarNode):
        problems.add(root, "a lexicon is a mapping of words, or a list of entries")
    found: list[Respelling] = []
    for part in root.items if isinstance(root, ListNode) else (root,):
        if isinstance(part, MapNode):
            found += _entries(part, problems, listed=isinstance(root, ListNode))
        elif isinstance(root, ListNode):
            problems.add(part, "a lexicon's file cannot name another", "name both")
    return tuple(found)


def _entries(node: MapNode, problems: Problems, *, listed: bool) -> list[Respelling]:
    """Return an entry of a list, or the entries of a mapping."""
    if listed:
        fields = Fields(node)
        is_expression = "word" not in fields
        written = fields.text("regex" if is_expression else "word")
        found = [_entry(node, written, fields, problems, is_expression=is_expression)]
    else:
        found = [
            _entry(entry.key, entry.key.text, _said(entry.value), problems)
            for entry in node.entries.values()
        ]
    kept = [entry for entry in found if entry is not None]
    for entry in kept:
        _note_problem(entry, problems)
    return kept


def _said(value: Node) -> Fields:
    """Return what is said of a word as the fields that it could have been."""
    if isinstance(value, ScalarNode):
        key = ScalarNode("say", plain=True, line=value.line, column=value.column)
        return Fields(MapNode({"say": Entry(key, value)}, value.line, value.column))
    return Fields(value)


def _entry(
    node: Node,
    written: str | None,
    fields: Fields,
    problems: Problems,
    *,
    is_expression: bool = False,
) -> Respelling | None:
    say = fields.text("say")
    if not written or say is None:
        return None
    if fields.value("case") is not None:
        any_case = not fields.flag("case")
    else:
        any_case = not is_expression and written == written.lower()
    return Respelling(written, say, any_case, is_expression, problems.place(node))


def _note_problem(entry: Respelling, problems: Problems) -> None:
    message = None
    if not entry.written.strip():
        message = "a word of white space cannot be found"
    elif len(entry.written) > _MAX_WRITTEN:
        message = f"{quoted(entry.written)} has more than {_MAX_WRITTEN} characters"
    elif len(entry.say) > _MAX_SAID:
        message = f"{quoted(entry.say)} has more than {_MAX_SAID} characters"
    elif any(unicodedata.category(char) in {"Cc", "Cs"} for char in entry.say):
        message = f"{quoted(entry.say)} has a character in it that cannot be said"
    elif entry.is_expression and (wrong := _expression_problem(entry)):
        message = f"{quoted(entry.written)} {wrong}"
    if message is not None:
        problems.note(Problem(entry.place, message))


def _expression_problem(entry: Respelling) -> str | None:
    from batchtts.lexicon import expression_problem  # brings a large library

    return expression_problem(entry.written, entry.say)
