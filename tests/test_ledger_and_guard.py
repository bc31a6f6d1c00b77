"""What remembers the outputs, and what keeps two runs apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from batchtts.errors import LockedError
from batchtts.lock.lines import SharedLine
from batchtts.runner.guard import guard
from batchtts.runner.ledger import Ledger

SHA_OF_X = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"

FACTS = {"seconds": 1.5}
LINE = SharedLine(path="out/a.wav", key="key", about={}, sha256=SHA_OF_X, facts=FACTS)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Give a file that is somebody's output."""
    path = tmp_path / "out" / "a.wav"
    path.parent.mkdir()
    path.write_bytes(b"x")
    return path


def test_a_recorded_file_is_unchanged(tmp_path: Path, output: Path) -> None:
    """A file is unchanged for the key it was made with, in a later run too."""
    path = tmp_path / "state" / "ledger"
    with Ledger.open(path, base=tmp_path) as ledger:
        assert not ledger.unchanged(output, "key")
        ledger.record(output, LINE)
    with Ledger.open(path, base=tmp_path) as ledger:
        assert ledger.unchanged(output, "key") == {"sha256": SHA_OF_X, **FACTS}
        assert not ledger.unchanged(output, "another key")
    with Ledger.read_only(path, base=tmp_path) as ledger:
        assert ledger.unchanged(output, "key") == {"sha256": SHA_OF_X, **FACTS}


def test_a_file_altered_by_hand_is_noticed(tmp_path: Path, output: Path) -> None:
    """Other bytes of the same length, other lengths and absence all count."""
    with Ledger.open(tmp_path / "ledger", base=tmp_path) as ledger:
        ledger.record(output, LINE)
        output.write_bytes(b"y")
        os.utime(output, ns=(0, 0))
        assert not ledger.unchanged(output, "key")
        output.write_bytes(b"xx")
        assert not ledger.unchanged(output, "key")
        output.unlink()
        assert not ledger.unchanged(output, "key")


def test_a_fresh_copy_of_the_same_bytes_is_unchanged(
    tmp_path: Path, output: Path
) -> None:
    """A new time of change with the same content is no reason to make it again."""
    with Ledger.open(tmp_path / "ledger", base=tmp_path) as ledger:
        ledger.record(output, LINE)
        os.utime(output, ns=(0, 0))
        assert ledger.unchanged(output, "key") == {"sha256": SHA_OF_X, **FACTS}


def test_a_project_may_move(tmp_path: Path, output: Path) -> None:
    """Files are named relative to the job: another path changes nothing."""
    (tmp_path / "b").mkdir()
    with Ledger.open(tmp_path / "ledger", base=tmp_path) as ledger:
        ledger.record(output, LINE)
    moved = tmp_path / "b" / "out"
    (tmp_path / "out").rename(moved)
    with Ledger.open(tmp_path / "ledger", base=tmp_path / "b") as ledger:
        assert ledger.unchanged(moved / "a.wav", "key")


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""])
def test_a_damaged_ledger_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    """A ledger only saves work: one that cannot be read is replaced."""
    path = tmp_path / "ledger"
    path.write_bytes(content)
    output = tmp_path / "a.wav"
    output.write_bytes(b"x")
    with Ledger.read_only(path, base=tmp_path) as ledger:
        assert not ledger.unchanged(output, "key")
    assert path.read_bytes() == content
    with Ledger.open(path, base=tmp_path) as ledger:
        assert not ledger.unchanged(output, "key")
        ledger.record(output, replace(LINE, path="a.wav"))
        assert ledger.unchanged(output, "key") == {"sha256": SHA_OF_X, **FACTS}


def test_looking_at_a_missing_ledger_makes_none(tmp_path: Path) -> None:
    """A read-only look leaves no file behind."""
    path = tmp_path / "state" / "ledger"
    with Ledger.read_only(path, base=tmp_path) as ledger:
        assert not ledger.unchanged(tmp_path / "a.wav", "key")
    assert not path.parent.exists()


_HOLD = """
import sys
from pathlib import Path
from batchtts.runner.guard import guard
with guard(Path(sys.argv[1]), "job"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_told_of_the_first(tmp_path: Path) -> None:
    """The guard names the process that holds it, and is free when that is killed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=rf"process {holder.pid} on "):
            guard(tmp_path, "job").__enter__()
        with guard(tmp_path, "another job"):
            pass
        holder.kill()
        holder.wait()
    with guard(tmp_path, "job"):
        owner = json.loads((tmp_path / "job.guard.json").read_text())
        assert owner["pid"] == os.getpid()
    assert not (tmp_path / "job.guard.json").exists()
