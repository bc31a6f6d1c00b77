"""How fast datasets are written, beside the loop that only writes the files.

    python -m tests.benchmarks.datasets [--rows 10000 100000] [--formats webdataset]
                                        [--jobs]

Prints, for each number of rows and each format, the rows a second of making the
dataset of sound that is ready (measuring and encoding it included), of a second
run in which nothing has changed, and the peak memory; each in a process of its
own. With --jobs it is a whole job each time, from a table to the dataset, spoken
by the tones of the local server over sockets, in a process of its own. The floor
writes as many bytes, one file an utterance, and nothing else.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from batchtts.audio.levels import Levels
from batchtts.audio.meter import Meter
from batchtts.corpora import FORMATS, About, Splits, Suffix, Target
from batchtts.outputs.datasets.dataset import Dataset
from batchtts.outputs.datasets.encoding import encoded
from batchtts.outputs.datasets.rows import Provenance, Row, Sound
from batchtts.outputs.datasets.settings import DatasetSettings

_RATE_HZ = 24000
_SECONDS = 1.5
_JOB = """
engine: local
local: {{synthesiser: tone}}
concurrency: 32
voices: {{astra: {{speaker: astra}}}}
texts:
  - {{table: rows.csv, text: words}}
outputs:
  - {{kind: dataset, path: out, license: cc0-1.0, format: {name}}}
"""
_FORMATS = ["audiofolder", "ljspeech", "parquet", "webdataset"]


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--formats", nargs="+", default=_FORMATS)
    parser.add_argument("--jobs", action="store_true")
    asked = parser.parse_args()
    formats = [f"job {name}" if asked.jobs else name for name in asked.formats]
    print(f"{'format':<16}{'rows':>10}{'made/s':>10}{'again/s':>10}{'peak MB':>10}")
    for name in ["floor .wav", "floor .flac", *formats]:
        for rows in asked.rows:
            made, again, peak_mb = _alone(name, rows)
            start = f"{name:<16}{rows:>10,}{made:>10,.0f}"
            print(f"{start}{again:>10,.0f}{peak_mb:>10.1f}", flush=True)


def _alone(name: str, rows: int) -> tuple[float, float, float]:
    """Return the speeds and the peak of a process that does one thing."""
    spawn = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, mp_context=spawn) as process,
    ):
        what = _floor if name.startswith("floor") else _measured
        if name.startswith("job"):
            what = _run
        return process.submit(what, name, rows, Path(folder)).result()


def _floor(name: str, rows: int, folder: Path) -> tuple[float, float, float]:
    suffix: Suffix = ".flac" if name.endswith(".flac") else ".wav"
    data = encoded(_sounds()[0], suffix)
    start = time.perf_counter()
    for number in range(rows):
        group = folder / f"{number // 10_000:05d}"
        group.mkdir(exist_ok=True)
        (group / f"{number:07d}{suffix}").write_bytes(data)
    return rows / (time.perf_counter() - start), float("nan"), _peak_mb()


def _measured(name: str, rows: int, folder: Path) -> tuple[float, float, float]:
    sounds = _sounds()
    start = time.perf_counter()
    _make(name, rows, folder, sounds)
    made = time.perf_counter() - start
    start = time.perf_counter()
    _make(name, rows, folder, [])
    return rows / made, rows / (time.perf_counter() - start), _peak_mb()


def _run(name: str, rows: int, folder: Path) -> tuple[float, float, float]:
    job = _JOB.format(name=name.removeprefix("job "))
    (folder / "job.yaml").write_text(job, encoding="utf-8")
    with (folder / "rows.csv").open("w", encoding="utf-8") as table:
        table.write("id,words\n")
        table.writelines(f"{n:07d},Turn lamp {n} on.\n" for n in range(rows))
    speeds = []
    for expected in ((rows, 0), (0, rows)):
        start = time.perf_counter()
        job_path = str(folder / "job.yaml")
        command = [sys.executable, "-m", "batchtts", "run", job_path, "-q"]
        subprocess.run(command, check=True)
        speeds.append(rows / (time.perf_counter() - start))
        report = json.loads((folder / ".batchtts/job.report.json").read_bytes())
        found = report["outputs_made"], report["outputs_unchanged"]
        if found != expected:
            raise SystemExit(f"made and unchanged: {found}")
    return speeds[0], speeds[1], _peak_mb(of_children=True)


def _make(name: str, rows: int, folder: Path, sounds: list[Sound]) -> None:
    target = Target(format=name, folder=folder / "out", suffix=FORMATS[name][0])
    settings = DatasetSettings(
        targets=(target,),
        rate_hz=_RATE_HZ,
        about=About(title="Benchmark", license="cc0-1.0"),
        splits=Splits(shares={"train": 0.9, "test": 0.1}),
    )
    with Dataset(settings, state=folder / "state") as dataset:
        for row in _rows(rows):
            dataset.expect(row)
        if not dataset.plan().wanted:
            dataset.finish()
            return
        for number, row in enumerate(_rows(rows)):
            if dataset.wants(row.key):
                dataset.add(row.key, sounds[number % len(sounds)])
        dataset.finish()


def _rows(count: int) -> Iterator[Row]:
    for number in range(count):
        text = f"Sentence {number:,} of many, none of them like any other."
        yield Row(
            key=f"v{number % 3}-{number:07d}",
            id=f"{number:07d}",
            text=text,
            normalised=text,
            voice=f"v{number % 3}",
            language="eng",
            provenance=Provenance(
                engine="local/tone-1",
                parameters=(("modelId", "arcana"), ("speaker", f"v{number % 3}")),
                fingerprints=(f"{number:064x}",),
            ),
        )


def _sounds() -> list[Sound]:
    """Return a hundred sounds: buzzes with noise, in syllables."""
    chance = np.random.default_rng(3)
    at = np.arange(round(_SECONDS * _RATE_HZ)) / _RATE_HZ
    made = []
    for number in range(100):
        phase = 2 * np.pi * (100 + number) * at
        buzz = sum(np.sin(step * phase) / step for step in range(1, 30))
        syllables = np.clip(np.sin(2 * np.pi * 3 * at) * 4, 0, 1)
        signal = 3000 * buzz * syllables + chance.normal(0, 20, len(at))
        pcm = np.rint(signal).astype("<i2").tobytes()
        made.append(_sound(pcm))
    return made


def _sound(pcm: bytes) -> Sound:
    meter = Meter(_RATE_HZ)
    meter.feed(pcm)
    levels: Levels = meter.finish()
    return Sound(
        blocks=lambda: [pcm], rate_hz=_RATE_HZ, samples=len(pcm) // 2, levels=levels
    )


def _peak_mb(*, of_children: bool = False) -> float:
    if sys.platform == "win32":
        return float("nan")
    import resource  # noqa: PLC0415 -- not there on Windows

    whose = resource.RUSAGE_CHILDREN if of_children else resource.RUSAGE_SELF
    peak = resource.getrusage(whose).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


if __name__ == "__main__":
    main()
