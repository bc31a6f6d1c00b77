"""The files of one reading made by a worker, from takes that are all in the cache."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from batchtts.audio.levels import Levels
from batchtts.cache import Cache, Kept
from batchtts.errors import LocalError
from batchtts.files import local_errors
from batchtts.model import Boundary, Fingerprint, Loudness, Pauses, Recording
from batchtts.outputs.captions import Caption, Heading, timed
from batchtts.outputs.files import Written, write_file, write_subtitles
from batchtts.tracks import Piece, Track, make_track
from batchtts.workers import Message, serve

__all__ = ["File", "Rendering", "carried_out", "main", "read_take"]


@dataclass(frozen=True, slots=True)
class File:
    """A file that is to be written of a track."""

    path: Path
    loudness: Loudness
    bitrate: int | None
    tags: Mapping[str, str]
    subtitles: Sequence[str] = ()  # formats

    def write(
        self,
        track: Track,
        captions: Sequence[Caption],
        *,
        owner: str,
        check: Callable[[], None] = lambda: None,
    ) -> Written:
        """Write the file and what stands beside it; see `write_file`."""
        written = write_file(
            track,
            self.path,
            loudness=self.loudness,
            bitrate=self.bitrate,
            tags=self.tags,
            owner=owner,
            check=check,
        )
        if not self.subtitles:
            return written
        heading = Heading(
            title=self.tags.get("title", ""),
            author=self.tags.get("artist", ""),
            album=self.tags.get("album", ""),
            length_s=float(written.duration_s),
        )
        beside = write_subtitles(
            timed(track, captions),
            self.path,
            kinds=self.subtitles,
            heading=heading,
            owner=owner,
        )
        return replace(written, beside=beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A track, and the files to be written of it."""

    cache: Path
    takes: Sequence[tuple[Fingerprint | None, Boundary]]  # None: nothing to speak
    rate_hz: int
    pauses: Pauses
    files: Sequence[File]
    captions: Sequence[Caption]  # of the takes, if a file has subtitles
    scratch: Path
    owner: str

    def told(self) -> dict[str, object]:
        """Return what is sent to a worker."""
        return asdict(self)


def carried_out(message: Message) -> tuple[list[Written], dict[int, str]]:
    """Return what a worker answered: the files, and which takes are in doubt and why.

    The takes are those of `Rendering`, counted from 0.
    """
    values = message[0]
    written = [
        Written(**{**one, "path": Path(one["path"]), "levels": Levels(**one["levels"])})
        for one in values["written"]
    ]
    return written, {int(number): why for number, why in values["doubts"].items()}


def read_take(cache: Cache, fingerprint: Fingerprint) -> Kept:
    """Return a take that should be in the cache; raise LocalError if it is not."""
    kept = cache.read(fingerprint)
    if kept is None:
        raise LocalError(
            f'the take "{fingerprint[:12]}" is gone from the cache, or damaged; '
            "run again to make it anew"
        )
    return kept


def main() -> None:
    """Carry out renderings, in the process of a worker."""
    serve(_carry_out)


def _carry_out(values: dict[str, Any]) -> Message:
    cache = Cache(Path(values["cache"]))
    doubts: dict[int, str] = {}

    def piece(number: int, fingerprint: Fingerprint | None, boundary: str) -> Piece:
        def load() -> Recording:
            kept = read_take(cache, Fingerprint(fingerprint or ""))
            if kept.suspect is not None:
                doubts[number] = kept.suspect
            return kept.recording

        return Piece(None if fingerprint is None else load, Boundary(boundary))

    with local_errors("cannot make a scratch file"):
        handle, name = tempfile.mkstemp(suffix=".pcm", dir=values["scratch"])
        os.close(handle)
    try:
        track = make_track(
            (piece(number, *take) for number, take in enumerate(values["takes"])),
            rate_hz=values["rate_hz"],
            pauses=Pauses(**values["pauses"]),
            spool=Path(name),
        )
        captions = [
            Caption(**{**one, "boundary": Boundary(one["boundary"])})
            for one in values["captions"]
        ]
        written = [
            File(
                **{
                    **file,
                    "path": Path(file["path"]),
                    "loudness": Loudness(**file["loudness"]),
                }
            ).write(track, captions, owner=values["owner"])
            for file in values["files"]
        ]
    finally:
        Path(name).unlink(missing_ok=True)
    return {"written": [asdict(one) for one in written], "doubts": doubts}, b""
