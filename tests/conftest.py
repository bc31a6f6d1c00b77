"""What many tests share: a clean environment, and real servers on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

import pytest
from hypothesis import settings

from batchtts.localserver.server import LocalServer
from batchtts.localserver.settings import ServerSettings

# The same examples every time: a test that fails has failed for a reason. More
# and other ones are tried with `--hypothesis-profile=search`.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile("repeatable")

_VARIABLES = ["RIME_API_KEY", "BATCHTTS_CACHE", "BATCHTTS_SERVE_KEYS", "NO_COLOR"]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable of the developer's shell into a test."""
    for name in [*_VARIABLES, "FORCE_COLOR", "GITHUB_ACTIONS"]:
        monkeypatch.delenv(name, raising=False)


@contextlib.contextmanager
def _serving(settings: ServerSettings) -> Iterator[LocalServer]:
    """Run a server on an event loop of its own in another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        server = LocalServer(settings)
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(30)
        try:
            yield server
        finally:
            closing = server.__aexit__(None, None, None)
            asyncio.run_coroutine_threadsafe(closing, loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., LocalServer]]:
    """Give a maker of local servers: `serve(first_byte_s=0.3)`; tones by default."""
    with ExitStack() as running:

        def start(**settings: object) -> LocalServer:
            wanted = ServerSettings(**{"synthesiser": "tone", **settings})  # type: ignore[arg-type]
            server: AbstractContextManager[LocalServer] = _serving(wanted)
            return running.enter_context(server)

        yield start
