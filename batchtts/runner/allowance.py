"""What a run may cost and how long it may take, and what it gets for that.

Texts are bought whole, in their order: one is begun only if all that it still
needs can be paid for, and a later one that fits is bought before half of one that
does not. Only where nothing at all fits is the first bought in part, so that a
long chapter comes together over several runs. What was bought is in the cache,
and the next run goes on from there.
"""

from __future__ import annotations

import asyncio
import math

from batchtts.budget import Budget
from batchtts.cache import Cache
from batchtts.clock import Clock
from batchtts.errors import JobError, Problem
from batchtts.model import Fingerprint, Job, RunLimits
from batchtts.report import Spending
from batchtts.runner.feed import Work
from batchtts.runner.places import cache_folder
from batchtts.text_safety import many, shown_cost, shown_time

__all__ = ["Allowance", "cost_of"]

# So much of the time nothing is begun any more, in the end: half of it is for what
# is in flight to finish, and half for the report and the lock to be written.
_LAST_SHARE = 0.1
_LAST_S = 30.0
_LEAST_SHARE = 0.25  # of a short time, up to
_LEAST_S = 2.0
_PER = 1000  # characters: what a price is for


class Allowance:
    """Decides which texts a run begins, and when it begins no more."""

    def __init__(self, limits: RunLimits, job: Job, clock: Clock) -> None:
        """Start the time. Raises JobError for a cost without a price."""
        self.limits = limits
        self.budget = Budget(_characters(limits, job))
        self.short = False  # something was left out for want of money
        self.late = False  # or of time
        self._job = job
        self._cache = Cache(cache_folder(job))
        self._clock = clock
        since_s = clock.now_s() if limits.since_s is None else limits.since_s
        self._until_s = since_s + (
            math.inf if limits.deadline_s is None else limits.deadline_s
        )
        self._bought = False
        self._first_left_out: Work | None = None

    async def covers(self, one: Work) -> bool:
        """Set aside what a text still needs; if it does not fit, leave the text out."""
        if math.isinf(self.budget.limit):
            return True
        needs = await asyncio.to_thread(self._needs, one)
        while not self.budget.promise(needs):
            earlier, needs = needs, await asyncio.to_thread(self._needs, one)
            if needs == earlier:  # else takes have come for other texts meanwhile
                self.short = True
                self._first_left_out = self._first_left_out or one
                return False
        self._bought |= bool(needs)
        return True

    def in_part(self) -> Work | None:
        """Return the text that is to be begun though it will not be finished."""
        return None if self._bought else self._first_left_out

    @property
    def drain_s(self) -> float:
        """Return how long what is in flight then may take before it is left."""
        return self._last_s / 2

    @property
    def time_left_s(self) -> float:
        """Return for how long requests may still be begun."""
        return max(0.0, self._until_s - self._last_s - self._clock.now_s())

    @property
    def _last_s(self) -> float:
        whole_s = self.limits.deadline_s or 0.0
        least_s = min(_LEAST_S, _LEAST_SHARE * whole_s)
        return min(_LAST_S, max(least_s, _LAST_SHARE * whole_s))

    def spending(self, outputs_left: int, characters_left: int | None) -> Spending:
        """Say in figures what was allowed, and what is left."""
        cost = None if characters_left is None else cost_of(characters_left, self._job)
        return Spending(
            max_characters=self.limits.max_characters,
            max_cost=self.limits.max_cost,
            deadline_s=self.limits.deadline_s,
            outputs_left=outputs_left,
            characters_left=characters_left,
            cost_left=cost,
        )

    def sentence(self, spending: Spending) -> str | None:
        """Say what did not suffice, and what is left; None: nothing is left."""
        if not spending.outputs_left:
            return None
        if self.short:
            what = f"the budget of {self._most()} does not suffice"
        elif self.late:
            what = f"the deadline of {shown_time(self.limits.deadline_s or 0)} has come"
        else:
            return None
        left = many(spending.outputs_left, "output")
        if spending.characters_left is not None:
            left += f" and {spending.characters_left:,} characters"
        if spending.cost_left is not None:
            left += f" ({shown_cost(spending.cost_left)})"
        return f"{what}; left: {left}"

    def _most(self) -> str:
        most = f"{self.budget.limit:,} characters"
        cost = self.limits.max_cost
        return most if cost is None else f"{shown_cost(cost)} ({most})"

    def _needs(self, one: Work) -> dict[Fingerprint, int]:
        requests = (piece.request for piece in one.reading.pieces)
        return {
            request.fingerprint: len(request.text)
            for request in requests
            if request is not None and not self._cache.has(request.fingerprint)
        }


def cost_of(characters: int, job: Job) -> float | None:
    """Return what so many characters cost, rounded to a millionth; None: unknown."""
    return None if job.price is None else round(characters * job.price / _PER, 6)


def _characters(limits: RunLimits, job: Job) -> int | None:
    """Return how many characters may be sent; None: any number."""
    allowed = [] if limits.max_characters is None else [limits.max_characters]
    if limits.max_cost is not None:
        if job.price is None:
            message = "a limit of the cost needs the job's price"
            hint = "say what 1,000 characters cost: `price: 0.05`"
            raise JobError([Problem(job.place, message, hint)])
        if job.price > 0:
            # A hair more: 0.07 for 0.01 per 1,000 characters is 7,000, not 6,999.
            allowed.append(int(limits.max_cost * _PER / job.price * (1 + 1e-12)))
    return min(allowed, default=None)
