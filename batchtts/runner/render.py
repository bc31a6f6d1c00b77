"""From the takes in the cache to the files of one reading."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from batchtts import tracks
from batchtts.audio.codecs import codec_versions
from batchtts.cache import Cache
from batchtts.files import local_errors
from batchtts.lock.lines import Definition, FileLine, definition
from batchtts.lock.lines import written as line_written
from batchtts.model import Pauses, Recording, Request
from batchtts.outputs.captions import Caption
from batchtts.outputs.files import Written
from batchtts.outputs.rendering import File, Rendering, read_take
from batchtts.runner.arrivals import Arrivals
from batchtts.runner.beside import captions, captions_key, facts_beside
from batchtts.runner.collection import Made, Share
from batchtts.runner.entries import facts, suspects_in
from batchtts.runner.feed import Due, Work
from batchtts.runner.ledger import Ledger
from batchtts.runner.recipes import tags
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
        files = [need for need in needs if isinstance(need, Due)]
        if len(files) == len(needs) and arrivals.complete and shop.has_hands():
            yield from _by_worker(work, files, rate_hz, pauses, shop, ledger)
            continue
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
                yield _recorded(work, need, written, told, ledger)


def _by_worker(
    work: Work,
    dues: Sequence[Due],
    rate_hz: int,
    pauses: Pauses,
    shop: Workshop,
    ledger: Ledger,
) -> Iterator[Rendered]:
    """Have the files of a track made by another process."""
    shop.check()
    pieces = work.reading.pieces
    for due in dues:
        shop.enter(due.target.path.parent)
    written, doubts = shop.have_rendered(
        Rendering(
            cache=shop.cache.folder,
            takes=[
                (
                    piece.request.fingerprint if piece.request else None,
                    piece.chunk.boundary,
                )
                for piece in pieces
            ],
            rate_hz=rate_hz,
            pauses=pauses,
            files=[_file(work, due) for due in dues],
            captions=_captions(work, dues),
            scratch=shop.scratch,
            owner=shop.owner,
        )
    )
    suspects: _Suspects = {}
    for number, reason in doubts.items():
        if request := pieces[number].request:
            suspects[number] = _doubt(number, reason, request)
    told = [suspects[at] for at in sorted(suspects)]
    for due, one in zip(dues, written, strict=True):
        yield _recorded(work, due, one, told, ledger)


def _recorded(
    work: Work,
    due: Due,
    written: Written,
    told: list[dict[str, object]],
    ledger: Ledger,
) -> Rendered:
    """Note a file that has been written in the ledger."""
    known = {**facts(written), **facts_beside(written.beside)}
    if written.beside:
        known["captions"] = captions_key(work.reading)
    if told:
        known["suspects"] = told
    with local_errors("cannot look at"):
        codecs = _codecs()
        ledger.note(codecs.kind, codecs.id, line_written(codecs))
        line = FileLine(
            path=ledger.name(written.path),
            made=due.made,
            codecs=codecs.id,
            sha256=written.sha256,
            facts=known,
        )
        ledger.record_file(written.path, line)
    return Rendered(due, written, known)


@functools.cache
def _codecs() -> Definition:
    return definition("codecs", {"versions": codec_versions()})


def _file(work: Work, due: Due) -> File:
    audio = due.target.output.audio
    return File(
        path=due.target.path,
        loudness=audio.loudness,
        bitrate=audio.bitrate,
        tags=tags(work.reading),
        subtitles=due.target.output.subtitles,
    )


def _captions(work: Work, dues: Sequence[Due]) -> list[Caption]:
    """Return what is written where each take is heard, if that is to be shown."""
    wanted = any(due.target.output.subtitles for due in dues)
    return captions(work.reading) if wanted else []


def _doubt(number: int, reason: str, request: Request) -> dict[str, object]:
    return {"chunk": number + 1, "reason": reason, "take": request.fingerprint}


def _written(work: Work, due: Due, track: tracks.Track, shop: Workshop) -> Written:
    file = _file(work, due)
    shop.enter(file.path.parent)
    shown = _captions(work, [due])
    return file.write(track, shown, owner=shop.owner, check=shop.check)


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
    kept = read_take(cache, request.fingerprint)
    if kept.suspect is not None:
        suspects[number] = _doubt(number, kept.suspect, request)
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
