"""From the takes in the cache to the files of one reading."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from batchtts import tracks
from batchtts.cache import Cache
from batchtts.errors import LocalError
from batchtts.files import local_errors, sweep
from batchtts.model import Fingerprint, Pauses, Recording
from batchtts.outputs.files import Written, write_file
from batchtts.runner.arrivals import Arrivals, NotComing
from batchtts.runner.entries import facts
from batchtts.runner.feed import Due, Work, tags
from batchtts.runner.ledger import Ledger

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
        self._abandoned = False
        self._lock = threading.Lock()

    def enter(self, folder: Path) -> None:
        """Sweep an output folder, before any thread writes its first file there."""
        with self._lock:
            if folder not in self._swept:
                sweep(folder, owner=self.owner)
                self._swept.add(folder)

    def abandon(self) -> None:
        """Have every thread that makes a file leave it: the run is ending."""
        self._abandoned = True

    def check(self) -> None:
        """Raise NotComing once the work has been abandoned."""
        if self._abandoned:
            raise NotComing


def render(
    work: Work, arrivals: Arrivals, shop: Workshop, ledger: Ledger
) -> Iterator[tuple[Due, Written]]:
    """Build each track that the reading's files need once, and write the files.

    Runs in a worker thread, and waits there for takes that are not in the cache
    yet. Each file is in the ledger before it is yielded. Raises LocalError, and
    NotComing where a take will not arrive or the work has been abandoned.
    """
    tracks_due: dict[tuple[int, Pauses], list[Due]] = {}
    for due in work.due:
        kind = due.rate_hz, due.target.output.audio.pauses
        tracks_due.setdefault(kind, []).append(due)
    for (rate_hz, pauses), dues in tracks_due.items():
        with _scratch_file(shop.scratch) as spool:
            track = tracks.make_track(
                _pieces(work, arrivals, shop),
                rate_hz=rate_hz,
                pauses=pauses,
                spool=spool,
            )
            for due in dues:
                shop.check()
                written = _written(work, due, track, shop)
                with local_errors("cannot look at"):
                    ledger.record(written.path, due.key, written.sha256, facts(written))
                yield due, written


def _written(work: Work, due: Due, track: tracks.Track, shop: Workshop) -> Written:
    audio = due.target.output.audio
    shop.enter(due.target.path.parent)
    return write_file(
        track,
        due.target.path,
        loudness=audio.loudness,
        bitrate=audio.bitrate,
        tags=tags(work.reading),
        owner=shop.owner,
        check=shop.check,
    )


def _pieces(work: Work, arrivals: Arrivals, shop: Workshop) -> Iterator[tracks.Piece]:
    for number, piece in enumerate(work.reading.pieces):
        arrivals.wait(number)
        shop.check()
        load = None
        if piece.request is not None:
            load = functools.partial(_load, shop.cache, piece.request.fingerprint)
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
        with contextlib.suppress(OSError):
            Path(name).unlink(missing_ok=True)
