"""How far a service is trusted: one that breaks off is believed less."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from batchtts.completeness.doubt import SUSPICIOUS

__all__ = ["Service"]

_USUALLY: Final = 1 / 50  # of the takes are broken where `SUSPICIOUS` is right
_LEAST: Final = 0.5
"""What is as likely whole as broken is believed, whatever has happened before."""


@dataclass(slots=True)
class Service:
    """How many takes a run has judged, and how many of them were doubtful."""

    takes: int = 0
    doubted: int = 0

    def count(self, takes: int, doubted: int) -> None:
        """Count takes that were judged."""
        self.takes += takes
        self.doubted += doubted

    def suspicious(self, takes: int = 0, doubted: int = 0) -> float:
        """Return the weight from which on there is a doubt; ``takes`` count as well.

        By Bayes' rule it sinks with the logarithm of how many more are broken
        than usual. It is never higher than in the beginning.
        """
        usual = 1 + _USUALLY * (self.takes + takes)
        more = max(1.0, (1 + self.doubted + doubted) / usual)
        return max(_LEAST, SUSPICIOUS - math.log(more))
