"""One open connection: listening, speaking, closing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from batchtts.errors import LocalError
from batchtts.localserver.delivery import Delivery
from batchtts.localserver.faults import Cut, Faults
from batchtts.localserver.formats import encoder
from batchtts.localserver.query import SpeechQuery
from batchtts.localserver.session import Action, Finish, Overflow, Session
from batchtts.localserver.settings import ServerSettings
from batchtts.localserver.synthesiser import Synthesiser

__all__ = ["Conversation", "Seen"]

_WAITING = 64  # orders to speak that may wait before the socket is read no more


@dataclass(slots=True)
class Seen:
    """One connection as the server saw it; complete once ``outcome`` is set."""

    query: SpeechQuery
    headers: dict[str, str]  # names in lower case, the key's value left out
    frames: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    audio_bytes: int = 0
    outcome: str = ""  # "finished", or what came between

    @property
    def text(self) -> str:
        """Return what was spoken, sentence after sentence."""
        return " ".join(self.spoken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What every conversation of a server uses."""

    settings: ServerSettings
    synthesiser: Synthesiser
    faults: Faults | None
    # Called with the record when the outcome is known, before the close.
    on_end: Callable[[ServerConnection, Seen], None]


class Conversation:
    """Carry out what a client says on one connection."""

    def __init__(
        self, connection: ServerConnection, seen: Seen, equipment: Equipment
    ) -> None:
        """Be ready to listen; nothing has been received yet."""
        settings = equipment.settings
        self._connection = connection
        self._seen = seen
        self._equipment = equipment
        self._session = Session(seen.query.segment, settings.text_limit)
        self._waiting: asyncio.Queue[tuple[Action, float]] = asyncio.Queue(_WAITING)
        self._delivery = Delivery(connection, seen.query, settings, equipment.faults)
        source_hz = equipment.synthesiser.rate_hz
        self._encoder = encoder(seen.query, source_hz, settings)

    async def run(self) -> None:
        """Converse until the connection is closed, by either side."""
        speaking = asyncio.create_task(self._speak())
        try:
            await self._listen()
        finally:
            speaking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await speaking
            self._end("client gone")

    async def _listen(self) -> None:
        clock = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionClosed):
            async for frame in self._connection:
                if isinstance(frame, bytes):
                    self._end("binary frame")
                    await self._connection.close(1003, "text frames only")
                    return
                self._seen.frames.append(frame)
                for action in self._session.receive(frame):
                    await self._waiting.put((action, clock.time()))

    async def _speak(self) -> None:
        """Do what there is to do, then close, whatever happens."""
        code, reason, outcome = 1011, "", "failed"
        try:
            outcome = await self._speak_all()
            code = 1000
        except ConnectionClosed:
            outcome = "client gone"
        except asyncio.CancelledError:  # by run: nobody listens any more
            outcome = "client gone"
            raise
        except LocalError as exc:
            outcome = str(exc)
        except Cut as cut:
            outcome = "cut"
            if cut.code is None:
                self._connection.transport.abort()
            else:
                code, reason = cut.code, cut.reason
        finally:
            self._end(outcome)
            await self._connection.close(code, reason)

    async def _speak_all(self) -> str:
        while True:
            action, asked_s = await self._waiting.get()
            if isinstance(action, Overflow):
                return f"text too long: {action.characters:,} characters"
            if isinstance(action, Finish):
                await self._delivery.end(await self._off_loop(self._encoder.finish))
                return "finished"
            for sentence in action.sentences:
                await self._say(sentence, asked_s)

    async def _say(self, sentence: str, asked_s: float) -> None:
        query, synthesiser = self._seen.query, self._equipment.synthesiser
        samples = await synthesiser.speak(
            sentence, speaker=query.speaker, lang=query.lang, speed=query.speed
        )
        self._seen.spoken.append(sentence)
        data = await self._off_loop(lambda: self._encoder.encode(samples))
        seconds = len(samples) / 2 / synthesiser.rate_hz
        await self._delivery.send(data, text=sentence, seconds=seconds, asked_s=asked_s)

    async def _off_loop(self, work: Callable[[], bytes]) -> bytes:
        """Work in a thread, unless there is next to nothing to do."""
        query = self._seen.query
        same_rate = query.rate_hz == self._equipment.synthesiser.rate_hz
        if same_rate and query.audio_format in {"pcm", "wav"}:
            return work()
        return await asyncio.to_thread(work)

    def _end(self, outcome: str) -> None:
        """Record how it ended; the first call counts."""
        if not self._seen.outcome:
            self._seen.outcome = outcome
            self._seen.audio_bytes = self._delivery.sent_bytes
            self._equipment.on_end(self._connection, self._seen)
