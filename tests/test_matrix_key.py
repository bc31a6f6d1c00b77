"""The fault matrix: the key, and all who would have it shown.

Where it may not be is searched after each test: see `conftest.secrecy`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator
from urllib.parse import quote

import pytest
from matrix import CANARY, Batch, Place, answering
from websockets.asyncio.server import ServerConnection, serve

CODED = base64.b64encode(CANARY.encode()).decode()
ECHO = f"{CANARY} {quote(CANARY, safe='')} {CODED} {CANARY.encode().hex()}"
HALF = len(CANARY) // 2
NOISY = (
    "import logging, sys; logging.basicConfig(level=logging.DEBUG); "
    "from batchtts.cli import main; main(sys.argv[1:])"
)

REFUSALS = {
    "unauthorized": f"HTTP/1.1 401 {CANARY}\r\nX-Key: {CANARY}\r\n\r\n{ECHO}",
    "forbidden": f"HTTP/1.1 403 No\r\n\r\n{ECHO}",
    "cut": f"HTTP/1.1 403 No\r\n\r\n{'x' * 290}{CANARY}",
    "rejected": f"HTTP/1.1 400 No\r\n\r\n{json.dumps({'error': ECHO})}",
    "half": f"HTTP/1.1 400 No\r\n\r\nyour key begins with {CANARY[:HALF]}",
    "garbage": ECHO,
}
Talk = Callable[[ServerConnection], Awaitable[None]]


async def _text(connection: ServerConnection) -> None:
    await connection.send(f"unknown key {ECHO}")


async def _halves(connection: ServerConnection) -> None:
    await connection.send(f"unknown key {CANARY[:HALF]}")
    await connection.send(f"{CANARY[HALF:]}, try another")


async def _fragments(connection: ServerConnection) -> None:
    await connection.send(["unknown key ", CANARY[:HALF], CANARY[HALF:]])


async def _reason(connection: ServerConnection) -> None:
    await connection.close(1011, f"bad key {CANARY}")


async def _cut_reason(connection: ServerConnection) -> None:
    await connection.close(1011, f"{'x' * 108} {CANARY}"[:123])


async def _refusing_reason(connection: ServerConnection) -> None:
    await connection.close(1008, f"401 bad key {CODED}")


async def _sound(connection: ServerConnection) -> None:
    await connection.send(ECHO.encode())
    await connection.close()


# The library logs its headers at DEBUG, on the side of the server, too.
_SILENT = logging.Logger("silent", logging.CRITICAL)  # noqa: LOG001 - on purpose
TALKS = [_text, _halves, _fragments, _reason, _cut_reason, _refusing_reason, _sound]


@contextlib.contextmanager
def _talking(talk: Talk) -> Iterator[int]:
    """Serve WebSockets: hear a request out, then talk; yield the port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def handle(connection: ServerConnection) -> None:
        async for message in connection:
            if message == "<EOS>":
                await talk(connection)
                return

    async def start() -> contextlib.AsyncExitStack:
        stack = contextlib.AsyncExitStack()
        ports.append(
            await stack.enter_async_context(
                serve(handle, "127.0.0.1", 0, logger=_SILENT)
            )
        )
        return stack

    ports: list[object] = []
    running = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    try:
        [server] = ports
        yield next(iter(server.sockets)).getsockname()[1]  # type: ignore[attr-defined]
    finally:
        asyncio.run_coroutine_threadsafe(running.aclose(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _rime(port: int) -> tuple[str, ...]:
    return ("--engine", "rime", "--url", f"ws://127.0.0.1:{port}/ws")


@pytest.mark.parametrize("name", REFUSALS)
def test_f40_refusal_echoes_the_key(batch: Batch, place: Place, name: str) -> None:
    """A refused handshake holds the key, in any coding: shown to nobody."""
    place.words = "*"
    with answering(lambda _: REFUSALS[name]) as (port, heads):
        code, _, err = batch.here("run", place.write(), *_rime(port), "-v")
    assert code in {3, 4, 5}, err
    assert f"Authorization: Bearer {CANARY}" in heads[0]
    assert CANARY not in heads[0].splitlines()[0]


@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.__name__)
def test_f40_stream_echoes_the_key(batch: Batch, place: Place, talk: Talk) -> None:
    """A text, two halves of one, a close's reason, even the sound: shown to nobody."""
    place.words = "*"
    with _talking(talk) as port:
        code, _, err = batch.here("run", place.write(), *_rime(port), "-v")
    assert code in {3, 4, 5}, err


@pytest.mark.parametrize("talk", [_text, _refusing_reason], ids=["text", "reason"])
def test_f40_noisy_program(batch: Batch, place: Place, talk: Talk) -> None:
    """A program that shows all that anybody logs at DEBUG: the key not in it."""
    with _talking(talk) as port:
        arguments = ("run", place.write(), *_rime(port), "-v")
        code, _, err = batch.run(*arguments, python=["-c", NOISY])
    assert code in {3, 4, 5}, err
    assert "DEBUG" in err


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:{port}/", "ws://127.0.0.1:{port}/ws?key={key}"]
)
def test_f40_second_host(batch: Batch, place: Place, location: str) -> None:
    """A redirect to another host: refused, 4, and that host sees nothing."""
    with answering(lambda _: "HTTP/1.1 200 Fine\r\n\r\n") as (second, seen):
        target = location.format(port=second, key=CANARY)
        answer = f"HTTP/1.1 302 There\r\nLocation: {target}\r\n\r\n{ECHO}"
        with answering(lambda _: answer) as (port, heads):
            code, _, err = batch.here("run", place.write(), *_rime(port))
    assert code == 4, err
    assert heads
    assert seen == []


