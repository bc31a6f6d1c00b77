"""The boxes that an MP4 file is made of (ISO/IEC 14496-12), and those of tables."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence

import numpy as np

__all__ = [
    "LIMIT_32_BITS",
    "box",
    "chunk_table",
    "descriptor",
    "full_box",
    "offset_table",
    "size_table",
    "time_fields",
    "time_table",
]

LIMIT_32_BITS = 2**32


def box(kind: bytes, *content: bytes) -> bytes:
    """Put content into a box of this kind."""
    data = b"".join(content)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def full_box(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    """Put content into a box that has a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def descriptor(tag: int, *content: bytes) -> bytes:
    """Put content into a descriptor of MPEG-4 systems, of fewer than 128 bytes."""
    data = b"".join(content)
    # The length in four bytes where one would do: old players expect it.
    return struct.pack(">BBBBB", tag, 0x80, 0x80, 0x80, len(data)) + data


def time_fields(rate_hz: int, samples: int) -> tuple[int, bytes]:
    """Return a header's version and its times: never made, and so many samples."""
    version = int(samples >= LIMIT_32_BITS)
    form = ">QQIQ" if version else ">IIII"
    return version, struct.pack(form, 0, 0, rate_hz, samples)


def time_table(lengths: Sequence[tuple[int, int]]) -> bytes:
    """Return the ``stts`` box of runs of packets: how many, and how long each is."""
    runs: list[tuple[int, int]] = []
    for count, length in lengths:
        if runs and runs[-1][1] == length:
            runs[-1] = runs[-1][0] + count, length
        elif count:
            runs.append((count, length))
    entries = b"".join(struct.pack(">II", *run) for run in runs)
    return full_box(b"stts", 0, 0, struct.pack(">I", len(runs)), entries)


def chunk_table(packets: int, per_chunk: int) -> bytes:
    """Return the ``stsc`` box: how many packets stand together."""
    whole, rest = divmod(packets, per_chunk)
    runs = [(1, per_chunk, 1)] if whole else []
    if rest:
        runs.append((whole + 1, rest, 1))
    entries = b"".join(struct.pack(">III", *run) for run in runs)
    return full_box(b"stsc", 0, 0, struct.pack(">I", len(runs)), entries)


def size_table(sizes: Sequence[int] | array[int]) -> bytes:
    """Return the ``stsz`` box: how many bytes each packet has."""
    head = struct.pack(">II", 0, len(sizes))
    return full_box(b"stsz", 0, 0, head, np.asarray(sizes, ">u4").tobytes())


def offset_table(starts: Sequence[int], *, large: bool) -> bytes:
    """Return the box of where each chunk begins; ``large``: in 64 bits."""
    kind, form = (b"co64", ">u8") if large else (b"stco", ">u4")
    entries = np.asarray(starts, form).tobytes()
    return full_box(kind, 0, 0, struct.pack(">I", len(starts)), entries)
