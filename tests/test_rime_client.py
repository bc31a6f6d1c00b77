"""The client against real servers on this machine, honest and otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as Upgrade
from websockets.http11 import Response

from batchtts.errors import AuthError, Fault, TakeError
from batchtts.model import Recording, Request
from batchtts.rime.client import RimeClient
from batchtts.rime.limits import Deadlines, Limits
from batchtts.secret import Secret

KEY = Secret("canary-4d1f7b2")
TEXT = "Hello there, world."
AUDIO = bytes(range(250)) * 192  # one second
PARAMETERS = (
    ("audioFormat", "pcm"),
    ("modelId", "arcana"),
    ("samplingRate", "24000"),
    ("speaker", "a b+c&d=\u00e9"),
)
REQUEST = Request("rime", PARAMETERS, TEXT)
SOON = Deadlines(open_s=5, first_audio_s=0.04, between_s=0.04, close_s=0.2)

Handler = Callable[[ServerConnection], Awaitable[None]]


@dataclass
class Service:
    """What a server does and what it has seen."""

    handler: Handler
    headers: dict[str, str]
    url: str = ""
    frames: list[str | bytes] = field(default_factory=list)
    upgrades: list[Upgrade] = field(default_factory=list)

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one connection, and note whatever comes up to its end."""
        assert connection.request is not None
        self.upgrades.append(connection.request)
        with contextlib.suppress(ConnectionClosed):
            await self.handler(connection)
            async for frame in connection:
                self.frames.append(frame)

    def dress(
        self, connection: ServerConnection, upgrade: Upgrade, response: Response
    ) -> None:
        """Add headers to the answer."""
        response.headers.update(self.headers)


