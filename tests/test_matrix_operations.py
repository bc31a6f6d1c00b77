"""The fault matrix: the first, the second, ... the last file operation fails.

Python tells its audit hooks of each file that is opened, renamed, made, removed
or looked through before it is: a hook that raises makes the real operation fail,
with no code of ours replaced. What one call writes is for the small disks of
`test_matrix_disk`.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import batchtts
from batchtts.errors import BatchTTSError
from batchtts.localserver.server import LocalServer
from batchtts.runner.scope import Scope

Serve = Callable[..., LocalServer]

JOB = """
engine: local
local: {{synthesiser: tone, url: "{url}"}}
concurrency: 2
voices: {{narrator: {{speaker: astra}}}}
texts:
  - {{id: a, text: Good morning.}}
  - {{file: b.txt}}
outputs: [{{kind: files, path: "out/{{id}}.wav"}}]
"""
OLD = b"what stood here before"
KINDS = {
    "open",
    "os.listdir",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.scandir",
    "os.utime",
    "sqlite3.connect",
}
ERRORS = [errno.ENOSPC, errno.EACCES, errno.EIO, errno.EINTR]


@dataclass
class _Failing:
    """Which operation below which folder is to fail, and what has been done."""

    folder: str = ""
    number: int = 0  # 0: none
    error: int = 0
    seen: list[str] = field(default_factory=list)

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        """Count an operation below the folder, and make the chosen one fail."""
        if not self.folder or event not in KINDS or not arguments:
            return
        name = arguments[0]
        if not isinstance(name, str | bytes | os.PathLike):
            return
        path = os.fsdecode(name)
        if self.folder not in path:
            return
        self.seen.append(f"{event} {path}")
        if len(self.seen) != self.number:
            return
        if event == "sqlite3.connect":  # which has errors of its own
            raise sqlite3.OperationalError("unable to open database file")
        raise OSError(self.error, os.strerror(self.error), path)


_failing = _Failing()


@pytest.fixture(scope="module", autouse=True)
def _hooked() -> None:
    """Have Python tell of file operations; nobody can take a hook away again."""
    sys.addaudithook(_failing.hook)


@pytest.fixture
def failing() -> Iterator[_Failing]:
    """Give the switch by which operations fail."""
    yield _failing
    _failing.folder, _failing.number = "", 0


def _project(folder: Path, url: str) -> Path:
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    (folder / "b.txt").write_text("Good night.")
    (folder / "out").mkdir()
    (folder / "out" / "a.wav").write_bytes(OLD)
    job = folder / "job.yaml"
    job.write_text(JOB.format(url=url))
    return job


def _code(job: Path) -> int:
    try:
        scope = Scope(overwrite=True)
        return batchtts.run(batchtts.load_job(job), scope=scope).exit_code
    except BatchTTSError as exc:
        return exc.exit_code


def _outputs(job: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (job.parent / "out").iterdir()}


def _tried(
    job: Path, failing: _Failing, number: int, error: int
) -> tuple[int, str | None]:
    """Run with one failing operation; return the exit code and which it was."""
    failing.folder, failing.number, failing.error = str(job.parent), number, error
    failing.seen.clear()
    code = _code(job)
    failing.folder = ""
    return code, failing.seen[number - 1] if number <= len(failing.seen) else None


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
def test_f25_any_operation_fails(
    tmp_path: Path, serve: Serve, failing: _Failing, error: int
) -> None:
    """Any one file operation fails: 6 or no harm, files whole or old, the rest kept.

    Every operation with one of the errors; with all of them by `-m slow`.
    """
    first = ERRORS.index(error) + 1
    _try_all(tmp_path, serve(), failing, error, range(first, 1000, len(ERRORS)))


@pytest.mark.slow
@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
def test_f25_every_operation_fails(
    tmp_path: Path, serve: Serve, failing: _Failing, error: int
) -> None:
    """Every operation fails with every error: as above."""
    _try_all(tmp_path, serve(), failing, error, range(1, 1000))


def _try_all(
    folder: Path,
    server: LocalServer,
    failing: _Failing,
    error: int,
    numbers: range,
) -> None:
    reference = _project(folder / "reference", server.url)
    assert _code(reference) == 0
    whole = _outputs(reference)
    tried = 0
    for number in numbers:
        job = _project(folder / f"{number}", server.url)
        began = server.connections
        code, operation = _tried(job, failing, number, error)
        if operation is None:
            break
        tried += 1
        assert code in {0, 6}, operation
        outputs = _outputs(job)
        kept = [n for n in outputs if n.startswith(".batchtts-")]
        assert not kept or operation.startswith("os.remove"), operation
        for name, data in outputs.items():
            assert name in kept or data in {whole[name], OLD}, operation
        assert outputs["a.wav"] == whole["a.wav"] or code == 6, operation
        report = job.parent / ".batchtts" / "job.report.json"
        assert report.is_file() or code == 6, operation
        assert _code(job) == 0, operation
        assert {n: d for n, d in _outputs(job).items() if n not in kept} == whole
        assert server.connections - began <= 2 + 2, operation  # two were in flight
    assert tried > 10
