"""The sound of an utterance as the bytes of an audio file."""

from __future__ import annotations

import io
import os
import tempfile
import wave
from pathlib import Path

from batchtts.audio.encode import encode
from batchtts.audio.pcm import SAMPLE_BYTES
from batchtts.corpora import Suffix
from batchtts.files import local_errors
from batchtts.outputs.datasets.rows import Sound

__all__ = ["encoded"]


def encoded(sound: Sound, suffix: Suffix, scratch: Path) -> bytes:
    """Return a whole file; ``scratch`` is a folder for what must be on disk."""
    if suffix == ".wav":
        return _wav(sound)
    with local_errors("cannot encode"):
        handle, name = tempfile.mkstemp(suffix=suffix, dir=scratch)
        os.close(handle)
        path = Path(name)
        try:
            encode(
                sound.blocks(),
                path=path,
                suffix=suffix,
                rate_hz=sound.rate_hz,
                samples=sound.samples,
            )
            return path.read_bytes()
        finally:
            path.unlink(missing_ok=True)


def _wav(sound: Sound) -> bytes:
    # The same bytes as FFmpeg's, two hundred times as fast.
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(SAMPLE_BYTES)
        writer.setframerate(sound.rate_hz)
        for block in sound.blocks():
            writer.writeframesraw(block)
    return file.getvalue()