@contextlib.asynccontextmanager
async def serving(
    handler: Handler, headers: dict[str, str] | None = None
) -> AsyncIterator[Service]:
    """Run a WebSocket server on a free port of this machine."""
    service = Service(handler, headers or {})
    quiet = logging.getLogger("test.server")
    quiet.disabled = True  # it would log each broken connection
    async with serve(
        service.serve,
        "127.0.0.1",
        0,
        process_response=service.dress,
        ping_interval=None,
        max_size=None,
        logger=quiet,
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        service.url = f"ws://127.0.0.1:{port}/ws"
        yield service


@contextlib.asynccontextmanager
async def listening(met: asyncio.Event) -> AsyncIterator[str]:
    """Accept a connection on a free port and never say a word."""
    gone = asyncio.Event()

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        met.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        gone.set()

    async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await asyncio.wait_for(gone.wait(), 5)


async def hear(connection: ServerConnection) -> list[str | bytes]:
    """Receive up to the command that ends the text."""
    frames: list[str | bytes] = []
    while not frames or frames[-1] != "<EOS>":
        frames.append(await connection.recv())
    return frames


async def well(connection: ServerConnection) -> None:
    """Do what is expected: audio in odd pieces, and a clean close."""
    await hear(connection)
    for start in range(0, len(AUDIO), 1001):
        await connection.send(AUDIO[start : start + 1001])
    await connection.close()


async def mute(connection: ServerConnection) -> None:
    """Hear the text and say nothing."""
    await hear(connection)


def hearing(heard: asyncio.Event) -> Handler:
    """Make a handler that hears the text, says so, and says nothing else."""

    async def handler(connection: ServerConnection) -> None:
        await hear(connection)
        heard.set()

    return handler


async def listen(connection: ServerConnection) -> None:
    """Do nothing: what comes is noted anyway."""


def playing(*messages: bytes | str, close: tuple[int, str] | None = None) -> Handler:
    """Make a handler that hears the text, sends ``messages`` and may close."""

    async def handler(connection: ServerConnection) -> None:
        await hear(connection)
        for message in messages:
            await connection.send(message)
        if close is not None:
            await connection.close(*close)

    return handler


async def spoken(
    url: str,
    *,
    deadlines: Deadlines | None = None,
    limits: Limits | None = None,
    engine: str = "rime",
) -> Recording:
    """Make one attempt at the usual request."""
    client = RimeClient(url, key=KEY, deadlines=deadlines, limits=limits, engine=engine)
    return await client.speak(REQUEST)


async def failure(handler: Handler, deadlines: Deadlines | None = None) -> TakeError:
    """Return how one attempt at a server fails."""
    async with serving(handler) as service:
        with pytest.raises(TakeError) as failed:
            await spoken(service.url, deadlines=deadlines)
    return failed.value


def fails(handler: Handler, deadlines: Deadlines | None = None) -> TakeError:
    """Return how one attempt at a server fails, from a test that is not async."""
    return asyncio.run(failure(handler, deadlines))


# --- what goes well ---------------------------------------------------------------


def test_a_request_is_spoken() -> None:
    """All audio that came before a clean close is the recording."""

    async def main() -> None:
        async with serving(well) as service:
            assert await spoken(service.url) == Recording("pcm", 24_000, AUDIO)

    asyncio.run(main())


def test_what_the_service_gets() -> None:
    """Path, parameters, key, name of the client; no compression; text, then end."""
    heard: list[str | bytes] = []

    async def handler(connection: ServerConnection) -> None:
        heard.extend(await hear(connection))
        await connection.send(AUDIO)
        await connection.close()

    async def main() -> Upgrade:
        async with serving(handler) as service:
            await spoken(service.url)
            return service.upgrades[0]

    upgrade = asyncio.run(main())
    parts = urlsplit(upgrade.path)
    assert parts.path == "/ws"
    assert tuple(parse_qsl(parts.query)) == PARAMETERS
    assert upgrade.headers["Authorization"] == "Bearer canary-4d1f7b2"
    assert upgrade.headers["User-Agent"].startswith("batchtts")
    assert "Sec-WebSocket-Extensions" not in upgrade.headers
    assert heard == [TEXT, "<EOS>"]


def test_another_header_may_carry_the_key() -> None:
    """The bare key goes into the header of that name, and into no other."""

    async def main() -> Upgrade:
        async with serving(well) as service:
            client = RimeClient(service.url, key=KEY, header="X-Api-Key")
            await client.speak(REQUEST)
            return service.upgrades[0]

    headers = asyncio.run(main()).headers
    assert headers["X-Api-Key"] == "canary-4d1f7b2"
    assert "Authorization" not in headers


def test_every_request_has_a_socket_of_its_own() -> None:
    """Requests in parallel share nothing."""

    async def main() -> None:
        async with serving(well) as service:
            client = RimeClient(service.url, key=None)
            takes = await asyncio.gather(*(client.speak(REQUEST) for _ in range(5)))
            assert {take.data for take in takes} == {AUDIO}
            assert len(service.upgrades) == 5

    asyncio.run(main())


def test_a_close_without_a_code_is_a_clean_one() -> None:
    """Some servers' plain ``close()`` sends an empty close frame."""

    async def handler(connection: ServerConnection) -> None:
        await hear(connection)
        await connection.send(AUDIO)
        connection.transport.write(b"\x88\x00")  # a close frame with no payload

    async def main() -> None:
        async with serving(handler) as service:
            assert (await spoken(service.url)).data == AUDIO

    asyncio.run(main())


def test_a_message_of_a_whole_reply_is_taken() -> None:
    """A reply may come as one message, beyond the library's own limit."""
    text = "The boats came in one by one, and nobody spoke. " * 10
    audio = AUDIO * 35

    async def main() -> None:
        async with serving(playing(audio, close=(1000, ""))) as service:
            client = RimeClient(service.url, key=KEY)
            take = await client.speak(Request("rime", PARAMETERS, text))
            assert take.data == audio

    asyncio.run(main())


# --- what goes wrong after the upgrade --------------------------------------------


def test_a_drop_is_no_take() -> None:
    """A connection that breaks in mid-audio gives nothing, however much came."""

    async def handler(connection: ServerConnection) -> None:
        await hear(connection)
        await connection.send(AUDIO)
        await asyncio.sleep(0.02)
        connection.transport.abort()

    error = fails(handler)
    assert (error.fault, error.received_bytes) == (Fault.DROPPED, len(AUDIO))


def test_a_connection_that_ends_without_a_close_is_no_take() -> None:
    """The end of the bytes is not a close."""

    async def handler(connection: ServerConnection) -> None:
        await hear(connection)
        await connection.send(AUDIO)
        connection.transport.close()

    assert fails(handler).fault is Fault.DROPPED


@pytest.mark.parametrize(
    ("messages", "close", "fault"),
    [
        ([], (1000, ""), Fault.NO_AUDIO),
        ([AUDIO[:-1]], (1000, ""), Fault.INCOMPLETE),
        ([AUDIO[:100]], (1001, ""), Fault.INCOMPLETE),
        ([AUDIO], (1011, "engine failure"), Fault.SERVICE),
        ([AUDIO], (1011, "400 text is too long"), Fault.REJECTED),
        ([AUDIO], (1012, ""), Fault.DROPPED),
        ([AUDIO], (1009, "your message is too big"), Fault.DROPPED),
        ([AUDIO], (1002, "your frame is broken"), Fault.DROPPED),
        ([AUDIO, "sorry"], (1000, ""), Fault.PROTOCOL),
        ([b"<html>Bad gateway</html>"], (1000, ""), Fault.NOT_AUDIO),
        ([bytes(2**24 + 2)], None, Fault.TOO_LARGE),
        ([bytes(2**20)] * 6, None, Fault.TOO_LARGE),
    ],
)
def test_a_reply_that_proves_nothing_is_no_take(
    messages: list[bytes | str], close: tuple[int, str] | None, fault: Fault
) -> None:
    """Endings, messages and sizes that are not right each have their fault."""
    assert fails(playing(*messages, close=close)).fault is fault


def test_a_message_has_its_own_cap() -> None:
    """One message beyond it is not even taken into memory."""

    async def main() -> None:
        async with serving(playing(AUDIO)) as service:
            with pytest.raises(TakeError) as failed:
                await spoken(service.url, limits=Limits(message_bytes=1000))
        assert failed.value.fault is Fault.TOO_LARGE
        assert failed.value.reason == "a single message is larger than allowed"
        assert failed.value.received_bytes == 0

    asyncio.run(main())


@pytest.mark.parametrize(
    "frame",
    [
        b"\x81\x02\xff\xfe",  # text that is not UTF-8
        b"\xf2\x01\x00",  # reserved bits
        b"\x83\x00",  # reserved opcode
        b"\x80\x01\x00",  # goes on with nothing
        b"\x82\x81\x00\x00\x00\x00\x00",  # masked by a server
    ],
)
def test_broken_frames_are_a_fault_of_the_protocol(frame: bytes) -> None:
    """What is no WebSocket frame ends the attempt."""

    async def handler(connection: ServerConnection) -> None:
        await hear(connection)
        await connection.send(AUDIO)
        connection.transport.write(frame)

    assert fails(handler, SOON).fault is Fault.PROTOCOL


def test_a_service_that_closes_early_is_heard_out() -> None:
    """A close before all is sent is judged by its reason, not as a failed send."""

    async def handler(connection: ServerConnection) -> None:
        await connection.close(1011, "400 speaker is required")

    error = fails(handler)
    assert error.fault is Fault.REJECTED
    assert "speaker is required" in error.reason


# --- deadlines --------------------------------------------------------------------


def test_silence_from_the_start_is_a_stall() -> None:
    """Nothing within the first deadline."""
    error = fails(mute, SOON)
    assert (error.fault, error.reason) == (Fault.STALLED, "no audio within 0.04 s")


def test_silence_in_the_middle_is_a_stall() -> None:
    """Nothing more within the deadline between messages."""
    error = fails(playing(AUDIO), Deadlines(between_s=0.04))
    assert (error.fault, error.reason) == (Fault.STALLED, "no more audio for 0.04 s")
    assert error.received_bytes == len(AUDIO)


@pytest.mark.parametrize("sign", [b"", "ping"])
def test_what_is_not_audio_is_no_sign_of_life(sign: bytes | str) -> None:
    """Empty messages and pings leave the deadline where it is."""

    async def handler(connection: ServerConnection) -> None:
        await hear(connection)
        while True:
            if isinstance(sign, bytes):
                await connection.send(sign)
            else:
                await connection.ping()
            await asyncio.sleep(0.005)

    error = fails(handler, Deadlines(first_audio_s=0.04, attempt_s=1))
    assert (error.fault, error.reason) == (Fault.STALLED, "no audio within 0.04 s")


def test_a_trickle_ends_with_the_attempt() -> None:
    """Audio that keeps coming too slowly meets the deadline of the whole."""

    async def handler(connection: ServerConnection) -> None:
        await hear(connection)
        while True:
            await connection.send(b"\0\0")
            await asyncio.sleep(0.005)

    error = fails(handler, Deadlines(attempt_s=0.1))
    assert (error.fault, error.reason) == (Fault.STALLED, "not complete after 0.1 s")
    assert error.received_bytes > 2


def test_longer_texts_have_longer() -> None:
    """The deadline of an attempt grows with the text beyond 500 characters."""
    times = Deadlines()
    assert times.whole_attempt_s(10) == times.whole_attempt_s(500) == 90
    assert times.whole_attempt_s(1000) == 180


def test_a_service_that_never_answers_is_unreachable() -> None:
    """A port that accepts and says nothing meets the deadline for opening."""

    async def main() -> None:
        async with listening(asyncio.Event()) as url:
            with pytest.raises(TakeError) as failed:
                await spoken(url, deadlines=Deadlines(open_s=0.04))
        assert failed.value.fault is Fault.UNREACHABLE
        assert failed.value.reason == '"127.0.0.1": no connection within 0.04 s'

    asyncio.run(main())


# --- being interrupted ------------------------------------------------------------


def test_a_stalled_request_is_cleared() -> None:
    """The service is told to drop the words before its socket goes."""

    async def main() -> None:
        async with serving(mute) as service:
            with pytest.raises(TakeError):
                await spoken(service.url, deadlines=SOON)
        assert service.frames == ["<CLEAR>"]

    asyncio.run(main())


def test_a_cancelled_request_is_cleared() -> None:
    """So it is when the caller gives up, at once."""

    async def main() -> None:
        heard = asyncio.Event()
        async with serving(hearing(heard)) as service:
            task = asyncio.create_task(spoken(service.url))
            await heard.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert service.frames == ["<CLEAR>"]

    asyncio.run(main())


def test_a_deaf_service_cannot_keep_a_cancelled_request() -> None:
    """Clearing is bounded: nobody waits for a service that reads nothing."""

    async def main() -> None:
        heard, release = asyncio.Event(), asyncio.Event()

        async def deaf(connection: ServerConnection) -> None:
            await hear(connection)
            heard.set()
            connection.transport.pause_reading()
            await release.wait()
            connection.transport.abort()

        async with serving(deaf) as service:
            task = asyncio.create_task(spoken(service.url))
            await heard.wait()
            began_s = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            took_s = time.monotonic() - began_s
            release.set()
        assert 0.3 < took_s < 2

    asyncio.run(main())


def test_a_flood_cannot_keep_a_cancelled_request() -> None:
    """Nor for one that sends without end."""

    async def main() -> None:
        heard = asyncio.Event()

        async def flood(connection: ServerConnection) -> None:
            await hear(connection)
            heard.set()
            while True:
                await connection.send(bytes(10))
                await asyncio.sleep(0)

        async with serving(flood) as service:
            task = asyncio.create_task(spoken(service.url))
            await heard.wait()
            began_s = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert time.monotonic() - began_s < 2

    asyncio.run(main())


def test_cancelling_while_opening_leaves_nothing_open() -> None:
    """A request given up before its upgrade drops the connection."""

    async def main() -> None:
        met = asyncio.Event()
        async with listening(met) as url:
            task = asyncio.create_task(spoken(url))
            await asyncio.wait_for(met.wait(), 5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        # Leaving the block waits until the server has seen the end.

    asyncio.run(main())


# --- who is on the other side -----------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "engine", "message"),
    [
        ({}, "local/tone-1", 'this is not the local server "local/tone-1" but another'),
        (
            {"X-Batchtts-Engine": "local/tone-1"},
            "rime",
            'this is batchtts\' local server "local/tone-1", not "rime"',
        ),
        (
            {"X-Batchtts-Engine": "local/tone-1"},
            "local/tone-2",
            'this is batchtts\' local server "local/tone-1", not "local/tone-2"',
        ),
    ],
)
def test_one_engine_is_not_taken_for_another(
    answers: dict[str, str], engine: str, message: str
) -> None:
    """Nothing is said to a server that is not the one expected."""

    async def main() -> None:
        # The handler only listens: whatever is said to it is noted.
        async with serving(listen, answers) as service:
            with pytest.raises(AuthError, match=message):
                await spoken(service.url, engine=engine)
        assert TEXT not in service.frames

    asyncio.run(main())


def test_the_local_server_is_known_by_its_name() -> None:
    """The right name is accepted."""

    async def main() -> None:
        async with serving(well, {"X-Batchtts-Engine": "local/tone-1"}) as service:
            assert (await spoken(service.url, engine="local/tone-1")).data == AUDIO

    asyncio.run(main())


def test_what_may_not_be_sent_opens_no_socket() -> None:
    """A command in the text stops before anything is sent."""

    async def main() -> None:
        async with serving(well) as service:
            client = RimeClient(service.url, key=KEY)
            with pytest.raises(TakeError, match='holds the command "<EOS>"'):
                await client.speak(Request("rime", PARAMETERS, "a <e\u200bos> b"))
            assert service.upgrades == []

    asyncio.run(main())
