"""What a run may send: so many characters, and none of them promised twice.

A request is paid for by its characters, again at every attempt. `Budget` grants
an attempt only if it fits, so the budget is never exceeded. What a text still
needs can be promised to it as a whole beforehand; nothing else is then promised
the same characters, though a retry of something else may still use them up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from batchtts.model import Fingerprint

__all__ = ["Budget"]


class Budget:
    """Characters to spend; without a limit unless one is given."""

    def __init__(self, characters: int | None = None) -> None:
        """Allow so many; None: any number."""
        self.limit = math.inf if characters is None else characters
        self.spent = 0  # on attempts that were, or are just being, made
        self._promised: dict[Fingerprint, int] = {}  # 0: it is just being spent
        self._owed = 0  # the sum of what is promised

    def promise(self, needs: Mapping[Fingerprint, int]) -> bool:
        """Set aside what requests need, all of it or none; say which.

        A request that has its promise, or for which an attempt is being made,
        needs nothing more.
        """
        new = {one: n for one, n in needs.items() if one not in self._promised}
        more = sum(new.values())
        if self.spent + self._owed + more > self.limit:
            return False
        self._promised |= new
        self._owed += more
        return True

    def spend(self, fingerprint: Fingerprint, characters: int) -> bool:
        """Spend on an attempt, from the promise if there is one; False: too much."""
        if self.spent + characters > self.limit:
            return False
        self._set(fingerprint, 0)
        self.spent += characters
        return True

    def refund(self, fingerprint: Fingerprint, characters: int) -> None:
        """Take back what an attempt did not cost; its request still needs it."""
        self.spent -= characters
        self._set(fingerprint, characters)

    def settle(self, fingerprint: Fingerprint) -> None:
        """Let a promise lapse: its request is made, or will not be."""
        self._owed -= self._promised.pop(fingerprint, 0)

    def _set(self, fingerprint: Fingerprint, characters: int) -> None:
        self.settle(fingerprint)
        self._promised[fingerprint] = characters
        self._owed += characters
