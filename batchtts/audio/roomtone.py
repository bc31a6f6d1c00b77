"""Room tone: the soft noise of a quiet room, the same every time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from batchtts.audio.pcm import FULL_SCALE, Floats, gain_of, samples_of, to_bytes

__all__ = ["with_room_tone"]

_LENGTH = 1 << 19  # samples, after which it begins again: 11 s and more
_FLAT_BELOW_HZ = 200.0
_SEED = 20


def with_room_tone(
    blocks: Iterable[bytes], *, rate_hz: int, level_db: float
) -> Iterator[bytes]:
    """Lay room tone of this level (RMS, dBFS) under PCM.

    It is under the sound as well as in the pauses, as in a room: it does not
    come and go.
    """
    tone = _tone(rate_hz) * np.float32(gain_of(level_db) * FULL_SCALE)
    position = 0
    for block in blocks:
        samples = samples_of(block)
        at = np.arange(position, position + len(samples)) % _LENGTH
        yield to_bytes(samples + tone[at])
        position = (position + len(samples)) % _LENGTH


@lru_cache(maxsize=2)
def _tone(rate_hz: int) -> Floats:
    """Make noise of RMS 1 that falls by 3 dB an octave, as rooms do, and meets itself.

    From random bits, which numpy promises never to change, not from its normal
    distribution, which it may.
    """
    bits = np.random.PCG64(_SEED).random_raw(_LENGTH)
    white = (bits >> np.uint64(32)).astype(np.float64) / 2**32 - 0.5
    spectrum = np.fft.rfft(white)
    hz = np.fft.rfftfreq(_LENGTH, 1 / rate_hz)
    spectrum /= np.sqrt(np.maximum(hz, _FLAT_BELOW_HZ))
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, _LENGTH)
    tone: Floats = (noise / np.sqrt(np.mean(np.square(noise)))).astype(np.float32)
    return tone
