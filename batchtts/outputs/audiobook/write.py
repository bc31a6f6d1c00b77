"""Write the files of an audiobook: levelled as one, encoded, whole or absent."""

from __future__ import annotations

import contextlib
import functools
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from batchtts.audio.codecs import bitrate_for
from batchtts.audio.container import Stream, write_container
from batchtts.audio.levels import Measured, levels_of
from batchtts.audio.loudness import missed_db, shortfall_db
from batchtts.audio.playback import LOSSY, expected_loss_db
from batchtts.files import atomic, local_errors
from batchtts.model import Loudness
from batchtts.outputs.audiobook.bookfile import BookFile
from batchtts.outputs.audiobook.crew import Crew
from batchtts.outputs.audiobook.cuts import Piece, pieces
from batchtts.outputs.audiobook.levelling import (
    GainSearch,
    ceiling_for,
    excerpts,
    goal_of,
    measured,
    own_gain_db,
    sound_of,
)
from batchtts.outputs.audiobook.passages import Made, Passage, packets_in
from batchtts.outputs.audiobook.program import Program
from batchtts.outputs.files import Written, digest_of

__all__ = ["BOOK_VERSION", "write_book"]

BOOK_VERSION = 2
"""Goes up when the same tracks and settings come to give other bytes."""

_REHEARSALS = 5
_REHEARSED_DB = 0.03
_TRIES = 5
_TOLERANCE_DB = 0.08


def write_book(
    book: Sequence[BookFile],
    *,
    loudness: Loudness,
    bitrate: int | None,
    crew: Crew,
    scratch: Path,
    owner: str = "",
    check: Callable[[], None] = lambda: None,
    within: tuple[float, float] | None = None,
) -> list[Written]:
    """Write all files of a book, of one ending and one sampling rate.

    One gain for all brings the book, played back, to its loudness. ``within``
    says between which levels each file has to be by itself; one that would not
    be is raised or lowered until it is. Peaks that would be heard over the
    ceiling are lowered, each by itself.

    The files are whole at their paths or, on an error, as they were. The same
    tracks, settings and versions give the same bytes, however many workers there
    are. ``owner``: see `files.atomic`. ``check`` is called again and again; what
    it raises ends the writing. Raises LocalError.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(local_errors("cannot write the audiobook"))
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True)
        )
        recipe = _Recipe(_suffix(book[0]), bitrate, loudness, Path(folder))
        make = functools.partial(crew.make, check=check)
        edition = _Edition(book, recipe, within, make)
        edition.rehearse()
        paths = [stack.enter_context(atomic(one.path, owner=owner)) for one in book]
        return [
            _written(one, path, heard, loudness)
            for one, path, heard in zip(book, paths, edition.write(paths), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How every part of a book is made."""

    suffix: str
    bitrate: int | None
    loudness: Loudness
    folder: Path

    @property
    def is_lossy(self) -> bool:
        return self.suffix in LOSSY

    def stream(self, program: Program) -> Stream:
        """Say what a program's packets are."""
        return Stream(
            suffix=self.suffix,
            rate_hz=program.rate_hz,
            bitrate=self.bitrate,
            samples=program.samples,
        )

    def passage(self, program: Program, piece: Piece, gain_db: float) -> Passage:
        """Say how a piece of a program is made."""
        ceiling_db = ceiling_for(
            program,
            piece.sources,
            self.loudness,
            gain_db=gain_db,
            lossy=self.is_lossy,
        )
        is_changed = ceiling_db is not None or program.room_tone_db is not None
        holds_peaks = self.is_lossy and self.loudness.mode in {"lufs", "rms"}
        return Passage(
            sources=piece.sources,
            suffix=self.suffix,
            rate_hz=program.rate_hz,
            bitrate=self.bitrate,
            gain_db=gain_db,
            ceiling_db=ceiling_db,
            most_db=self.loudness.ceiling if holds_peaks else None,
            room_tone_db=program.room_tone_db,
            skip=piece.skip,
            keep=piece.keep,
            measured=self.is_lossy or is_changed,
            packets=self.folder / f"{secrets.token_hex(8)}.packets",
        )


