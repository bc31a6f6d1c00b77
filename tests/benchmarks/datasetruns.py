"""How fast whole jobs for datasets run, beside the loop that only writes the files.

    python -m tests.benchmarks.datasetruns [--rows 10000 100000] [--format webdataset]

Each row is a short sentence, spoken by the local server's tones, over a socket as
ever; measured in a process of its own, the server in another. Prints the rows a
second from the job file to the finished dataset, those of a second run in which
nothing has changed, the peak memory of both, and how fast the same number of files
of the same length are written by a loop that does nothing else.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import batchtts
from tests.benchmarks.datasets import peak_mb

_JOB = """
engine: local
local: {{synthesiser: tone}}
concurrency: 32
voices: {{astra: {{speaker: astra}}}}
texts:
  - {{table: rows.csv, text: words}}
outputs:
  - {{kind: dataset, path: out, license: cc0-1.0, format: {format}}}
"""


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--format", default="webdataset")
    asked = parser.parse_args()
    print(f"{'what':<10}{'rows':>10}{'rows/s':>10}{'ms/row':>10}{'peak MB':>10}")
    for rows in asked.rows:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _write_job(folder, rows, asked.format)
            for what in ("made", "unchanged", "floor"):
                seconds, memory_mb = _alone(what, folder, rows)
                speed = f"{rows / seconds:>10,.0f}{1000 * seconds / rows:>10.3f}"
                print(f"{what:<10}{rows:>10,}{speed}{memory_mb:>10.1f}", flush=True)


def _write_job(folder: Path, rows: int, name: str) -> None:
    (folder / "job.yaml").write_text(_JOB.format(format=name), encoding="utf-8")
    with (folder / "rows.csv").open("w", encoding="utf-8") as table:
        table.write("id,words\n")
        table.writelines(f"{n:07d},Turn lamp {n} on.\n" for n in range(rows))


def _alone(what: str, folder: Path, rows: int) -> tuple[float, float]:
    """Return the time and the peak of a process that does one thing."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as process:
        if what == "floor":
            return process.submit(_floor, folder, rows).result()
        return process.submit(_run, folder, rows, what).result()


def _run(folder: Path, rows: int, what: str) -> tuple[float, float]:
    job = batchtts.load_job(folder / "job.yaml")
    start = time.perf_counter()
    report = batchtts.run(job)
    taken = time.perf_counter() - start
    done = report.made if what == "made" else report.unchanged
    if (report.exit_code, done) != (0, rows):
        raise SystemExit(f"exit {report.exit_code}, {done} of {rows} {what}")
    return taken, peak_mb()


def _floor(folder: Path, rows: int) -> tuple[float, float]:
    whole = sum(path.stat().st_size for path in (folder / "out").rglob("*.*"))
    data = bytes(whole // rows)
    start = time.perf_counter()
    for number in range(rows):
        group = folder / "floor" / f"{number // 10_000:05d}"
        group.mkdir(parents=True, exist_ok=True)
        (group / f"{number:07d}.wav").write_bytes(data)
    return time.perf_counter() - start, peak_mb()


if __name__ == "__main__":
    main()
