"""Send audio as the settings say: when, and in messages of which size."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

from websockets.asyncio.server import ServerConnection

from batchtts.localserver.faults import End
from batchtts.localserver.settings import ServerSettings
from batchtts.localserver.trouble import Trouble

__all__ = ["Cut", "Delivery"]


class Cut(Exception):  # noqa: N818 (an order, not an error)
    """The connection is to be ended at once, in this way.

    A number is the code of a close frame.
    """

    def __init__(self, end: End | int, reason: str) -> None:
        """Say how to end it."""
        self.end = end
        self.reason = reason
        super().__init__(end, reason)


class Delivery:
    """The audio of one connection on its way out.

    Message by message it keeps to a schedule: the first of what was asked for
    leaves ``first_byte_s`` after the asking, each one when all audio before it
    has had its time at ``real_time_factor``. The schedule is absolute, so that
    delays do not add up. A fault happens at its place, or else at the end.
    """

    def __init__(
        self,
        connection: ServerConnection,
        settings: ServerSettings,
        trouble: Trouble | None,
    ) -> None:
        """Send on ``connection``; nothing is sent yet."""
        self._connection = connection
        self._settings = settings
        self._trouble = trouble  # that is still to come
        self._due_s = 0.0  # on the event loop's clock
        self._most_bytes = settings.message_bytes
        self._apart_s = 0.0
        self._skip_bytes = 0
        self.sent_bytes = 0

    async def send(
        self, data: bytes, *, text: str, seconds: float, asked_s: float
    ) -> None:
        """Send the ``data`` of a sentence that lasts ``seconds``.

        Raises Cut when the connection is to be ended.
        """
        settings = self._settings
        self._due_s = max(self._due_s, asked_s + settings.first_byte_s)
        pace = seconds / len(data) / (settings.real_time_factor or 1e12) if data else 0
        place = None if self._trouble is None else self._trouble.place_in(data)
        if place is not None:
            await self._send(data[:place], text, pace)
            await self._happen()
            data = data[place:]
        await self._send(data, text, pace)

    async def end(self, data: bytes) -> None:
        """Send what the encoder held back; return when all audio has had its time.

        Raises Cut when the connection is to be ended in another way.
        """
        await self._send(data, "", 0)
        await self._until_due()
        await self._happen()

    async def _happen(self) -> None:
        """Let the fault happen that was to come."""
        if self._trouble is None:
            return
        trouble, self._trouble = self._trouble, None
        fault = trouble.fault
        await asyncio.sleep(fault.stall_s)
        for message in fault.send:
            await self._connection.send(trouble.content(message))
        if fault.end is not None:
            raise Cut(fault.end, trouble.reason)
        self._skip_bytes = fault.skip_bytes
        self._most_bytes = fault.message_bytes or self._most_bytes
        self._apart_s = fault.every_s

    async def _until_due(self) -> None:
        delay_s = self._due_s - asyncio.get_running_loop().time()
        if delay_s > 0:
            await asyncio.sleep(delay_s)

    async def _send(self, data: bytes, text: str, pace: float) -> None:
        skipped, data = data[: self._skip_bytes], data[self._skip_bytes :]
        self._skip_bytes -= len(skipped)
        for message in self._cut(data, text):
            await self._until_due()
            if self._apart_s:
                await asyncio.sleep(self._apart_s)
            await self._connection.send(message)
            self.sent_bytes += len(message)
            self._due_s += len(message) * pace

    def _cut(self, data: bytes, text: str) -> Iterator[bytes]:
        """Cut into messages; odd cuts depend on the seed and the text alone."""
        most = self._most_bytes
        seed = self._settings.odd_cuts
        chance = None if seed is None else random.Random(f"{seed}:{text}")  # noqa: S311 (not for secrets)
        at = 0
        while at < len(data):
            length = most if chance is None else chance.randint(1, most)
            yield data[at : at + length]
            at += length
