"""PCM on disk and in memory: signed 16-bit little-endian, mono."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BLOCK_SAMPLES",
    "FULL_SCALE",
    "SAMPLE_BYTES",
    "Floats",
    "Samples",
    "blocks_of",
    "db",
    "gain_of",
    "read_blocks",
    "samples_of",
    "to_bytes",
]

_PCM = np.dtype("<i2")

Samples = NDArray[np.int16]
Floats = NDArray[np.float32]

SAMPLE_BYTES = 2
FULL_SCALE = 32768.0
BLOCK_SAMPLES = 65536
"""Samples worked on at a time: large enough that threads, each of which needs the
interpreter between two calls of numpy, seldom wait for one another, small enough
for the processor's cache."""


def samples_of(pcm: bytes) -> Samples:
    """View PCM bytes as samples, without a copy."""
    return np.frombuffer(pcm, _PCM)


def to_bytes(signal: Floats) -> bytes:
    """Round a signal in units of one sample step to PCM, clipped to what fits."""
    return np.clip(np.rint(signal), -32768, 32767).astype(_PCM).tobytes()


def read_blocks(path: Path) -> Iterator[bytes]:
    """Read a PCM file block by block."""
    with path.open("rb") as file:
        while block := file.read(BLOCK_SAMPLES * SAMPLE_BYTES):
            yield block


def blocks_of(parts: Iterable[bytes], samples: int) -> Iterator[bytes]:
    """Cut PCM that comes in parts of any size into blocks of ``samples``.

    The last block may be shorter; no block is empty.
    """
    size_bytes = samples * SAMPLE_BYTES
    held = bytearray()
    for part in parts:
        held += part
        whole_bytes = len(held) - len(held) % size_bytes
        for start in range(0, whole_bytes, size_bytes):
            yield bytes(held[start : start + size_bytes])
        del held[:whole_bytes]
    if held:
        yield bytes(held)


def db(ratio: float) -> float:
    """Return an amplitude ratio in dB; silence is minus infinity."""
    return 20 * float(np.log10(ratio)) if ratio > 0 else float("-inf")


def gain_of(level_db: float) -> float:
    """Return the amplitude ratio of a level in dB."""
    return float(10 ** (level_db / 20))
