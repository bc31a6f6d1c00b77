"""The pool: requests in, verified takes in the cache out, few sockets at a time.

A request waits for its turn in the order of arrival and starts the moment a
socket is free, whatever text it belongs to. A take is in the cache before
anyone is told of it. Identical requests are made once.
"""

from __future__ import annotations

import asyncio
import functools
import heapq
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Never

from batchtts.cache import Cache
from batchtts.clock import Chance, Clock
from batchtts.errors import (
    AuthError,
    BatchTTSError,
    Fault,
    ServiceError,
    TakeError,
)
from batchtts.events import OnEvent, Retrying, TakeDone, TakeFailed, Throttled
from batchtts.gate import Gate
from batchtts.model import Fingerprint, Recording, Request
from batchtts.retry import RetryPolicy, retry_delay

__all__ = ["Outcome", "Pool", "Speak", "Stopped", "Totals"]

Speak = Callable[[Request], Awaitable[Recording]]
"""Make one attempt at a request: the whole recording, or TakeError. Any other
BatchTTSError means that no request can succeed, and ends the run."""

_STARVED_S = 900.0  # throttled for so long without one success: give up
_ROW_OF_FAILURES = 10  # different requests failing one after another
_BEFORE_SENDING = {Fault.THROTTLED, Fault.UNREACHABLE}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended: with a take in the cache, or with an error."""

    seconds: float = 0.0  # of audio, as it came
    error: TakeError | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What a pool has done so far."""

    made: int = 0
    cached: int = 0
    failed: int = 0
    attempts: int = 0
    retries: int = 0
    throttles: int = 0
    characters_sent: int = 0  # of every attempt: what the service may bill
    characters_made: int = 0
    characters_cached: int = 0


@dataclass(frozen=True, slots=True, order=True)
class _Turn:
    """A request that waits for a socket; the least ``order`` goes first."""

    order: tuple[int, ...]
    characters: int = field(compare=False)
    granted: asyncio.Future[None] = field(compare=False)


class Stopped(Exception):  # noqa: N818 - a state, not a fault
    """The pool takes no new requests: the run is ending."""


