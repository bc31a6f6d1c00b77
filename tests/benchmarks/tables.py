"""How fast tables are read, and in how much memory.

    python -m tests.benchmarks.tables [--million]

Prints, for CSV and JSON Lines of several lengths, the rows a second and the
peak memory of reading rows, of making texts of them, and of looking for ids
that are used twice; each in a process of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from batchtts.jobfile import load_job
from batchtts.model import Job, Text
from batchtts.seen import Seen
from batchtts.sources import TableText
from batchtts.tables import read_rows
from batchtts.texts import read_texts

_JOB = """
engine: local
voices: {clerk: {speaker: luna}}
texts: [{table: TABLE, id: key, text: line, voice: role}]
outputs: [{kind: files, path: "out/{id}.wav"}]
"""


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true", help="also a million rows")
    sizes = [10_000, 100_000]
    if parser.parse_args().million:
        sizes.append(1_000_000)
    print(f"{'table':<8}{'rows':>10}  {'what':<6}{'rows/s':>10}{'peak MB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".csv", ".jsonl"):
            for rows in sizes:
                path = _written(Path(folder), suffix, rows)
                for what in _READERS:
                    speed, peak_mb = _alone(what, path, rows)
                    start = f"{suffix:<8}{rows:>10,}  {what:<6}"
                    print(f"{start}{speed:>10,.0f}{peak_mb:>10.1f}")


def _alone(what: str, path: Path, rows: int) -> tuple[float, float]:
    """Return the rows a second and the peak of a process that does one thing."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as process:
        return process.submit(_measured, what, path, rows).result()


def _measured(what: str, path: Path, rows: int) -> tuple[float, float]:
    job = load_job(path.with_suffix(".yaml"))
    start = time.perf_counter()
    if _READERS[what](job) != rows:
        raise SystemExit(f"not all of the {rows} rows were read")
    return rows / (time.perf_counter() - start), _peak_mb()


def _peak_mb() -> float:
    if sys.platform == "win32":
        return float("nan")
    import resource  # noqa: PLC0415 -- not there on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def _written(folder: Path, suffix: str, rows: int) -> Path:
    path = folder / f"lines-{rows}{suffix}"
    with path.open("w", encoding="utf-8", newline="") as file:
        if suffix == ".csv":
            file.write("key,line,role\n")
        file.writelines(_lines(suffix, rows))
    job = _JOB.replace("TABLE", path.name)
    path.with_suffix(".yaml").write_text(job, encoding="utf-8")
    return path


def _lines(suffix: str, rows: int) -> Iterator[str]:
    row = "prompt-{0:07},Welcome passenger number {0} and mind the step.,clerk\n"
    if suffix == ".jsonl":
        row = (
            '{{"key": "prompt-{0:07}", "role": "clerk",'
            ' "line": "Welcome passenger number {0} and mind the step."}}\n'
        )
    return (row.format(number) for number in range(rows))


def _read_rows(job: Job) -> int:
    (table,) = job.texts
    if not isinstance(table, TableText):
        raise TypeError(table)
    return sum(1 for _ in read_rows(table.path, table.shown))


def _read_texts(job: Job) -> int:
    return sum(isinstance(text, Text) for text in read_texts(job))


def _read_ids(job: Job) -> int:
    with Seen() as seen:
        for text in read_texts(job):
            if isinstance(text, Text):
                seen.add(text.id, str(text.place))
        return len(seen)


_READERS: dict[str, Callable[[Job], int]] = {
    "rows": _read_rows,
    "texts": _read_texts,
    "ids": _read_ids,
}


if __name__ == "__main__":
    main()
