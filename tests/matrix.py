"""What the tests of the fault matrix share: a key to look for, places to run in."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

import batchtts
from batchtts.cli import main
from batchtts.errors import BatchTTSError, JobError
from batchtts.events import Event
from batchtts.jobfile import load_job
from batchtts.localserver.server import LocalServer
from batchtts.plan import survey
from batchtts.report import RunReport
from batchtts.runner.scope import EVERYTHING, Scope
from batchtts.texts import read_texts

CANARY = "rime-canary/5tR9+qZx7Lw2=="
"""The key of every test of the fault matrix: coded, it looks like no other text."""


def _signs_of(key: str) -> list[bytes]:
    """Return the forms in which a key could be found: raw, coded, or half of it."""
    raw = key.encode()
    half = len(key) // 2
    signs = [raw, raw.hex().encode(), raw[:half], raw[-half:]]
    signs += [quote(key, safe="").encode(), quote_plus(key).encode()]
    for before in range(3):
        # Behind one or two other bytes base64 is other text; the ends vary too.
        coded = base64.b64encode(b"?" * before + raw)[4:-4]
        signs += [coded, coded.replace(b"+", b"-").replace(b"/", b"_")]
    return signs


_SEARCHED_BYTES = 1 << 22  # of a file: larger ones are inputs that a test has made


class Secrecy:
    """Looks for the key wherever a test of the fault matrix may have left it."""

    def __init__(self, folder: Path) -> None:
        """Look into all of ``folder`` at the end."""
        self.key = CANARY
        self._folder = folder
        self._told: list[tuple[str, bytes]] = []

    def told(self, what: str, content: str | bytes) -> None:
        """Have ``content`` searched at the end: output, a message, an environment."""
        data = content if isinstance(content, bytes) else content.encode()
        self._told.append((what, data))

    def found(self) -> list[str]:
        """Return where the key was found, in whatever form."""
        places = list(self._told)
        for path in self._folder.rglob("*"):
            places.append((f"the name of {path}", str(path).encode()))
            if path.is_file() and path.name != ".env":
                with path.open("rb") as file:
                    places.append((str(path), file.read(_SEARCHED_BYTES)))
        signs = _signs_of(self.key)
        return [what for what, data in places if any(sign in data for sign in signs)]


class Batch:
    """Runs the command line; what is said is searched, too.

    In a child process where that is the point, or for its program; else in this
    one, which takes a fifth of the time.
    """

    def __init__(self, secrecy: Secrecy, capsys: pytest.CaptureFixture[str]) -> None:
        """Tell ``secrecy`` of all that is given and said."""
        self._secrecy = secrecy
        self._capsys = capsys
        self.timeout_s = 60.0
        self._children: list[subprocess.Popen[str]] = []

    def start(
        self,
        *arguments: object,
        python: Sequence[str] = ("-m", "batchtts"),
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
        before: Callable[[], None] | None = None,
    ) -> subprocess.Popen[str]:
        """Start `batchtts`; ``before`` is called in the child before it begins."""
        given = [str(argument) for argument in arguments]
        self._secrecy.told("the arguments", "\n".join(given))
        child = subprocess.Popen(
            [sys.executable, *python, *given],
            stdout=stdout,
            stderr=stderr,
            text=True,
            encoding="utf-8",
            preexec_fn=before,  # noqa: PLW1509 - no thread of ours holds a lock
        )
        self._children.append(child)
        return child

    def here(self, *arguments: object) -> tuple[int, str, str]:
        """Run `batchtts` to its end in this process: exit code, stdout and stderr."""
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = self._capsys.readouterr()
        self._secrecy.told("stdout", said.out)
        self._secrecy.told("stderr", said.err)
        code = ended.value.code
        assert isinstance(code, int)
        return code, said.out, said.err

    def ended(self, child: subprocess.Popen[str]) -> tuple[int, str, str]:
        """Wait for a child's end: its exit code, stdout and stderr."""
        out, err = child.communicate(timeout=self.timeout_s)
        self._secrecy.told("stdout", out or "")
        self._secrecy.told("stderr", err or "")
        return child.returncode, out, err

    def run(
        self,
        *arguments: object,
        python: Sequence[str] = ("-m", "batchtts"),
        before: Callable[[], None] | None = None,
    ) -> tuple[int, str, str]:
        """Run `batchtts` to its end in a child process."""
        return self.ended(self.start(*arguments, python=python, before=before))

    def close(self) -> None:
        """End what a test has left running, and let go of what it has not read."""
        for child in self._children:
            if child.poll() is None:
                child.kill()
                child.wait()
            for stream in (child.stdout, child.stderr):
                if stream is not None:
                    stream.close()


JOB = """
engine: local
local: {{synthesiser: tone, url: "{url}"}}
concurrency: 2
voices: {{narrator: {{speaker: astra}}}}
texts:
  - {{id: a, text: {words}}}
  - {{id: b, text: Good night.}}
outputs:
{outputs}
"""
HOLD = """
import sys, time
from pathlib import Path
from batchtts.runner.guard import guard
with guard(Path(sys.argv[1]), "job"):
    print("held", flush=True)
    time.sleep(60)
"""
"""A program that holds the run guard of a folder."""
OLD = b"what stood here before"
ROOT = Path(batchtts.__file__).parents[1]