def test_f40_plain_connection(batch: Batch, place: Place) -> None:
    """An address without encryption that is not this machine: 2, nothing is sent."""
    flags = ("--engine", "rime", "--url", "ws://192.0.2.1/ws")
    code, _, err = batch.here("run", place.write(), *flags)
    assert code == 2, err
    assert "in the clear" in err


def test_f40_bug(batch: Batch, place: Place) -> None:
    """A bug while the key is in use: a traceback, and the key not in it."""
    broken = (
        "import sys; from batchtts.rime.stream import RimeStream\n"
        "def send(*_): raise ZeroDivisionError('a slip')\n"
        "RimeStream.send = send\n"
        "from batchtts.cli import main; main(sys.argv[1:])"
    )
    with _talking(_sound) as port:
        python = ["-X", "dev", "-c", broken]
        code, _, err = batch.run("run", place.write(), *_rime(port), python=python)
    assert code == 1
    assert "a slip" in err
    assert "this is a bug" in err


def test_f40_key_in_the_job(batch: Batch, place: Place) -> None:
    """A key that stands in the job file: refused with its place, not repeated."""
    job = place.write()
    job.write_text(f"rime: {{api_key: {json.dumps(CANARY)}}}\n{job.read_text()}")
    code, _, err = batch.here("validate", job)
    job.unlink()
    assert code == 2
    assert "job.yaml:1:8" in err


def test_f40_key_file(
    batch: Batch, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that comes from `.env`: as secret as one from the environment."""
    monkeypatch.delenv("RIME_API_KEY")
    (place.folder / ".env").write_text(f"RIME_API_KEY={CANARY}\n")
    with answering(lambda _: REFUSALS["forbidden"]) as (port, heads):
        code, _, err = batch.here("run", place.write(), *_rime(port))
    assert code == 4, err
    assert f"Bearer {CANARY}" in heads[0]


@pytest.mark.parametrize("command", ["plan", "validate", "doctor", "cache", "run"])
def test_f40_every_command(batch: Batch, place: Place, command: str) -> None:
    """Commands that need no key do not show it either."""
    (place.folder / ".batchtts" / "cache").mkdir(parents=True)
    arguments: list[object] = [command, place.write(), "--json"]
    if command == "doctor":
        arguments.remove(place.write())
    if command == "cache":
        arguments.insert(1, "info")
    code, _, err = batch.here(*arguments)
    assert code == 0, err
