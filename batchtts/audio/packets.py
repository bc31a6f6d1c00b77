"""Encode PCM to packets without a file around them, and play packets back.

A stream can be made in passages, each by an encoder of its own: where the end of
one and the beginning of the next are silent, the packets of the second, but for
a few at its start, follow those of the first as if one encoder had made them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import Flags

from batchtts.audio import mp3
from batchtts.audio.codecs import Plan, frames, plan_for, set_up
from batchtts.audio.pcm import FULL_SCALE, Floats
from batchtts.errors import LocalError

__all__ = [
    "encoded",
    "packet_samples",
    "padding_samples",
    "played",
    "settling_packets",
    "stream_head",
]

_AAC_SAMPLES = 1024
_OPUS_PACKETS_PER_S = 50
_OPUS_HZ = 48000  # what it is played at
_FRAMES_AT_ONCE = 64
_OPUS_LOOK_AHEAD_S = Fraction(312, 48000)
_DECODERS = {".mp3": "mp3float", ".opus": "opus", ".m4a": "aac", ".m4b": "aac"}


def encoded(
    blocks: Iterable[bytes], *, suffix: str, rate_hz: int, bitrate: int | None
) -> Iterator[bytes]:
    """Encode mono PCM to the packets of a file with this ending.

    Raises LocalError when the codec refuses.
    """
    plan = plan_for(suffix, rate_hz, bitrate)
    try:
        context = _encoder(plan)
        for frame in itertools.chain(frames(blocks, plan), [None]):
            for packet in context.encode(frame):
                if packet.size:  # FLAC ends with an empty one
                    yield bytes(packet)
    except av.error.FFmpegError as exc:
        if isinstance(exc, OSError):
            raise
        raise LocalError(
            f'cannot encode "{suffix}" at {rate_hz} Hz: {exc.strerror or exc}'
        ) from exc


def played(
    packets: Iterable[bytes], *, suffix: str, rate_hz: int, bitrate: int | None
) -> Iterator[tuple[int, Floats]]:
    """Decode packets of a lossy stream: yield rates and samples, full scale 32,768.

    What the encoder put before the sound comes too, but for Opus. Raises
    LocalError when the packets cannot be decoded.
    """
    context = av.CodecContext.create(_DECODERS[suffix], "r")
    assert isinstance(context, AudioCodecContext)  # noqa: S101 (for the type checker)
    context.extradata = stream_head(suffix, rate_hz, bitrate)
    if suffix != ".opus":
        context.sample_rate = rate_hz
    held: list[bytes] = []
    rate_hz = rate_hz if suffix != ".opus" else _OPUS_HZ
    try:
        for data in itertools.chain(packets, [None]):
            for frame in context.decode(None if data is None else av.Packet(data)):
                # A frame is short, and numpy slow to begin: many at a time.
                held.append(bytes(memoryview(frame.planes[0])[: 4 * frame.samples]))
                if len(held) == _FRAMES_AT_ONCE:
                    yield rate_hz, _signal(held)
                    held.clear()
    except av.error.FFmpegError as exc:
        raise LocalError(f"cannot play what was encoded: {exc.strerror}") from exc
    if held:
        yield rate_hz, _signal(held)


def _signal(frames: list[bytes]) -> Floats:
    return np.frombuffer(b"".join(frames), "f4") * np.float32(FULL_SCALE)


def stream_head(suffix: str, rate_hz: int, bitrate: int | None) -> bytes | None:
    """Return what a decoder must be told before the packets, in the codec's form.

    That is AAC's AudioSpecificConfig, Opus's header, FLAC's STREAMINFO without
    what is known only at the end; MP3 has nothing.
    """
    context = _encoder(plan_for(suffix, rate_hz, bitrate))
    context.open()
    return context.extradata


def packet_samples(suffix: str, rate_hz: int, head: bytes | None) -> int:
    """Return how many samples one packet holds; ``head`` is the stream's."""
    if suffix == ".opus":
        return rate_hz // _OPUS_PACKETS_PER_S
    if suffix == ".mp3":
        return mp3.frame_samples(rate_hz)
    if suffix == ".flac":
        return int.from_bytes((head or b"")[:2], "big")
    return _AAC_SAMPLES


def padding_samples(suffix: str, rate_hz: int) -> int:
    """Return how many samples a decoder gives before those that were put in."""
    if suffix == ".opus":
        return int(_OPUS_LOOK_AHEAD_S * rate_hz)
    return {".mp3": mp3.LEAD_IN_SAMPLES, ".flac": 0}.get(suffix, _AAC_SAMPLES)


def settling_packets(suffix: str) -> int:
    """Return how many packets of silence bring a decoder to the state of a new one.

    An MP3 packet may hold a part of the sound of a later one, so that none can
    be left out; but its encoder needs none.
    """
    return {".opus": 5, ".mp3": 0, ".flac": 0}.get(suffix, 3)


def _encoder(plan: Plan) -> AudioCodecContext:
    context = av.CodecContext.create(plan.codec.name, "w")
    assert isinstance(context, AudioCodecContext)  # noqa: S101 (for the type checker)
    set_up(context, plan)
    context.sample_rate = plan.rate_hz
    context.time_base = Fraction(1, plan.rate_hz)
    context.options = dict(plan.codec.options)
    context.flags |= Flags.global_header  # AAC: keep it out of the packets
    return context
