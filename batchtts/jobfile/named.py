"""What a job file may name, before it is read as a job."""

from __future__ import annotations

import re
from collections.abc import Iterator

from batchtts.jobfile.nodes import ListNode, MapNode, Node, ScalarNode
from batchtts.jobfile.problems import Problems
from batchtts.jobfile.yamltree import read_tree

__all__ = ["names_in"]

_FILE_NAME = re.compile(r"[^\0-\x1f]{1,1023}\.[A-Za-z0-9]{1,8}")


def names_in(source: bytes) -> Iterator[str]:
    """Yield all values of a job file that look like the name of a file.

    Words of texts may do so too. Of a file that cannot be read there is none.
    """
    waiting: list[Node | None] = [read_tree(source, Problems(""))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ListNode):
            waiting += node.items
        elif isinstance(node, MapNode):
            waiting += (entry.value for entry in node.entries.values())
        elif isinstance(node, ScalarNode) and _FILE_NAME.fullmatch(node.text):
            yield node.text
