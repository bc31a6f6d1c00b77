"""The sound of an utterance as the bytes of an audio file."""

from __future__ import annotations

import io
import wave

from batchtts.audio.encode import as_bytes
from batchtts.audio.pcm import SAMPLE_BYTES
from batchtts.corpora import Suffix
from batchtts.outputs.datasets.rows import Sound

__all__ = ["encoded"]


def encoded(sound: Sound, suffix: Suffix) -> bytes:
    """Return a whole file. Raises LocalError when the codec refuses."""
    if suffix == ".wav":
        return _wav(sound)
    return as_bytes(
        sound.blocks(), suffix=suffix, rate_hz=sound.rate_hz, samples=sound.samples
    )


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
