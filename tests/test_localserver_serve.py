"""`batchtts serve`: one line when it is ready, 0 at Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from websockets.asyncio.client import connect

from batchtts.cli.serve import command
from batchtts.errors import JobError
from batchtts.localserver import tone

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there"
)


def _start(*flags: str, **environment: str) -> subprocess.Popen[str]:
    script = "from batchtts.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", script, "serve", "--port", "0", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


async def _ask(url: str, key: str) -> bytes:
    query = "?speaker=astra&modelId=arcana&audioFormat=pcm"
    headers = {"Authorization": f"Bearer {key}"}
    async with connect(url + query, additional_headers=headers) as socket:
        await socket.send("Hello.")
        await socket.send("<EOS>")
        return b"".join([m async for m in socket if isinstance(m, bytes)])


def test_serve_speaks_until_ctrl_c() -> None:
    """The ready line goes to stdout as JSON, the talk to stderr; 0 at the end."""
    process = _start("--engine", "tone", "--json", "-v", BATCHTTS_SERVE_KEYS="a, b")
    with process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["engine"] == "local/tone+1"
        assert ready["url"] == f"ws://127.0.0.1:{ready['port']}/ws"
        heard = asyncio.run(_ask(ready["url"], "b"))
        assert heard == tone.speak("Hello.", speaker="astra", lang="eng")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == ""
    assert err.splitlines() == [
        f"astra arcana eng pcm 24000 Hz: 6 characters, {len(heard):,} bytes, finished",
        "stopped",
    ]


def test_serve_ends_its_speech_process_too() -> None:
    """With real speech there is a child, and it does not complain of Ctrl-C."""
    process = _start()
    with process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("local/espeak-1.52.0+1 speaks at ws://127.0.0.1:")
        assert "any key" in line
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "stopped\n")


@pytest.mark.parametrize(
    "flags",
    [
        ["--port", "70000"],
        ["--engine", "other"],
        ["--first-byte", "-1"],
        ["--message-bytes", "0"],
        ["--connections", "0"],
        ["--wav-headers", "never"],
    ],
)
def test_flags_are_checked(flags: list[str]) -> None:
    """A wrong one is named, with exit code 2."""
    result = CliRunner().invoke(command, flags)
    assert result.exit_code == 2
    assert flags[0] in result.stderr


def test_faults_are_announced_and_logged(tmp_path: Path) -> None:
    """Nobody takes a server with a plan for one without."""
    plan = tmp_path / "plan.yaml"
    plan.write_text("faults: [{every: 1, reply: {at: 50%, end: 1000}}]")
    process = _start("--engine", "tone", "--json", "-v", "--faults", str(plan))
    with process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        heard = asyncio.run(_ask(ready["url"], "any"))
        whole = tone.speak("Hello.", speaker="astra", lang="eng")
        assert heard == whole[: len(whole) // 4 * 2]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    first, logged, _ = err.splitlines()
    assert first == f'faults: 1 of "{plan}", with seed 0'
    assert logged.endswith("bytes, cut, fault 1")


def test_a_bad_plan_is_told_before_anything_starts(tmp_path: Path) -> None:
    """With exit code 2 and the place of each mistake."""
    plan = tmp_path / "plan.yaml"
    plan.write_text("faults: [{evry: 1, reply: {at: 50%, end: 1000}}]")
    result = CliRunner().invoke(command, ["--faults", str(plan)])
    assert isinstance(result.exception, JobError)
    assert result.exception.exit_code == 2
    assert f'{plan}:1:11: unknown key "evry"' in str(result.exception)
    assert result.output == ""


def test_an_open_host_is_warned_about() -> None:
    """Other machines can reach it, and the connection is not encrypted."""
    # An address of no machine: it cannot be listened at, after the warning.
    result = CliRunner().invoke(command, ["--engine", "tone", "--host", "192.0.2.1"])
    assert result.stderr.startswith('warning: "192.0.2.1" can be reached from')
    assert "cannot listen" in str(result.exception)
