"""Sound that waits for its place: encoded utterances, one behind the other."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from batchtts.files import local_errors, make_folder

__all__ = ["Packs"]

_PACK_BYTES = 256 * 1024 * 1024
_ENDING = ".pack"


class Packs:
    """Files in a folder, each written once, from its start to its end.

    Not for several threads at a time.
    """

    def __init__(self, folder: Path) -> None:
        """Use a folder, which may hold packs of an earlier process."""
        self._folder = folder
        make_folder(folder)
        self._number = max(self.sizes(), default=0)
        self._writing: BinaryIO | None = None
        self._reading: tuple[int, BinaryIO] | None = None

    def sizes(self) -> dict[int, int]:
        """Return the bytes of each pack by its number."""
        with local_errors("cannot look at"):
            return {
                int(path.stem): path.stat().st_size
                for path in self._folder.glob(f"*{_ENDING}")
                if path.stem.isdecimal()
            }

    def append(self, blobs: Sequence[bytes]) -> tuple[int, int]:
        """Write ``blobs`` in a row; return the pack and where they begin."""
        with local_errors("cannot write"):
            if self._writing is None or self._writing.tell() >= _PACK_BYTES:
                self._finish()
                self._number += 1
                self._writing = self._path(self._number).open("wb")
            start = self._writing.tell()
            self._writing.writelines(blobs)
        return self._number, start

    def settle(self) -> None:
        """Have all that was written on the disk itself."""
        if self._writing is not None:
            with local_errors("cannot write"):
                self._writing.flush()
                os.fsync(self._writing.fileno())

    def read(self, pack: int, start: int, size_bytes: int) -> bytes:
        """Return part of a pack."""
        with local_errors("cannot read"):
            if self._writing is not None and pack == self._number:
                self._writing.flush()
            if self._reading is None or self._reading[0] != pack:
                self._stop_reading()
                self._reading = pack, self._path(pack).open("rb")
            file = self._reading[1]
            file.seek(start)
            return file.read(size_bytes)

    def keep(self, wanted: set[int]) -> None:
        """Remove every pack but these and the one that is being written."""
        for number in self.sizes():
            if number in wanted or (self._writing and number == self._number):
                continue
            if self._reading is not None and self._reading[0] == number:
                self._stop_reading()
            with local_errors("cannot remove"):
                self._path(number).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the files."""
        self._finish()
        self._stop_reading()

    def clear(self) -> None:
        """Remove every pack."""
        self.close()
        self.keep(set())
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def _finish(self) -> None:
        self.settle()
        if self._writing is not None:
            self._writing.close()
            self._writing = None

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading[1].close()
            self._reading = None

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}{_ENDING}"
