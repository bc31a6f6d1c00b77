"""A file at its final path is whole, or what was there before."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from batchtts.errors import LocalError
from batchtts.files import (
    atomic,
    local_errors,
    make_folder,
    project_root,
    require_writable,
    sweep,
    write_bytes,
)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _write_half(path: Path, error: type[BaseException]) -> None:
    with atomic(path) as temporary:
        temporary.write_bytes(b"half")
        raise error


def _fill(path: Path) -> None:
    with local_errors("cannot write"), path.open("wb") as file:
        file.write(b"x" * 65536)


def test_content_appears_whole(tmp_path: Path) -> None:
    """The new content takes the place of the old at the end of the block."""
    path = tmp_path / "deep" / "er" / "a.wav"
    write_bytes(path, b"old")
    with atomic(path) as temporary:
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert _names(path.parent) == ["a.wav"]


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    """Whatever ends the block early, the old file stays and no temporary is left."""
    path = tmp_path / "a.wav"
    write_bytes(path, b"old")
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error):
            _write_half(path, error)
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == ["a.wav"]


def test_a_folder_in_the_way_is_a_local_error(tmp_path: Path) -> None:
    """A path that is a folder cannot be written, and the error says which."""
    (tmp_path / "a.wav").mkdir()
    with pytest.raises(LocalError, match=r"cannot write .*a\.wav"):
        write_bytes(tmp_path / "a.wav", b"x")
    assert _names(tmp_path) == ["a.wav"]


def test_a_file_in_place_of_a_folder_is_a_local_error(tmp_path: Path) -> None:
    """A folder that cannot be made is a local error with its path."""
    (tmp_path / "out").write_text("")
    with pytest.raises(LocalError, match=r"cannot make the folder .*out"):
        make_folder(tmp_path / "out" / "deeper")


@pytest.mark.skipif(sys.platform == "win32", reason="no /dev/full there")
def test_a_full_disk_is_named() -> None:
    """A full disk is said to be full."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(LocalError, match="the disk is full"):
        _fill(full)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "permission denied"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_causes_are_said_plainly(number: int, words: str) -> None:
    """Each cause has its words, with the file they are about."""
    with pytest.raises(LocalError) as caught, local_errors("cannot read"):
        raise OSError(number, os.strerror(number), "a.take")
    assert str(caught.value) == f'cannot read "a.take": {words}'


@pytest.mark.parametrize("mark", [".git", "pyproject.toml"])
def test_a_projects_top_has_a_mark(tmp_path: Path, mark: str) -> None:
    """The nearest folder with a mark is the project's top, also without a `.git`."""
    inner = tmp_path / "project" / "jobs"
    inner.mkdir(parents=True)
    (tmp_path / mark).touch()
    assert project_root(inner) == tmp_path
    (tmp_path / "project" / mark).touch()
    assert project_root(inner) == tmp_path / "project"
    assert project_root(tmp_path / "project") == tmp_path / "project"


def test_leftovers_of_one_owner_are_swept(tmp_path: Path) -> None:
    """What a killed process left is removed by its owner's next run, and no more."""
    for name in (".batchtts-me-12", ".batchtts-you-12", "a.batchtts-me-12", "b"):
        (tmp_path / name).touch()
    sweep(tmp_path, owner="me")
    assert _names(tmp_path) == [".batchtts-you-12", "a.batchtts-me-12", "b"]
    sweep(tmp_path / "missing", owner="me")


def test_a_folder_that_takes_files_is_writable(tmp_path: Path) -> None:
    """The folder is made if missing, and left empty; one that cannot be is told."""
    require_writable(tmp_path / "a" / "b")
    assert _names(tmp_path / "a" / "b") == []
    (tmp_path / "file").touch()
    with pytest.raises(LocalError, match="cannot make the folder"):
        require_writable(tmp_path / "file")
