"""The fault matrix: what this machine lacks, loses or has little of."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from matrix import Batch, Place, Secrecy

from batchtts.audio import codecs
from batchtts.localserver import espeak_process
from batchtts.localserver.server import LocalServer

Serve = Callable[..., LocalServer]

posix = pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc")

# A module that is None in sys.modules cannot be imported: as if it were not there.
WITHOUT = """
import sys
missing, *arguments = sys.argv[1:]
sys.modules[missing] = None
from batchtts.cli import main
main(arguments)
"""
MEASURED = """
import sys
from pathlib import Path
from batchtts.cli import main
try:
    main(["run", sys.argv[1], "-q"])
finally:
    lines = Path("/proc/self/status").read_text().splitlines()
    [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    print(int(peak) / 1024)
"""
HEAD = """engine: local
local: {synthesiser: tone}
concurrency: 2
voices: {narrator: {speaker: astra}}
"""
MOST_MB = 250


# --- F30: something is missing, or dies -----------------------------------------------


@pytest.mark.parametrize("package", ["audioop", "av", "numpy", "pydub", "websockets"])
def test_f30_missing_package(batch: Batch, place: Place, package: str) -> None:
    """A package that is not there: 6 with the line that installs it, nothing sent."""
    code, out, err = batch.run(package, "run", place.write(), python=["-c", WITHOUT])
    assert (code, out) == (6, ""), err
    assert package in err
    assert "pip install --force-reinstall batchtts" in err
    assert "Traceback" not in err
    assert place.server.connections == 0


def test_f30_missing_extra(batch: Batch, tmp_path: Path) -> None:
    """Offline speech without its extra: 2 with the line that installs it."""
    job = tmp_path / "job.yaml"
    job.write_text(
        "engine: local\nvoices: {n: {speaker: astra}}\ntexts: [{id: a, text: Hi.}]\n"
        'outputs: [{kind: files, path: "out/{id}.wav"}]\n'
    )
    arguments = ("espeakng_loader", "run", job)
    code, out, err = batch.run(*arguments, python=["-c", WITHOUT])
    assert (code, out) == (2, ""), err
    assert "pip install 'batchtts[local]'" in err
    assert "Traceback" not in err


def test_f30_missing_codec(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A codec that the library was built without: 6 by name, the takes are kept."""
    known = codecs._CODECS[".m4a"]
    absent = dataclasses.replace(known, name="libfdk_aac")  # type: ignore[arg-type]
    monkeypatch.setitem(codecs._CODECS, ".m4a", absent)
    place.outputs = ["out/{id}.m4a"]
    report = place.run()
    assert report.exit_code == 6
    assert "libfdk_aac" in report.failures[0].reason
    assert place.files() == {}
    monkeypatch.undo()
    asked = place.server.connections
    assert place.run().exit_code == 0
    assert place.server.connections == asked


@pytest.fixture
def espeak(place: Place, serve: Serve) -> Place:
    """Give a place whose server speaks through a child process."""
    pytest.importorskip("espeakng_loader")
    place.server = serve(synthesiser="espeak")
    return place


def _speech_process(server: LocalServer) -> int:
    assert server._equipment is not None
    pid: int = server._equipment.synthesiser._process.pid  # type: ignore[attr-defined]
    return pid


@posix
def test_f30_speech_process_crashes(espeak: Place) -> None:
    """The speech process is killed: another takes over, and nothing is lost."""
    process = _speech_process(espeak.server)
    os.kill(process, signal.SIGKILL)
    report = espeak.run()
    assert (report.exit_code, report.made) == (0, 2)
    assert _speech_process(espeak.server) != process


@posix
def test_f30_speech_process_hangs(
    espeak: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The speech process hangs: it is ended in time, another takes over."""
    monkeypatch.setattr(espeak_process, "_SPEAK_S", 1.0)
    process = _speech_process(espeak.server)
    os.kill(process, signal.SIGSTOP)
    report = espeak.run()
    assert (report.exit_code, report.made) == (0, 2)
    assert _speech_process(espeak.server) != process


@linux
def test_f30_children_get_no_key(
    batch: Batch, place: Place, secrecy: Secrecy, tmp_path: Path
) -> None:
    """The processes that a run starts: no key in their environment or arguments."""
    pytest.importorskip("espeakng_loader")
    words = " ".join(f"Sentence {n}." for n in range(50))
    job = tmp_path / "own.yaml"
    job.write_text(
        "engine: local\nvoices: {n: {speaker: astra}}\n"
        f"texts: [{{id: a, text: {words}}}]\n"
        'outputs: [{kind: files, path: "out/{id}.wav"}]\n'
    )
    run = batch.start("run", job)
    seen: set[int] = set()
    while run.poll() is None:
        for pid in _below(run.pid):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                own = Path(f"/proc/{run.pid}/cmdline").read_bytes()
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                # A copy of the run that is not yet the program, or just becomes it.
                if not own or not command or command == own:
                    continue
                seen.add(pid)
                secrecy.told("arguments", command)
                environment = Path(f"/proc/{pid}/environ").read_bytes()
                secrecy.told("environment", environment)
        time.sleep(0.02)
    assert batch.ended(run)[0] == 0
    assert len(seen) >= 2  # the server, and what speaks for it


def _below(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in map(int, children):
        yield child
        yield from _below(child)


# --- F32: large jobs ------------------------------------------------------------------


def _book(folder: Path, hours: float, suffix: str, loudness: str) -> Path:
    folder.mkdir()
    words = []
    for n in range(int(hours * 3600 / 0.05 / 50)):  # 50 ms a character, 50 a sentence
        words.append(f"This is sentence number {n:06d}, which is not long. ")
        words.append("\n\n" if n % 5 == 4 else "")
    (folder / "book.txt").write_text("".join(words))
    job = folder / "job.yaml"
    output = f'outputs: [{{kind: files, path: "out/{{id}}{suffix}"}}]\n'
    audio = f"audio: {{loudness: {loudness}}}\n"
    job.write_text(f"{HEAD}{audio}texts: [{{file: book.txt}}]\n{output}")
    return job


def _table(folder: Path, rows: int) -> Path:
    folder.mkdir()
    with (folder / "lines.csv").open("w") as file:
        file.write("key,line\n")
        file.writelines(f"row-{n},Line {n % 50}.\n" for n in range(rows))
    job = folder / "job.yaml"
    output = 'outputs: [{kind: files, path: "out/{id}.ulaw"}]\n'
    job.write_text(
        f"{HEAD}texts: [{{table: lines.csv, id: key, text: line}}]\n{output}"
    )
    return job


def _peak_mb(batch: Batch, job: Path) -> float:
    code, out, err = batch.run(job, python=["-c", MEASURED])
    assert code == 0, err
    return float(out)


@linux
def test_f32_long_text(batch: Batch, tmp_path: Path) -> None:
    """A text of half an hour, 100 MB of samples: they are not held in memory."""
    assert _peak_mb(batch, _book(tmp_path / "long", 0.5, ".wav", "none")) < MOST_MB


@linux
def test_f32_many_rows(batch: Batch, tmp_path: Path) -> None:
    """Ten times the rows take the same memory."""
    few = _peak_mb(batch, _table(tmp_path / "few", 20))
    assert _peak_mb(batch, _table(tmp_path / "many", 200)) - few < 20


@linux
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_f32_ten_hours(batch: Batch, tmp_path: Path) -> None:
    """A book of ten hours, 1.7 GB of samples: at most 250 MB of memory."""
    batch.timeout_s = 3600
    peak = _peak_mb(batch, _book(tmp_path / "book", 10, ".mp3", "acx"))
    print(f"ten hours: {peak:.0f} MB")  # noqa: T201 - the figure is the point
    assert peak < MOST_MB


@linux
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_f32_hundred_thousand(batch: Batch, tmp_path: Path) -> None:
    """A table of 100,000 rows: at most 250 MB of memory."""
    batch.timeout_s = 3600
    peak = _peak_mb(batch, _table(tmp_path / "table", 100_000))
    print(f"100,000 rows: {peak:.0f} MB")  # noqa: T201 - the figure is the point
    assert peak < MOST_MB
