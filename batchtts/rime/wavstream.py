"""Samples out of a streamed WAV: one header or several, lengths not to be trusted.

A server that streams WAV writes its header before it knows the length, so the
length is a placeholder, or that of a first part, and a new header may stand
before each sentence. Every complete, plausible header therefore starts a new
part; what lies between is samples.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from batchtts.errors import Fault, TakeError

__all__ = ["read_wav"]

_PCM = 1
_EXTENSIBLE = 0xFFFE  # the real coding stands in the first two bytes of a GUID
_PLACEHOLDER_FROM = 2**30  # a GiB: more than any reply, whatever was meant by it
_MAX_CHUNKS = 16  # before the samples; LIST and fact are common
_MAX_CHUNK_BYTES = 2**16
_RIFF_BYTES = 12
_CHUNK_BYTES = 8
_FMT_BYTES = 16
_EXTENSIBLE_BYTES = 40
_START = re.compile(rb"RIFF.{4}WAVE", re.DOTALL)
_CUT_START = re.compile(
    rb"\A(?:R|RI|RIF)\Z|RIFF(?:.{0,4}|.{4}(?:W|WA|WAV))\Z", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class _Format:
    """What a ``fmt`` chunk says."""

    coding: int
    channels: int
    rate_hz: int
    bits: int

    def __str__(self) -> str:
        """Describe the format as in an error's reason."""
        kind = "PCM" if self.coding == _PCM else f"coding {self.coding}"
        return f"{self.channels} x {self.bits} bit {kind} at {self.rate_hz} Hz"


@dataclass(frozen=True, slots=True)
class _Header:
    """One header: where it starts, where its samples start, what it declares."""

    start: int
    samples: int
    declared_bytes: int
    format: _Format


def read_wav(data: bytes, rate_hz: int) -> bytes:
    """Return the samples of a whole streamed WAV as headerless 16-bit mono PCM.

    Raises TakeError: NOT_AUDIO where it is no WAV, WRONG_FORMAT where it is
    another one than asked for, INCOMPLETE where something of it is missing.
    """
    headers = list(_headers(data))
    if not headers or headers[0].start:
        raise TakeError(Fault.NOT_AUDIO, "asked for wav, got something else")
    asked = _Format(_PCM, 1, rate_hz, 16)
    ends = [header.start for header in headers[1:]] + [len(data)]
    parts = []
    for header, end in zip(headers, ends, strict=True):
        if header.format != asked:
            reason = f"asked for {asked}, got {header.format}"
            raise TakeError(Fault.WRONG_FORMAT, reason)
        parts.append(_samples(data, header, end))
    return b"".join(parts)


def _samples(data: bytes, header: _Header, end: int) -> bytes:
    """Return the samples of the part that ``header`` opens."""
    declared_end = header.samples + header.declared_bytes
    if header.declared_bytes < _PLACEHOLDER_FROM and declared_end > len(data):
        missing = declared_end - len(data)
        raise TakeError(Fault.INCOMPLETE, f"the wav lacks {missing} bytes at its end")
    if _only_chunks(data, declared_end, end):
        end = declared_end
    samples = data[header.samples : end]
    if len(samples) % 2:
        raise TakeError(Fault.INCOMPLETE, "the wav ends inside a sample")
    return samples


def _headers(data: bytes) -> Iterator[_Header]:
    """Yield every complete header; "RIFF" among samples is none by itself."""
    position = 0
    while start := _START.search(data, position):
        header = _header(data, start.start())
        if header is not None:
            yield header
        position = header.samples if header else start.start() + 1
    if _CUT_START.search(data[-_RIFF_BYTES:]):
        raise _cut()


def _header(data: bytes, start: int) -> _Header | None:
    """Read the header at ``start``; None where none stands, TakeError if cut."""
    position = start + _RIFF_BYTES
    found: _Format | None = None
    for _ in range(_MAX_CHUNKS):
        if position + _CHUNK_BYTES > len(data):
            raise _cut()
        name, size = struct.unpack_from("<4sI", data, position)
        position += _CHUNK_BYTES
        if name == b"data":
            return _Header(start, position, size, found) if found else None
        if size > _MAX_CHUNK_BYTES:
            return None
        if name == b"fmt ":
            found = _format(data[position : position + size])
        position += size + size % 2
    return None


def _cut() -> TakeError:
    return TakeError(Fault.INCOMPLETE, "the wav ends inside a header")


def _format(body: bytes) -> _Format | None:
    """Read a ``fmt`` chunk; None where it contradicts itself."""
    if len(body) < _FMT_BYTES:
        return None
    coding, channels, rate_hz, _, block, bits = struct.unpack_from("<HHIIHH", body)
    if coding == _EXTENSIBLE and len(body) >= _EXTENSIBLE_BYTES:
        (coding,) = struct.unpack_from("<H", body, 24)
    if not channels or not rate_hz or block != channels * bits // 8:
        return None
    return _Format(coding, channels, rate_hz, bits)


def _only_chunks(data: bytes, position: int, end: int) -> bool:
    """Return whether ``position`` to ``end`` is nothing but further chunks."""
    while position + _CHUNK_BYTES <= end:
        name, size = struct.unpack_from("<4sI", data, position)
        if not name.isascii() or not name.decode().isprintable():
            return False
        position += _CHUNK_BYTES + size + size % 2
    return position == end
