"""A local server in a child process, for the length of a run."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from batchtts.environment import CREATION_FLAGS, PROCESS_GROUP, scrubbed
from batchtts.errors import LocalError
from batchtts.localserver.settings import ServerSettings
from batchtts.localserver.synthesiser import require_synthesiser
from batchtts.model import Place
from batchtts.secret import Secret

__all__ = ["Spawned", "spawn"]

_START_S = 60.0
_END_S = 10.0

# The child takes our import path over, whatever it is made of, as
# multiprocessing does; with -P nothing of the current folder gets before it.
_RUN = (
    "import json, sys; start = json.loads(sys.stdin.readline()); "
    "sys.path[:] = start['path']; "
    "from batchtts.localserver.__main__ import main; sys.exit(main(start))"
)


@dataclass(frozen=True, slots=True)
class Spawned:
    """A running server: its address, its identity and the key it accepts."""

    url: str
    identity: str
    key: Secret
    pid: int


@contextlib.contextmanager
def spawn(settings: ServerSettings) -> Iterator[Spawned]:
    """Run a local server in a child process while the context is open.

    It accepts one key only, made for it, and ends when this process does,
    however that ends. Keys of ``settings`` are not handed on, nor is any key
    of this process's environment.

    Raises JobError when the synthesiser is not installed, LocalError when the
    server does not start.
    """
    require_synthesiser(settings.synthesiser, Place("engine: local"))
    key = Secret(secrets.token_urlsafe(24))
    process = subprocess.Popen(  # noqa: S603 (our own interpreter)
        [sys.executable, "-P", "-c", _RUN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=scrubbed(),
        text=True,
        encoding="utf-8",
        creationflags=CREATION_FLAGS,
        process_group=PROCESS_GROUP,
    )
    assert process.stdin is not None  # noqa: S101 (for the type checker)
    assert process.stdout is not None  # noqa: S101 (for the type checker)
    try:
        _tell(process.stdin, settings, key)
        ready = _ready(process, process.stdout)
        yield Spawned(ready["url"], ready["engine"], key, process.pid)
    finally:
        with contextlib.suppress(OSError):  # it died: nobody reads any more
            process.stdin.close()
        _end(process)
        process.stdout.close()


def _tell(stdin: IO[str], settings: ServerSettings, key: Secret) -> None:
    plain = dataclasses.replace(settings, keys=None)
    start = {
        "path": [entry or str(Path.cwd()) for entry in sys.path],
        "settings": dataclasses.asdict(plain),
        "key": key.reveal(),
    }
    with contextlib.suppress(OSError):  # it died: its answer will be missing
        stdin.write(json.dumps(start) + "\n")
        stdin.flush()


def _ready(process: subprocess.Popen[str], stdout: IO[str]) -> dict[str, str]:
    watchdog = threading.Timer(_START_S, process.kill)
    watchdog.daemon = True
    watchdog.start()
    try:
        line = stdout.readline()
    finally:
        watchdog.cancel()
    if not line:
        raise LocalError("the local server did not start: its process ended")
    answer: dict[str, str] = json.loads(line)
    if "error" in answer:
        raise LocalError(f"the local server did not start: {answer['error']}")
    return answer


def _end(process: subprocess.Popen[str]) -> None:
    """Wait for the end that the end of its stdin brings, or bring it by force."""
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
