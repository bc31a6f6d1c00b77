"""How a run finds out how many connections a service admits.

`python -m tests.benchmarks.throttles` starts a local server that admits only so
many connections at the same time, shaped to a first byte after 300 ms and ten
times real time, and runs a job against it that may open 32. It prints for each
limit the wall time beside the ideal

    max(sum of service times / limit, longest service time)

that somebody would need who knew the limit, how many handshakes were refused,
and that no text was lost.

`--model` prints the same of a model of the gate alone, in no time, and for
services that are harder: far away, slow to notice that a connection has ended,
shared with others, closed for a while, or counting by the second.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from batchtts.cache import Cache
from batchtts.gate import Gate, Pass
from batchtts.jobfile import load_job
from batchtts.localserver.child import spawn
from batchtts.localserver.settings import ServerSettings
from batchtts.plan import readings
from batchtts.rime.plausible import duration_s
from batchtts.texts import read_texts

FIRST_BYTE_S = 0.3
REAL_TIME_FACTOR = 10.0
ALLOWED = 32
REQUESTS = {1: 40, 2: 80, 5: 200, 20: 600, 32: 600}  # by the server's limit
_JOB = """
engine: local
local: {synthesiser: tone}
concurrency: 32
voices: {narrator: {speaker: astra}}
texts: [{table: texts.jsonl, id: id}]
outputs: [{kind: files, path: "out/{id}.wav"}]
"""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limits", type=int, nargs="+", default=[1, 2, 5, 20])
    parser.add_argument("--model", action="store_true", help="only the model")
    options = parser.parse_args()
    if options.model:
        _print_model()
        return
    print("limit  requests  wall s  ideal s  ratio  refused     %  lost")
    for limit in options.limits:
        _measure(limit, REQUESTS.get(limit, 20 * limit + 40))


# --- the real server ---------------------------------------------------------------


def _measure(limit: int, requests: int) -> None:
    shape = ServerSettings(
        synthesiser="tone",
        first_byte_s=FIRST_BYTE_S,
        real_time_factor=REAL_TIME_FACTOR,
        connection_limit=limit,
    )
    with tempfile.TemporaryDirectory() as folder, spawn(shape) as server:
        home = Path(folder)
        _write_job(home, requests)
        command = [sys.executable, "-m", "batchtts", "run", str(home / "job.yaml")]
        command += ["--url", server.url, "-q", "--json"]
        began_s = time.perf_counter()
        run = subprocess.run(
            command,
            env={**os.environ, "BATCHTTS_SERVE_KEYS": server.key.reveal()},
            stdout=subprocess.PIPE,
            check=True,
        )
        wall_s = time.perf_counter() - began_s
        service_s = list(_service_times_s(home, server.identity))
    totals = json.loads(run.stdout)["totals"]
    ideal_s = max(sum(service_s) / limit, *service_s)
    refused, attempts = totals["throttles"], totals["attempts"]
    print(
        f"{limit:5}  {requests:8}  {wall_s:6.1f}  {ideal_s:7.1f}  "
        f"{wall_s / ideal_s:5.3f}  {refused:7}  {100 * refused / attempts:4.1f}  "
        f"{requests - totals['made']:4}",
        flush=True,
    )


def _write_job(home: Path, texts: int) -> None:
    (home / "job.yaml").write_text(_JOB, encoding="utf-8")
    with (home / "texts.jsonl").open("w", encoding="utf-8") as file:
        for number in range(texts):
            words = f"Text {number} says its words" + " again" * (number * 7 % 40)
            file.write(json.dumps({"id": f"t{number}", "text": f"{words}."}) + "\n")


def _service_times_s(home: Path, engine: str) -> Iterator[float]:
    """Yield how long the server was busy with each of the requests."""
    job, cache = load_job(home / "job.yaml"), Cache(home / ".batchtts" / "cache")
    for reading in readings(job, read_texts, engine=engine, texts=0):
        for piece in reading.pieces:
            take = piece.request and cache.load(piece.request.fingerprint)
            if not take:
                raise SystemExit(f"no take of {reading.text.id}")
            yield FIRST_BYTE_S + duration_s(take) / REAL_TIME_FACTOR


# --- the model ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service as a client meets it."""

    name: str
    capacity: Callable[[float], int]  # connections admitted at a moment
    requests: int = 400
    round_trip_s: float = 0.1  # of a whole handshake
    lag_s: float = 0.0  # until a connection that ended counts no more
    a_second: int | None = None  # handshakes admitted within any second
    retry_after_s: float | None = None


