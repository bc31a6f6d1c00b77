"""How near the pool comes to the least possible wall time.

`python -m tests.benchmarks.pool` starts a local server shaped to a first byte
after 300 ms and 20 times real time, runs a job of 400 chunks against it at
several concurrencies, and prints for each the wall time beside the bound

    max(sum of service times / concurrency, longest service time)

and wall time, CPU time and peak memory beside the floor: a bare receive loop
that makes the same requests with no pool, no cache and no output.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from websockets.asyncio.client import connect

from batchtts.cache import Cache
from batchtts.jobfile import load_job
from batchtts.localserver.child import spawn
from batchtts.localserver.settings import ServerSettings
from batchtts.model import Fingerprint
from batchtts.plan import readings, survey
from batchtts.rime.plausible import duration_s
from batchtts.rime.query import connect_url
from batchtts.texts import read_texts

FIRST_BYTE_S = 0.3
REAL_TIME_FACTOR = 20.0
_JOB = """
engine: local
local: {synthesiser: tone}
voices: {narrator: {speaker: astra}}
texts: [{table: texts.jsonl, id: id}]
outputs: [{kind: files, path: "out/{id}.wav"}]
"""


@dataclass(frozen=True, slots=True)
class Used:
    """What a child process took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=400)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[32, 8, 1])
    parser.add_argument("--characters", type=int, default=480)
    parser.add_argument("--floor", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.floor:
        asyncio.run(_floor(json.loads(options.floor)))
        return
    shape = ServerSettings(
        synthesiser="tone", first_byte_s=FIRST_BYTE_S, real_time_factor=REAL_TIME_FACTOR
    )
    print("concurrency  wall s  floor  bound s  ratio  cpu s/h  floor  peak MB  floor")
    with tempfile.TemporaryDirectory() as folder, spawn(shape) as server:
        os.environ["BATCHTTS_SERVE_KEYS"] = server.key.reveal()
        for concurrency in options.concurrency:
            home = Path(folder) / str(concurrency)
            _write_job(home, options.chunks, options.characters)
            _measure(home, server.url, server.identity, concurrency)


def _write_job(home: Path, chunks: int, characters: int) -> None:
    """Write texts of a chunk each, no two alike, of 20 to 100 % of the characters."""
    home.mkdir()
    (home / "job.yaml").write_text(_JOB)
    with (home / "texts.jsonl").open("w") as file:
        for number in range(chunks):
            length = characters * (20 + number * 37 % 81) // 100
            words = "".join(_words(number, length)).capitalize() + "."
            file.write(json.dumps({"id": f"t{number}", "text": words}) + "\n")


def _words(number: int, characters: int) -> Iterator[str]:
    """Yield words that differ by text, until there are enough characters."""
    yield f"text {number}"
    length, state = 12, number + 1
    while length < characters - 12:
        state = state * 6364136223846793005 % 2**64
        word = " " + "".join(
            chr(97 + (state >> shift) % 26) for shift in (9, 19, 29, 39)
        )
        length += len(word)
        yield word


def _measure(home: Path, url: str, identity: str, concurrency: int) -> None:
    command = [sys.executable, "-m", "batchtts", "run", str(home / "job.yaml")]
    command += ["--url", url, "--concurrency", str(concurrency), "-q"]
    run = _used(command)
    job = load_job(home / "job.yaml")
    size = survey(job, read_texts)
    cache = Cache(home / ".batchtts" / "cache")
    requests = [
        piece.request
        for reading in readings(job, read_texts, engine=identity, texts=size.texts)
        for piece in reading.pieces
        if piece.request is not None
    ]
    lengths_s = [_length_s(cache, request.fingerprint) for request in requests]
    service_s = [FIRST_BYTE_S + length / REAL_TIME_FACTOR for length in lengths_s]
    bound_s = max(sum(service_s) / concurrency, *service_s)
    hours = sum(lengths_s) / 3600
    asked = [(connect_url(url, one.parameters), one.text) for one in requests]
    todo = home / "floor.json"
    todo.write_text(json.dumps(asked))
    plan = json.dumps([str(todo), concurrency])
    floor = _used([sys.executable, "-m", "tests.benchmarks.pool", "--floor", plan])
    print(
        f"{concurrency:>11}  {run.wall_s:6.1f}  {floor.wall_s:5.1f}  {bound_s:7.1f}  "
        f"{run.wall_s / bound_s:5.3f}  {run.cpu_s / hours:7.2f}  "
        f"{floor.cpu_s / hours:5.2f}  {run.peak_mb:7.0f}  {floor.peak_mb:5.0f}"
        f"   ({len(requests)} requests, {hours:.2f} h)",
        flush=True,
    )


def _length_s(cache: Cache, fingerprint: Fingerprint) -> float:
    take = cache.load(fingerprint)
    if take is None:
        raise SystemExit(f"the run left no take {fingerprint}")
    return duration_s(take)


def _used(command: list[str]) -> Used:
    """Run a command and account for it alone."""
    began_s = time.perf_counter()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command} ended with {child.returncode}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Used(time.perf_counter() - began_s, cpu_s, usage.ru_maxrss / 1024)


async def _floor(plan: tuple[str, int]) -> None:
    """Make the same requests with nothing but the library."""
    path, concurrency = plan
    waiting = iter(json.loads(Path(path).read_text()))  # noqa: ASYNC240 - before all
    header = {"Authorization": f"Bearer {os.environ['BATCHTTS_SERVE_KEYS']}"}

    async def work() -> None:
        for url, text in waiting:
            async with connect(
                url, additional_headers=header, compression=None, proxy=None
            ) as socket:
                await socket.send(text)
                await socket.send("<EOS>")
                async for _ in socket:
                    pass

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())


if __name__ == "__main__":
    main()
