"""Measure what a lossy file sounds like: what a decoder gives back of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np

from batchtts.audio import mulaw
from batchtts.audio.levels import Levels
from batchtts.audio.meter import Meter
from batchtts.audio.pcm import FULL_SCALE, Floats, Samples, samples_of
from batchtts.errors import LocalError

__all__ = ["LOSSY", "expected_loss_db", "played_levels"]

_MULAW = {".ulaw", ".mulaw", ".ul"}
_READ_BYTES = 1 << 16

LOSSY = {".mp3", ".opus", ".m4a", ".m4b", *_MULAW}
"""Endings of files that do not sound quite like the samples put in."""

# Below so many kbit/s Opus makes speech softer (libopus 1.5, 24 kHz, 27 takes).
_OPUS_LOSSES_DB = {40: 0.33, 64: 0.19}


def expected_loss_db(suffix: str, kbps: int | None) -> float:
    """Return by how much a codec is likely to make speech softer.

    Reckoning with it saves most files a second encoding.
    """
    if suffix != ".opus" or kbps is None:
        return 0.0
    return next((loss for below, loss in _OPUS_LOSSES_DB.items() if kbps < below), 0.0)


def played_levels(
    path: Path, *, suffix: str, rate_hz: int, check: Callable[[], None]
) -> Levels:
    """Decode a file and measure it; ``check`` is called again and again.

    Opus plays at 48 kHz, whatever ``rate_hz`` was put in; peaks over full scale
    are seen. Raises LocalError when the file cannot be decoded.
    """
    meter: Meter | None = None
    for played_hz, signal in _played(path, suffix, rate_hz):
        check()
        meter = meter or Meter(played_hz)
        meter.feed_signal(signal)
    return (meter or Meter(rate_hz)).finish()


def _played(
    path: Path, suffix: str, rate_hz: int
) -> Iterator[tuple[int, Floats | Samples]]:
    if suffix in _MULAW:
        with path.open("rb") as file:
            while block := file.read(_READ_BYTES):
                yield rate_hz, samples_of(mulaw.decode(block))
        return
    try:
        with av.open(str(path.absolute()), "r") as container:
            for frame in container.decode(audio=0):
                signal = frame.to_ndarray().reshape(-1)
                scale = FULL_SCALE if signal.dtype.kind == "f" else 1.0
                yield frame.sample_rate, np.multiply(signal, scale, dtype=np.float32)
    except av.error.FFmpegError as exc:
        raise LocalError(f'cannot play "{path}": {exc.strerror or exc}') from exc
