"""One open connection: listening, speaking, closing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from batchtts.errors import LocalError
from batchtts.localserver.delivery import Cut
from batchtts.localserver.hangup import hang_up
from batchtts.localserver.query import SpeechQuery
from batchtts.localserver.session import (
    CLEAR,
    EOS,
    FLUSH,
    Action,
    Finish,
    Overflow,
    Session,
)
from batchtts.localserver.settings import ServerSettings
from batchtts.localserver.speech import Speech
from batchtts.localserver.synthesiser import Synthesiser
from batchtts.localserver.trouble import Trouble

__all__ = ["Conversation", "Seen"]

_WAITING = 64  # orders to speak that may wait before the socket is read no more


@dataclass(slots=True)
class Seen:
    """One connection as the server saw it; complete once ``outcome`` is set."""

    query: SpeechQuery
    number: int  # its place among all that asked for a connection, from 1
    headers: dict[str, str]  # names in lower case, the key's value left out
    frames: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    audio_bytes: int = 0
    outcome: str = ""  # "finished", or what came between
    fault: int | None = None  # the rule of the plan that its reply was for

    @property
    def text(self) -> str:
        """Return what was spoken, sentence after sentence."""
        return " ".join(self.spoken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What every conversation of a server uses."""

    settings: ServerSettings
    synthesiser: Synthesiser
    # Called with the record and the words: what will go wrong with their reply.
    trouble_with: Callable[[ServerConnection, Seen, str], Trouble | None]
    # Called with the record when the outcome is known, before the close.
    on_end: Callable[[ServerConnection, Seen], None]


class Conversation:
    """Carry out what a client says on one connection."""

    def __init__(
        self, connection: ServerConnection, seen: Seen, equipment: Equipment
    ) -> None:
        """Be ready to listen; nothing has been received yet."""
        self._connection = connection
        self._seen = seen
        self._equipment = equipment
        self._session = Session(seen.query.segment, equipment.settings.text_limit)
        self._waiting: asyncio.Queue[tuple[Action, float]] = asyncio.Queue(_WAITING)
        self._speech: Speech | None = None

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
                    self._speech = self._speech or self._begun()
                    await self._waiting.put((action, clock.time()))

    def _begun(self) -> Speech:
        """Get ready to speak, now that there are words."""
        seen, equipment = self._seen, self._equipment
        trouble = equipment.trouble_with(self._connection, seen, _words(seen.frames))
        seen.fault = trouble.rule if trouble else None
        return Speech(
            self._connection,
            seen.query,
            equipment.settings,
            equipment.synthesiser,
            trouble,
            seen.spoken,
        )

    async def _speak(self) -> None:
        """Do what there is to do, then close, whatever happens."""
        cut, outcome = Cut(1011, ""), "failed"
        try:
            outcome = await self._speak_all()
            cut = Cut(1000, "")
        except ConnectionClosed:
            outcome = "client gone"
        except asyncio.CancelledError:  # by run: nobody listens any more
            outcome = "client gone"
            raise
        except LocalError as exc:
            outcome = str(exc)
        except Cut as ordered:
            cut, outcome = ordered, "cut"
        finally:
            self._end(outcome)
            await hang_up(self._connection, cut.end, cut.reason)

    async def _speak_all(self) -> str:
        while True:
            action, asked_s = await self._waiting.get()
            assert self._speech is not None  # noqa: S101 (for the type checker)
            if isinstance(action, Overflow):
                return f"text too long: {action.characters:,} characters"
            if isinstance(action, Finish):
                await self._speech.finish()
                return "finished"
            for sentence in action.sentences:
                await self._speech.say(sentence, asked_s)

    def _end(self, outcome: str) -> None:
        """Record how it ended; the first call counts."""
        if not self._seen.outcome:
            self._seen.outcome = outcome
            self._seen.audio_bytes = self._speech.sent_bytes if self._speech else 0
            self._equipment.on_end(self._connection, self._seen)


def _words(frames: list[str]) -> str:
    """Return the words that wait to be spoken, or did until now."""
    words = ""
    for frame in frames:
        if frame == CLEAR:
            words = ""
        elif frame not in {FLUSH, EOS}:
            words += frame
    return words