class Place:
    """A folder with a job in it, and an older output that a run would replace."""

    def __init__(self, folder: Path, server: LocalServer) -> None:
        """Put the job there."""
        self.folder = folder
        self.server = server
        self.words = "Good morning."
        self.outputs = ["out/{id}.wav"]
        self.scope = EVERYTHING
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pyproject.toml").touch()
        self.write()

    def write(self) -> Path:
        """Write the job file; return its path."""
        lines = "\n".join(
            f'  - {{kind: files, path: "{path}"}}' for path in self.outputs
        )
        words = json.dumps(self.words)
        job = JOB.format(url=self.server.url, words=words, outputs=lines)
        path = self.folder / "job.yaml"
        path.write_text(job, encoding="utf-8")
        return path

    def age(self) -> None:
        """Put something else where an output will be, to be overwritten."""
        self.scope = Scope(overwrite=True)
        (self.folder / "out").mkdir()
        (self.folder / "out" / "a.wav").write_bytes(OLD)

    def run(self, on_event: Callable[[Event], None] | None = None) -> RunReport:
        """Run the job here."""
        job = batchtts.load_job(self.write())
        return batchtts.run(job, on_event=on_event, scope=self.scope)

    def code(self) -> int:
        """Run the job here and return the exit code."""
        try:
            return self.run().exit_code
        except BatchTTSError as exc:
            return exc.exit_code

    def files(self) -> dict[str, bytes]:
        """Return every output."""
        out = self.folder / "out"
        return {path.name: path.read_bytes() for path in out.iterdir()}

    def leftovers(self) -> list[str]:
        """Return the temporary files that are left."""
        names = [str(path) for path in self.folder.rglob("*")]
        return [name for name in names if re.search(r"\.batchtts-|scratch|\.pcm", name)]


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; fail after half a minute."""
    for _ in range(1500):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail("waited 30 s in vain")


@contextlib.contextmanager
def answering(answer: Callable[[str], str]) -> Iterator[tuple[int, list[str]]]:
    """Listen, and give each request ``answer(its head)``; yield port and heads."""
    heads: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            lines = list(iter(self.rfile.readline, b"\r\n"))
            heads.append(b"".join(lines).decode())
            self.wfile.write(answer(heads[-1]).encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1], heads
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


HEAD = """engine: local
local: {synthesiser: tone}
voices: {narrator: {speaker: astra}}
outputs: [{kind: files, path: "out/{id}.wav"}]
"""
MEASURED = """
import sys, time
from pathlib import Path
import batchtts.cli.validate, batchtts.jobfile, batchtts.plan, batchtts.texts
from batchtts.cli import main
began_s = time.process_time()
try:
    main(["validate", sys.argv[1]])
finally:
    took_s = time.process_time() - began_s
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    peak = next((line.split()[1] for line in lines if line.startswith("VmHWM")), 0)
    print("measured", took_s, int(peak) / 1024, file=sys.stderr)
"""
MOST_S = 1.0
MOST_MB = 100.0
MIB = 1 << 20


class Folder:
    """A project into which a stranger has put files."""

    def __init__(self, path: Path, batch: Batch) -> None:
        """Begin with nothing but the mark of a project."""
        self.path = path
        self._batch = batch
        path.mkdir()
        (path / "pyproject.toml").touch()

    def put(self, name: str, content: bytes | str) -> None:
        """Write a file."""
        data = content.encode() if isinstance(content, str) else content
        (self.path / name).write_bytes(data)

    def put_sparse(self, name: str, size: int) -> None:
        """Make a file that is large and takes no room."""
        with (self.path / name).open("wb") as file:
            file.truncate(size)

    def refused(self) -> str:
        """Check the job, which must be refused soon; return why."""
        began_s = time.process_time()
        with pytest.raises(JobError) as refused:
            survey(load_job(self.path / "job.yaml"), read_texts)
        assert time.process_time() - began_s < MOST_S
        return str(refused.value)

    def refused_cheaply(self) -> str:
        """As `refused`, in a process of its own whose memory is measured."""
        job = self.path / "job.yaml"
        code, out, err = self._batch.run(job, python=["-c", MEASURED])
        *lines, measured = err.splitlines()
        assert (code, out) == (2, ""), err
        assert all(line.startswith("error: ") for line in lines), err
        took_s, peak_mb = map(float, measured.split()[1:])
        assert took_s < MOST_S
        assert peak_mb < MOST_MB
        return "\n".join(lines)


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Mount a file system in memory, for those who may; else skip the test."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = shutil.which("mount")
    if sys.platform != "linux" or mount is None or os.geteuid() != 0:
        pytest.skip("only the superuser can mount a small disk")
    command = [mount, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted in this sandbox")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
