"""The local server: Rime's ``/ws``, spoken offline."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from batchtts.errors import LocalError
from batchtts.hosts import ENGINE_HEADER
from batchtts.localserver import door
from batchtts.localserver.conversation import Conversation, Equipment, Seen
from batchtts.localserver.faults import FaultPlan, Faults, Handshake
from batchtts.localserver.handshake import replace_headers, spoil
from batchtts.localserver.query import Refusal
from batchtts.localserver.settings import ServerSettings
from batchtts.localserver.synthesiser import open_synthesiser
from batchtts.localserver.trouble import Trouble

__all__ = ["LocalServer", "Seen"]

_KEPT = 10_000  # requests remembered
_ANY = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (read, not bound)

# A level of its own, so that nobody's DEBUG makes it print request headers.
_LOGGER = logging.getLogger("batchtts.localserver.wire")
_LOGGER.setLevel(logging.CRITICAL)


class LocalServer:
    """A Rime-compatible server that serves while its context is open.

    ``requests`` holds the latest connections in the order they were let in and
    ``connections`` counts all of them; ``refusals`` counts those not let in, by
    HTTP status; ``concurrent_most`` is how many were open at the same time.
    ``struck`` counts how many requests each rule of the plan was for, by its
    place from 1; without a plan nothing goes wrong.
    """

    def __init__(
        self,
        settings: ServerSettings,
        *,
        faults: FaultPlan | None = None,
        on_request: Callable[[Seen], None] | None = None,
    ) -> None:
        """Prepare; ``on_request`` is called at the end of each connection."""
        self._settings = settings
        self._faults = Faults(faults or FaultPlan())
        self._on_request = on_request
        self._open: dict[ServerConnection, Seen] = {}
        self._spoiled: dict[ServerConnection, Handshake] = {}  # still unanswered
        self._watches: set[asyncio.Task[None]] = set()
        self._exit = contextlib.AsyncExitStack()
        self._equipment: Equipment | None = None
        self.port = settings.port
        self.identity = ""
        self.requests: deque[Seen] = deque(maxlen=_KEPT)
        self.refusals: dict[int, int] = {}
        self.connections = 0
        self.concurrent_most = 0
        self._asked = 0  # for a connection

    @property
    def struck(self) -> dict[int, int]:
        """Return how many requests each rule of the plan was for."""
        return dict(self._faults.struck)

    @property
    def url(self) -> str:
        """Return the address for a client on this machine."""
        host = _ANY.get(self._settings.host, self._settings.host)
        return f"ws://{f'[{host}]' if ':' in host else host}:{self.port}{door.PATH}"

    async def __aenter__(self) -> Self:
        """Start the synthesiser, then listen.

        Raises JobError when the synthesiser is not installed, LocalError when
        it does not start or the port cannot be used.
        """
        async with contextlib.AsyncExitStack() as undo:
            synthesiser = await open_synthesiser(self._settings.synthesiser)
            undo.push_async_callback(synthesiser.close)
            self.identity = synthesiser.identity
            self._equipment = Equipment(
                settings=self._settings,
                synthesiser=synthesiser,
                trouble_with=self._trouble_with,
                on_end=self._ended,
            )
            server = await self._listen()
            undo.push_async_callback(self._hang_up, server)
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._exit = undo.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection, then the synthesiser."""
        await self._exit.aclose()

    async def _listen(self) -> Server:
        host, port = self._settings.host, self._settings.port
        try:
            return await serve(
                self._converse,
                host,
                port,
                process_request=self._admit,
                process_response=self._sign,
                compression=None,
                open_timeout=None,  # a plan may ask for any delay
                ping_interval=None,
                server_header=None,
                logger=_LOGGER,
            )
        except OSError as exc:
            cause = exc.strerror or str(exc)
            message = f'cannot listen on "{host}", port {port}: {cause}'
            raise LocalError(message) from exc

    async def _hang_up(self, server: Server) -> None:
        # Neither 1000 nor 1001: audio that is cut must not look complete.
        for connection in self._spoiled:
            connection.transport.abort()
        closing = [c.close(1012, "service restart") for c in list(self._open)]
        await asyncio.gather(*closing)
        server.close()
        await server.wait_closed()

    async def _admit(
        self, connection: ServerConnection, request: Request
    ) -> Response | None:
        answer = door.admit(
            request.path, request.headers, self._settings, len(self._open)
        )
        if isinstance(answer, door.Greet):
            response = connection.respond(200, door.greeting(self.identity))
            del response.headers["Content-Type"]
            response.headers["Content-Type"] = "application/json"
            return response
        if isinstance(answer, Refusal):
            self._refused(answer.status)
            return connection.respond(answer.status, answer.sentence)
        self._asked += 1
        number = self._asked
        fault = self._faults.at_handshake(number, len(self._open) + 1)
        if fault is not None:
            self._spoiled[connection] = fault
            refusal = await spoil(connection, fault, door.key_of(request.headers))
            if refusal is not None:
                self._refused(refusal.status_code)
                return refusal
        self._let_in(connection, Seen(answer, number, door.shown(request.headers)))
        return None

    def _refused(self, status: int) -> None:
        self.refusals[status] = self.refusals.get(status, 0) + 1

    def _let_in(self, connection: ServerConnection, seen: Seen) -> None:
        self._open[connection] = seen
        self.concurrent_most = max(self.concurrent_most, len(self._open))
        # A handshake may still fail, and then no conversation gives it back.
        watch = asyncio.create_task(connection.wait_closed())
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        watch.add_done_callback(lambda _: self._open.pop(connection, None))

    def _sign(
        self, connection: ServerConnection, request: Request, response: Response
    ) -> None:
        response.headers[ENGINE_HEADER] = self.identity
        fault = self._spoiled.pop(connection, None)
        if fault is not None:
            key = door.key_of(request.headers)
            replace_headers(response.headers, fault, key)

    def _trouble_with(
        self, connection: ServerConnection, seen: Seen, words: str
    ) -> Trouble | None:
        """Return what goes wrong with the reply to ``words``, if anything."""
        struck = self._faults.at_reply(seen.number, len(self._open), words)
        if struck is None:
            return None
        assert connection.request is not None  # noqa: S101 (for the type checker)
        assert self._equipment is not None  # noqa: S101 (for the type checker)
        key = door.key_of(connection.request.headers)
        return Trouble(struck, seen.query, self._equipment.synthesiser.rate_hz, key)

    async def _converse(self, connection: ServerConnection) -> None:
        assert self._equipment is not None  # noqa: S101 (for the type checker)
        seen = self._open[connection]
        self.connections += 1
        self.requests.append(seen)
        await Conversation(connection, seen, self._equipment).run()

    def _ended(self, connection: ServerConnection, seen: Seen) -> None:
        # Before the close: the client may come again as soon as it sees that.
        self._open.pop(connection, None)
        if self._on_request is not None:
            self._on_request(seen)
