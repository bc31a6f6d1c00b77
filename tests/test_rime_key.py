"""The key: from the environment, else from a .env in the project, else none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batchtts.errors import LocalError
from batchtts.rime.key import find_key


def found(folder: Path, environ: dict[str, str] | None = None) -> str | None:
    """Return the value of the key found."""
    key = find_key(folder, environ or {})
    return None if key is None else key.reveal()


def test_the_environment_comes_first(tmp_path: Path) -> None:
    """A variable wins over a file."""
    (tmp_path / ".env").write_text("RIME_API_KEY=file\n", encoding="utf-8")
    assert found(tmp_path, {"RIME_API_KEY": " variable\n"}) == "variable"


def test_the_real_environment_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without further words the process's own environment is read."""
    monkeypatch.setenv("RIME_API_KEY", "variable")
    key = find_key(tmp_path)
    assert key is not None
    assert key.reveal() == "variable"


@pytest.mark.parametrize(
    "line",
    ["RIME_API_KEY=abc", "export RIME_API_KEY='abc'", 'RIME_API_KEY = "abc" # mine'],
)
def test_a_file_beside_the_job_is_read(tmp_path: Path, line: str) -> None:
    """The usual forms of a .env are understood."""
    (tmp_path / ".env").write_text(f"# keys\nOTHER=1\n{line}\n", encoding="utf-8")
    assert found(tmp_path) == "abc"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_windows_editors_are_read(tmp_path: Path, encoding: str) -> None:
    """A byte order mark does not hide the key."""
    (tmp_path / ".env").write_text("RIME_API_KEY=abc\n", encoding=encoding)
    assert found(tmp_path) == "abc"


def test_other_bytes_in_the_file_do_no_harm(tmp_path: Path) -> None:
    """A comment in another encoding is no reason to fail."""
    (tmp_path / ".env").write_bytes(b"# caf\xe9\nRIME_API_KEY=abc\n")
    assert found(tmp_path) == "abc"


@pytest.mark.parametrize(
    "line", ["", "RIME_API_KEY=", "RIME_API_KEY", "RIME_API_KEY=''"]
)
def test_blank_is_none(tmp_path: Path, line: str) -> None:
    """A key without characters is no key, wherever it stands."""
    (tmp_path / ".env").write_text(line, encoding="utf-8")
    assert found(tmp_path, {"RIME_API_KEY": " "}) is None


def test_parents_up_to_the_root_are_searched(tmp_path: Path) -> None:
    """The nearest file with a key counts, up to the folder with the .git."""
    root = tmp_path / "project"
    jobs = root / "a" / "jobs"
    jobs.mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".env").write_text("RIME_API_KEY=root", encoding="utf-8")
    (tmp_path / ".env").write_text("RIME_API_KEY=outside", encoding="utf-8")
    assert found(jobs) == "root"
    (root / "a" / ".env").write_text("RIME_API_KEY=nearer", encoding="utf-8")
    assert found(jobs) == "nearer"
    (root / "a" / ".env").write_text("OTHER=1", encoding="utf-8")
    assert found(jobs) == "root"
    (root / ".env").unlink()
    assert found(jobs) is None


def test_without_a_root_only_the_folder_itself_is_searched(tmp_path: Path) -> None:
    """A .env in some parent that is no project of ours is not read."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / ".env").write_text("RIME_API_KEY=outside", encoding="utf-8")
    assert found(inner) is None


def test_nothing_is_put_into_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Child processes do not inherit the key."""
    monkeypatch.delenv("RIME_API_KEY", raising=False)
    (tmp_path / ".env").write_text("RIME_API_KEY=abc", encoding="utf-8")
    key = find_key(tmp_path)
    assert key is not None
    assert "RIME_API_KEY" not in os.environ
    assert "abc" not in repr(key)


def test_variables_are_not_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .env from a stranger cannot send another variable as the key."""
    monkeypatch.setenv("PASSWORD", "hunter2")
    (tmp_path / ".env").write_text("RIME_API_KEY=${PASSWORD}", encoding="utf-8")
    assert found(tmp_path) == "${PASSWORD}"


def test_a_folder_of_that_name_is_none(tmp_path: Path) -> None:
    """Only a file can hold the key."""
    (tmp_path / ".env").mkdir()
    assert found(tmp_path) is None


@pytest.mark.skipif(
    os.name == "nt" or getattr(os, "geteuid", lambda: 1)() == 0,
    reason="needs a user who can be refused",
)
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A .env that is there and cannot be read is not passed over."""
    path = tmp_path / ".env"
    path.write_text("RIME_API_KEY=abc", encoding="utf-8")
    path.chmod(0)
    with pytest.raises(LocalError, match="cannot read"):
        found(tmp_path)


def test_only_the_start_of_a_huge_file_is_read(tmp_path: Path) -> None:
    """A file that has no end cannot fill the memory."""
    padding = "# filler\n" * 20_000
    text = f"RIME_API_KEY=abc\n{padding}RIME_API_KEY=late\n"
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    assert found(tmp_path) == "abc"
