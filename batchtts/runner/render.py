"""From the takes in the cache to the files of one reading."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
import threading
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from batchtts import tracks
from batchtts.cache import Cache
from batchtts.errors import LocalError
from batchtts.files import local_errors, sweep
from batchtts.model import Fingerprint, Pauses, Recording
from batchtts.outputs.files import Written, write_file
from batchtts.runner.arrivals import Arrivals
from batchtts.runner.feed import Due, Work, tags

__all__ = ["Workshop", "render"]


class Workshop:
    """Where a run makes its files: the cache, scratch space, and its own name.

    ``owner`` marks the run's temporary files. The run guard makes sure that no
    other process uses the same, so leftovers are swept from each output folder
    before the first file is written there.
    """

    def __init__(self, cache: Cache, scratch: Path, *, owner: str) -> None:
        """Use an empty ``scratch`` folder for samples while they are joined."""
        self.cache = cache
        self.scratch = scratch
        self.owner = owner
        self._swept: set[Path] = set()
        self._lock = threading.Lock()

    def enter(self, folder: Path) -> None:
        """Sweep an output folder, before any thread writes its first file there."""
        with self._lock:
            if folder not in self._swept:
                sweep(folder, owner=self.owner)
                self._swept.add(folder)


def render(
    work: Work, arrivals: Arrivals, shop: Workshop
) -> Iterator[tuple[Due, Written]]:
    """Build each track that the reading's files need once, and write the files.

    Runs in a worker thread, and waits there for takes that are not in the cache
    yet. Raises LocalError, and NotComing where a take will not arrive.
    """

    def track_of(due: Due) -> tuple[int, Pauses]:
        return due.rate_hz, due.target.output.audio.pauses

    def order(due: Due) -> str:
        return repr(track_of(due))

    for _, group in groupby(sorted(work.due, key=order), key=order):
        dues = list(group)
        rate_hz, pauses = track_of(dues[0])
        with _scratch_file(shop.scratch) as spool:
            track = tracks.make_track(
                _pieces(work, arrivals, shop.cache),
                rate_hz=rate_hz,
                pauses=pauses,
                spool=spool,
            )
            for due in dues:
                audio = due.target.output.audio
                shop.enter(due.target.path.parent)
                written = write_file(
                    track,
                    due.target.path,
                    loudness=audio.loudness,
                    bitrate=audio.bitrate,
                    tags=tags(work.reading),
                    owner=shop.owner,
                )
                yield due, written


def _pieces(work: Work, arrivals: Arrivals, cache: Cache) -> Iterator[tracks.Piece]:
    for number, piece in enumerate(work.reading.pieces):
        arrivals.wait(number)
        load = None
        if piece.request is not None:
            load = functools.partial(_load, cache, piece.request.fingerprint)
        yield tracks.Piece(load, piece.chunk.boundary)


def _load(cache: Cache, fingerprint: Fingerprint) -> Recording:
    recording = cache.load(fingerprint)
    if recording is None:
        raise LocalError(
            f'the take "{fingerprint[:12]}" is gone from the cache, or damaged; '
            "run again to make it anew"
        )
    return recording


@contextlib.contextmanager
def _scratch_file(folder: Path) -> Iterator[Path]:
    with local_errors("cannot make a scratch file"):
        handle, name = tempfile.mkstemp(suffix=".pcm", dir=folder)
        os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
