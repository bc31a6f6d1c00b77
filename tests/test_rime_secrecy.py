"""The key is in the one header, and in nothing that is logged, raised or shown."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import traceback
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from websockets.asyncio.server import ServerConnection, serve

from batchtts.errors import BatchTTSError
from batchtts.model import Request
from batchtts.rime import client
from batchtts.rime.client import RimeClient
from batchtts.rime.limits import Deadlines
from batchtts.secret import Secret

RAW = "canary/4d1f+7b2=9"
FORMS = (
    RAW,
    quote(RAW, safe=""),
    base64.b64encode(RAW.encode()).decode(),
    base64.b64encode(f"Bearer {RAW}".encode()).decode(),
)
PARAMETERS = (("audioFormat", "pcm"), ("samplingRate", "24000"))
REQUEST = Request("rime", PARAMETERS, "Hello there.")
ECHO = " ".join(FORMS)

ANSWERS = {
    "unauthorized": f"HTTP/1.1 401 No\r\nX-Key: {RAW}\r\n\r\n{ECHO}",
    "forbidden": f"HTTP/1.1 403 {RAW}\r\n\r\n{ECHO}",
    "bad request": f"HTTP/1.1 400 No\r\n\r\n{ECHO}",
    "unavailable": f"HTTP/1.1 503 No\r\nRetry-After: {RAW}\r\n\r\n{ECHO}",
    "redirect": f"HTTP/1.1 302 No\r\nLocation: wss://{RAW}/{quote(RAW)}\r\n\r\n{ECHO}",
    "redirect to a host": "HTTP/1.1 302 No\r\nLocation: wss://canary\r\n\r\n",
    "no http": ECHO,
    "broken": f"HTTP/1.1 101 {RAW}\r\nUpgrade: {RAW}\r\nConnection: {RAW}\r\n\r\n",
    "cut": f"HTTP/1.1 101 Yes\r\n{RAW}",
    "nothing": "",
}


@contextlib.asynccontextmanager
async def answering(answer: str) -> AsyncIterator[int]:
    """Answer any request on a free port; give the port."""
    tasks: set[asyncio.Task[None] | None] = set()

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        tasks.add(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer.encode())
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*(task for task in tasks if task))


def shown(exc: BaseException) -> str:
    """Return all that could be shown of an exception, local variables included."""
    parts = [str(exc), repr(exc)]
    linked: BaseException | None = exc
    while linked is not None:
        parts += [repr(linked), repr(vars(linked)), repr(linked.args)]
        linked = linked.__cause__ or linked.__context__
    trace = traceback.TracebackException.from_exception(exc, capture_locals=True)
    # This test's own frames know the answer that it gives.
    frames = [frame for frame in trace.stack if frame.filename != __file__]
    parts += [repr((frame.name, frame.locals)) for frame in frames]
    return "\n".join(parts)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Record every logger at DEBUG, as a nosy program would."""
    caplog.set_level(logging.DEBUG)
    for name in ("websockets", "websockets.client", "asyncio", "batchtts"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


@pytest.mark.parametrize("name", ANSWERS)
def test_no_refusal_gives_the_key_away(
    name: str, log: pytest.LogCaptureFixture
) -> None:
    """A server that sends the key back finds no way into errors or logs."""

    async def main() -> BatchTTSError:
        async with answering(ANSWERS[name]) as port:
            speaker = RimeClient(f"ws://127.0.0.1:{port}/ws", key=Secret(RAW))
            with pytest.raises(BatchTTSError) as failed:
                await speaker.speak(REQUEST)
        return failed.value

    error = asyncio.run(main(), debug=True)
    for text in (shown(error), log.text):
        for form in FORMS:
            assert form not in text


def test_nothing_is_logged_of_the_handshake(log: pytest.LogCaptureFixture) -> None:
    """The library, which logs its headers at DEBUG, has no way to do so."""

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        assert connection.request.headers["Authorization"] == f"Bearer {RAW}"
        while await connection.recv() != "<EOS>":
            pass
        await connection.send(bytes(range(250)) * 192)

    async def main() -> None:
        quiet = logging.Logger("apart", logging.CRITICAL)  # noqa: LOG001 - on purpose
        async with serve(handler, "127.0.0.1", 0, logger=quiet) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            speaker = RimeClient(f"ws://127.0.0.1:{port}/ws", key=Secret(RAW))
            await speaker.speak(REQUEST)

    asyncio.run(main(), debug=True)
    assert RAW not in log.text
    assert "Authorization" not in log.text


def test_a_configuration_of_logging_cannot_bring_it_back(
    log: pytest.LogCaptureFixture,
) -> None:
    """No name in the tree of loggers leads to the library's one."""
    names = logging.root.manager.loggerDict
    assert client._SILENT not in names.values()
    assert not client._SILENT.isEnabledFor(logging.CRITICAL)


def test_a_client_can_be_shown() -> None:
    """Printing a client, or its variables, prints no key."""
    speaker = RimeClient("wss://users.rime.ai/ws", key=Secret(RAW))
    assert RAW not in f"{speaker!r}{vars(speaker)!r}"


def test_an_unreachable_service_gives_no_key_away(
    log: pytest.LogCaptureFixture,
) -> None:
    """Nor do the errors of the network, whose causes are kept."""

    async def main() -> BatchTTSError:
        async with answering("") as port:
            url = f"ws://127.0.0.1:{port}/"
        speaker = RimeClient(url, key=Secret(RAW), deadlines=Deadlines(open_s=1))
        with pytest.raises(BatchTTSError) as failed:
            await speaker.speak(REQUEST)
        return failed.value

    error = asyncio.run(main(), debug=True)
    assert RAW not in shown(error) + log.text
