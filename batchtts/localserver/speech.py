"""What one connection says: sentences spoken, encoded and delivered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection

from batchtts.localserver.delivery import Delivery
from batchtts.localserver.formats import encoder
from batchtts.localserver.query import SpeechQuery
from batchtts.localserver.settings import ServerSettings
from batchtts.localserver.synthesiser import Synthesiser
from batchtts.localserver.trouble import Trouble

__all__ = ["Speech"]


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A sentence, its samples, and when it was asked for by the loop's clock."""

    text: str
    samples: bytes
    asked_s: float


class Speech:
    """The reply on one connection: every sentence in turn, then the end."""

    def __init__(
        self,
        connection: ServerConnection,
        query: SpeechQuery,
        settings: ServerSettings,
        synthesiser: Synthesiser,
        trouble: Trouble | None,
        spoken: list[str],
    ) -> None:
        """Be ready to speak; ``spoken`` gets every sentence that was."""
        self._spoken = spoken
        self._query = query if trouble is None else trouble.query
        self._synthesiser = synthesiser
        self._trouble = trouble
        self._encoder = encoder(self._query, synthesiser.rate_hz, settings)
        self._delivery = Delivery(connection, settings, trouble)
        self._held: list[_Spoken] = []

    @property
    def sent_bytes(self) -> int:
        """Return how much audio has been sent."""
        return self._delivery.sent_bytes

    async def say(self, sentence: str, asked_s: float) -> None:
        """Speak a sentence and send it.

        Raises LocalError when it cannot be spoken, and Cut, as `finish` does,
        when the connection is to be ended.
        """
        trouble, query = self._trouble, self._query
        words = sentence if trouble is None else trouble.words(sentence)
        if words is None:
            return
        samples = await self._synthesiser.speak(
            words, speaker=query.speaker, lang=query.lang, speed=query.speed
        )
        self._spoken.append(words)
        self._held.append(_Spoken(words, samples, asked_s))
        if trouble is None or not trouble.holds:
            await self._send_held()

    async def finish(self) -> None:
        """Send all that is not sent yet; return when the audio has had its time."""
        if self._trouble is not None and self._trouble.holds:
            self._trouble.settle(sum(len(one.samples) // 2 for one in self._held))
            await self._send_held()
        await self._delivery.end(await self._off_loop(self._encoder.finish))

    async def _send_held(self) -> None:
        for one in self._held:
            samples = one.samples
            if self._trouble is not None:
                samples = self._trouble.samples(samples)
            data = await self._encoded(samples)
            seconds = len(samples) / 2 / self._synthesiser.rate_hz
            await self._delivery.send(
                data, text=one.text, seconds=seconds, asked_s=one.asked_s
            )
        self._held.clear()

    async def _encoded(self, samples: bytes) -> bytes:
        return await self._off_loop(lambda: self._encoder.encode(samples))

    async def _off_loop(self, work: Callable[[], bytes]) -> bytes:
        """Work in a thread, unless there is next to nothing to do."""
        same_rate = self._query.rate_hz == self._synthesiser.rate_hz
        if same_rate and self._query.audio_format in {"pcm", "wav"}:
            return work()
        return await asyncio.to_thread(work)
