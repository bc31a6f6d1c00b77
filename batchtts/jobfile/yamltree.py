"""YAML from strangers, read into a tree of nodes with positions.

The file is walked event by event and never constructed, so that nothing in it
can run, expand or loop: anchors, aliases, tags, merge keys, directives and
further documents are refused where they stand, duplicate keys as well, and
size, depth and number of values are bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from batchtts.jobfile.nodes import Entry, ListNode, MapNode, Node, ScalarNode, Spot
from batchtts.jobfile.problems import Problems, quoted
from batchtts.jobfile.yamlwords import sentence

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_NODES", "read_tree"]

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
MAX_NODES = 100_000

_Loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)
_NOT_YAML = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x00\x00\xfe\xff": "UTF-32"}


class _StopReadingError(Exception):
    """The rest of the file cannot be read; the problem has been noted."""


def read_tree(source: bytes | str, problems: Problems) -> Node | None:
    """Read one YAML document and return its root, or None when it has none.

    What is wrong with it is noted in ``problems``. None is also returned when
    the file cannot be read to its end; duplicate keys and the like do not stop
    the reading.
    """
    try:
        return _build(_text(source, problems), problems)
    except _StopReadingError:
        return None


def _text(source: bytes | str, problems: Problems) -> str:
    if len(source) > MAX_BYTES:
        problems.add(
            None,
            f"the file is larger than {MAX_BYTES >> 20} MiB",
            "put long texts into files of their own and name those",
        )
        raise _StopReadingError
    text = source if isinstance(source, str) else _decoded(source, problems)
    text = text.removeprefix("\ufeff")
    if bad := _NOT_YAML.search(text):
        name = "NUL" if bad.group() == "\0" else f"U+{ord(bad.group()):04X}"
        before = text[: bad.start()]
        where = Spot(before.count("\n") + 1, bad.start() - before.rfind("\n"))
        problems.add(
            where,
            f"the character {name} cannot stand in a YAML file",
            "remove it, or write it as an escape in double quotes",
        )
        raise _StopReadingError
    return text


def _decoded(source: bytes, problems: Problems) -> str:
    for bom, encoding in _BOMS.items():
        if source.startswith(bom):
            problems.add(None, f"the file is {encoding}, not UTF-8", "save it as UTF-8")
            raise _StopReadingError
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as exc:
        good = source[: exc.start].decode("utf-8")
        where = Spot(good.count("\n") + 1, len(good) - good.rfind("\n"))
        problems.add(
            where,
            f"the byte 0x{source[exc.start]:02X} here is not UTF-8",
            "save the file as UTF-8",
        )
        raise _StopReadingError from exc


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been reached."""

    is_map: bool
    line: int
    column: int
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: ScalarNode | None = None

    def closed(self) -> Node:
        if self.is_map:
            return MapNode(self.entries, self.line, self.column)
        return ListNode(tuple(self.items), self.line, self.column)


class _Builder:
    """Takes the events of a file and keeps the tree so far."""

    def __init__(self, problems: Problems) -> None:
        self.root: Node | None = None
        self._problems = problems
        self._open: list[_Open] = []
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Add what the event stands for."""
        if isinstance(event, yaml.ScalarEvent):
            self._counted(event)
            plain = event.style is None or event.style == ""
            if _SURROGATE.search(event.value):  # PyYAML's own parser lets it through
                self._stop(event, "half a surrogate pair is escaped here", "write it")
            self._add(ScalarNode(event.value, plain, *_start(event)))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._counted(event)
            self._enter(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._add(self._open.pop().closed())
        elif isinstance(event, yaml.AliasEvent):
            self._stop(event, "an alias (*name) is not allowed here", "write it out")
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(event)

    def _enter(self, event: yaml.CollectionStartEvent) -> None:
        is_map = isinstance(event, yaml.MappingStartEvent)
        if self._open and self._open[-1].is_map and self._open[-1].key is None:
            self._stop(event, "a key must be one word or text, not a list or mapping")
        if len(self._open) >= MAX_DEPTH:
            self._stop(event, f"lists and mappings are nested deeper than {MAX_DEPTH}")
        self._open.append(_Open(is_map, *_start(event)))

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        top = self._open[-1]
        if not top.is_map:
            top.items.append(node)
        elif top.key is None:
            if isinstance(node, ScalarNode):  # _enter lets nothing else through
                top.key = node
        else:
            self._pair(top, top.key, node)
            top.key = None

    def _pair(self, top: _Open, key: ScalarNode, value: Node) -> None:
        if key.text == "<<" and key.plain:
            self._problems.add(
                key, "a merge key (<<) is not allowed here", "write the keys out"
            )
        elif first := top.entries.get(key.text):
            self._problems.add(
                key,
                f"the key {quoted(key.text)} stands here a second time",
                f"the first is in line {first.key.line}; keep one of them",
            )
        else:
            top.entries[key.text] = Entry(key, value)

    def _counted(self, event: yaml.NodeEvent) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop(
                event,
                f"the file holds more than {MAX_NODES:,} values",
                "put the texts into a table and name that",
            )
        if event.anchor is not None:
            self._note(event, "an anchor (&name) is not allowed here", "remove it")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._note(event, "a tag (!name) is not allowed here", "remove it")

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop(
                event, "a second document begins here", "keep one document a file"
            )
        if event.version or event.tags:
            self._note(event, "a directive (%...) is not allowed here", "remove it")

    def _note(self, event: yaml.Event, message: str, hint: str = "") -> None:
        self._problems.add(Spot(*_start(event)), message, hint)

    def _stop(self, event: yaml.Event, message: str, hint: str = "") -> None:
        self._note(event, message, hint)
        raise _StopReadingError


def _start(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _build(text: str, problems: Problems) -> Node | None:
    builder = _Builder(problems)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.MarkedYAMLError as exc:
        mark, message, hint = sentence(exc, text)
        where = Spot(mark[0], mark[1])
        problems.add(where, message, hint)
        raise _StopReadingError from exc
    except (
        OverflowError,
        ValueError,
    ) as exc:  # PyYAML's own parser, for an escape beyond Unicode
        problems.add(None, "there is an escape in it that is no character")
        raise _StopReadingError from exc
    return builder.root