class Pool:
    """At most ``concurrency`` requests in flight; used from one event loop."""

    def __init__(
        self,
        *,
        speak: Speak,
        cache: Cache,
        concurrency: int,
        duration_s: Callable[[Recording], float],
        clock: Clock,
        chance: Chance,
        on_event: OnEvent,
        policy: RetryPolicy | None = None,
    ) -> None:
        """Take the effects as arguments; nothing starts before the first `take`."""
        self.gate = Gate(concurrency)
        self.totals = Totals()
        self._speak = speak
        self._cache = cache
        self._duration_s = duration_s
        self._clock = clock
        self._chance = chance
        self._on_event = on_event
        self._policy = policy or RetryPolicy()
        self._flying: dict[Fingerprint, asyncio.Task[Outcome]] = {}
        self._tickets = itertools.count()
        self._queue: list[_Turn] = []  # a heap
        self._last_call = False
        self._waker: asyncio.TimerHandle | None = None
        self._stopping = False
        self._failures_in_a_row = 0
        self._starving_since_s: float | None = None

    async def take(self, request: Request) -> Outcome:
        """Bring ``request``'s take into the cache, or say why it cannot be had.

        Raises Stopped when the run is ending, and whatever ends a run for all
        (AuthError, ServiceError, LocalError).
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
        """Start no further request; those in flight may finish."""
        self._stopping = True
        for turn in self._queue:
            if not turn.granted.done():
                turn.granted.set_exception(Stopped())
        self._queue.clear()

    def last_call(self) -> None:
        """Say that no request will be asked for that has not been.

        From now on the longest that waits is served first, so that at the end
        no socket is left alone with a long request that came late.
        """
        self._last_call = True
        self._queue = [
            replace(turn, order=(-turn.characters, *turn.order)) for turn in self._queue
        ]
        heapq.heapify(self._queue)

    async def close(self, grace_s: float) -> None:
        """Stop, give what is in flight ``grace_s`` seconds, then cancel it."""
        self.stop()
        flying = list(self._flying.values())
        if flying and grace_s > 0:
            await asyncio.wait(flying, timeout=grace_s)
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)
        if self._waker is not None:
            self._waker.cancel()

    def _landed(self, fingerprint: Fingerprint, task: asyncio.Task[Outcome]) -> None:
        self._flying.pop(fingerprint, None)
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody may be left waiting

    # --- one request ------------------------------------------------------------

    async def _take(
        self, request: Request, fingerprint: Fingerprint, ticket: int
    ) -> Outcome:
        seconds = await asyncio.to_thread(self._found, fingerprint)
        if seconds is not None:
            self._count(cached=1, characters_cached=len(request.text))
            self._on_event(TakeDone(len(request.text), cached=True, seconds=seconds))
            return Outcome(seconds)
        try:
            seconds = await self._persist(request, ticket)
        except TakeError as exc:
            self._count(failed=1)
            self._on_event(TakeFailed(len(request.text)))
            self._note_failure(exc)
            return Outcome(error=exc)
        await asyncio.to_thread(self._cache.settle, fingerprint)
        self._count(made=1, characters_made=len(request.text))
        self._on_event(TakeDone(len(request.text), cached=False, seconds=seconds))
        return Outcome(seconds)

    def _found(self, fingerprint: Fingerprint) -> float | None:
        """Return the length in seconds of a take in the cache; None if there is none.

        The audio itself is let go at once: it is read again when its turn comes.
        """
        recording = self._cache.load(fingerprint)
        return None if recording is None else self._duration_s(recording)

    def _keep(self, request: Request, recording: Recording) -> float:
        """Put a take into the cache; return its length in seconds."""
        self._cache.store(request, recording)
        return self._duration_s(recording)

    async def _persist(self, request: Request, ticket: int) -> float:
        """Try until there is a take or the policy gives up; return its seconds."""
        began_s = self._clock.now_s()
        failures = 0
        while True:
            await self._turn(ticket, len(request.text))
            try:
                seconds = await self._attempt(request)
            except TakeError as exc:
                if exc.fault is Fault.THROTTLED:
                    continue
                failures += 1
                delay_s = retry_delay(
                    exc.fault,
                    failures=failures,
                    elapsed_s=self._clock.now_s() - began_s,
                    chance=self._chance(),
                    policy=self._policy,
                )
                if delay_s is None:
                    raise
                self._count(retries=1)
                self._on_event(Retrying(exc.fault, exc.reason, failures, delay_s))
                await self._clock.sleep(delay_s)
            else:
                return seconds

    async def _attempt(self, request: Request) -> float:
        """Make one attempt with the turn that was granted, and give it back.

        The turn lasts until the take is in the cache: so when this process is
        killed it costs at most as many requests as there are turns, and a slow
        disk slows the requests instead of filling the memory with takes. What
        an attempt tells of the service is taken in before the next may begin.
        """
        sent = len(request.text)
        try:
            recording = await self._speak(request)
            seconds = await asyncio.to_thread(self._keep, request, recording)
        except TakeError as exc:
            if exc.status is not None or exc.fault in _BEFORE_SENDING:
                sent = 0
            if exc.fault is Fault.THROTTLED:
                self._throttle(exc)
            raise
        except BatchTTSError as exc:
            if isinstance(exc, AuthError):
                sent = 0
            self.stop()  # it would be the same for every other request
            raise
        else:
            self._note_success()
            return seconds
        finally:
            self._count(attempts=1, characters_sent=sent)
            self.gate.leave()
            self._wake()

    # --- turns ------------------------------------------------------------------

    async def _turn(self, ticket: int, characters: int) -> None:
        """Wait until a socket may be opened: who came first is served first.

        A request that is tried again keeps its ticket, and so its place.
        """
        if self._stopping:
            raise Stopped
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        order = (-characters, ticket) if self._last_call else (ticket,)
        heapq.heappush(self._queue, _Turn(order, characters, granted))
        self._wake()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled() and not granted.exception():
                self.gate.leave()  # granted, but nobody is there to use it
                self._wake()
            raise

    def _wake(self) -> None:
        """Grant sockets to those who wait, as many as the gate allows now."""
        while self._queue:
            if self._queue[0].granted.done():
                heapq.heappop(self._queue)
                continue
            wait_s = self.gate.wait_s(self._clock.now_s())
            if wait_s is None:
                return
            if wait_s > 0:
                self._wake_in(wait_s)
                return
            self.gate.enter()
            heapq.heappop(self._queue).granted.set_result(None)

    def _wake_in(self, wait_s: float) -> None:
        if self._waker is None or self._waker.cancelled():
            loop = asyncio.get_running_loop()
            self._waker = loop.call_later(wait_s, self._woken)

    def _woken(self) -> None:
        self._waker = None
        self._wake()

    # --- what the service tells about itself ------------------------------------

    def _throttle(self, error: TakeError) -> None:
        now_s = self._clock.now_s()
        self._count(throttles=1)
        self.gate.throttled(
            now_s, chance=self._chance(), retry_after_s=error.retry_after_s
        )
        pause_s = self.gate.pause_until_s - now_s
        self._on_event(Throttled(self.gate.limit, pause_s, error.reason))
        if self._starving_since_s is None:
            self._starving_since_s = now_s
        if now_s - self._starving_since_s > _STARVED_S:
            self._end(
                f"the service has admitted nothing for {_STARVED_S / 60:.0f} minutes "
                f'("{error.reason}"); run again later'
            )

    def _note_success(self) -> None:
        self.gate.succeeded()
        self._failures_in_a_row = 0
        self._starving_since_s = None

    def _note_failure(self, error: TakeError) -> None:
        """End the run where the service as a whole is to blame."""
        if error.fault is Fault.UNREACHABLE:
            self._end(f"the service cannot be reached: {error.reason}")
        if error.fault is not Fault.SERVICE:
            return
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= _ROW_OF_FAILURES:
            self._end(
                f"{self._failures_in_a_row} requests in a row failed at the "
                f"service; the last: {error.reason}"
            )

    def _end(self, reason: str) -> Never:
        """Stop, and say why."""
        self.stop()
        raise ServiceError(reason)

    def _count(self, **more: int) -> None:
        changes = {name: getattr(self.totals, name) + n for name, n in more.items()}
        self.totals = replace(self.totals, **changes)
