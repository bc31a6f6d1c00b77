"""Tar files whose bytes depend on their members only."""

from __future__ import annotations

import tarfile
from pathlib import Path
from types import TracebackType
from typing import Self

from batchtts.files import local_errors

__all__ = ["Tar"]

_ZEROS = bytes(tarfile.BLOCKSIZE)
_RECORD_BYTES = tarfile.RECORDSIZE


class Tar:
    """Writes a tar file member by member, without owners and times."""

    def __init__(self, path: Path) -> None:
        """Begin the file at ``path``."""
        with local_errors(f'cannot write "{path}"'):
            self._file = path.open("wb")

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the file, if all went well, and close it."""
        with self._file:
            if kind is None:
                self._file.write(2 * _ZEROS)
                self._file.write(bytes(-self._file.tell() % _RECORD_BYTES))

    def add(self, name: str, data: bytes) -> None:
        """Write a member."""
        member = tarfile.TarInfo(name)
        member.size = len(data)
        # Names that the old header cannot hold get one of their own.
        self._file.write(member.tobuf(tarfile.PAX_FORMAT))
        self._file.write(data)
        self._file.write(bytes(-len(data) % tarfile.BLOCKSIZE))
