"""Find where nothing is said within speech."""

from __future__ import annotations

import numpy as np

from batchtts.audio.pcm import FULL_SCALE, gain_of, samples_of

__all__ = ["silences"]

_WINDOW_S = 0.01
_LOUD_SHARE = 0.95
_BELOW_SPEECH_DB = -32.0  # breaths are softer, consonants mostly louder
_LEAST_DB = -70.0  # dBFS


def silences(pcm: bytes, rate_hz: int, *, least_s: float) -> list[tuple[int, int]]:
    """Return where speech pauses for ``least_s`` seconds or longer, in samples.

    A pause is what stays 32 dB under the level of the loud parts. What lies at
    either end is one too.
    """
    signal = samples_of(pcm).astype(np.float32)
    window = max(1, round(_WINDOW_S * rate_hz))
    count = len(signal) // window
    if not count:
        return []
    levels = np.sqrt(np.square(signal[: count * window]).reshape(count, -1).mean(1))
    loud = float(np.quantile(levels, _LOUD_SHARE))
    limit = max(loud * gain_of(_BELOW_SPEECH_DB), FULL_SCALE * gain_of(_LEAST_DB))
    quiet = np.concatenate(([False], levels <= limit, [False]))
    edges = np.flatnonzero(quiet[1:] != quiet[:-1]).reshape(-1, 2) * window
    return [
        (int(start), int(end))
        for start, end in edges
        if end - start >= least_s * rate_hz
    ]
