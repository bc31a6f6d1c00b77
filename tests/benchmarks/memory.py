"""Print how much memory audiobooks of several lengths need; on Linux.

    python -m tests.benchmarks.memory [--hours 1 20] [--rate 24000]
        [--formats .flac .mp3 .opus .m4b]

A book in Markdown with chapters of 20 minutes is spoken once by the tone engine
(`spoken`: a run with nothing in the cache, into the first format) and then made
in each format from the takes in the cache. `largest` is the highest peak that one
process of a run had, ours or a worker's, in MB of resident memory; `all` what
all had together at the same moment, libraries that they share counted in each.
The last two columns are both beside the shortest book.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHAPTER_S = 1200
CHARACTERS_PER_S = 18.2  # of the tone engine
LOOK_S = 0.1
FORMATS = [".flac", ".mp3", ".opus", ".m4b"]
WORDS = re.findall(
    r"\w+",
    "the harbour lay quiet under a grey morning while boats went out one after "
    "another toward open water and nobody spoke much because wind carried every "
    "word away from them before anyone could answer",
)
JOB = """
engine: local
local: {{synthesiser: tone}}
voices: {{narrator: {{speaker: astra, sampling_rate: {rate}}}}}
texts: [{{file: book.md}}]
outputs: [{{kind: audiobook, path: "out/book{suffix}", profile: podcast}}]
"""


@dataclass(slots=True)
class Peaks:
    """The highest of what was seen of a run, in MB."""

    largest: float = 0.0
    together: float = 0.0

    def look(self, root: int) -> None:
        """Look at all processes of a run."""
        together = 0.0
        for process in processes(root):
            try:
                status = Path(f"/proc/{process}/status").read_text()
                found = dict(line.split(":", 1) for line in status.splitlines())
                together += mb(found["VmRSS"])
                self.largest = max(self.largest, mb(found["VmHWM"]))
            except (OSError, KeyError):  # it has just ended
                continue
        self.together = max(self.together, together)


def mb(field: str) -> float:
    """Return what the kernel says of a process's memory."""
    return int(field.split(maxsplit=1)[0]) * 1024 / 1e6


def processes(root: int) -> Iterator[int]:
    """Yield a process and all that came of it."""
    children = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            children[int(stat.rpartition(")")[2].split()[1])].append(int(entry.name))
    waiting = [root]
    while waiting:
        process = waiting.pop()
        waiting += children[process]
        yield process


def write_book(path: Path, hours: float) -> None:
    """Write a book, no two sentences of which are the same."""
    rng = random.Random(1)
    numbers = itertools.count(1)

    def sentence() -> str:
        words = " ".join(rng.choice(WORDS) for _ in range(rng.randint(6, 24)))
        return f"Number {next(numbers)} {words}."

    with path.open("w", encoding="utf-8") as file:
        for chapter in range(max(1, round(hours * 3600 / CHAPTER_S))):
            file.write(f"# Chapter {chapter + 1}\n\n")
            written = 0
            while written < CHAPTER_S * CHARACTERS_PER_S:
                many = rng.randint(2, 7)
                written += file.write(" ".join(sentence() for _ in range(many)))
                file.write("\n\n")


def run(folder: Path, suffix: str, rate_hz: int) -> Peaks:
    """Make the book in one format, with none of its files there yet."""
    job = folder / f"{suffix[1:]}.yaml"
    job.write_text(JOB.format(rate=rate_hz, suffix=suffix), encoding="utf-8")
    (folder / "out" / f"book{suffix}").unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "batchtts", "run", str(job), "-q"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    peaks = Peaks()
    while process.poll() is None:
        peaks.look(process.pid)
        time.sleep(LOOK_S)
    if process.returncode:
        raise SystemExit(f"the run of {job} ended with {process.returncode}")
    return peaks


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, nargs="+", default=[1, 20])
    parser.add_argument("--rate", type=int, default=24000)
    parser.add_argument("--formats", nargs="+", default=FORMATS, choices=FORMATS)
    asked = parser.parse_args()
    first: dict[str, Peaks] = {}
    print(f"{'hours':>6}  {'':14}{'largest':>9}{'all':>9}{'ratios':>14}")
    for hours in asked.hours:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_book(folder / "book.md", hours)
            for what in [f"{asked.formats[0]} spoken", *asked.formats]:
                peaks = run(folder, what.split()[0], asked.rate)
                base = first.setdefault(what, peaks)
                largest = peaks.largest / base.largest
                together = peaks.together / base.together
                print(
                    f"{hours:6g}  {what:14}{peaks.largest:9.1f}{peaks.together:9.1f}"
                    f"{largest:7.2f}{together:7.2f}",
                    flush=True,
                )
                (folder / f"{what.split()[0][1:]}.lock").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
