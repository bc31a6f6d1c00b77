"""G.711 mu-law, by table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchtts.audio.pcm import Samples, samples_of

__all__ = ["decode", "encode"]

_BIAS = 132
_CLIP = 32635


def _decoding() -> Samples:
    code = ~np.arange(256, dtype=np.uint8)
    exponent = (code >> 4).astype(np.int32) & 7
    mantissa = code.astype(np.int32) & 15
    magnitude = (((mantissa << 3) + _BIAS) << exponent) - _BIAS
    return np.where(code & 128, -magnitude, magnitude).astype("<i2")


def _encoding() -> NDArray[np.uint8]:
    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    biased = np.minimum(np.abs(sample), _CLIP) + _BIAS
    exponent = np.floor(np.log2(biased)).astype(np.int32) - 7
    mantissa = (biased >> (exponent + 3)) & 15
    sign = np.where(sample < 0, 128, 0)
    code: NDArray[np.uint8] = (~(sign | exponent << 4 | mantissa)).astype(np.uint8)
    return code


_DECODING = _decoding()
_ENCODING = _encoding()


def decode(mulaw: bytes) -> bytes:
    """Turn mu-law bytes into PCM."""
    return _DECODING[np.frombuffer(mulaw, np.uint8)].tobytes()


def encode(pcm: bytes) -> bytes:
    """Turn PCM into mu-law bytes, one a sample."""
    return _ENCODING[samples_of(pcm).view(np.uint16)].tobytes()
