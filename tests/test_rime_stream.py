"""The client's open socket, for those who speak piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from batchtts.errors import AuthError, Fault, TakeError
from batchtts.rime.client import RimeClient
from batchtts.rime.limits import Deadlines
from batchtts.secret import Secret

KEY = Secret("canary-4d1f7b2")
PARAMETERS = (("audioFormat", "pcm"), ("samplingRate", "24000"))
SOON = Deadlines(first_audio_s=0.04, between_s=0.04)

Handler = Callable[[ServerConnection], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[tuple[RimeClient, list[str]]]:
    """Give a client of a server with ``handler``, and what is sent after it."""
    rest: list[str] = []

    async def serve_one(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await handler(connection)
            while True:
                rest.append(str(await connection.recv()))

    quiet = logging.getLogger("test.server")
    quiet.disabled = True
    async with serve(serve_one, "127.0.0.1", 0, logger=quiet) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        url = f"ws://127.0.0.1:{port}/ws"
        yield RimeClient(url, key=KEY, deadlines=SOON), rest


async def echo(connection: ServerConnection) -> None:
    """Speak like Rime, saying the bytes of the text for audio."""
    waiting = ""
    async for frame in connection:
        assert isinstance(frame, str)
        if frame == "<CLEAR>":
            waiting = ""
        elif frame in {"<FLUSH>", "<EOS>"}:
            await connection.send(waiting.encode())
            waiting = ""
        else:
            waiting += frame
        if frame == "<EOS>":
            return await connection.close()
    return None


async def mute(connection: ServerConnection) -> None:
    """Say nothing."""


def test_pieces_go_out_and_audio_comes_in() -> None:
    """Text in pieces, a flush between, and all audio up to the close."""

    async def main() -> bytes:
        async with serving(echo) as (client, _), client.open(PARAMETERS) as stream:
            await stream.send_text("one ")
            await stream.send_text("two. ")
            await stream.flush()
            assert await anext(stream) == b"one two. "
            await stream.send_text("three")
            await stream.eos()
            return b"".join([piece async for piece in stream])

    assert asyncio.run(main()) == b"three"


def test_what_is_cleared_is_not_spoken() -> None:
    """Clearing drops what waits."""

    async def main() -> bytes:
        async with serving(echo) as (client, _), client.open(PARAMETERS) as stream:
            await stream.send_text("never")
            await stream.clear()
            await stream.send_text("ever")
            await stream.eos()
            return b"".join([piece async for piece in stream])

    assert asyncio.run(main()) == b"ever"


def test_leaving_early_clears() -> None:
    """A block left before the end has the service drop the rest."""

    async def main() -> list[str]:
        async with serving(mute) as (client, rest), client.open(PARAMETERS) as stream:
            await stream.send_text("never")
        return rest

    assert asyncio.run(main()) == ["never", "<CLEAR>"]


def test_an_error_in_the_block_clears_and_goes_on() -> None:
    """The caller's own error comes out as it is."""

    async def main() -> list[str]:
        async with serving(mute) as (client, rest):
            with pytest.raises(KeyError):
                async with client.open(PARAMETERS):
                    raise KeyError
        return rest

    assert asyncio.run(main()) == ["<CLEAR>"]


@pytest.mark.parametrize("pieces", [["<EOS>"], ["a <E", "OS>"], ["<", "e", "o", "s>"]])
def test_no_command_is_sent_as_words(pieces: list[str]) -> None:
    """Not in one piece, and not put together out of several."""

    async def main() -> list[str]:
        async with serving(mute) as (client, rest), client.open(PARAMETERS) as stream:
            for piece in pieces[:-1]:
                await stream.send_text(piece)
            with pytest.raises(TakeError, match='holds the command "<EOS>"'):
                await stream.send_text(pieces[-1])
        return rest

    assert asyncio.run(main()) == [*pieces[:-1], "<CLEAR>"]


def test_a_command_ends_a_piece() -> None:
    """What stood before a flush has been spoken: it joins with nothing."""

    async def main() -> list[str]:
        async with serving(mute) as (client, rest), client.open(PARAMETERS) as stream:
            await stream.send_text("<E")
            await stream.flush()
            await stream.send_text("OS>")
        return rest

    assert asyncio.run(main()) == ["<E", "<FLUSH>", "OS>", "<CLEAR>"]


def test_silence_after_the_end_is_a_stall() -> None:
    """Once all is sent, the deadlines hold."""

    async def main() -> None:
        async with serving(mute) as (client, _), client.open(PARAMETERS) as stream:
            await stream.send_text("hello")
            await stream.eos()
            with pytest.raises(TakeError) as failed:
                await anext(stream)
            assert failed.value.fault is Fault.STALLED

    asyncio.run(main())


def test_silence_after_the_first_audio_is_a_stall() -> None:
    """So they do between messages."""

    async def once(connection: ServerConnection) -> None:
        await connection.send(b"audio")

    async def main() -> None:
        async with serving(once) as (client, _), client.open(PARAMETERS) as stream:
            await stream.eos()
            assert await anext(stream) == b"audio"
            with pytest.raises(TakeError) as failed:
                await anext(stream)
            assert failed.value.reason == "no audio for 0.04 s"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("code", "reason", "fault"),
    [(1000, "", Fault.INCOMPLETE), (1011, "500 oops", Fault.SERVICE)],
)
def test_a_close_before_the_end_is_an_error(
    code: int, reason: str, fault: Fault
) -> None:
    """A clean close counts only after the end was sent."""

    async def closing(connection: ServerConnection) -> None:
        await connection.send(b"audio")
        await connection.close(code, reason)

    async def main() -> None:
        async with serving(closing) as (client, _), client.open(PARAMETERS) as stream:
            assert await anext(stream) == b"audio"
            with pytest.raises(TakeError) as failed:
                await anext(stream)
            assert failed.value.fault is fault
            await stream.send_text("too late")  # says nothing: the end is known

    asyncio.run(main())


@pytest.mark.parametrize(
    ("said", "error"), [("your key canary-4d1f7b2", TakeError), ("401 no", AuthError)]
)
def test_text_in_place_of_audio_is_an_error(said: str, error: type[Exception]) -> None:
    """It is shown without the key, and never given as audio."""

    async def talking(connection: ServerConnection) -> None:
        if error is AuthError:
            await connection.close(1011, said)
        else:
            await connection.send(said)

    async def main() -> None:
        async with serving(talking) as (client, _), client.open(PARAMETERS) as stream:
            with pytest.raises(error) as failed:
                await anext(stream)
            assert "canary" not in repr(failed.value)

    asyncio.run(main())
