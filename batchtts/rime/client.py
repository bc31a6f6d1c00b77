"""The client of Rime's plain WebSocket API: one new socket for each request."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import ssl
from collections.abc import AsyncGenerator, Callable, Iterable
from importlib.metadata import PackageNotFoundError, version

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from batchtts.errors import BatchTTSError, Fault, TakeError
from batchtts.model import Recording, Request
from batchtts.rime.endpoint import Endpoint, is_loopback
from batchtts.rime.limits import Deadlines, Limits
from batchtts.rime.opening import opening_error, require_engine
from batchtts.rime.query import connect_url
from batchtts.rime.stream import RimeStream
from batchtts.rime.utterance import Ending, Utterance
from batchtts.secret import Secret

__all__ = ["RimeClient", "is_loopback"]

_PING_EVERY_S = 20.0  # keeps the way open; the deadlines judge, not the pongs


class RimeClient:
    """Speaks requests over Rime's plain socket; used from one event loop."""

    def __init__(
        self,
        url: str,
        *,
        key: Secret | None,
        header: str = "Authorization",
        on_prem: bool = False,
        deadlines: Deadlines | None = None,
        limits: Limits | None = None,
        engine: str = "rime",
    ) -> None:
        """Check that ``key`` may go to ``url``; raise AuthError if not.

        ``header`` names the header for the key, "Authorization" making it a
        bearer token. ``engine`` is what the server must be: ``rime``, or the
        identity of a local server.
        """
        self._endpoint = Endpoint.checked(url, key=key, header=header, on_prem=on_prem)
        self._deadlines = deadlines or Deadlines()
        self._limits = limits or Limits()
        self._engine = engine
        # Loading the authorities takes longer than a handshake: once is enough.
        self._tls = ssl.create_default_context() if self._endpoint.secure else None

    async def speak(
        self, request: Request, admitted: Callable[[], None] = lambda: None
    ) -> Recording:
        """Make one attempt at ``request``: the complete recording, or an error.

        ``admitted`` is called once the service has let the connection in.
        TakeError tells of this attempt; AuthError, ServiceError and LocalError
        that no attempt can succeed. Nothing of a failed attempt is kept. When
        cancelled, has the service drop the words, within half a second.
        """
        key = self._endpoint.key
        utterance = Utterance(request, limits=self._limits, key=key)
        attempt_s = self._deadlines.whole_attempt_s(len(request.text))
        end_s = asyncio.get_running_loop().time() + attempt_s
        async with self.open(request.parameters) as stream:
            admitted()
            try:
                return await self._converse(stream, utterance, end_s)
            except TimeoutError:
                raise self._stalled(utterance, attempt_s, end_s) from None

    @contextlib.asynccontextmanager
    async def open(
        self, parameters: Iterable[tuple[str, str]]
    ) -> AsyncGenerator[RimeStream]:
        """Open a socket for ``parameters``; leaving the block drops it.

        Words that were sent and not spoken by then are cleared.
        """
        socket = await self._connect(connect_url(self._endpoint.url, parameters))
        stream = RimeStream(socket, self._deadlines, self._endpoint.key)
        try:
            require_engine(socket.response, self._engine)
            yield stream
        finally:
            await stream.abandon()

    async def _converse(
        self, stream: RimeStream, utterance: Utterance, end_s: float
    ) -> Recording:
        """Send what ``utterance`` says and feed it what comes, until the end."""
        loop = asyncio.get_running_loop()
        first_s = loop.time() + self._deadlines.first_audio_s
        async with asyncio.timeout_at(min(first_s, end_s)) as patience:
            for frame in utterance.frames:
                await stream.send(frame)
                utterance.sent(frame)
            while not isinstance(message := await stream.receive(), Ending):
                utterance.receive(message)
                if message:
                    next_s = loop.time() + self._deadlines.between_s
                    patience.reschedule(min(next_s, end_s))
        return utterance.end(message)

    def _stalled(
        self, utterance: Utterance, attempt_s: float, end_s: float
    ) -> TakeError:
        received = utterance.received_bytes
        if asyncio.get_running_loop().time() >= end_s:
            reason = f"not complete after {attempt_s:g} s"
        elif received:
            reason = f"no more audio for {self._deadlines.between_s:g} s"
        else:
            reason = f"no audio within {self._deadlines.first_audio_s:g} s"
        return TakeError(Fault.STALLED, reason, received_bytes=received)

    async def _connect(self, url: str) -> ClientConnection:
        """Open the connection, or raise what stands in the way of it."""
        endpoint = self._endpoint
        try:
            async with asyncio.timeout(self._deadlines.open_s) as patience:
                return await _Direct(
                    url,
                    ssl=self._tls,
                    additional_headers=endpoint.headers(),
                    user_agent_header=_user_agent(),
                    # Never through a proxy to this machine or on the premises.
                    proxy=True if endpoint.secure and not endpoint.loopback else None,
                    compression=None,  # audio does not shrink; bombs do not grow
                    open_timeout=None,
                    close_timeout=self._deadlines.close_s,
                    ping_interval=_PING_EVERY_S,
                    ping_timeout=None,
                    max_size=self._limits.message_bytes,
                    logger=_SILENT,
                )
        except (WebSocketException, OSError, UnicodeError, ImportError) as exc:
            failure: BatchTTSError = opening_error(exc, endpoint)
            if patience.expired():
                reason = f"no connection within {self._deadlines.open_s:g} s"
                failure = TakeError(Fault.UNREACHABLE, f'"{endpoint.host}": {reason}')
        # Raised out here so that it does not carry the original along: that may
        # hold the key, in its fields or in the frames of its traceback.
        raise failure


class _Direct(connect):
    """A connection that goes where it was told to and nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Follow no redirect: the key is meant for one host."""
        return exc


@functools.cache  # looked up on disk, and the same for every request
def _user_agent() -> str:
    try:
        return f"batchtts/{version('batchtts')}"
    except PackageNotFoundError:  # run from a source tree
        return "batchtts"


def _silent_logger() -> logging.Logger:
    # At DEBUG websockets logs the headers of its request, the key among them. A
    # logger outside the tree of loggers is one that no configuration can reach.
    logger = logging.Logger("batchtts.rime.websockets")  # noqa: LOG001 - see above
    logger.disabled = True
    return logger


_SILENT = _silent_logger()
