"""An open socket to the service: words and commands out, audio in."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from batchtts.errors import Fault, TakeError
from batchtts.rime.commands import CLEAR, EOS, FLUSH, require_sendable
from batchtts.rime.limits import Deadlines
from batchtts.rime.redaction import quoted
from batchtts.rime.utterance import Ending, require_clean
from batchtts.secret import Secret

__all__ = ["RimeStream"]

_CLEARING_S = 0.4  # an interrupted request may not keep its caller waiting


class RimeStream:
    """One socket, from opening to ``<EOS>``; made by `RimeClient.open`.

    Iterating gives the audio as it comes, in pieces that may end anywhere, and
    ends with the clean close after `eos`. All else raises TakeError.
    """

    def __init__(
        self, socket: ClientConnection, deadlines: Deadlines, key: Secret | None
    ) -> None:
        """Take over an open ``socket``."""
        self._socket = socket
        self._deadlines = deadlines
        self._key = key
        self._before = ""  # the end of what was sent since the last command
        self._eos_sent = False
        self._heard = False
        self._ended = False

    async def send_text(self, text: str) -> None:
        """Send words, to be spoken after those before them.

        The service joins pieces as they are: spaces between them are yours to
        send. A command can not be put together out of pieces either.
        """
        require_sendable(self._before + text)
        await self.send(text)
        self._before = (self._before + text)[-_REMEMBERED:]

    async def clear(self) -> None:
        """Have the service drop what it was sent and has not yet spoken."""
        await self._command(CLEAR)

    async def flush(self) -> None:
        """Have the service speak what it was sent, without waiting for more."""
        await self._command(FLUSH)

    async def eos(self) -> None:
        """Have the service speak the rest, send all audio, and close."""
        await self._command(EOS)
        self._eos_sent = True

    def __aiter__(self) -> Self:
        """Iterate over the audio."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next piece of audio; after `eos` within the deadlines."""
        patience_s = None
        if self._eos_sent:
            times = self._deadlines
            patience_s = times.between_s if self._heard else times.first_audio_s
        try:
            async with asyncio.timeout(patience_s):
                message = await self.receive()
        except TimeoutError:
            raise TakeError(Fault.STALLED, f"no audio for {patience_s:g} s") from None
        if isinstance(message, bytes):
            self._heard = True
            return message
        if isinstance(message, str):
            reason = (
                f'got text where only audio may come: "{quoted(message, self._key)}"'
            )
            raise TakeError(Fault.PROTOCOL, reason)
        require_clean(message, self._key)
        if not self._eos_sent:
            raise TakeError(Fault.INCOMPLETE, f"closed before {EOS} was sent")
        raise StopAsyncIteration

    # --- frames, as the client's own requests use them -------------------------

    async def send(self, frame: str) -> None:
        """Send one text frame as it is.

        On a connection that has ended nothing is sent and nothing raised:
        `receive` then tells how it ended, after what came before.
        """
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(frame)

    async def receive(self) -> bytes | str | Ending:
        """Return the next message, or how the connection ended."""
        try:
            return await self._socket.recv()
        except ConnectionClosed as exc:
            self._ended = True
            return _ending(exc)

    async def abandon(self) -> None:
        """Drop the socket; where words may be waiting, clear them first.

        Takes well under a second whatever the other side does.
        """
        try:
            if not self._ended:
                with contextlib.suppress(TimeoutError, ConnectionClosed):
                    async with asyncio.timeout(_CLEARING_S):
                        await self._socket.send(CLEAR)
                        # Closing, not dropping: a reset could overtake the command.
                        await self._socket.close()
        finally:
            self._socket.transport.abort()

    async def _command(self, command: str) -> None:
        await self.send(command)
        self._before = ""


_REMEMBERED = 64  # more than any command in disguise needs


def _ending(exc: ConnectionClosed) -> Ending:
    """Return how the connection ended, in the protocol's own terms."""
    complaint = None
    if exc.sent is not None and not exc.rcvd_then_sent:
        complaint = int(exc.sent.code)
    if exc.rcvd is None:
        return Ending(complaint=complaint)
    return Ending(int(exc.rcvd.code), exc.rcvd.reason, complaint)
