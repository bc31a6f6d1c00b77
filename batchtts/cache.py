"""The cache of takes: one checksummed file each, named by its fingerprint.

``<cache>/<first two digits>/<fingerprint>.take`` holds one line, JSON (whose take
it is and how to read it) and the SHA-256 of that and the audio, and then the
audio as it came. A take is written to a temporary name and renamed, so that many
processes can share a cache, and checked against its SHA-256 whenever it is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from batchtts.errors import LocalError
from batchtts.files import (
    TEMP_MARK,
    atomic,
    local_errors,
    require_writable,
    sync_file,
    sync_folder,
)
from batchtts.model import Encoding, Fingerprint, Recording, Request

__all__ = ["MOST_BYTES", "BadTakeError", "Cache", "CacheInfo", "Damaged", "Kept"]

_VERSION = 1
_SUFFIX = ".take"
_SAMPLE_BYTES = {"pcm": 2, "mulaw": 1}
_ENCODINGS = get_args(Encoding)
_BAD_SUFFIX = ".damaged"
_HEADER_BYTES = 4096  # the first line is far shorter
MOST_BYTES = _HEADER_BYTES + 64 * 2**20
"""The most bytes that the file of a take has."""

_REASON_CHARACTERS = 250
_MOST_HZ = 1_000_000
_DAY_S = 24 * 3600
_STALE_TEMP_S = _DAY_S


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """How much a cache holds."""

    takes: int
    size_bytes: int
    damaged: int  # files put aside because they failed their check


@dataclass(frozen=True, slots=True)
class Damaged:
    """A take that failed its check, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A take as it is in the cache, with what is known of its completeness.

    ``suspect`` says why it was doubted before a second take agreed with it.
    ``provisional`` ones were believed before there was enough to judge them by,
    and are still to be judged.
    """

    recording: Recording
    suspect: str | None = None
    provisional: bool = False


class BadTakeError(Exception):
    """The bytes of a take's file are not what was written; says why."""


