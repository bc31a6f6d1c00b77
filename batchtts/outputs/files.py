"""Write a track as an audio file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from batchtts.audio.codecs import bitrate_for
from batchtts.audio.encode import encode
from batchtts.audio.levels import Levels
from batchtts.audio.loudness import corrected, levelled, missed_db
from batchtts.audio.playback import LOSSY, expected_loss_db, played_levels
from batchtts.files import atomic, local_errors
from batchtts.model import Loudness
from batchtts.outputs.captions import Heading, Sentence, subtitles
from batchtts.tracks import Track

__all__ = ["Written", "digest_of", "write_file", "write_subtitles"]

_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A finished audio file."""

    path: Path
    sha256: str
    size_bytes: int
    samples: int
    rate_hz: int
    levels: Levels  # of what a decoder gives back
    missed_db: float  # distance from the loudness asked for; 0 if within 0.1
    beside: Mapping[str, str] = field(default_factory=dict)  # SHA-256 by path

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

    A lossy file is played back and, where the codec made it softer, louder or
    its peaks higher than was asked for, encoded once more against that.

    The file is whole at its path or, on an error, not there. The same track,
    settings and versions give the same bytes. ``owner``: see `files.atomic`.
    ``check`` is called for each block; what it raises ends the writing.
    """
    encoder = _Encoder(track, path.suffix.lower(), bitrate, tags, check)
    with (
        local_errors(f'cannot write "{path}"'),
        atomic(path, owner=owner) as temporary,
    ):
        given, levels = encoder.write(temporary, encoder.foreseen(loudness))
        again = corrected(loudness, given, levels)
        if again:
            _, levels = encoder.write(temporary, again)
        digest, size_bytes = digest_of(temporary)
    return Written(
        path=path,
        sha256=digest,
        size_bytes=size_bytes,
        samples=track.samples,
        rate_hz=track.rate_hz,
        levels=levels,
        missed_db=missed_db(levels, loudness),
    )


@dataclass(frozen=True, slots=True)
class _Encoder:
    """Writes one track in one format."""

    track: Track
    suffix: str
    bitrate: int | None
    tags: Mapping[str, str]
    check: Callable[[], None]

    def foreseen(self, loudness: Loudness) -> Loudness:
        """Return what to ask of the track, as the codec is likely to lose some."""
        kbps = bitrate_for(self.suffix, self.track.rate_hz, self.bitrate)
        loss_db = expected_loss_db(self.suffix, kbps)
        return replace(loudness, target=loudness.target + loss_db)

    def write(self, path: Path, loudness: Loudness) -> tuple[Levels, Levels]:
        """Write a file; return the levels of what was encoded, and of what is heard."""
        track = self.track
        with levelled(
            track.spool, rate_hz=track.rate_hz, levels=track.levels, loudness=loudness
        ) as ready:
            encode(
                _checked(ready.blocks(), self.check),
                path=path,
                suffix=self.suffix,
                rate_hz=track.rate_hz,
                samples=track.samples,
                bitrate=self.bitrate,
                tags=self.tags,
            )
        if self.suffix not in LOSSY:
            return ready.levels, ready.levels
        played = played_levels(
            path, suffix=self.suffix, rate_hz=track.rate_hz, check=self.check
        )
        return ready.levels, replace(played, samples=track.samples)


def _checked(blocks: Iterable[bytes], check: Callable[[], None]) -> Iterator[bytes]:
    for block in blocks:
        check()
        yield block


def write_subtitles(
    sentences: Sequence[Sentence],
    path: Path,
    *,
    kinds: Sequence[str],
    heading: Heading,
    owner: str = "",
) -> dict[str, str]:
    """Write the subtitles of the audio file at ``path`` beside it.

    Returns the SHA-256 of each file by its path. They are whole or, on an error,
    not there. Raises LocalError.
    """
    digests = {}
    for kind in kinds:
        file = path.with_suffix(f".{kind}")
        data = subtitles(sentences, kind, heading)
        with (
            local_errors(f'cannot write "{file}"'),
            atomic(file, owner=owner) as temporary,
        ):
            temporary.write_bytes(data)
        digests[str(file)] = hashlib.sha256(data).hexdigest()
    return digests


def digest_of(path: Path) -> tuple[str, int]:
    """Return a file's SHA-256 in hexadecimal digits, and its size in bytes."""
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
            size_bytes += len(block)
    return digest.hexdigest(), size_bytes
