"""Texts as a lexicon has them said."""

from __future__ import annotations

from dataclasses import dataclass

from batchtts.model import Respelling

__all__ = ["Change", "Respelt"]


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of a respelt text, and what is written there."""

    start: int
    end: int
    written: str
    entry: Respelling


@dataclass(frozen=True, slots=True)
class Respelt:
    """A text as it is to be said; ``changes`` are in order and do not overlap."""

    text: str
    changes: tuple[Change, ...] = ()