class Cache:
    """Takes on disk under one folder, which is made when first written to."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``."""
        self.folder = folder
        self.put_aside = 0  # damaged takes that `load` has met

    def require_writable(self) -> None:
        """Raise LocalError unless takes can be stored."""
        require_writable(self.folder)
        with local_errors("cannot look at"):
            closed = [
                path
                for path in self.folder.iterdir()
                if path.is_dir() and not os.access(path, os.W_OK | os.X_OK)
            ]
        if closed:
            raise LocalError(f'cannot write into "{closed[0]}": permission denied')

    def path(self, fingerprint: Fingerprint) -> Path:
        """Return where the take with this fingerprint is or would be."""
        return self.folder / fingerprint[:2] / f"{fingerprint}{_SUFFIX}"

    def has(self, fingerprint: Fingerprint) -> bool:
        """Say whether there is a take, without reading it."""
        return self.path(fingerprint).is_file()

    def load(self, fingerprint: Fingerprint) -> Recording | None:
        """Return the audio of what `read` returns."""
        kept = self.read(fingerprint)
        return None if kept is None else kept.recording

    def read(self, fingerprint: Fingerprint) -> Kept | None:
        """Return the take if it is there and whole, else None.

        A damaged file is put aside under the ending ``.damaged``, never used.
        Raises LocalError when the file is there but cannot be read.
        """
        found = self._whole(fingerprint)
        return None if found is None else found[1]

    def content(self, fingerprint: Fingerprint) -> bytes | None:
        """Return the bytes of the file of a take that `read` would return."""
        found = self._whole(fingerprint)
        return None if found is None else found[0]

    def seconds(self, fingerprint: Fingerprint) -> float | None:
        """Return how long a take is, by its first line alone, which is not checked.

        None where there is no take, or its encoding does not tell.
        """
        try:
            with self.path(fingerprint).open("rb") as file:
                header = _header(file.readline(_HEADER_BYTES).rpartition(b" ")[0])
        except (OSError, BadTakeError):
            return None
        width = _SAMPLE_BYTES.get(str(header.get("encoding")))
        size, rate_hz = header.get("bytes"), header.get("sampling_rate")
        if width is None or not (isinstance(size, int) and isinstance(rate_hz, int)):
            return None
        return size / (width * rate_hz) if rate_hz > 0 else None

    def admit(self, fingerprint: Fingerprint, content: bytes) -> bool:
        """Keep a take as another cache has it; return whether there was none yet.

        A whole one that is there stays. `sync_names` completes what makes this
        outlive a power cut. Raises BadTakeError when it is not what was written, and
        LocalError when it cannot be kept.
        """
        _parse(content, fingerprint)
        if self._whole(fingerprint) is not None:
            return False
        with (
            atomic(self.path(fingerprint), sync=False) as temporary,
            temporary.open("wb") as file,
        ):
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return True

    def sync_names(self) -> None:
        """Bring the names of the takes onto the disk itself."""
        with local_errors("cannot write the cache"):
            for folder in self.folder.iterdir() if self.folder.is_dir() else ():
                if folder.is_dir():
                    sync_folder(folder)

    def _whole(self, fingerprint: Fingerprint) -> tuple[bytes, Kept] | None:
        """Return a take with the bytes of its file; put a damaged one aside."""
        path = self.path(fingerprint)
        try:
            with local_errors("cannot read the cache"):
                content = path.read_bytes()
        except LocalError as exc:
            if isinstance(exc.__cause__, FileNotFoundError):
                return None
            raise
        try:
            kept = _parse(content, fingerprint)
        except BadTakeError:
            self.put_aside += 1
            with contextlib.suppress(OSError):
                path.replace(path.with_suffix(_BAD_SUFFIX))
            return None
        self._note_use(path)
        return content, kept

    def store(
        self,
        request: Request,
        recording: Recording,
        *,
        suspect: str | None = None,
        provisional: bool = False,
    ) -> None:
        """Keep a verified take; it outlives this process when this returns.

        For ``suspect`` and ``provisional`` see `Kept`. A power cut may still
        damage the take, which its checksum tells, until `settle` has been called.
        Raises LocalError when it cannot be written.
        """
        header: dict[str, object] = {
            "version": _VERSION,
            "fingerprint": request.fingerprint,
            "encoding": recording.encoding,
            "sampling_rate": recording.sampling_rate,
            "bytes": len(recording.data),
            "engine": request.engine,
            "characters": len(request.text),
        }
        if suspect is not None:
            header["suspect"] = suspect[:_REASON_CHARACTERS]
        if provisional:
            header["provisional"] = True
        head = json.dumps(header, separators=(",", ":")).encode()
        digest = hashlib.sha256(head + b"\n")
        digest.update(recording.data)
        line = head + b" " + digest.hexdigest().encode() + b"\n"
        path = self.path(request.fingerprint)
        with atomic(path, sync=False) as temporary, temporary.open("wb") as file:
            file.write(line)
            file.write(recording.data)

    def discard(self, fingerprint: Fingerprint) -> None:
        """Remove a take, if it is there. Raises LocalError if it cannot be removed."""
        with local_errors("cannot remove"):
            self.path(fingerprint).unlink(missing_ok=True)

    def settle(self, fingerprint: Fingerprint) -> None:
        """Bring a stored take onto the disk itself. Raises LocalError if it fails."""
        sync_file(self.path(fingerprint))

    def info(self) -> CacheInfo:
        """Count the takes and their bytes."""
        takes = size = 0
        for path in self._files(_SUFFIX):
            with contextlib.suppress(FileNotFoundError):
                size += path.stat().st_size
                takes += 1
        return CacheInfo(takes, size, sum(1 for _ in self._files(_BAD_SUFFIX)))

    def verify(self) -> Iterator[Damaged | None]:
        """Check every take against its checksum: one value for each, None if good.

        Damaged takes are put aside, so that the next run makes them again.
        """
        for path in self._files(_SUFFIX):
            try:
                with local_errors("cannot read the cache"):
                    _parse(path.read_bytes(), path.stem)
                yield None
            except BadTakeError as exc:
                with contextlib.suppress(OSError):
                    path.replace(path.with_suffix(_BAD_SUFFIX))
                yield Damaged(path, str(exc))

    def prune(self, *, older_than_s: float, now_s: float | None = None) -> CacheInfo:
        """Remove takes not used for ``older_than_s`` seconds, and all that is damaged.

        Returns what was removed. A take is used when it is read or written; the
        day is noted, not the hour.
        """
        now_s = time.time() if now_s is None else now_s
        takes = size = damaged = 0
        for path in itertools.chain(self._files(_SUFFIX), self._files(_BAD_SUFFIX)):
            try:
                status = path.stat()
            except FileNotFoundError:  # another process was quicker
                continue
            bad = path.suffix == _BAD_SUFFIX
            if not bad and now_s - status.st_mtime < older_than_s:
                continue
            with local_errors("cannot remove"):
                path.unlink(missing_ok=True)
            size += status.st_size
            takes, damaged = takes + (not bad), damaged + bad
        self._sweep(now_s)
        return CacheInfo(takes, size, damaged)

    def _files(self, suffix: str) -> Iterator[Path]:
        if not self.folder.is_dir():
            return
        with local_errors("cannot read the cache"):
            for folder in sorted(self.folder.iterdir()):
                if folder.is_dir():
                    yield from sorted(folder.glob(f"*{suffix}"))

    @staticmethod
    def _note_use(path: Path) -> None:
        """Note that a take was used, at most once a day: a write for each is dear."""
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _DAY_S:
                os.utime(path)

    def _sweep(self, now_s: float) -> None:
        """Remove temporary files that no living process can still be writing."""
        if not self.folder.is_dir():
            return
        for path in self.folder.glob(f"*/{TEMP_MARK}*"):
            with contextlib.suppress(OSError):
                if now_s - path.stat().st_mtime > _STALE_TEMP_S:
                    path.unlink()


def _parse(content: bytes, fingerprint: str) -> Kept:
    """Return the take in a file's content, or raise if it is not what was written."""
    line, newline, _ = content[:_HEADER_BYTES].partition(b"\n")
    head, _, written = line.rpartition(b" ")
    data = memoryview(content)[len(line) + 1 :]
    digest = hashlib.sha256(head + newline)
    digest.update(data)
    if not newline or digest.hexdigest().encode() != written:
        raise BadTakeError("its content does not match its checksum")
    header = _header(head)
    if header.get("version") != _VERSION or header.get("encoding") not in _ENCODINGS:
        raise BadTakeError("it is of a version that is not known here")
    if header.get("fingerprint") != fingerprint:
        raise BadTakeError("it is the take of another request")
    rate_hz, suspect = header.get("sampling_rate"), header.get("suspect")
    if not (
        isinstance(rate_hz, int)
        and 0 < rate_hz <= _MOST_HZ
        and header.get("bytes") == len(data)
        and (suspect is None or isinstance(suspect, str))
    ):
        raise BadTakeError("its first line does not fit the rest")
    recording = Recording(header["encoding"], rate_hz, bytes(data))
    return Kept(recording, suspect, header.get("provisional") is True)


def _header(head: bytes) -> dict[str, Any]:
    """Return the first line of a take; it may come from strangers."""
    try:
        header = json.loads(head)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise BadTakeError("its first line is not that of a take")
    return header
