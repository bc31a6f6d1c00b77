"""What it costs to find out that nothing is to be done, and what an edit costs.

    python -m tests.benchmarks.lock [--million] [--novel BOOK]

Prints, for tables of several lengths whose files are all there, the time of a
bare loop that reads the table with the csv module and looks at each file, and
beside it those of `check` and `run`, each in this process: with the ledger of an
earlier run, and in a fresh clone, which has to read every file, and once more there.
With a book
(EPUB), prints what one word changed in its longest chapter asks for again.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import batchtts
from batchtts.audio.codecs import codec_versions
from batchtts.earlier import NOTHING
from batchtts.errors import Notice, Problem
from batchtts.lock.lines import FileLine, definition, written
from batchtts.model import Job, Request, Text
from batchtts.plan import Reading, readings, survey
from batchtts.runner.checking import check
from batchtts.runner.ledger import Ledger
from batchtts.runner.locking import take_over, write_lock
from batchtts.runner.places import ledger_path, lock_path, require_real
from batchtts.runner.recipes import Recipes
from batchtts.runner.remembered import Remembered
from batchtts.texts import read_texts

_ENGINE = "local/tone+1"
_JOB = """
engine: local
local: {synthesiser: tone}
voices: {clerk: {speaker: luna}}
texts: [{table: lines.csv, id: key, text: line}]
outputs: [{kind: files, path: "out/{id}.wav"}]
"""
_BOOK = """
engine: local
local: {synthesiser: tone}
voices: {narrator: {speaker: luna}}
texts: [{file: book.epub}]
outputs: [{kind: files, path: "out/{id}.mp3"}]
"""
_LINE = "Please hold the line, number {}, somebody will be with you soon."


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true", help="also a million rows")
    parser.add_argument("--novel", type=Path, help="a book to edit a word of")
    asked = parser.parse_args()
    sizes = [1_000, 10_000, 100_000, *([1_000_000] if asked.million else [])]
    print(
        f"{'rows':>9}{'bare':>9}{'check':>9}{'run':>9}{'clone: bare':>13}{'check':>9}"
        f"{'again':>9}"
    )
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            _table(Path(folder), rows)
    if asked.novel is not None:
        with tempfile.TemporaryDirectory() as folder:
            _novel(Path(folder), asked.novel)


def _table(folder: Path, rows: int) -> None:
    (folder / "job.yaml").write_text(_JOB, encoding="utf-8")
    with (folder / "lines.csv").open("w", encoding="utf-8") as file:
        file.write("key,line\n")
        file.writelines(f'k{n:07},"{_LINE.format(n)}"\n' for n in range(rows))
    job = batchtts.load_job(folder / "job.yaml")
    _make(job)
    batchtts.run(job)  # as the last run would have left it
    times = [_best(lambda: _bare(folder)), _best(lambda: _checked(job))]
    times.append(_best(lambda: _run(job)))
    times.append(_best(lambda: _bare(folder, read=True)))
    times.append(_best(lambda: _cold(job)))
    times.append(_best(lambda: _checked(job)))
    widths = (9, 9, 9, 13, 9, 9)
    shown = zip((f"{one:.2f} s" for one in times), widths, strict=True)
    print(f"{rows:>9,}" + "".join(f"{one:>{width}}" for one, width in shown))


def _make(job: Job) -> None:
    """Put small files where the outputs go, with the lock that tells of them."""
    require_real(job)
    recipes = Recipes(_ENGINE)
    codecs = definition("codecs", {"versions": codec_versions()})
    with Ledger.open(ledger_path(job), base=job.path.parent) as ledger:
        take_over(ledger, lock_path(job), job.path.parent)
        ledger.note(codecs.kind, codecs.id, written(codecs))
        with ledger.transaction():
            for reading in _planned(job):
                for target in reading.targets:
                    target.path.parent.mkdir(exist_ok=True)
                    data = reading.text.id.encode() * 100
                    target.path.write_bytes(data)
                    output = target.output
                    made = recipes.made(
                        reading, output, recipes.rate_hz(reading, output)
                    )
                    line = FileLine(
                        path=ledger.name(target.path),
                        made=made,
                        codecs=codecs.id,
                        sha256=hashlib.sha256(data).hexdigest(),
                        facts={"bytes": len(data), "seconds": 1.0},
                    )
                    ledger.record_file(target.path, line)
        write_lock(ledger, job, recipes.definitions)


def _planned(job: Job) -> Iterator[Reading]:
    size = survey(job, read_texts)
    return readings(job, read_texts, engine=_ENGINE, texts=size.texts)


def _bare(folder: Path, *, read: bool = False) -> None:
    with (folder / "lines.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            path = folder / "out" / f"{row['key']}.wav"
            os.stat(path)  # noqa: PTH116 - as bare as can be
            if read:
                hashlib.sha256(path.read_bytes())


def _checked(job: Job) -> None:
    assert check(job).is_current


def _cold(job: Job) -> None:
    shutil.rmtree(job.path.parent / ".batchtts")
    _checked(job)


def _run(job: Job) -> None:
    report = batchtts.run(job)
    assert report.unchanged == report.outputs


def _best(work: Callable[[], None]) -> float:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def _novel(folder: Path, book: Path) -> None:
    """Print what a word changed asks for again, with the lock and without one."""
    shutil.copy(book, folder / "book.epub")
    (folder / "job.yaml").write_text(_BOOK, encoding="utf-8")
    job = batchtts.load_job(folder / "job.yaml")
    with _timed("the whole novel, planned"):
        _make(job)
    everything = _requests(_planned(job))
    with Ledger.open(ledger_path(job), base=job.path.parent) as ledger:
        for name, lock in (("with its lock", ledger), ("without", None)):
            with _timed(f"one word changed, planned {name}"):
                new = _requests(_edited(job, lock)) - everything
            characters = sum(len(request.text) for request in new)
            print(f"  made again: {len(new):,} requests, {characters:,} characters")
    characters = sum(len(request.text) for request in everything)
    print(f"all: {len(everything):,} requests, {characters:,} characters")


def _edited(job: Job, ledger: Ledger | None) -> Iterator[Reading]:
    """Plan the job with a word put into the middle of its longest text."""
    texts = [text for text in read_texts(job) if isinstance(text, Text)]
    longest = max(texts, key=lambda text: len(text.words)).id

    def read(job: Job) -> Iterator[Text | Problem | Notice]:
        for text in read_texts(job):
            if isinstance(text, Text) and text.id == longest:
                middle = text.words.index(" ", len(text.words) // 2)
                words = f"{text.words[:middle]} indeed{text.words[middle:]}"
                yield replace(text, words=words)
            else:
                yield text

    size = survey(job, read_texts)
    earlier = NOTHING if ledger is None else Remembered(ledger)
    return readings(job, read, engine=_ENGINE, texts=size.texts, earlier=earlier)


def _requests(planned: Iterator[Reading]) -> set[Request]:
    return {
        piece.request
        for reading in planned
        for piece in reading.pieces
        if piece.request is not None
    }


@contextmanager
def _timed(what: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