class _Edition:
    """A book in the making."""

    def __init__(
        self,
        book: Sequence[BookFile],
        recipe: _Recipe,
        within: tuple[float, float] | None,
        make: Callable[[Iterable[Passage]], Iterator[Made]],
    ) -> None:
        self._book = book
        self._recipe = recipe
        self._loudness = recipe.loudness
        self._within = within
        self._make = make
        self._sounds = [sound_of(one.program) for one in book]
        self._whole = levels_of([part for parts in self._sounds for part in parts])
        rate_hz = book[0].program.rate_hz
        kbps = bitrate_for(recipe.suffix, rate_hz, recipe.bitrate)
        loss_db = expected_loss_db(recipe.suffix, kbps)
        self._search = GainSearch(self._whole, recipe.loudness, loss_db=loss_db)

    def rehearse(self) -> None:
        """Find the gain with excerpts, so that the book need not be made twice."""
        if self._loudness.mode not in {"lufs", "rms"}:
            return
        chosen = [*excerpts([one.program for one in self._book])]
        parts = [measured(source, program.rate_hz) for program, source in chosen]
        goal = goal_of(self._loudness, self._whole, levels_of(parts))
        for _ in range(_REHEARSALS):
            passages = [
                self._recipe.passage(
                    program, Piece((source,), 0, None), self._search.gain_db
                )
                for program, source in chosen
            ]
            if not any(passage.measured for passage in passages):
                return  # nothing will be changed but by the gain
            made = self._make(replace(passage, measured=True) for passage in passages)
            heard = [one.heard for one in made if one.heard]
            short_db = shortfall_db(levels_of(heard), goal)
            if not self._search.advance(short_db, _REHEARSED_DB):
                break
        self._search.begin_anew()

    def write(self, paths: Sequence[Path]) -> list[list[Measured]]:
        """Write every file, again if need be; return what is heard in each."""
        for _ in range(_TRIES):
            heard = self._write_once(paths)
            whole = levels_of([part for parts in heard for part in parts])
            short_db = shortfall_db(whole, self._loudness)
            if not self._search.advance(short_db, _TOLERANCE_DB):
                break
        return heard

    def _write_once(self, paths: Sequence[Path]) -> list[list[Measured]]:
        plans = [
            _Plan(one, self._recipe.stream(one.program), self._gain_db(number))
            for number, one in enumerate(self._book)
        ]
        coming = self._make(
            self._recipe.passage(plan.file.program, piece, plan.gain_db)
            for plan in plans
            for piece in plan.pieces
        )
        heard = []
        for plan, path, sound in zip(plans, paths, self._sounds, strict=True):
            made = _write_file(path, plan, islice(coming, len(plan.pieces)))
            found = [one.heard for one in made if one.heard]
            heard.append(found or [one.raised(plan.gain_db) for one in sound])
        return heard

    def _gain_db(self, number: int) -> float:
        """Return the gain of one of the files."""
        gain_db = self._search.gain_db
        if self._within is None:
            return gain_db
        levels = levels_of(self._sounds[number]).raised(gain_db)
        return gain_db + own_gain_db(levels, self._loudness, self._within)


class _Plan:
    """What a file is made of, and with which gain."""

    def __init__(self, file: BookFile, stream: Stream, gain_db: float) -> None:
        self.file = file
        self.stream = stream
        self.gain_db = gain_db
        self.pieces = tuple(pieces(file.program, stream))


def _suffix(file: BookFile) -> str:
    return file.path.suffix.lower()


def _write_file(path: Path, plan: _Plan, coming: Iterable[Made]) -> list[Made]:
    """Write a file of the pieces that come; return them, without their packets."""
    done: list[Made] = []

    def packets() -> Iterator[bytes]:
        for made in coming:
            done.append(made)
            yield from packets_in(made.packets)
            made.packets.unlink()

    write_container(
        path, packets(), plan.stream, plan.file.label, md5=lambda: done[-1].md5
    )
    return done


def _written(
    one: BookFile, path: Path, heard: Sequence[Measured], loudness: Loudness
) -> Written:
    digest, size_bytes = digest_of(path)
    levels = replace(levels_of(heard), samples=one.program.samples)
    return Written(
        path=one.path,
        sha256=digest,
        size_bytes=size_bytes,
        samples=one.program.samples,
        rate_hz=one.program.rate_hz,
        levels=levels,
        missed_db=missed_db(levels, loudness),
    )
