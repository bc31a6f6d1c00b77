"""Tell words apart in Chinese, Japanese and Thai, by the optional package budoux."""

from __future__ import annotations

import importlib
import re
from functools import cache
from itertools import accumulate
from types import ModuleType
from typing import Protocol

from batchtts.errors import JobError, Problem
from batchtts.model import Place

__all__ = ["phrase_ends"]

_LOADERS = (
    (re.compile("[\u0e01-\u0e5b]"), "load_default_thai_parser"),
    (re.compile("[\u3041-\u30ff]"), "load_default_japanese_parser"),
    (re.compile("[\u3400-\u9fff]"), "load_default_simplified_chinese_parser"),
)


class _Parser(Protocol):
    """What is used of budoux."""

    def parse(self, sentence: str) -> list[str]:
        """Give the phrases of a sentence, which join to it again."""


def phrase_ends(text: str, start: int, end: int) -> frozenset[int]:
    """Give where phrases end inside a stretch of a script without spaces.

    Other scripts have none. The script decides, not the language, so that a
    Japanese name is read as one in any text.
    """
    stretch = text[start:end]
    for script, loader in _LOADERS:
        if script.search(stretch):
            phrases = _parser(loader).parse(stretch)
            return frozenset(accumulate(map(len, phrases), initial=start))
    return frozenset()


@cache
def _parser(loader: str) -> _Parser:
    """Load the model of one script."""
    parser: _Parser = getattr(_package(), loader)()
    return parser


def _package() -> ModuleType:
    """Import budoux, or say how it is installed."""
    try:
        return importlib.import_module("budoux")
    except ImportError as exc:
        problem = Problem(
            Place("phrases"),
            'they need the package "budoux", which is not installed',
            "pip install 'batchtts[phrases]'",
        )
        raise JobError([problem]) from exc
