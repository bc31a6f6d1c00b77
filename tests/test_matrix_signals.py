"""The fault matrix: signals, and readers that go away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from matrix import HOLD, Batch, Place, until

import batchtts
from batchtts.localserver.server import LocalServer
from batchtts.runner import session

Serve = Callable[..., LocalServer]

posix = pytest.mark.skipif(sys.platform == "win32", reason="no POSIX signals there")
MANY = "A line that is not like any other, number {n}. "


def _long(place: Place) -> Path:
    place.words = " ".join(MANY.format(n=n) for n in range(60))
    return place.write()


# --- F24: interrupted ----------------------------------------------------------------


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_f24_first_signal(batch: Batch, place: Place, serve: Serve, name: str) -> None:
    """The first signal: what is in flight is kept, report, resume command, 128+number.

    Nothing new is asked for, no temporary file is left, and the next run goes on.
    """
    number = getattr(signal, name)
    place.server = server = serve(first_byte_s=0.3)
    run = batch.start("run", _long(place))
    until(lambda: server.connections >= 2)
    run.send_signal(number)
    code, out, err = batch.ended(run)
    assert code == 128 + number, err
    assert "Traceback" not in err
    assert "1 not reached" in out or "2 not reached" in out
    assert f"run again to resume: batchtts run {place.folder}" in err.splitlines()[-1]
    report = json.loads((place.folder / ".batchtts/job.report.json").read_text())
    assert report["exit_code"] == 128 + number
    assert place.leftovers() == []
    taken = report["requests"]["made"]
    assert taken == server.connections
    assert batchtts.preview(batchtts.load_job(place.write())).requests_cached == taken


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_f24_second_signal(batch: Batch, place: Place, serve: Serve, name: str) -> None:
    """The second signal: an end within a second, and no temporary file left."""
    number = getattr(signal, name)
    place.server = server = serve(first_byte_s=60)
    run = batch.start("run", _long(place))
    until(lambda: server.connections >= 1)
    run.send_signal(number)
    time.sleep(0.05)
    began_s = time.monotonic()
    run.send_signal(number)
    run.wait(30)
    ended_s = time.monotonic() - began_s
    code, _, err = batch.ended(run)
    assert code == 128 + number
    assert ended_s < 1, ended_s
    assert "run again to resume" in err
    assert place.leftovers() == []


@posix
def test_f24_drain_has_an_end(
    place: Place, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that never answers is waited for no longer than the drain lasts."""
    monkeypatch.setattr(session, "DRAIN_S", 0.3)
    place.server = server = serve(first_byte_s=60)

    def interrupt() -> None:
        until(lambda: server.connections >= 2)
        os.kill(os.getpid(), signal.SIGTERM)

    timer = threading.Timer(0, interrupt)
    timer.start()
    began_s = time.monotonic()
    report = place.run()
    timer.join()
    assert report.exit_code == 128 + signal.SIGTERM
    assert report.pending == 2
    assert time.monotonic() - began_s < 10
    assert place.leftovers() == []


@posix
@pytest.mark.slow
def test_f24_drain_takes_ten_seconds(batch: Batch, place: Place, serve: Serve) -> None:
    """As above, with the ten seconds of a real run."""
    place.server = server = serve(first_byte_s=60)
    run = batch.start("run", _long(place))
    until(lambda: server.connections >= 2)
    began_s = time.monotonic()
    run.send_signal(signal.SIGTERM)
    code, _, _ = batch.ended(run)
    assert code == 143
    assert 9 < time.monotonic() - began_s < 13


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_f24_before_the_first_request(batch: Batch, place: Place, name: str) -> None:
    """A signal while a run still waits or reads ends it just so: 128+number."""
    number = getattr(signal, name)
    holder = batch.start(place.folder / ".batchtts", python=["-c", HOLD])
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    run = batch.start("run", place.write(), "--wait-lock", "30")
    time.sleep(0.05)
    until(lambda: _handles(run.pid, signal.SIGTERM))
    began_s = time.monotonic()
    run.send_signal(number)
    code, _, err = batch.ended(run)
    assert code == 128 + number, err
    assert "Traceback" not in err
    assert time.monotonic() - began_s < 5
    assert place.server.connections == 0


def _handles(pid: int, number: int) -> bool:
    """Tell if a process has a handler of its own for a signal."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        time.sleep(0.05)
        return True
    [caught] = [x for x in status.read_text().splitlines() if x.startswith("SigCgt")]
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


@posix
@pytest.mark.parametrize("arguments", [[], ["--json"], ["--progress", "bar"], ["-v"]])
def test_f24_nobody_listens(
    batch: Batch, place: Place, serve: Serve, arguments: list[str]
) -> None:
    """The reader of stdout and stderr goes away: quiet, and the work goes on."""
    place.server = server = serve(first_byte_s=0.2)
    run = batch.start("run", place.write(), *arguments)
    assert run.stdout is not None
    assert run.stderr is not None
    until(lambda: server.connections >= 1)
    run.stdout.close()
    run.stderr.close()
    assert run.wait(60) == 0
    assert len(place.files()) == 2
    assert (place.folder / ".batchtts" / "job.report.json").is_file()


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_f24_closed_streams(place: Place, closed: str) -> None:
    """A run that is started with closed streams: as any other."""
    command = f'"$0" -m batchtts run "$1" {closed}'
    shell = ["sh", "-c", command, sys.executable, str(place.write())]
    assert subprocess.run(shell, capture_output=True, check=False).returncode == 0
    assert len(place.files()) == 2
