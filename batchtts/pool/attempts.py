"""The attempts at one request, until there is a take or the policy gives up."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, replace

from batchtts.budget import Budget
from batchtts.errors import BatchTTSError, Fault, ServiceError, TakeError
from batchtts.events import Retrying
from batchtts.model import Fingerprint, Recording, Request
from batchtts.pool.health import Health, Slot
from batchtts.pool.hearing import Court, Hearing, Verdict
from batchtts.pool.outcome import Effects, LeftOut, Miss, Totals
from batchtts.pool.turns import Turns
from batchtts.retry import (
    Policy,
    Quota,
    is_service_wide,
    may_be_billed,
    retry_delay,
)

__all__ = ["Attempts", "Equipment", "Tally"]


class Tally:
    """The running totals."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.totals = Totals()

    def count(self, **more: int) -> None:
        """Add to some of them."""
        changes = {name: getattr(self.totals, name) + n for name, n in more.items()}
        self.totals = replace(self.totals, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What the attempts at all requests share."""

    effects: Effects
    court: Court
    policy: Policy
    quota: Quota
    budget: Budget
    turns: Turns[Slot]
    health: Health
    tally: Tally


class Attempts:
    """Makes the attempts at one request, one after the other."""

    def __init__(
        self, request: Request, fingerprint: Fingerprint, ticket: int, means: Equipment
    ) -> None:
        """Be ready; nothing begins before `take`."""
        self.misses: list[Miss] = []
        self._request = request
        self._fingerprint = fingerprint
        self._ticket = ticket
        self._means = means
        self._hearing = Hearing(request, means.court)
        self._failures = 0
        self._spent_s = 0.0
        self._first_s: float | None = None
        self._not_before_s = -math.inf

    async def confirm(self, recording: Recording) -> Verdict:
        """Judge one that an earlier run has left in the cache for the time being.

        Raises TakeError if it is doubtful; that is no attempt of this run's.
        """
        verdict = await asyncio.to_thread(self._hearing.keep, recording)
        return await self._hearing.review(verdict)

    async def take(self) -> Verdict:
        """Try until the take is in the cache; raise the TakeError that remains.

        Raises what ends the run for everyone, Stopped when it is ending, and
        LeftOut when the budget has no room for another attempt.
        """
        means = self._means
        characters = len(self._request.text)
        while True:
            slot = await means.turns.turn(
                self._ticket, characters, not_before_s=self._not_before_s
            )
            if not means.budget.spend(self._fingerprint, characters):
                self._give_back(slot)
                raise LeftOut
            try:
                return await self._hearing.review(await self._attempt(slot))
            except TakeError as exc:
                self._prepare_another(exc)

    async def _attempt(self, slot: Slot) -> Verdict:
        """Make one attempt in the slot that was granted, and give it back.

        The slot lasts until the take is in the cache, longer than the connection:
        so when this process is killed it costs at most as many requests as there
        are slots, and a slow disk slows the requests instead of filling the memory
        with takes. What an attempt tells of the service is taken in before the
        next may begin.
        """
        means, began_s = self._means, self._means.effects.clock.now_s()
        if self._first_s is None:
            self._first_s = began_s
        paid = True
        try:
            try:
                recording = await means.effects.speak(
                    self._request, lambda: self._let_in(slot)
                )
            except BatchTTSError as exc:
                paid = may_be_billed(exc)
                raise
            means.health.heard(slot)
            means.turns.wake()
            verdict = await asyncio.to_thread(self._hearing.keep, recording)
        except TakeError as exc:
            means.health.failed(self._request, self._fingerprint, exc, slot)
            raise
        else:
            means.health.succeeded(self._request)
            means.quota.succeeded()
            return verdict
        finally:
            # Not more than half of all time: the machine may have been asleep.
            took_s = means.effects.clock.now_s() - began_s
            self._spent_s += min(took_s, means.policy.total_s / 2)
            self._account(paid=paid)
            self._give_back(slot)

    def _account(self, *, paid: bool) -> None:
        characters = len(self._request.text)
        self._means.tally.count(attempts=1, characters_sent=characters * paid)
        if not paid:
            self._means.budget.refund(self._fingerprint, characters)

    def _let_in(self, slot: Slot) -> None:
        self._means.health.admitted(slot)
        self._means.turns.wake()

    def _give_back(self, slot: Slot) -> None:
        """Leave the slot to the next: after what this attempt has come to is known.

        If it ends the run, nobody is to begin any more; if it is to be made
        again, its request is still the first in the queue.
        """
        self._means.health.leave(slot)
        asyncio.get_running_loop().call_soon(self._means.turns.wake)

    # --- after a failure ----------------------------------------------------------

    def _prepare_another(self, error: TakeError) -> None:
        """Set when the next attempt may begin; raise if there is to be none."""
        if error.fault is Fault.THROTTLED:
            self._means.tally.count(throttles=1)
            return  # it waits its turn, and has lost nothing
        means = self._means
        if is_service_wide(error) and means.health.holding:
            self._begin_anew()
            return
        self._failures += 1
        self.misses.append(self._miss(error))
        delay_s = retry_delay(
            error,
            failures=self._failures,
            spent_s=self._spent_s,
            chance=means.effects.chance(),
            policy=means.policy,
        )
        if delay_s is None:
            self._give_up(error)
            return
        if not means.quota.pay(error):
            raise self._no_quota(error)
        means.tally.count(retries=1)
        means.effects.on_event(
            Retrying(error.fault, error.reason, self._failures, delay_s)
        )
        self._spent_s += delay_s
        self._not_before_s = means.effects.clock.now_s() + delay_s

    def _give_up(self, error: TakeError) -> None:
        """Raise the error, unless the service as a whole is to blame."""
        first_s = 0.0 if self._first_s is None else self._first_s
        if is_service_wide(error) and self._means.health.hold_if_silent(first_s, error):
            self._begin_anew()
            return
        raise error

    def _begin_anew(self) -> None:
        """Have no attempt spent on what was not this request's trouble."""
        self._failures, self._spent_s = 0, 0.0
        self._first_s = None
        self._not_before_s = -math.inf
        self.misses.clear()

    def _no_quota(self, error: TakeError) -> ServiceError:
        totals = self._means.tally.totals
        return ServiceError(
            f"too many attempts fail: {totals.retries:,} of {totals.attempts:,} had to "
            f"be made again, and each may be billed; the last: {error}; run again later"
        )

    def _miss(self, error: TakeError) -> Miss:
        return Miss(
            when=self._means.effects.clock.utc().isoformat(timespec="milliseconds"),
            attempt=self._failures,
            fault=error.fault,
            reason=error.reason,
            status=error.status,
            close_code=error.close_code,
            received_bytes=error.received_bytes,
        )
