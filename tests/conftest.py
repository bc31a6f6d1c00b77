"""What many tests share: a clean environment, real servers on loopback, one key."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import settings
from matrix import CANARY, Batch, Folder, Place, Secrecy

from batchtts.localserver.faultplan import parse_plan
from batchtts.localserver.faults import FaultPlan
from batchtts.localserver.server import LocalServer
from batchtts.localserver.settings import ServerSettings
from batchtts.runner import session

# The same examples every time: a test that fails has failed for a reason. More
# and other ones are tried with `--hypothesis-profile=search`.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile("repeatable")

_VARIABLES = ["RIME_API_KEY", "BATCHTTS_CACHE", "BATCHTTS_SERVE_KEYS", "NO_COLOR"]
# The last one would have each child process compile the package anew.
_MORE_VARIABLES = ["FORCE_COLOR", "GITHUB_ACTIONS", "PYTHONDONTWRITEBYTECODE"]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable of the developer's shell into a test."""
    for name in [*_VARIABLES, *_MORE_VARIABLES]:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run's attempts follow one another without waiting."""
    monkeypatch.setattr(session, "system_chance", lambda: 0.0)


@pytest.fixture(autouse=True)
def secrecy(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Secrecy | None]:
    """Give each test of the fault matrix a key, and search for it afterwards.

    The key is in the environment. It may not be in what the test printed and
    logged at any level, in a file of its folder, temporary ones included, or in
    what it told the fixture of. Other tests get None.
    """
    if not request.module.__name__.startswith("test_matrix_"):
        yield None
        return
    request.getfixturevalue("_clean_environment")
    folder: Path = request.getfixturevalue("tmp_path")
    caplog: pytest.LogCaptureFixture = request.getfixturevalue("caplog")
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("RIME_API_KEY", CANARY)
    temporary = folder / "temporary"
    temporary.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    keeper = Secrecy(folder)
    yield keeper
    keeper.told("the log", caplog.text)
    for when, what, content in request.node._report_sections:
        keeper.told(f"{what} of the {when}", content)
    assert keeper.found() == []


@pytest.fixture
def batch(
    secrecy: Secrecy | None, capsys: pytest.CaptureFixture[str]
) -> Iterator[Batch]:
    """Give a way to run the command line as a person or a script would."""
    assert secrecy is not None
    made = Batch(secrecy, capsys)
    yield made
    made.close()


@pytest.fixture
def place(tmp_path: Path, serve: Callable[..., LocalServer]) -> Place:
    """Give a place on the disk that the tests run on."""
    return Place(tmp_path / "project", serve())


@pytest.fixture
def folder(tmp_path: Path, batch: Batch) -> Folder:
    """Give an empty project."""
    return Folder(tmp_path / "project", batch)


@pytest.fixture
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hundreds of small files be written quickly: no power is cut here."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@contextlib.contextmanager
def _serving(
    settings: ServerSettings, faults: FaultPlan | None
) -> Iterator[LocalServer]:
    """Run a server on an event loop of its own in another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        server = LocalServer(settings, faults=faults)
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
    """Give a maker of local servers: `serve(first_byte_s=0.3)`; tones by default.

    What goes wrong can be given as a list in YAML: `serve("[{reply: {end: drop}}]")`.
    """
    with ExitStack() as running:

        def start(faults: str = "", **settings: object) -> LocalServer:
            wanted = ServerSettings(**{"synthesiser": "tone", **settings})  # type: ignore[arg-type]
            plan = parse_plan(f"faults: {faults}") if faults else None
            server: AbstractContextManager[LocalServer] = _serving(wanted, plan)
            return running.enter_context(server)

        yield start


@pytest.fixture
def site() -> Iterator[Callable[..., str]]:
    """Give what starts a web server with one answer, and returns its address."""
    running: list[ThreadingHTTPServer] = []

    def start(body: bytes, status: int = 200) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert "Authorization" not in self.headers
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}/voices.json"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()
