"""What FFmpeg is asked for to make each kind of file."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import Flags

from batchtts.audio import mp3
from batchtts.audio.pcm import FULL_SCALE, SAMPLE_BYTES, samples_of

__all__ = ["Plan", "bitrate_for", "codec_versions", "frames", "plan_for", "set_up"]


@dataclass(frozen=True, slots=True)
class Codec:
    """How FFmpeg is to be asked for a kind of file."""

    container: str
    name: Literal["pcm_s16le", "flac", "libmp3lame", "libopus", "aac"]
    sample_format: Literal["s16", "fltp"]
    muxer: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


# The "twoloop" coder takes three times as long and is no better on speech.
_AAC = Codec(
    "mp4",
    "aac",
    "fltp",
    muxer={"brand": "M4A ", "movflags": "+faststart"},
    options={"aac_coder": "fast"},
)
_CODECS = {
    ".wav": Codec("wav", "pcm_s16le", "s16"),
    ".flac": Codec("flac", "flac", "s16", muxer={"metadata_header_padding": "0"}),
    ".mp3": Codec("mp3", "libmp3lame", "fltp", muxer={"id3v2_version": "3"}),
    # Else a bit rate asked for is only a hint.
    ".opus": Codec("ogg", "libopus", "s16", options={"vbr": "constrained"}),
    ".m4a": _AAC,
    ".m4b": replace(_AAC, muxer={**_AAC.muxer, "brand": "M4B "}),
}
_DEFAULT_KBPS = {".opus": 48, ".m4a": 64, ".m4b": 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A codec with all that it has to be told."""

    codec: Codec
    rate_hz: int
    kbps: int | None
    gain: float  # what the codec must be given more for the level to stay the same


def plan_for(suffix: str, rate_hz: int, bitrate: int | None) -> Plan:
    """Return how files with this ending are encoded."""
    kbps = bitrate_for(suffix, rate_hz, bitrate)
    gain = mp3.lame_gain(kbps) if suffix == ".mp3" and kbps else 1.0
    return Plan(codec=_CODECS[suffix], rate_hz=rate_hz, kbps=kbps, gain=gain)


def set_up(context: AudioCodecContext, plan: Plan) -> None:
    """Tell an encoder that has not been opened yet what it is to do."""
    context.layout = "mono"
    context.format = plan.codec.sample_format
    context.flags |= Flags.bitexact
    if plan.kbps:
        context.bit_rate = plan.kbps * 1000


def frames(blocks: Iterable[bytes], plan: Plan) -> Iterator[av.AudioFrame]:
    """Put PCM into frames that the plan's encoder takes."""
    sample_format = plan.codec.sample_format
    scale = np.float32(plan.gain / FULL_SCALE)
    position = 0
    for block in blocks:
        samples = len(block) // SAMPLE_BYTES
        frame = av.AudioFrame(sample_format, "mono", samples)
        is_float = sample_format == "fltp"
        data = (samples_of(block) * scale).tobytes() if is_float else block
        frame.planes[0].update(data)
        frame.sample_rate = plan.rate_hz
        frame.time_base = Fraction(1, plan.rate_hz)
        frame.pts = position
        position += samples
        yield frame


def bitrate_for(suffix: str, rate_hz: int, asked: int | None) -> int | None:
    """Return the bit rate in kbit/s that a file gets; None where there is none.

    Unasked, it is what mono speech needs: MP3 96 (64 below 32 kHz, 40 below
    16), AAC 64, Opus 48. MP3 has few bit rates: the one nearest to what was
    asked for is taken.
    """
    if suffix == ".mp3":
        wanted = asked or mp3.default_bitrate(rate_hz)
        return min(mp3.bitrates(rate_hz), key=lambda kbps: abs(kbps - wanted))
    return asked or _DEFAULT_KBPS[suffix] if suffix in _DEFAULT_KBPS else None


@functools.cache
def codec_versions() -> str:
    """Name what the bytes of a file depend on beside its samples and settings."""
    libraries = sorted(av.library_versions.items())
    parts = [f"{name}-{'.'.join(map(str, number))}" for name, number in libraries]
    return " ".join([f"av-{av.__version__}", f"numpy-{np.__version__}", *parts])
