"""Why a connection could not be opened: every cause has its error."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import AsyncIterator, Callable

import pytest
import websockets.exceptions
from websockets.datastructures import Headers
from websockets.http11 import Response
from websockets.utils import accept_key

from batchtts.errors import (
    AuthError,
    BatchTTSError,
    Fault,
    LocalError,
    ServiceError,
    TakeError,
)
from batchtts.model import Recording, Request
from batchtts.rime.client import RimeClient
from batchtts.rime.endpoint import Endpoint
from batchtts.rime.opening import FAULTS, opening_error
from batchtts.secret import Secret

KEY = Secret("canary-4d1f7b2")
PARAMETERS = (("audioFormat", "pcm"), ("samplingRate", "24000"))
REQUEST = Request("rime", PARAMETERS, "Hello there.")
PROXIES = ("wss_proxy", "ws_proxy", "https_proxy", "http_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the proxies of the machine that runs the tests."""
    for name in (*PROXIES, "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@contextlib.asynccontextmanager
async def answering(
    answer: bytes | Callable[[bytes], bytes], heard: list[bytes] | None = None
) -> AsyncIterator[int]:
    """Answer the head of any request on a free port; give the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if heard is not None:
                heard.append(head)
            writer.write(answer(head) if callable(answer) else answer)
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*tasks)


async def attempt(url: str, *, on_prem: bool = False) -> Recording:
    """Make one attempt at a request."""
    return await RimeClient(url, key=KEY, on_prem=on_prem).speak(REQUEST)


def refused(answer: bytes | Callable[[bytes], bytes]) -> BatchTTSError:
    """Return the error of an attempt at a server that gives ``answer``."""

    async def main() -> BatchTTSError:
        async with answering(answer) as port:
            with pytest.raises(BatchTTSError) as failed:
                await attempt(f"ws://127.0.0.1:{port}/ws")
        return failed.value

    return asyncio.run(main())


def http(status: str, body: str = "", *headers: str) -> bytes:
    """Make an HTTP answer."""
    length = f"Content-Length: {len(body.encode())}"
    head = "\r\n".join([f"HTTP/1.1 {status}", length, *headers])
    return f"{head}\r\n\r\n{body}".encode()


# --- answers other than 101 -------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "fault", "wait_s"),
    [
        (http("400 Bad Request", "speaker is required"), Fault.REJECTED, None),
        (http("404 Not Found"), Fault.REJECTED, None),
        (http("429 Too Many", "at limit"), Fault.THROTTLED, None),
        (http("429 Too Many", "", "Retry-After: 7"), Fault.THROTTLED, 7.0),
        (http("429 Too Many", "", "Retry-After: -7"), Fault.THROTTLED, None),
        (http("500 Oops", "x", "Retry-After: soon"), Fault.SERVICE, None),
        (http("502 Bad Gateway", "<html>"), Fault.SERVICE, None),
        (http("503 Busy", "", "Retry-After: soon"), Fault.SERVICE, None),
        (http("503 Busy", "", "Retry-After: 3"), Fault.THROTTLED, 3.0),
        (http("200 OK", "welcome"), Fault.SERVICE, None),
        (http("429 X", "", "Retry-After: 7", "Retry-After: 8"), Fault.THROTTLED, 7.0),
    ],
)
def test_a_refused_upgrade_has_its_fault(
    answer: bytes, fault: Fault, wait_s: float | None
) -> None:
    """Status and Retry-After decide; the status is kept."""
    error = refused(answer)
    assert isinstance(error, TakeError)
    assert (error.fault, error.retry_after_s) == (fault, wait_s)
    assert f"HTTP {error.status}" in error.reason


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_refused_key_shows_what_the_service_said(status: str) -> None:
    """The body tells a wrong key from an unpaid bill; the key is not shown."""
    error = refused(http(status, "invalid subscription of canary-4d1f7b2"))
    assert isinstance(error, AuthError)
    assert "invalid subscription of **redacted**" in str(error)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """The other host hears nothing, and is named."""

    async def main() -> str:
        heard: list[bytes] = []
        async with answering(http("200 OK"), heard) as other:
            where = f"Location: ws://localhost:{other}/ws"
            async with answering(http(f"{status} Away", "", where)) as port:
                with pytest.raises(AuthError) as failed:
                    await attempt(f"ws://127.0.0.1:{port}/ws")
        assert heard == []
        return str(failed.value)

    assert asyncio.run(main()) == (
        f'"127.0.0.1" redirects to "localhost" (HTTP {status}): '
        "the key is sent nowhere else; put the right host into the job"
    )


@pytest.mark.parametrize(
    "location", ["", "/elsewhere", "wss://[::1", "https://x\x1b[31m/", "mailto:x"]
)
def test_any_redirect_is_an_error_of_access(location: str) -> None:
    """Strange targets, and redirects to the same host, are refused alike."""
    error = refused(http("302 Found", "", f"Location: {location}"))
    assert isinstance(error, (AuthError, TakeError))
    assert str(error).isprintable()


# --- no handshake -----------------------------------------------------------------

UPGRADED = b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"\x00\xff" * 100,
        b"HTTP/1.1 101 Switching\r\nUpgra",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        UPGRADED + b"Sec-WebSocket-Accept: d3Jvbmc=\r\n\r\n",
        UPGRADED + b"\r\n",
    ],
)
def test_a_broken_handshake_is_a_fault_of_the_service(answer: bytes) -> None:
    """Garbage, a cut answer and a wrong accept key are no WebSocket."""
    error = refused(answer)
    assert isinstance(error, TakeError)
    assert error.fault is Fault.SERVICE
    assert "broke the handshake" in error.reason


def test_extensions_nobody_asked_for_are_refused() -> None:
    """A server that compresses on its own account is not believed."""

    def answer(head: bytes) -> bytes:
        line = next(x for x in head.split(b"\r\n") if b"Sec-WebSocket-Key" in x)
        accept = accept_key(line.split(b": ")[1].decode()).encode()
        extensions = b"Sec-WebSocket-Extensions: permessage-deflate"
        lines = [b"Sec-WebSocket-Accept: " + accept, extensions, b"", b""]
        return UPGRADED + b"\r\n".join(lines)

    error = refused(answer)
    assert isinstance(error, TakeError)
    assert error.fault is Fault.SERVICE


# --- no route ---------------------------------------------------------------------


def test_a_closed_port_is_unreachable() -> None:
    """Connection refused: nobody listens there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(TakeError) as failed:
        asyncio.run(attempt(f"ws://127.0.0.1:{port}/"))
    assert failed.value.fault is Fault.UNREACHABLE
    assert failed.value.reason.startswith('"127.0.0.1" cannot be reached: ')


def test_a_name_that_cannot_be_one_is_unreachable() -> None:
    """A host name that no lookup takes is as one that is not found."""
    with pytest.raises(TakeError) as failed:
        asyncio.run(attempt(f"wss://{'x' * 70}.invalid/"))
    assert failed.value.fault is Fault.UNREACHABLE


ENDPOINT = Endpoint.checked(
    "wss://users.rime.ai/ws", key=KEY, header="Authorization", on_prem=False
)


@pytest.mark.parametrize(
    ("exc", "cause"),
    [
        (
            socket.gaierror(-2, "Name or service not known"),
            "no such host (Name or service not known)",
        ),
        (
            OSError(errno.ENETUNREACH, "Network is unreachable"),
            "Network is unreachable",
        ),
        (
            ConnectionResetError(),
            "ConnectionResetError",
        ),
        (
            ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
            "EOF occurred in violation of protocol",
        ),
    ],
)
def test_the_network_has_its_words(exc: OSError, cause: str) -> None:
    """Host and cause are in the reason."""
    error = opening_error(exc, ENDPOINT)
    assert str(error) == (f'unreachable: "users.rime.ai" cannot be reached: {cause}')


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_too_many_open_files_are_our_own_fault(number: int) -> None:
    """This machine's limit is not the service's absence."""
    error = opening_error(OSError(number, "Too many open files"), ENDPOINT)
    assert isinstance(error, LocalError)
    assert "lower `concurrency`" in str(error)


# --- proxies ----------------------------------------------------------------------


def test_a_proxy_is_used_for_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS to another host goes through the proxy, whose password is not shown."""

    async def main() -> TakeError:
        heard: list[bytes] = []
        async with answering(http("407 Authenticate"), heard) as port:
            proxy = f"http://user:hunter2@127.0.0.1:{port}"
            monkeypatch.setenv("https_proxy", proxy)
            with pytest.raises(TakeError) as failed:
                await attempt("wss://users.rime.ai/ws")
        assert heard[0].startswith(b"CONNECT users.rime.ai:443 ")
        assert b"canary" not in heard[0]
        return failed.value

    error = asyncio.run(main())
    assert str(error) == (
        'unreachable: "users.rime.ai" cannot be reached: the proxy answers HTTP 407'
    )


@pytest.mark.parametrize(
    ("proxy", "kind", "words"),
    [
        ("ftp://user:hunter2@127.0.0.1:1", ServiceError, "is no address"),
        ("http://user@127.0.0.1:1", ServiceError, "is no address"),
        ("socks5://user:hunter2@127.0.0.1:1", ServiceError, "SOCKS"),
        ("http://user:hunter2@127.0.0.1:1", TakeError, "cannot be reached"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str, kind: type, words: str
) -> None:
    """What the environment says of proxies may hold a password."""
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(kind, match=words) as failed:
        asyncio.run(attempt("wss://users.rime.ai/ws"))
    assert "hunter2" not in f"{failed.value!r}{failed.value.__cause__!r}"
    assert failed.value.__context__ is None


def test_a_proxy_that_is_none_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something that speaks no HTTP in the place of the proxy."""

    async def main() -> TakeError:
        async with answering(b"SSH-2.0\r\n") as port:
            monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
            with pytest.raises(TakeError) as failed:
                await attempt("wss://users.rime.ai/ws")
        return failed.value

    assert asyncio.run(main()).fault is Fault.UNREACHABLE


@pytest.mark.parametrize("name", PROXIES)
def test_no_proxy_stands_before_this_machine(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Neither loopback nor an on-premises host is asked for through a proxy."""

    async def main() -> None:
        heard: list[bytes] = []
        async with answering(http("200 OK"), heard) as proxy:
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
            async with answering(http("404 Not Found")) as port:
                for url in (f"ws://127.0.0.1:{port}/", f"ws://localhost:{port}/"):
                    with pytest.raises(TakeError) as failed:
                        await attempt(url, on_prem=True)
                    assert failed.value.status == 404
        assert heard == []

    asyncio.run(main())


# --- what the library may raise ---------------------------------------------------


def exception_classes() -> list[type[Exception]]:
    """Return all exception classes that `websockets` has."""
    kinds = [getattr(websockets.exceptions, n) for n in websockets.exceptions.__all__]
    assert len(kinds) > 20
    return kinds


@pytest.mark.parametrize("kind", exception_classes(), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_library_has_its_error(kind: type[Exception]) -> None:
    """A class that a new version brings must be given its place in the table."""
    assert kind.__name__ in FAULTS


@pytest.mark.parametrize(
    ("exc", "kind"),
    [
        (websockets.exceptions.InvalidURI("x", "canary"), AuthError),
        (websockets.exceptions.InvalidProxy("x", "canary"), ServiceError),
        (websockets.exceptions.ProxyError("canary"), TakeError),
        (websockets.exceptions.InvalidHeader("Upgrade", "canary"), TakeError),
        (websockets.exceptions.SecurityError("canary"), TakeError),
        (websockets.exceptions.WebSocketException("canary"), TakeError),
        (UnicodeError("canary"), TakeError),
        (RuntimeError("canary"), TakeError),
    ],
)
def test_only_the_kind_of_an_exception_is_shown(
    exc: Exception, kind: type[BatchTTSError]
) -> None:
    """The library's own words may hold anything: they stay out."""
    error = opening_error(exc, ENDPOINT)
    assert type(error) is kind
    assert "users.rime.ai" in str(error)
    assert "canary" not in str(error)


def test_a_new_kind_of_exception_is_a_fault_of_its_parent() -> None:
    """An unknown class is judged by what it is derived from."""

    class Brand(websockets.exceptions.ProxyError):
        """Something that a later version may raise."""

    error = opening_error(Brand(), ENDPOINT)
    assert isinstance(error, TakeError)
    assert error.fault is Fault.UNREACHABLE


def test_a_refusal_without_a_body_is_a_refusal() -> None:
    """The library may hand on no body at all."""
    response = Response(500, "Oops", Headers())
    error = opening_error(websockets.exceptions.InvalidStatus(response), ENDPOINT)
    assert str(error) == "service: HTTP 500"
