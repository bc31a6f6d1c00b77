"""Packed files as streams of bytes, unpacked as they are read and no further."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["BadPackingError", "unpacked"]

_READ_BYTES = 64 * 1024
_XZ_BYTES = 256 * 1024 * 1024  # of memory; what `xz -9` makes takes 65 MB
_FREE_BYTES = 16 * 1024 * 1024
_MOST_TIMES = 250  # tables shrink to a tenth, and the dullest to a hundredth


class BadPackingError(Exception):
    """A packed file is damaged, or made to fill memory and time."""


def unpacked(raw: IO[bytes], packing: str) -> io.BufferedReader:
    """Return what is packed in ``raw``; without ``packing`` that itself.

    Reading raises BadPackingError where it cannot be unpacked.
    """
    if not packing:
        return cast("io.BufferedReader", raw)
    source: IO[bytes]
    if packing == ".gz":
        source = cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    else:
        source = cast("IO[bytes]", _Streams(raw, packing))
    return io.BufferedReader(_Bounded(source, raw), _READ_BYTES)


class _Bounded(io.RawIOBase):
    """Reads on until what comes is out of all proportion to what is packed."""

    def __init__(self, source: IO[bytes], raw: IO[bytes]) -> None:
        self._source = source
        self._raw = raw
        self._given = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer, or some of it."""
        view = memoryview(buffer).cast("B")
        try:
            data = self._source.read(len(view))
        except (EOFError, OSError, lzma.LZMAError, zlib.error) as exc:
            raise BadPackingError(f"it cannot be unpacked: {exc}") from exc
        self._given += len(data)
        if self._given > max(_FREE_BYTES, _MOST_TIMES * self._raw.tell()):
            raise BadPackingError(
                f"it unpacks to more than {_MOST_TIMES} times its size: "
                "that is no table; if it is, unpack it first"
            )
        view[: len(data)] = data
        return len(data)


class _Streams(io.RawIOBase):
    """What one bzip2 or xz stream after the other holds."""

    def __init__(self, raw: IO[bytes], packing: str) -> None:
        self._raw = raw
        self._packing = packing
        self._unpacker = self._new()
        self._rest = b""
        self._is_new = True

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes; none at the end."""
        while True:
            if self._unpacker.eof:
                self._rest = self._unpacker.unused_data
                self._unpacker, self._is_new = self._new(), True
            packed = b""
            if self._unpacker.needs_input:
                packed = self._rest or self._raw.read(_READ_BYTES)
                self._rest = b""
                if not packed:
                    if self._is_new:
                        return b""
                    raise EOFError("it ends too early")
            self._is_new = False
            if data := self._unpacker.decompress(packed, size):
                return data

    def _new(self) -> bz2.BZ2Decompressor | lzma.LZMADecompressor:
        if self._packing == ".bz2":
            return bz2.BZ2Decompressor()
        return lzma.LZMADecompressor(memlimit=_XZ_BYTES)
