"""Other readings of a chunk that a person asks for, noted in the lock."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batchtts.audio.recorded import read_recording
from batchtts.errors import JobError, Problem
from batchtts.files import project_root
from batchtts.lock.lines import PinLine, TakeLine, written
from batchtts.lock.marks import PREFIX
from batchtts.model import Job, Place, Request
from batchtts.pieces import Piece
from batchtts.plan import Reading, readings, survey
from batchtts.runner.engine import engine_of
from batchtts.runner.guard import guard
from batchtts.runner.ledger import Ledger
from batchtts.runner.locking import take_over, write_lock
from batchtts.runner.places import ledger_path, lock_path, require_real, state_folder
from batchtts.runner.recordings import digest_of
from batchtts.runner.remembered import Remembered
from batchtts.text_safety import many
from batchtts.texts import read_texts

__all__ = [
    "Wish",
    "pin",
    "retake",
]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was noted for a chunk."""

    text: str
    voice: str
    chunk: int  # counted from 1
    words: str
    take: int  # its number; 0: the first one again
    recording: str | None = None


def retake(
    job: Job,
    text: str,
    *,
    voice: str | None = None,
    chunk: int | None = None,
    take: int | None = None,
) -> list[Wish]:
    """Note that another take of a text's chunks is wanted, or the one of a number.

    Without ``chunk`` that goes for all of them. A recording pinned there goes.
    Raises JobError where there is no such text, voice or chunk.
    """
    made = []
    with _noting(job) as (ledger, earlier):
        for reading, number, first in _chunks(job, ledger, earlier, text, voice, chunk):
            key = reading.text.id, reading.voice.name, first.fingerprint[:PREFIX]
            wanted = earlier.takes.get(key, 0) + 1 if take is None else take
            name = "\0".join(key)
            ledger.drop("pin", name)
            ledger.drop("take", name)
            if wanted:
                line = TakeLine(
                    request=key[2], text=key[0], voice=key[1], number=wanted
                )
                ledger.note("take", name, written(line))
            made.append(Wish(key[0], key[1], number, first.text, wanted))
        write_lock(ledger, job)
    return made


def pin(
    job: Job,
    text: str,
    recording: Path,
    *,
    voice: str | None = None,
    chunk: int | None = None,
) -> Wish:
    """Note that a recording stands in for the take of a text's chunk.

    The file stays where it is, which must be inside the project. Raises JobError
    where there is no such text, voice or chunk, or where it is not clear which
    is meant, and LocalError where the recording cannot be used.
    """
    read_recording(recording)
    path = recording.absolute()
    base = job.path.parent
    top = os.path.realpath(project_root(base) or base)
    if not os.path.realpath(path).startswith(f"{top}{os.sep}"):
        message = f'"{recording}" is outside the project, whose lock is to name it'
        raise JobError([Problem(Place(str(recording)), message, "copy it there")])
    with _noting(job) as (ledger, earlier):
        found = list(_chunks(job, ledger, earlier, text, voice, chunk))
        if len(found) > 1:
            message = f'text "{text}" has {len(found)} chunks or readings'
            hint = "say which is meant with --chunk and --voice"
            raise JobError([Problem(found[0][0].text.place, message, hint)])
        [(reading, number, first)] = found
        key = reading.text.id, reading.voice.name, first.fingerprint[:PREFIX]
        line = PinLine(
            request=key[2],
            text=key[0],
            voice=key[1],
            recording=ledger.name(path),
            sha256=digest_of(path),
        )
        ledger.note("pin", "\0".join(key), written(line))
        write_lock(ledger, job)
    return Wish(key[0], key[1], number, first.text, 0, line.recording)


@contextlib.contextmanager
def _noting(job: Job) -> Iterator[tuple[Ledger, Remembered]]:
    """Give the ledger of a job that no run works on, in agreement with its lock."""
    require_real(job)
    with (
        guard(state_folder(job), job.path.stem),
        Ledger.open(ledger_path(job), base=job.path.parent) as ledger,
    ):
        take_over(ledger, lock_path(job), job.path.parent)
        yield ledger, Remembered(ledger)


def _chunks(
    job: Job,
    ledger: Ledger,
    earlier: Remembered,
    text: str,
    voice: str | None,
    chunk: int | None,
) -> Iterator[tuple[Reading, int, Request]]:
    """Yield the chunks that are meant: number and first request of each."""
    size = survey(job, read_texts)
    planned = readings(
        job,
        read_texts,
        engine=engine_of(job, ledger),
        texts=size.texts,
        earlier=earlier,
    )
    met, most = False, 0
    for reading in planned:
        if reading.text.id != text or voice not in {None, reading.voice.name}:
            continue
        spoken = [one for one in reading.pieces if one.request is not None]
        most = max(most, len(spoken))
        for number, piece in enumerate(spoken, 1):
            if chunk in {None, number}:
                met = True
                yield reading, number, _first(piece)
    if not met:
        whose = "" if voice is None else f' in voice "{voice}"'
        what = f'there is no text "{text}"{whose} in an output'
        if most:
            chunks = many(most, "chunk")
            what = f'text "{text}"{whose} has {chunks}, and no chunk {chunk}'
        raise JobError([Problem(job.place, what)])


def _first(piece: Piece) -> Request:
    request = piece.first or piece.request
    assert request is not None  # noqa: S101 - silent ones are not asked for
    return request
