"""What is wrong with a take, as far as can be told, and what dispels it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from batchtts.completeness.endings import LOUD
from batchtts.errors import Fault

__all__ = ["NEVER", "SUSPICIOUS", "Doubt", "agree"]

SUSPICIOUS: Final = 2.0
"""The weight from which on there is a doubt: see tests/benchmarks/completeness.py."""

NEVER: Final = math.inf
"""The weight of what can be no take at all."""

_AGREE_SHARE = 0.1  # two takes just doubtful may differ by so much of their length
_AGREE_S = 0.03  # and the most doubtful by so much


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a take may not be all of its text.

    ``weight`` is the logarithm of how much likelier a broken take is to be like
    this than a whole one.
    """

    reason: str
    weight: float
    seconds: float = 0.0  # of speech in it
    ending: int = LOUD
    fault: Fault = Fault.INCOMPLETE


def agree(first: Doubt, second: Doubt) -> bool:
    """Say whether two doubtful takes of one request confirm one another.

    They do when they are equally long, the more exactly the more doubtful they
    are, and both or neither ends in mid-sound: a service that breaks off does
    not do so twice in the same place.
    """
    weight = max(first.weight, second.weight)
    if weight == NEVER or (first.ending == LOUD) != (second.ending == LOUD):
        return False
    longest_s = max(first.seconds, second.seconds)
    share = _AGREE_SHARE * min(1.0, (SUSPICIOUS / weight) ** 2)
    return abs(first.seconds - second.seconds) <= max(share * longest_s, _AGREE_S)
