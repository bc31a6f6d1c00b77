"""Send audio as the settings say: when, and in messages of which size."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

from websockets.asyncio.server import ServerConnection

from batchtts.localserver.faults import Faults, Outgoing
from batchtts.localserver.query import SpeechQuery
from batchtts.localserver.settings import ServerSettings

__all__ = ["Delivery"]


class Delivery:
    """The audio of one connection on its way out.

    Message by message it keeps to a schedule: the first of what was asked for
    leaves ``first_byte_s`` after the asking, each one when all audio before it
    has had its time at ``real_time_factor``. The schedule is absolute, so that
    delays do not add up.
    """

    def __init__(
        self,
        connection: ServerConnection,
        query: SpeechQuery,
        settings: ServerSettings,
        faults: Faults | None,
    ) -> None:
        """Send on ``connection``; nothing is sent yet."""
        self._connection = connection
        self._query = query
        self._settings = settings
        self._faults = faults
        self._due_s = 0.0  # on the event loop's clock
        self._messages = 0
        self.sent_bytes = 0

    async def send(
        self, data: bytes, *, text: str, seconds: float, asked_s: float
    ) -> None:
        """Send the ``data`` of a sentence that lasts ``seconds``."""
        settings = self._settings
        self._due_s = max(self._due_s, asked_s + settings.first_byte_s)
        pace = seconds / len(data) / (settings.real_time_factor or 1e12) if data else 0
        for message in self._cut(data, text):
            await self._until_due()
            await self._send_one(message, text)
            self._due_s += len(message) * pace

    async def end(self, data: bytes) -> None:
        """Send what the encoder held back; return when all audio has had its time."""
        for message in self._cut(data, ""):
            await self._send_one(message, "")
        await self._until_due()

    async def _until_due(self) -> None:
        delay_s = self._due_s - asyncio.get_running_loop().time()
        if delay_s > 0:
            await asyncio.sleep(delay_s)

    async def _send_one(self, message: bytes, text: str) -> None:
        if self._faults is not None:
            outgoing = Outgoing(self._query, text, self._messages, message)
            self._messages += 1
            changed = await self._faults.at_message(outgoing)
            if changed is None:
                return
            message = changed
        await self._connection.send(message)
        self.sent_bytes += len(message)

    def _cut(self, data: bytes, text: str) -> Iterator[bytes]:
        """Cut into messages; odd cuts depend on the seed and the text alone."""
        most = self._settings.message_bytes
        seed = self._settings.odd_cuts
        chance = None if seed is None else random.Random(f"{seed}:{text}")  # noqa: S311 (not for secrets)
        at = 0
        while at < len(data):
            length = most if chance is None else chance.randint(1, most)
            yield data[at : at + length]
            at += length
