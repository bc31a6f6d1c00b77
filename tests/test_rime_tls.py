"""TLS: only a trusted certificate of the right name gets to see the key."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from batchtts.errors import BatchTTSError, Fault, ServiceError, TakeError
from batchtts.model import Request
from batchtts.rime.client import RimeClient
from batchtts.secret import Secret

# One key and three certificates that sign themselves, made for these tests with
# OpenSSL: for this machine (until 2120), for another name, and expired in 2020.
DATA = Path(__file__).parent / "data" / "tls"
KEY = Secret("canary-4d1f7b2")
AUDIO = bytes(range(250)) * 192
PARAMETERS = (("audioFormat", "pcm"), ("samplingRate", "24000"))
REQUEST = Request("rime", PARAMETERS, "Hello there.")


@contextlib.asynccontextmanager
async def serving(certificate: str, seen: list[str]) -> AsyncIterator[int]:
    """Serve over TLS with a certificate; note the headers that come in."""

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request.headers["Authorization"])
        while await connection.recv() != "<EOS>":
            pass
        await connection.send(AUDIO)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DATA / f"{certificate}.pem", DATA / "test.key")
    quiet = logging.getLogger("test.server")
    quiet.disabled = True
    async with serve(handler, "127.0.0.1", 0, ssl=context, logger=quiet) as server:
        yield next(iter(server.sockets)).getsockname()[1]


def error_of(certificate: str) -> BatchTTSError:
    """Return the error of an attempt, at which no key may have been seen."""

    async def main() -> BatchTTSError:
        seen: list[str] = []
        async with serving(certificate, seen) as port:
            client = RimeClient(f"wss://127.0.0.1:{port}/ws", key=KEY)
            with pytest.raises(BatchTTSError) as failed:
                await client.speak(REQUEST)
        assert seen == []
        return failed.value

    return asyncio.run(main())


def trust(certificate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what the error message advises."""
    monkeypatch.setenv("SSL_CERT_FILE", str(DATA / f"{certificate}.pem"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_trusted_certificate_is_accepted(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An authority of one's own is named in SSL_CERT_FILE."""
    trust("loopback", monkeypatch)

    async def main() -> bytes:
        seen: list[str] = []
        async with serving("loopback", seen) as port:
            client = RimeClient(f"wss://{host}:{port}/ws", key=KEY)
            take = await client.speak(REQUEST)
        assert seen == ["Bearer canary-4d1f7b2"]
        return take.data

    assert asyncio.run(main()) == AUDIO


def test_an_unknown_authority_stops_the_run() -> None:
    """The cause and the way out are named; trying again would not help."""
    error = error_of("loopback")
    assert isinstance(error, ServiceError)
    assert str(error).startswith('no trusted TLS connection to "127.0.0.1": self')
    assert "SSL_CERT_FILE" in str(error)


@pytest.mark.parametrize(
    ("certificate", "cause"), [("expired", "expired"), ("elsewhere", "mismatch")]
)
def test_a_trusted_but_wrong_certificate_stops_the_run(
    certificate: str, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of date, or for another name."""
    trust(certificate, monkeypatch)
    error = error_of(certificate)
    assert isinstance(error, ServiceError)
    assert cause in str(error)


def test_a_server_without_tls_stops_the_run() -> None:
    """Speaking wss to a ws server is a mistake in the address."""

    async def main() -> BatchTTSError:
        async def handler(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await reader.read()
            writer.close()
            await writer.wait_closed()
            done.set()

        done = asyncio.Event()
        async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(BatchTTSError) as failed:
                await RimeClient(f"wss://127.0.0.1:{port}/", key=KEY).speak(REQUEST)
            await done.wait()
        return failed.value

    error = asyncio.run(main())
    assert isinstance(error, ServiceError)
    assert "WRONG_VERSION_NUMBER" in str(error)


def test_a_connection_that_breaks_in_the_handshake_is_unreachable() -> None:
    """That may go better another time."""

    async def main() -> BatchTTSError:
        async def handler(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.read(1000)
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(BatchTTSError) as failed:
                await RimeClient(f"wss://127.0.0.1:{port}/", key=KEY).speak(REQUEST)
        return failed.value

    error = asyncio.run(main())
    assert isinstance(error, TakeError)
    assert error.fault is Fault.UNREACHABLE
