"""How fast whole runs make datasets of short utterances, and in how much memory.

    python -m tests.benchmarks.corpora [--rows 1000 10000] [--format webdataset]

Prints, for each number of rows, the rows a second of a run from nothing, with the
tone engine in a process of its own behind real sockets; the milliseconds a row of
a second run, in which nothing has changed; and the peak memory of each of them.
Beside it the floor: a loop that writes the same audio, one file an utterance.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_JOB = """
engine: local
local: {{synthesiser: tone, url: "{url}"}}
concurrency: {concurrency}
voices: {{astra: {{speaker: astra, sampling_rate: 8000}}}}
texts: [{{table: rows.csv}}]
outputs:
  - {{kind: dataset, path: out, format: {format}, encoding: wav, license: cc0-1.0}}
"""
_BYTES = 16_000  # of an utterance, about


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--format", default="webdataset")
    parser.add_argument("--concurrency", type=int, default=16)
    asked = parser.parse_args()
    print(
        f"{'rows':>9}{'made/s':>9}{'MB':>7}{'again ms/row':>14}{'MB':>7}{'floor/s':>9}"
    )
    command = [sys.executable, "-m", "batchtts", "serve", "--engine", "tone"]
    with subprocess.Popen(
        [*command, "--port", "0"], stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        url = _url(server.stderr.readline())
        try:
            for rows in asked.rows:
                with tempfile.TemporaryDirectory() as folder:
                    print(_measured(Path(folder), rows, url, asked), flush=True)
        finally:
            server.terminate()


def _url(line: str) -> str:
    """Return the address in what the server says when it is ready."""
    return next(word for word in line.split() if "://" in word).rstrip(":")


def _measured(folder: Path, rows: int, url: str, asked: argparse.Namespace) -> str:
    with (folder / "rows.csv").open("w", encoding="utf-8") as table:
        table.write("id,text\n")
        table.writelines(f'r{n:07d},"Row {n:,}."\n' for n in range(rows))
    (folder / "job.yaml").write_text(
        _JOB.format(url=url, format=asked.format, concurrency=asked.concurrency),
        encoding="utf-8",
    )
    made_s, made_mb = _run(folder)
    again_s, again_mb = _run(folder)
    floor_s = _floor(folder / "floor", rows)
    return (
        f"{rows:>9,}{rows / made_s:>9,.0f}{made_mb:>7.0f}"
        f"{1000 * again_s / rows:>14.3f}{again_mb:>7.0f}{rows / floor_s:>9,.0f}"
    )


def _run(folder: Path) -> tuple[float, float]:
    """Return how long a run takes, and its peak memory in megabytes."""
    start = time.perf_counter()
    run = subprocess.Popen(
        [sys.executable, "-m", "batchtts", "run", "-q", str(folder / "job.yaml")]
    )
    _, status, usage = os.wait4(run.pid, 0)
    assert status == 0
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return time.perf_counter() - start, peak


def _floor(folder: Path, rows: int) -> float:
    """Return how long it takes to write as many files and do nothing else."""
    data = bytes(_BYTES)
    start = time.perf_counter()
    for number in range(rows):
        group = folder / f"{number // 10_000:05d}"
        group.mkdir(parents=True, exist_ok=True)
        (group / f"{number:07d}.wav").write_bytes(data)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
