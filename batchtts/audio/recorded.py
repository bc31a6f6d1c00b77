"""A person's own recording, read as if it were a take."""

from __future__ import annotations

import io
from pathlib import Path

import av

from batchtts.errors import LocalError
from batchtts.files import local_errors
from batchtts.model import Recording

__all__ = ["SUFFIXES", "read_recording"]

SUFFIXES = (".flac", ".wav")
_MOST_BYTES = 1 << 29
_MOST_S = 3600


def read_recording(path: Path) -> Recording:
    """Return a WAV or FLAC file as mono PCM at its own rate.

    Raises LocalError when it cannot be read or is none.
    """
    with local_errors("cannot read the recording"), path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if path.suffix.lower() not in SUFFIXES or len(data) > _MOST_BYTES:
        raise LocalError(f'"{path}" is no WAV or FLAC file of at most 512 MB')
    try:
        # The format is named, so that nothing that leads to other files is read.
        kind = path.suffix.lower().removeprefix(".")
        with av.open(io.BytesIO(data), "r", format=kind) as container:
            rate_hz = container.streams.audio[0].rate
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
            pcm = bytearray()
            for frame in container.decode(audio=0):
                for part in resampler.resample(frame):
                    pcm += part.to_ndarray().tobytes()
                if len(pcm) > _MOST_S * rate_hz * 2:
                    raise LocalError(f'"{path}" is longer than an hour')
            for part in resampler.resample(None):
                pcm += part.to_ndarray().tobytes()
    except (av.error.FFmpegError, IndexError, ValueError) as exc:
        raise LocalError(f'"{path}" cannot be read as audio: {exc}') from exc
    if not pcm:
        raise LocalError(f'"{path}" has no sound in it')
    return Recording("pcm", rate_hz, bytes(pcm))
