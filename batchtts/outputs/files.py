"""Write a track as an audio file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

from batchtts.audio.encode import codec_versions, encode
from batchtts.audio.loudness import levelled, missed_db
from batchtts.audio.meter import Levels
from batchtts.files import atomic, local_errors
from batchtts.model import Boundary, Loudness, Pauses
from batchtts.tracks import RENDER_VERSION, Track

__all__ = ["Written", "render_key", "write_file"]

_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A finished audio file."""

    path: Path
    sha256: str
    size_bytes: int
    samples: int
    rate_hz: int
    levels: Levels  # of what was encoded
    missed_db: float  # distance from the loudness asked for; 0 if within 0.1

    @property
    def duration_s(self) -> Fraction:
        """Return the exact length."""
        return Fraction(self.samples, self.rate_hz)


def write_file(
    track: Track,
    path: Path,
    *,
    loudness: Loudness,
    bitrate: int | None,
    tags: Mapping[str, str],
    owner: str = "",
    check: Callable[[], None] = lambda: None,
) -> Written:
    """Level and encode a track; the ending of ``path`` decides the format.

    The file is whole at its path or, on an error, not there. The same track,
    settings and versions give the same bytes. ``owner``: see `files.atomic`.
    ``check`` is called for each block; what it raises ends the writing.
    """
    with (
        local_errors(f'cannot write "{path}"'),
        levelled(
            track.spool, rate_hz=track.rate_hz, levels=track.levels, loudness=loudness
        ) as ready,
        atomic(path, owner=owner) as temporary,
    ):
        encode(
            _checked(ready.blocks(), check),
            path=temporary,
            suffix=path.suffix.lower(),
            rate_hz=track.rate_hz,
            samples=track.samples,
            bitrate=bitrate,
            tags=tags,
        )
        digest, size_bytes = _digest(temporary)
    return Written(
        path=path,
        sha256=digest,
        size_bytes=size_bytes,
        samples=track.samples,
        rate_hz=track.rate_hz,
        levels=ready.levels,
        missed_db=missed_db(ready.levels, loudness),
    )


def _checked(blocks: Iterable[bytes], check: Callable[[], None]) -> Iterator[bytes]:
    for block in blocks:
        check()
        yield block


def render_key(
    pieces: Sequence[tuple[str, Boundary]],
    *,
    suffix: str,
    rate_hz: int,
    pauses: Pauses,
    loudness: Loudness,
    bitrate: int | None,
    tags: Mapping[str, str],
) -> str:
    """Name all that a file's bytes depend on, as 64 hexadecimal digits.

    ``pieces`` gives each piece's fingerprint, empty where nothing is spoken,
    and the boundary after it.
    """
    canonical = json.dumps(
        [
            RENDER_VERSION,
            codec_versions(),
            suffix,
            rate_hz,
            asdict(pauses),
            asdict(loudness),
            bitrate,
            sorted(tags.items()),
            list(pieces),
        ],
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def _digest(path: Path) -> tuple[str, int]:
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
            size_bytes += len(block)
    return digest.hexdigest(), size_bytes
