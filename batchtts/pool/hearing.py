"""Which of a request's recordings is kept: the judge's word, and a second take's.

Nothing proves that a recording is complete, but the others of its voice tell. A
doubtful one is made again; two that agree are kept, and called suspect. The
first of a voice are kept for the time being: they are judged together, by one
another, once there are enough of them or no more under way; and then again with
the second takes of those that were doubtful.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from batchtts.cache import Cache
from batchtts.completeness import Doubt, VoiceKey, agree, voice_of
from batchtts.errors import Fault, TakeError
from batchtts.model import Recording, Request

__all__ = ["Court", "Hearing", "Judge", "Verdict"]


class Judge(Protocol):
    """See `batchtts.completeness.Judge`; called in worker threads."""

    def knows(self, request: Request) -> bool:
        """Say whether the voice is known so well that verdicts are final."""

    def judge(self, request: Request, recording: Recording) -> Doubt | None:
        """Say what is doubtful about a recording; None: it is believed."""

    def is_open(self, request: Request) -> bool:
        """Say whether a recording that is believed is to be reviewed."""

    def review(self, request: Request) -> Doubt | None:
        """Judge one again that was believed before its voice was known."""

    def learn(self, request: Request, recording: Recording) -> None:
        """Count a recording that needs no verdict."""

    def remember(self, request: Request) -> None:
        """Take note of a request whose take is in the cache."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A recording that is in the cache."""

    seconds: float
    suspect: str | None = None  # why it is doubtful, though another agreed
    provisional: bool = False  # believed for the time being


class Court:
    """Brings the takes of a voice together that are to be judged by one another."""

    def __init__(
        self,
        cache: Cache,
        duration_s: Callable[[Recording], float],
        judge: Judge | None,
    ) -> None:
        """Keep takes in ``cache``; without a judge believe all of them."""
        self.cache = cache
        self.duration_s = duration_s
        self.judge = judge
        self._voices: dict[VoiceKey, _Voice] = {}

    def under_way(self, request: Request) -> _Voice:
        """Give the context within which a request's take is made."""
        return self._voices.setdefault(voice_of(request), _Voice())

    async def assemble(self, request: Request) -> None:
        """Wait until enough of a voice's takes are there, or no more can come."""
        voice = self.under_way(request)
        place = voice.queue()
        await self.dismiss(request)
        if not place.done():
            await voice.wait(place)

    async def dismiss(self, request: Request) -> None:
        """Let those go on who wait for more takes of a voice, if it is known."""
        voice = self.under_way(request)
        if voice.waiting and (
            self.judge is None or await asyncio.to_thread(self.judge.knows, request)
        ):
            voice.release()


@dataclass(slots=True)
class _Voice:
    """The requests of one voice that are under way; a context for each of them."""

    busy: int = 0  # those that are not waiting
    waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def __enter__(self) -> None:
        self.busy += 1

    def __exit__(self, *_: object) -> None:
        self._rest()

    def queue(self) -> asyncio.Future[None]:
        """Take a place among those who wait; it is done when they may go on."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(place)
        return place

    async def wait(self, place: asyncio.Future[None]) -> None:
        """Wait in one's place until all others wait too, or have ended."""
        self._rest()
        try:
            await place
        finally:
            self.busy += 1

    def release(self) -> None:
        """Let those who wait go on."""
        for place in self.waiting:
            if not place.done():
                place.set_result(None)
        self.waiting.clear()

    def _rest(self) -> None:
        self.busy -= 1
        if not self.busy:
            self.release()


class Hearing:
    """One request's recordings before the judge."""

    def __init__(self, request: Request, court: Court) -> None:
        """Have heard nothing yet."""
        self._request = request
        self._court = court
        self._doubts: list[Doubt] = []

    def keep(self, recording: Recording) -> Verdict:
        """Put a recording into the cache, or raise TakeError; in a worker thread."""
        seconds = self._court.duration_s(recording)
        judge = self._court.judge
        if judge is None:
            self._court.cache.store(self._request, recording)
            return Verdict(seconds)
        doubt = judge.judge(self._request, recording)
        provisional = doubt is None and judge.is_open(self._request)
        return self._stored(recording, doubt, provisional=provisional)

    async def review(self, verdict: Verdict) -> Verdict:
        """Return the last word on a recording that was kept for the time being."""
        if not verdict.provisional:
            await self._court.dismiss(self._request)
        while verdict.provisional:
            await self._court.assemble(self._request)
            verdict = await asyncio.to_thread(self._reviewed, verdict)
        return verdict

    def _reviewed(self, verdict: Verdict) -> Verdict:
        judge, cache = self._court.judge, self._court.cache
        kept = cache.read(self._request.fingerprint)
        if judge is None or kept is None:
            raise TakeError(Fault.INCOMPLETE, "the take is gone from the cache")
        doubt = judge.review(self._request)
        if doubt is None and judge.is_open(self._request):
            return verdict
        try:
            return self._stored(kept.recording, doubt)
        except TakeError:
            cache.discard(self._request.fingerprint)
            raise

    def _stored(
        self, recording: Recording, doubt: Doubt | None, *, provisional: bool = False
    ) -> Verdict:
        suspect = None
        if doubt is not None:
            suspect = self._confirmed(doubt, len(recording.data))
            if self._court.judge is not None:
                self._court.judge.learn(self._request, recording)
        self._court.cache.store(
            self._request, recording, suspect=suspect, provisional=provisional
        )
        return Verdict(self._court.duration_s(recording), suspect, provisional)

    def _confirmed(self, doubt: Doubt, received_bytes: int) -> str:
        """Return the doubt's reason if an earlier take agrees, else raise TakeError."""
        if any(agree(earlier, doubt) for earlier in self._doubts):
            return doubt.reason
        self._doubts.append(doubt)
        raise TakeError(doubt.fault, doubt.reason, received_bytes=received_bytes)