@dataclass(slots=True)
class Simulation:
    """One run of a gate against a service; events in a heap, no real time."""

    service: Service
    chance: random.Random
    gate: Gate = field(default_factory=lambda: Gate(ALLOWED))
    now_s: float = 0.0
    refused: int = 0
    finished: int = 0
    busy_s: float = 0.0
    _open: int = 0
    _left: int = 0
    _alarm_s: float = -1.0
    _recent: deque[float] = field(default_factory=deque)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def run(self) -> None:
        """Make all requests."""
        self._left = self.service.requests
        self._start()
        while self.finished < self.service.requests:
            self.now_s, _, happen = heapq.heappop(self._events)
            happen()
            self._start()

    def _after(self, delay_s: float, happen: Callable[[], None]) -> None:
        event = (self.now_s + delay_s, next(self._order), happen)
        heapq.heappush(self._events, event)

    def _start(self) -> None:
        while self._left and (wait_s := self.gate.wait_s(self.now_s)) is not None:
            if wait_s > 0:
                if self._alarm_s <= self.now_s:
                    self._alarm_s = self.now_s + wait_s
                    self._after(wait_s, lambda: None)
                return
            self._left -= 1
            one = self.gate.enter(self.now_s)
            way_s = self.service.round_trip_s * self.chance.uniform(0.6, 0.9)
            self._after(way_s, lambda one=one: self._knock(one))  # type: ignore[misc]

    def _knock(self, one: Pass) -> None:
        back_s = self.service.round_trip_s / 4
        if not self._has_room():
            self._after(back_s, lambda: self._refuse(one))
            return
        self._recent.append(self.now_s)
        self._open += 1
        self._after(back_s, lambda: self._admit(one))

    def _has_room(self) -> bool:
        while self._recent and self._recent[0] <= self.now_s - 1:
            self._recent.popleft()
        most = self.service.a_second
        room = self._open < self.service.capacity(self.now_s)
        return room and (most is None or len(self._recent) < most)

    def _admit(self, one: Pass) -> None:
        self.gate.admitted(one)
        length_s = self.chance.uniform(0.5, 1.6)
        self.busy_s += length_s
        self._after(length_s + self.service.lag_s, self._free)
        way_s = self.service.round_trip_s / 4
        self._after(length_s + way_s, lambda: self._finish(one))

    def _free(self) -> None:
        self._open -= 1

    def _finish(self, one: Pass) -> None:
        self.finished += 1
        self.gate.finished(self.now_s)
        self.gate.leave(one)

    def _refuse(self, one: Pass) -> None:
        self.refused += 1
        self._left += 1
        self.gate.refused(
            one,
            self.now_s,
            chance=self.chance.random(),
            retry_after_s=self.service.retry_after_s,
        )
        self.gate.leave(one)


def _print_model() -> None:
    print(f"{'service':44}  wall s  mean open  refused %")
    for service in _services():
        runs = [Simulation(service, random.Random(seed)) for seed in range(5)]
        for run in runs:
            run.run()
        wall_s = sum(run.now_s for run in runs) / len(runs)
        opened = sum(run.busy_s for run in runs) / len(runs) / wall_s
        refused = sum(run.refused for run in runs) / len(runs)
        share = 100 * refused / (refused + service.requests)
        print(f"{service.name:44}  {wall_s:6.1f}  {opened:9.2f}  {share:9.1f}")


def _services() -> Iterator[Service]:
    for limit, near in itertools.product((1, 2, 5, 20, 32), (True, False)):
        name = f"admits {limit}, {'near' if near else '250 ms away'}"
        trip_s = 0.005 if near else 0.25
        yield Service(name=name, capacity=lambda _, n=limit: n, round_trip_s=trip_s)  # type: ignore[misc]
    for limit, lag_s in itertools.product((1, 5, 20), (0.1, 0.5)):
        name = f"admits {limit}, notices an end after {lag_s:g} s"
        yield Service(name=name, capacity=lambda _, n=limit: n, lag_s=lag_s)  # type: ignore[misc]
    for total, others in ((20, 5), (20, 12), (5, 2)):
        name = f"admits {total}, shared with {others} more or less"
        yield Service(name=name, capacity=_shared(total, others), requests=1500)
    for low in (5, 0):
        name = f"admits 20, but {low} from the 20th to the 60th s"
        dip = lambda at, n=low: n if 20 < at < 60 else 20  # noqa: E731
        yield Service(name=name, capacity=dip, requests=1500)
        if not low:
            name += ", says 10 s"
            yield Service(name=name, capacity=dip, requests=1500, retry_after_s=10)
    for rate in (2, 10):
        name = f"admits {rate} a second"
        yield Service(name=name, capacity=lambda _: 1000, a_second=rate)


def _shared(total: int, others: int) -> Callable[[float], int]:
    """Return what others leave who come and go, 20 s each."""
    chance = random.Random(total + others)
    stays = [(at, at + chance.expovariate(1 / 20)) for at in _arrivals(others, chance)]
    return lambda now: total - sum(begin <= now < end for begin, end in stays)


def _arrivals(others: int, chance: random.Random) -> Iterator[float]:
    at = -60.0
    while at < 600:
        at += chance.expovariate(others / 20)
        yield at


if __name__ == "__main__":
    main()
