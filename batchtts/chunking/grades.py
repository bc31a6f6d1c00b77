"""How good each kind of cut is: what the packing weighs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from batchtts.model import Boundary

__all__ = ["Cut", "Weights"]


class Cut(NamedTuple):
    """A place where a text may be cut.

    ``end`` is where the words before it end, ``start`` where those after it
    start; between them stands white space only, which goes to the chunk before.
    """

    end: int
    start: int
    boundary: Boundary
    penalty: int


@dataclass(frozen=True, slots=True)
class Weights:
    """What a chunking costs; the packing finds the one that costs least.

    Every chunk costs ``request``, the penalty of the cut that ends it, and
    ``balance`` times the square of its distance from ``target`` (both lengths
    as shares of the limit). A chunk shorter than ``runt`` of the limit costs
    up to ``runt_cost`` more, one with nothing to speak ``silent``.
    """

    request: int = 100
    balance: int = 60
    target: float = 0.85
    runt: float = 0.3
    runt_cost: int = 60
    silent: int = 1_000_000
