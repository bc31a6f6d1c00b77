"""The fault matrix: what a killed, damaged or mute run leaves, and how it goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from matrix import ROOT, Batch, Place

import batchtts
from batchtts.events import Event, ReadingFailed
from batchtts.localserver.server import LocalServer

Serve = Callable[..., LocalServer]


# --- F23: killed ------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_f23_killed_at_any_moment() -> None:
    """`kill -9` at random moments: files whole or absent, nothing stored bought again.

    The full campaign: `python -m tests.benchmarks.kills`.
    """
    campaign = [sys.executable, "-m", "tests.benchmarks.kills", "--kills", "3"]
    done = subprocess.run(
        campaign, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 incomplete" in done.stdout


# --- F27: a damaged cache ----------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        lambda take: take[:-40] + bytes([take[-40] ^ 1]) + take[-39:],
        lambda take: take[: len(take) // 2],
        lambda take: b"",
        lambda take: take.replace(b'"version":', b'"version":9', 1),
        lambda take: b"\0" * len(take),
    ],
    ids=["flipped", "cut", "empty", "version", "zeros"],
)
def test_f27_damaged_take(
    batch: Batch, place: Place, damage: Callable[[bytes], bytes]
) -> None:
    """A take that is flipped, cut, empty or of another version: put aside, made again.

    One warning; never used, never fatal.
    """
    assert place.code() == 0
    whole = place.files()
    takes = sorted((place.folder / ".batchtts").rglob("*.take"))
    takes[0].write_bytes(damage(takes[0].read_bytes()))
    shutil.rmtree(place.folder / "out")
    code, _, err = batch.here("run", place.write())
    assert code == 0
    assert err.count("warning:") == 1
    assert "1 take in the cache damaged" in err
    assert place.files() == whole
    assert place.server.connections == 2 + 1
    assert len(list((place.folder / ".batchtts").rglob("*.damaged"))) == 1


# --- F31: a rename that the disk forgot --------------------------------------------


@pytest.mark.parametrize(
    ("lost", "asked"),
    [
        (["*.take"], 0),
        (["*.wav"], 0),
        (["*.sqlite3"], 0),
        (["*.report.json"], 0),
        (["*.take", "*.wav"], 1),
        (["*.wav", "*.sqlite3"], 0),
        (["*.take", "*.sqlite3"], 0),
        (["*.take", "*.sqlite3", "*.lock"], 1),
        (["*.lock"], 0),
        (["*.take", "*.wav", "*.sqlite3", "*.report.json"], 1),
    ],
)
def test_f31_lost_rename(place: Place, lost: list[str], asked: int) -> None:
    """A file whose rename never reached the disk: at worst one request again.

    One of each kind is taken away, as a power cut might, in any company.
    """
    assert place.code() == 0
    whole, connections = place.files(), place.server.connections
    text = batchtts.preview(batchtts.load_job(place.write()))
    assert text.requests_to_send == 0
    for pattern in lost:
        found = sorted(
            place.folder.rglob(pattern), key=lambda path: -path.stat().st_size
        )
        found[0].unlink()  # of takes and outputs, that of the longer text
    assert place.code() == 0
    assert place.files() == whole
    assert place.server.connections - connections == asked


# --- F41: a fault in telling of a fault --------------------------------------------


def test_f41_report_cannot_be_written(batch: Batch, place: Place, serve: Serve) -> None:
    """The report cannot be written: it goes to stderr as JSON, 6, never 0."""
    place.server = serve(first_byte_s=0.5)
    run = batch.start("run", place.write())
    report = place.folder / ".batchtts" / "job.report.json"
    for _ in range(600):
        if place.server.connections:
            break
        time.sleep(0.02)
    report.mkdir()
    code, _, err = batch.ended(run)
    assert code == 6
    [line] = [line for line in err.splitlines() if line.startswith("report: ")]
    document = json.loads(line.removeprefix("report: "))
    assert (document["exit_code"], document["made"]) == (6, 2)
    assert "job.report.json" in document["error"]
    assert len(place.files()) == 2
    assert "run again to resume" in err


def test_f41_failures_and_no_report(place: Place, serve: Serve) -> None:
    """Texts fail, and then the report cannot be written: both are told."""
    place.server = serve(text_limit=11)

    def block(event: Event) -> None:
        if isinstance(event, ReadingFailed):
            (place.folder / ".batchtts" / "job.report.json").mkdir(exist_ok=True)

    report = place.run(on_event=block)
    assert (report.exit_code, report.written, report.failed) == (6, False, 1)
    assert "job.report.json" in (report.error or "")
    assert report.failures[0].text == "a"
