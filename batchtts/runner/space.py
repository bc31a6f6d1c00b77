"""Room on the disk: how much a job will need, estimated before it is needed.

The estimate is a low one, of brisk speech, so that a run which is refused for
it would hardly have fitted. What is full in spite of it ends the run when it is.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

from batchtts.errors import LocalError
from batchtts.files import local_errors
from batchtts.formats import FORMATS, rate_for
from batchtts.model import Job, Output, Voice

__all__ = ["Room"]

_SECONDS_PER_CHARACTER = 0.05  # English is read in 0.06, Chinese in 0.2
_FILE_BYTES = 2048  # lost at the end of a file, on the average
_SHORT_TAKE = 20  # characters; few are shorter
_SAMPLE_BYTES = 2
_COMPRESSED_KBPS = 40  # of a take that comes as MP3 or Ogg
_DEFAULT_KBPS = 48  # of a file whose bit rate is left to the codec
_KBIT_BYTES = 125


class Room:
    """Adds up what will be written, folder by folder."""

    def __init__(self, *, cache: Path, scratch: Path) -> None:
        """Begin with nothing; ``scratch`` holds one text's samples at a time."""
        self._cache = cache
        self._scratch = scratch
        self._bytes: Counter[Path] = Counter()
        self._longest = 0

    def whole(self, job: Job, characters: int, files: int) -> None:
        """Count a job as if nothing of it were there: it needs no more than that."""
        for output in job.outputs:
            kind = FORMATS[output.suffix]
            rates_hz = [
                rate_for(kind, output.audio.sample_rate, voice.sampling_rate)
                for voice in job.voices.values()
            ]
            self.file(characters, output, max(rates_hz))
            self._bytes[output.folder] += files * _FILE_BYTES
        self.take(characters, max(job.voices.values(), key=_take_rate))
        self._bytes[self._cache] += characters * _FILE_BYTES // _SHORT_TAKE

    def take(self, characters: int, voice: Voice) -> None:
        """Count a take that is not in the cache yet."""
        rate = _take_rate(voice)
        self._bytes[self._cache] += _sound_bytes(characters, rate) + _FILE_BYTES

    def file(self, characters: int, output: Output, rate_hz: int) -> None:
        """Count a file that is to be made of so many characters, or its part in one."""
        rate = _file_rate(output, rate_hz)
        self._bytes[output.folder] += _sound_bytes(characters, rate) + _FILE_BYTES
        samples = _sound_bytes(characters, rate_hz * _SAMPLE_BYTES)
        if output.sharing == "none":
            self._longest = max(self._longest, samples)
        else:  # kept until all that goes into it is there
            self._bytes[self._scratch] += samples

    @property
    def needed_bytes(self) -> int:
        """Return how much all of it is."""
        return sum(self._bytes.values()) + self._longest

    def shortages(self) -> list[str]:
        """Say of each file system on which it will not fit how much is missing."""
        needed: Counter[int] = Counter()
        example: dict[int, Path] = {}
        for folder, size in [*self._bytes.items(), (self._scratch, self._longest)]:
            there = _existing(folder)
            with local_errors("cannot look at"):
                device = there.stat().st_dev
            needed[device] += size
            example.setdefault(device, there)
        return [
            line
            for device, size in needed.items()
            if (line := _shortage(size, example[device]))
        ]

    def require(self) -> None:
        """Raise LocalError if it will not fit."""
        if lines := self.shortages():
            raise LocalError("\n".join(lines))


def _shortage(size: int, folder: Path) -> str | None:
    with local_errors("cannot look at"):
        free = shutil.disk_usage(folder).free
    if size <= free:
        return None
    return (
        f'the disk of "{folder}" would be full before the job is done: about '
        f"{_megabytes(size)} are needed (estimated from the characters), "
        f"{_megabytes(free)} are free; free some space, or put the outputs or the "
        "cache on another disk"
    )


def _existing(folder: Path) -> Path:
    """Return the nearest folder, upwards, that is there."""
    return next(
        (above for above in (folder, *folder.parents) if os.path.isdir(above)),  # noqa: PTH112 - Path.is_dir may raise
        folder,
    )


def _sound_bytes(characters: int, bytes_per_s: float) -> int:
    return int(characters * _SECONDS_PER_CHARACTER * bytes_per_s)


def _take_rate(voice: Voice) -> float:
    """Return the bytes of a second of a voice's takes."""
    match voice.audio_format:
        case "pcm" | "wav":
            return voice.sampling_rate * _SAMPLE_BYTES
        case "mulaw":
            return voice.sampling_rate
        case "mp3" | "ogg":
            return _COMPRESSED_KBPS * _KBIT_BYTES


def _file_rate(output: Output, rate_hz: int) -> float:
    """Return the bytes of a second of an output's files."""
    kind = FORMATS[output.suffix]
    if kind.bitrates is not None:
        return (output.audio.bitrate or _DEFAULT_KBPS) * _KBIT_BYTES
    # FLAC halves speech; mu-law has one byte a sample.
    return rate_hz * (_SAMPLE_BYTES if kind.name == "wav" else 1)


def _megabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"  # noqa: PLR2004 - a billion
