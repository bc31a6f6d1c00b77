"""The pool: requests in, verified takes in the cache out, few sockets at a time.

A request waits for its turn in the order of arrival and starts the moment a
socket is free, whatever text it belongs to. A take is in the cache before
anyone is told of it. Identical requests are made once.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from batchtts.breaker import Breaker
from batchtts.budget import Budget
from batchtts.cache import Cache
from batchtts.errors import BatchTTSError, TakeError
from batchtts.events import TakeDone, TakeFailed
from batchtts.gate import Gate
from batchtts.model import Fingerprint, Recording, Request
from batchtts.pool.attempts import Attempts, Equipment, Tally
from batchtts.pool.health import Health, Slot
from batchtts.pool.hearing import Court, Judge, Verdict
from batchtts.pool.outcome import Effects, Outcome, Totals
from batchtts.pool.turns import Turns
from batchtts.retry import Policy, Quota

__all__ = ["Pool"]

_LOOKED_FOR_AT_ONCE = 4  # takes in the cache: each is read whole, and may be large


class Pool:
    """At most ``concurrency`` requests in flight; used from one event loop."""

    def __init__(
        self,
        effects: Effects,
        *,
        cache: Cache,
        concurrency: int,
        duration_s: Callable[[Recording], float],
        judge: Judge | None = None,
        budget: Budget | None = None,
        policy: Policy | None = None,
    ) -> None:
        """Prepare; nothing starts before the first `take`."""
        policy = policy or Policy()
        self.gate = Gate(concurrency)
        self._cache = cache
        self._court = Court(cache, duration_s, judge)
        self._readers = ThreadPoolExecutor(_LOOKED_FOR_AT_ONCE, "cache")
        self._on_event = effects.on_event
        self._tally = Tally()
        self._budget = budget or Budget()
        self._flying: dict[Fingerprint, asyncio.Task[Outcome]] = {}
        self._tickets = itertools.count()
        breaker = Breaker(
            row=policy.row, probe_every_s=policy.probe_every_s, probes=policy.probes
        )
        health = Health(self.gate, breaker, effects)
        self._turns: Turns[Slot] = Turns(
            effects.clock, wait_s=health.wait_s, enter=health.enter, leave=health.leave
        )
        self._means = Equipment(
            effects=effects,
            court=self._court,
            policy=policy,
            quota=Quota(),
            budget=self._budget,
            turns=self._turns,
            health=health,
            tally=self._tally,
        )

    @property
    def totals(self) -> Totals:
        """Return what has been done so far."""
        return self._tally.totals

    async def take(self, request: Request) -> Outcome:
        """Bring ``request``'s take into the cache, or say why it cannot be had.

        Raises Stopped when the run is ending, LeftOut when the budget has no
        room for the request, and whatever ends a run for all (AuthError,
        ServiceError, LocalError, JobError).
        """
        fingerprint = request.fingerprint
        task = self._flying.get(fingerprint)
        if task is None:
            ticket = next(self._tickets)
            task = asyncio.create_task(self._take(request, fingerprint, ticket))
            self._flying[fingerprint] = task
            task.add_done_callback(functools.partial(self._landed, fingerprint))
        return await asyncio.shield(task)

    def stop(self) -> None:
        """Start no further attempt; those in flight may finish."""
        self._turns.stop()

    def last_call(self) -> None:
        """Say that no request will be asked for that has not been."""
        self._turns.last_call()

    async def close(self, grace_s: float) -> None:
        """Stop, give what is in flight ``grace_s`` seconds, then cancel it."""
        self.stop()
        flying = list(self._flying.values())
        if flying and grace_s > 0:
            await asyncio.wait(flying, timeout=grace_s)
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)

    def _landed(self, fingerprint: Fingerprint, task: asyncio.Task[Outcome]) -> None:
        self._flying.pop(fingerprint, None)
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody may be left waiting

    async def _take(
        self, request: Request, fingerprint: Fingerprint, ticket: int
    ) -> Outcome:
        try:
            with self._court.under_way(request):
                found = await asyncio.get_running_loop().run_in_executor(
                    self._readers, self._found, request, fingerprint
                )
                cached = isinstance(found, Outcome)
                if isinstance(found, Outcome):
                    outcome = found
                else:
                    attempts = Attempts(request, fingerprint, ticket, self._means)
                    outcome, cached = await self._made(attempts, found)
            if not isinstance(found, Outcome) and outcome.error is None:
                await asyncio.to_thread(self._cache.settle, fingerprint)
        except BatchTTSError:
            self.stop()  # it would be the same for every other request
            raise
        finally:
            self._budget.settle(fingerprint)
        self._note(request, outcome, cached=cached)
        return outcome

    def _found(
        self, request: Request, fingerprint: Fingerprint
    ) -> Outcome | Recording | None:
        """Return what is known of a take in the cache; None if there is none.

        One that is still to be judged is returned as it is. Else the audio is let
        go at once: it is read again when its turn comes.
        """
        kept = self._cache.read(fingerprint)
        if kept is None:
            return None
        if self._court.judge is None:
            return Outcome(self._court.duration_s(kept.recording), suspect=kept.suspect)
        if kept.provisional:
            return kept.recording
        self._court.judge.remember(request)
        return Outcome(self._court.duration_s(kept.recording), suspect=kept.suspect)

    async def _made(
        self, attempts: Attempts, found: Recording | None
    ) -> tuple[Outcome, bool]:
        """Return the outcome, and whether what was ``found`` in the cache has done."""
        if found is not None:
            with contextlib.suppress(TakeError):
                return _good(await attempts.confirm(found)), True
        try:
            return _good(await attempts.take()), False
        except TakeError as exc:
            return Outcome(error=exc, misses=tuple(attempts.misses)), False

    def _note(self, request: Request, outcome: Outcome, *, cached: bool) -> None:
        """Count how a request ended, and tell."""
        characters = len(request.text)
        if outcome.error is not None:
            self._tally.count(failed=1)
            self._on_event(TakeFailed(characters))
            return
        if cached:
            self._tally.count(cached=1, characters_cached=characters)
        else:
            self._tally.count(made=1, characters_made=characters)
        self._on_event(
            TakeDone(characters, cached, outcome.seconds, suspect=outcome.suspect)
        )


def _good(verdict: Verdict) -> Outcome:
    return Outcome(verdict.seconds, suspect=verdict.suspect)
