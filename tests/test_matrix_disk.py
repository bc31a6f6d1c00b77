"""The fault matrix: full, closed and unfit disks, tried on real ones."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from matrix import OLD, Batch, Place, mounted

# --- F25: full --------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "opus", "m4a", "ulaw"])
def test_f25_disk_full_at_any_point(tmp_path: Path, place: Place, suffix: str) -> None:
    """A disk that fills up during a run: stop, 6, the old file as it was.

    Whatever was being written: a take, samples, an output, the report.
    """
    place.outputs = [f"out/{{id}}.{suffix}"]
    assert place.code() == 0
    whole = place.files()
    codes = set()
    for room_kib in (12, 28, 72, 100, 136, 164, 196, 236, 280, 340, 2000):
        folder = tmp_path / f"disk-{room_kib}"
        with mounted(folder, f"size={room_kib}k"):
            full = Place(folder, place.server)
            full.outputs = [f"out/{{id}}.{suffix}"]
            full.age()
            (folder / "out" / "a.wav").rename(folder / "out" / f"a.{suffix}")
            codes.add(code := full.code())
            wanted = whole if code == 0 else {**whole, f"a.{suffix}": OLD}
            made = full.files()
            assert all(data in {whole[n], wanted[n]} for n, data in made.items())
            assert code == 0 or made[f"a.{suffix}"] in {OLD, whole[f"a.{suffix}"]}
            assert full.leftovers() == []
    assert codes == {0, 6}


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of files there")
@pytest.mark.parametrize("most_bytes", [0, 3_000, 20_000, 40_000])
def test_f25_file_size_limit(
    batch: Batch, place: Place, monkeypatch: pytest.MonkeyPatch, most_bytes: int
) -> None:
    """A file that may not grow further (ulimit, quota): as a full disk."""
    import resource  # noqa: PLC0415 - not on Windows

    # Python would leave compiled modules behind that are cut short.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    place.age()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    # -B: modules compiled by a process that may write no more are cut short.
    command = ["-B", "-m", "batchtts"]
    code, out, err = batch.run(
        "run", place.write(), "--overwrite", python=command, before=limit
    )
    assert code == 6, err
    assert "Traceback" not in err
    assert "0 failed" not in out
    assert place.files() == {"a.wav": OLD}
    assert batch.here("run", place.write(), "--overwrite")[0] == 0


def test_f25_too_little_room_is_found_first(
    tmp_path: Path, place: Place, batch: Batch
) -> None:
    """Too little room for what is left to do: said in `plan`, 6 before a request."""
    with mounted(tmp_path / "small", "size=2m"):
        small = Place(tmp_path / "small", place.server)
        small.words = "All that will be read. " * 200  # 230 s, 11 MB
        code, plan, err = batch.here("plan", small.write())
        assert code == 0
        assert re.search(r"disk space +about 2\d\.\d MB", plan)
        assert "would be full before the job is done" in err
        code, out, err = batch.here("run", small.write())
        assert (code, out) == (6, "")
        assert "(estimated from the characters)" in err
        assert place.server.connections == 0
        small.words = "Good morning."
        assert batch.here("run", small.write())[0] == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("arguments", [[], ["--json"], ["-q", "--json"]])
def test_f25_result_lost(batch: Batch, place: Place, arguments: list[str]) -> None:
    """A result that cannot be written to stdout: 6, though all files are made."""
    with Path("/dev/full").open("w") as full:
        run = batch.start("run", place.write(), *arguments, stdout=full.fileno())
        code, _, err = batch.ended(run)
    assert code == 6
    assert "No space left on device" in err
    assert len(place.files()) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_f25_talk_lost(batch: Batch, place: Place) -> None:
    """Talk that cannot be written to stderr changes no exit code, good or bad."""
    with Path("/dev/full").open("w") as full:
        run = batch.start("run", place.write(), stderr=full.fileno())
        assert batch.ended(run)[0] == 0
        nobody = ("--url", "ws://127.0.0.1:9/ws")
        (place.folder / "out" / "a.wav").unlink()
        place.words = "Good evening."
        run = batch.start("run", place.write(), *nobody, stderr=full.fileno())
        assert batch.ended(run)[0] == 5


# --- F26: no place to write --------------------------------------------------------


def _file_for_folder(place: Place) -> None:
    (place.folder / "out").write_text("")


def _folder_for_file(place: Place) -> None:
    (place.folder / "out" / "b.wav").mkdir(parents=True)


def _file_for_inner_folder(place: Place) -> None:
    place.outputs = ["out/{id}/x/{voice}.wav"]
    (place.folder / "out" / "b").mkdir(parents=True)
    (place.folder / "out" / "b" / "x").write_text("")


def _long_name(place: Place) -> None:
    place.outputs = [f"out/{{id}}{'-{id}' * 127}.wav"]


def _long_path(place: Place) -> None:
    place.outputs = [f"out{f'/{{id}}{chr(120) * 200}' * 22}.wav"]


def _same_file(place: Place) -> None:
    place.outputs = ["out/{id}.wav", "out/{id}.WAV"]


def _same_letters(place: Place) -> None:
    place.outputs = ["out/\u00e9{id}.wav", "out/e\u0301{id}.wav"]


@pytest.mark.parametrize(
    ("block", "code", "words"),
    [
        (_file_for_folder, 2, "out"),
        (_folder_for_file, 2, "is a folder"),
        (_file_for_inner_folder, 2, "is a file, not a folder"),
        (_long_name, 2, "longer than 255 bytes"),
        (_long_path, 2, "longer than"),
        (_same_file, 2, "would write"),
        (_same_letters, 2, "would write"),
    ],
)
def test_f26_no_place_for_a_file(
    batch: Batch, place: Place, block: Callable[[Place], None], code: int, words: str
) -> None:
    """A path that is a folder, has a file above it, is too long or meets another.

    Found before any request: 2.
    """
    block(place)
    ended, out, err = batch.here("run", place.write())
    assert (ended, out) == (code, ""), err
    assert words in err
    assert "Traceback" not in err
    assert place.server.connections == 0


@pytest.mark.parametrize(
    "closed", ["out", "out/b", ".batchtts", ".batchtts/cache", ".batchtts/cache/ab"]
)
def test_f26_read_only(tmp_path: Path, batch: Batch, place: Place, closed: str) -> None:
    """A folder that is closed to us, also one within: 6 before any request."""
    place.outputs = ["out/{id}/x.wav"]
    job = place.write()
    folder = place.folder / closed
    with _closed(folder):
        code, out, err = batch.here("run", job)
    assert code == 6, err
    assert not out or "not reached" in out
    assert "error:" in err or "stopped:" in err
    assert "Traceback" not in err
    assert place.server.connections == 0


@contextlib.contextmanager
def _closed(folder: Path) -> Iterator[None]:
    """Make a folder into which we cannot write, whoever we are."""
    folder.mkdir(parents=True)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        with mounted(folder, "ro"):
            yield
        return
    folder.chmod(0o555)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("a folder cannot be closed here")
        yield
    finally:
        folder.chmod(0o755)


def test_f26_all_at_once(batch: Batch, place: Place) -> None:
    """Several such paths are named in one go, and a missing folder is made."""
    place.outputs = ["out/{id}.wav", "new/{id}.wav", "new/deep/{id}.mp3"]
    for name in ("a.wav", "b.wav"):
        (place.folder / "out" / name).mkdir(parents=True)
    code, _, err = batch.here("run", place.write())
    assert code == 2
    assert len(err.splitlines()) == 2
    shutil.rmtree(place.folder / "out")
    assert batch.here("run", place.write())[0] == 0
    assert len(list((place.folder / "new").rglob("*.*"))) == 4
