"""Have work done by several processes at once, and handed over in order."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from batchtts.audio.facts import Facts, facts_of
from batchtts.environment import CREATION_FLAGS, PROCESS_GROUP, scrubbed
from batchtts.errors import LocalError
from batchtts.outputs.audiobook.messages import (
    Answer,
    Order,
    answer_of,
    read_message,
    write_order,
)
from batchtts.outputs.audiobook.passages import Made, Passage, make

__all__ = ["Crew", "hands"]

_MOST_HANDS = 8
_AHEAD = 2  # passages for each worker: the one it makes and the one it makes next
_LOOK_S = 0.2
_END_S = 2.0
# The child takes our import path over, whatever it is made of, as
# multiprocessing does; with -P nothing of the current folder gets before it.
_RUN = (
    "import json, sys; sys.path[:] = json.loads(sys.stdin.buffer.readline()); "
    "from batchtts.outputs.audiobook.worker import main; main()"
)


def hands() -> int:
    """Return how many workers this machine has processors for; 0: none but us."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    count = count or os.cpu_count() or 1
    return min(count, _MOST_HANDS) if count > 1 else 0


class Crew:
    """Workers for an audiobook; they come when there is work, and end with the crew.

    With no workers the work is done here. The bytes are the same.
    """

    def __init__(self, workers: int) -> None:
        """Have at most so many workers."""
        self._workers = workers
        self._threads = ThreadPoolExecutor(max(1, workers), "audiobook")
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._all: list[_Worker] = []
        self._closed = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every worker, at once if something went wrong."""
        with self._lock:
            self._closed = True
        for worker in self._all:
            worker.end(at_once=kind is not None)
        self._threads.shutdown(cancel_futures=True)

    def make(
        self, passages: Iterable[Passage], check: Callable[[], None]
    ) -> Iterator[Made]:
        """Make passages and yield them in order; only a few are ahead of the taker.

        ``check`` is called again and again, and may raise. Raises LocalError when
        a passage cannot be made.
        """
        if not self._workers:
            yield from (make(passage, check) for passage in passages)
            return
        for done in self._done(passages, check):
            if isinstance(done, Made):
                yield done

    def measure(
        self, paths: Iterable[Path], check: Callable[[], None]
    ) -> Iterator[Facts]:
        """Measure finished files and yield what they are, in order.

        Raises LocalError when one cannot be played.
        """
        if not self._workers:
            yield from (facts_of(path, check=check) for path in paths)
            return
        for done in self._done(paths, check):
            if isinstance(done, Facts):
                yield done

    def _done(
        self, orders: Iterable[Order], check: Callable[[], None]
    ) -> Iterator[Answer]:
        coming: deque[Future[Answer]] = deque()
        try:
            for order in orders:
                coming.append(self._threads.submit(self._carried_out, order))
                if len(coming) >= _AHEAD * self._workers:
                    yield _waited_for(coming.popleft(), check)
            while coming:
                yield _waited_for(coming.popleft(), check)
        finally:
            for answer in coming:
                answer.cancel()

    def _carried_out(self, order: Order) -> Answer:
        """Have a worker do it; there are as many as threads that ask."""
        try:
            worker = self._idle.get_nowait()
        except queue.Empty:
            worker = self._new_one()
        answer = worker.answer(order)
        self._idle.put(worker)
        return answer

    def _new_one(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise LocalError("the audiobook has been given up")
            worker = _Worker()
            self._all.append(worker)
            return worker


def _waited_for(answer: Future[Answer], check: Callable[[], None]) -> Answer:
    while True:
        check()
        with contextlib.suppress(NotYetError):
            return answer.result(_LOOK_S)


class _Worker:
    """One process."""

    def __init__(self) -> None:
        # More threads would only be in the way of the other workers.
        environment = {**scrubbed(), "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter)
            [sys.executable, "-P", "-c", _RUN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            creationflags=CREATION_FLAGS,
            process_group=PROCESS_GROUP,
        )
        path = [entry or str(Path.cwd()) for entry in sys.path]
        self._greeting: bytes | None = json.dumps(path).encode() + b"\n"

    def answer(self, order: Order) -> Answer:
        """Have an order carried out. Raises LocalError."""
        try:
            if self._greeting:
                self._stdin.write(self._greeting)
                self._greeting = None
            write_order(self._stdin, order)
            message = read_message(self._stdout)
        except OSError:  # a broken pipe; on Windows it has another name
            message = None
        if message is None:
            raise LocalError(
                "a process that made a part of the audiobook has ended; "
                "if memory was short, close other programs; then run again"
            )
        return answer_of(*message)

    def end(self, *, at_once: bool) -> None:
        """End the process: ask, then kill."""
        if at_once:
            self._process.kill()
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stdout.close()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None  # noqa: S101 (for the type checker)
        return self._process.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None  # noqa: S101 (for the type checker)
        return self._process.stdout
