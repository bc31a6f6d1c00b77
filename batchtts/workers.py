"""Processes of our own that work beside us, since threads cannot at the same time.

Each carries out one order after the other. Orders and answers are messages: a
line, a number of bytes and JSON, and after it so many bytes.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from batchtts.environment import Child
from batchtts.errors import LocalError

__all__ = ["Message", "Workers", "hands", "serve"]

Message = tuple[dict[str, Any], bytes]
"""What JSON can hold, and bytes that it need not."""

_MOST_HANDS = 8
_ERROR = "error"
# The child takes our import path over, whatever it is made of, as
# multiprocessing does; with -P nothing of the current folder gets before it.
_RUN = (
    "import json, sys; sys.path[:] = json.loads(sys.stdin.buffer.readline()); "
    "from {module} import main; main()"
)


def hands() -> int:
    """Return how many workers this machine has processors for; 0: none but us."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    count = count or os.cpu_count() or 1
    return min(count, _MOST_HANDS) if count > 1 else 0


class Workers:
    """Workers of one kind; they come when there is work, and end with this."""

    def __init__(self, module: str, what: str) -> None:
        """Have workers that run the ``main`` of a module, which calls `serve`.

        ``what`` is what they make, for errors.
        """
        self._module = module
        self._what = what
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._all: list[_Worker] = []
        self._closed = False
        self._lock = threading.Lock()

    def ask(self, order: dict[str, object]) -> Message:
        """Have an order carried out, and wait; as many at a time as threads ask.

        Raises LocalError when it cannot be.
        """
        try:
            worker = self._idle.get_nowait()
        except queue.Empty:
            worker = self._new_one()
        answer = worker.ask(order)
        if answer is None:
            raise LocalError(
                f"a process that made a part of {self._what} has ended; "
                "if memory was short, close other programs; then run again"
            )
        self._idle.put(worker)
        if _ERROR in answer[0]:
            raise LocalError(answer[0][_ERROR])
        return answer

    def close(self, *, at_once: bool) -> None:
        """End every worker, and those that come too late."""
        with self._lock:
            self._closed = True
        for worker in self._all:
            worker.end(at_once=at_once)

    def _new_one(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise LocalError(f"{self._what} has been given up")
            worker = _Worker(self._module)
            self._all.append(worker)
            return worker


class _Worker(Child):
    """One process."""

    def __init__(self, module: str) -> None:
        # More threads would only be in the way of the other workers.
        super().__init__(
            ["-P", "-c", _RUN.format(module=module)],
            environment={"OPENBLAS_NUM_THREADS": "1"},
        )
        path = [entry or str(Path.cwd()) for entry in sys.path]
        self._greeting: bytes | None = json.dumps(path).encode() + b"\n"

    def ask(self, order: dict[str, object]) -> Message | None:
        """Have an order carried out; None: the process has ended."""
        try:
            if self._greeting:
                self._stdin.write(self._greeting)
                self._greeting = None
            _write(self._stdin, order)
            return _read(self._stdout)
        except OSError:  # a broken pipe; on Windows it has another name
            return None


def serve(carry_out: Callable[[dict[str, Any]], Message]) -> None:
    """Answer the orders that come on stdin, in the process of a worker.

    Ends when stdin does, however that comes. A LocalError is answered too.
    """
    source = sys.stdin.buffer
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints must not get among the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    while (message := _read(source)) is not None:
        try:
            answer = carry_out(message[0])
        except LocalError as exc:
            answer = {_ERROR: str(exc)}, b""
        _write(sink, *answer)


def _read(pipe: IO[bytes]) -> Message | None:
    """Wait for a message; None: no more will come."""
    line = pipe.readline()
    if not line.endswith(b"\n"):
        return None
    size, _, text = line.decode().partition(" ")
    data = pipe.read(int(size))
    return (json.loads(text), data) if len(data) == int(size) else None


def _write(pipe: IO[bytes], values: dict[str, Any], data: bytes = b"") -> None:
    text = json.dumps(values, default=os.fspath)
    pipe.write(f"{len(data)} {text}\n".encode())
    pipe.write(data)
    pipe.flush()
