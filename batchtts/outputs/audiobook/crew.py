"""Have work done by several processes at once, and handed over in order."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from pathlib import Path
from types import TracebackType
from typing import Self

from batchtts.audio.facts import Facts, facts_of
from batchtts.outputs.audiobook.messages import Answer, Order, answer_of, told
from batchtts.outputs.audiobook.passages import Made, Passage, make
from batchtts.workers import Workers

__all__ = ["Crew"]

_WORKER = "batchtts.outputs.audiobook.worker"
_AHEAD = 2  # passages for each worker: the one it makes and the one it makes next
_LOOK_S = 0.2


class Crew:
    """Workers for an audiobook; they come when there is work, and end with the crew.

    With no workers the work is done here. The bytes are the same.
    """

    def __init__(self, workers: int) -> None:
        """Have at most so many workers."""
        self._workers = workers
        self._threads = ThreadPoolExecutor(max(1, workers), "audiobook")
        self._processes = Workers(_WORKER, "the audiobook")

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
        self._processes.close(at_once=kind is not None)
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
        return answer_of(*self._processes.ask(told(order)))


def _waited_for(answer: Future[Answer], check: Callable[[], None]) -> Answer:
    while True:
        check()
        with contextlib.suppress(NotYetError):
            return answer.result(_LOOK_S)
