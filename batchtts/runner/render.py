"""From the takes in the cache to the files of one reading."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from batchtts import tracks
from batchtts.cache import Cache
from batchtts.errors import LocalError
from batchtts.files import local_errors
from batchtts.model import Pauses, Recording, Request
from batchtts.outputs.files import Written, write_file
from batchtts.runner.arrivals import Arrivals
from batchtts.runner.collection import Made, Share
from batchtts.runner.entries import facts, suspects_in
from batchtts.runner.feed import Due, Work, key_of, tags
from batchtts.runner.ledger import Ledger
from batchtts.runner.workshop import Workshop

__all__ = ["Rendered", "render"]

_Suspects = dict[int, dict[str, object]]


_Need = Due | Share


class Rendered(NamedTuple):
    """A file that was made, and what is told of it from now on."""

    due: Due
    written: Written
    facts: Mapping[str, object]


def render(
    work: Work, arrivals: Arrivals, shop: Workshop, ledger: Ledger
) -> Iterator[Rendered | Made]:
    """Build each track that is needed of the reading once, and make use of it.

    Runs in a worker thread, and waits there for takes that are not in the cache
    yet. Each file is in the ledger before it is yielded. Raises LocalError, and
    NotComing where a take will not arrive or the work has been abandoned.
    """
    needed: dict[tuple[int, Pauses], list[_Need]] = {}
    for due in work.due:
        kind = due.rate_hz, due.target.output.audio.pauses
        needed.setdefault(kind, []).append(due)
    for share in work.shares:
        kind = share.wanted.rate_hz, share.wanted.pauses
        needed.setdefault(kind, []).append(share)
    for (rate_hz, pauses), needs in needed.items():
        suspects: _Suspects = {}
        with _scratch_file(shop.scratch) as spool:
            track = tracks.make_track(
                _pieces(work, arrivals, shop, suspects),
                rate_hz=rate_hz,
                pauses=pauses,
                spool=spool,
            )
            told = [suspects[at] for at in sorted(suspects)]
            for need in needs:
                shop.check()
                if isinstance(need, Share):
                    doubts = tuple(suspects_in(work, told))
                    yield from need.collection.add(
                        work.reading, need.target, track, doubts
                    )
                    continue
                written = _written(work, need, track, shop)
                known = facts(written)
                if told:
                    known["suspects"] = told
                with local_errors("cannot look at"):
                    key = key_of(work.reading, need)
                    ledger.record(written.path, key, written.sha256, known)
                yield Rendered(need, written, known)


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


def _pieces(
    work: Work, arrivals: Arrivals, shop: Workshop, suspects: _Suspects
) -> Iterator[tracks.Piece]:
    """Yield the pieces as their takes arrive, and note which takes are in doubt."""
    for number, piece in enumerate(work.reading.pieces):
        arrivals.wait(number)
        shop.check()
        load = None
        if piece.request is not None:
            load = functools.partial(_load, shop.cache, piece.request, number, suspects)
        yield tracks.Piece(load, piece.chunk.boundary)


def _load(
    cache: Cache, request: Request, number: int, suspects: _Suspects
) -> Recording:
    fingerprint = request.fingerprint
    kept = cache.read(fingerprint)
    if kept is None:
        raise LocalError(
            f'the take "{fingerprint[:12]}" is gone from the cache, or damaged; '
            "run again to make it anew"
        )
    if kept.suspect is not None:
        suspects[number] = {
            "chunk": number + 1,
            "reason": kept.suspect,
            "take": fingerprint,
        }
    return kept.recording


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
