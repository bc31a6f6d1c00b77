"""A local server in a child process, and asking one what it is."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from batchtts.errors import LocalError
from batchtts.hosts import is_this_machine
from batchtts.localserver import (
    ServerSettings,
    child,
    identity_at,
    identity_of,
    spawn,
    tone,
)
from batchtts.secret import Secret

TONE = ServerSettings(synthesiser="tone")


async def _ask(url: str, key: str, text: str = "Hello.") -> bytes:
    query = "?speaker=astra&modelId=arcana&audioFormat=pcm"
    headers = {"Authorization": f"Bearer {key}"}
    async with connect(url + query, additional_headers=headers) as socket:
        await socket.send(text)
        await socket.send("<EOS>")
        return b"".join([m async for m in socket if isinstance(m, bytes)])


def test_a_spawned_server_speaks_to_its_own_key_alone() -> None:
    """Address, identity and key are what its one user needs."""
    with spawn(TONE) as server:
        assert server.identity == identity_of("tone") == identity_at(server.url)
        heard = asyncio.run(_ask(server.url, server.key.reveal()))
        assert heard == tone.speak("Hello.", speaker="astra", lang="eng")
        with pytest.raises(InvalidStatus, match="401"):
            asyncio.run(_ask(server.url, "another"))
    assert identity_at(server.url) is None


def test_settings_reach_the_child() -> None:
    """All but the keys, for it has its own."""
    settings = ServerSettings(
        synthesiser="tone", text_limit=5, keys=(Secret("mine"),), wav_headers="sentence"
    )
    with spawn(settings) as server:
        assert asyncio.run(_ask(server.url, server.key.reveal(), "Short")) != b""
        assert asyncio.run(_ask(server.url, server.key.reveal(), "Longer")) == b""
        with pytest.raises(InvalidStatus, match="401"):
            asyncio.run(_ask(server.url, "mine"))


def test_no_key_can_be_seen_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither Rime's nor its own, in the environment or on the command line."""
    monkeypatch.setenv("RIME_API_KEY", "canary-1")
    with spawn(TONE) as server:
        assert server.key.reveal() not in repr(server)
        folder = Path("/proc", str(server.pid))
        if not folder.exists():
            pytest.skip("no way to see another process's environment here")
        seen = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
    assert b"canary" not in seen
    assert server.key.reveal().encode() not in seen


def test_the_child_imports_what_we_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever lies in the current folder does not get before it."""
    (tmp_path / "asyncio.py").write_text("raise SystemExit('hijacked')")
    (tmp_path / "batchtts.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    with spawn(TONE) as server:
        assert identity_at(server.url) == "local/tone+1"


def test_a_server_that_cannot_start_is_a_clear_error() -> None:
    """What the child said is passed on."""
    with spawn(TONE) as server:
        port = urlsplit(server.url).port
        assert port is not None
        taken = ServerSettings(synthesiser="tone", port=port)
        with pytest.raises(LocalError) as caught, spawn(taken):
            pass
    expected = "the local server did not start: cannot listen on"
    assert str(caught.value).startswith(expected)


def test_a_child_that_dies_at_once_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There is no answer to wait for."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    if not Path(sys.executable).exists():
        pytest.skip("no /bin/false here")
    with pytest.raises(LocalError, match="its process ended"), spawn(TONE):
        pass


def test_an_error_in_the_run_ends_the_server() -> None:
    """As does every other way out."""
    with pytest.raises(KeyError), spawn(TONE) as server:
        raise KeyError
    assert identity_at(server.url) is None


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a signal")
def test_a_server_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given its time, and no more."""
    monkeypatch.setattr(child, "_END_S", 0.05)
    with spawn(TONE) as server:
        os.kill(server.pid, signal.SIGSTOP)
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


_PARENT = """
import sys
from batchtts.localserver import ServerSettings, spawn
with spawn(ServerSettings(synthesiser=sys.argv[1])) as server:
    print(server.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="asks for a process by its id")
@pytest.mark.parametrize("synthesiser", ["tone", "espeak"])
def test_it_never_outlives_a_killed_parent(synthesiser: str) -> None:
    """Not even one that had no time to say good-bye."""
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, synthesiser],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        # The server has our end of this pipe too: it ends when the server does.
        assert parent.stderr.read() == b""
    with pytest.raises(ProcessLookupError):
        _wait_for_end(pid)


def _wait_for_end(pid: int) -> None:
    """Ask until the process is gone; its new parent may take a moment."""
    pause = threading.Event()
    for _ in range(500):
        os.kill(pid, 0)
        if _is_zombie(pid):
            raise ProcessLookupError
        pause.wait(0.01)


def _is_zombie(pid: int) -> bool:
    status = Path("/proc", str(pid), "stat")
    return status.exists() and status.read_text(encoding="utf-8").split()[2] == "Z"


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to a group")
def test_ctrl_c_in_the_terminal_passes_it_by() -> None:
    """The run decides when its server ends: it may have work to finish."""
    script = f"import signal; signal.signal(2, signal.SIG_IGN)\n{_PARENT}"
    parent = subprocess.Popen(
        [sys.executable, "-c", script, "tone"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        process_group=0,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.killpg(parent.pid, signal.SIGINT)
        os.kill(pid, 0)
        assert os.getpgid(pid) != os.getpgid(parent.pid)
        parent.communicate(timeout=20)
    assert parent.returncode == 0


@contextlib.contextmanager
def _stranger(body: bytes) -> Iterator[str]:
    """Serve ``body`` for every GET, as something else than our server."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.server_port}/ws"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"\xff",
        b'{"server": "batchtts"}',
        b'{"server": "batchtts", "engine": "rime"}',
        b'{"server": "batchtts", "engine": 1}',
        b'{"server": "other", "engine": "local/tone+1"}',
        b'{"server": "batchtts", "engine": "local/tone+1"' + b" " * 70_000 + b"}",
    ],
)
def test_a_stranger_has_no_identity(body: bytes) -> None:
    """Whatever answers is not taken for a local server unless it is one."""
    with _stranger(body) as url:
        assert identity_at(url) is None


def test_a_server_of_ours_has_one() -> None:
    """The same answer by any hand is enough."""
    answer = {"server": "batchtts", "engine": "local/other+9"}
    with _stranger(json.dumps(answer).encode()) as url:
        assert identity_at(url) == "local/other+9"


@pytest.mark.parametrize(
    "url",
    [
        "wss://127.0.0.1/ws",
        "ws://192.0.2.1/ws",
        "ws://users.rime.ai/ws",
        "ws://127.0.0.1:port/ws",
        "ws://127.0.0.1:99999/ws",
        "ws://",
        "nonsense",
        "http://127.0.0.1:1/",
    ],
)
def test_only_this_machine_is_asked(url: str) -> None:
    """Any other address has no identity, and is sent nothing."""
    assert identity_at(url) is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.168.0.1", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_loopback_is_told_by_the_address(host: str, *, expected: bool) -> None:
    """A name that only looks like it is none."""
    assert is_this_machine(host) is expected
