"""Write PCM as an audio file: the same samples give the same bytes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.codec.context import Flags

from batchtts.audio import mp3, mulaw
from batchtts.audio.pcm import FULL_SCALE, SAMPLE_BYTES, samples_of
from batchtts.errors import LocalError

__all__ = ["bitrate_for", "codec_versions", "encode"]

_WAV_MAX_BYTES = 2**32 - 2**16


@dataclass(frozen=True, slots=True)
class _Codec:
    """How FFmpeg is to be asked for a kind of file."""

    container: str
    codec: Literal["pcm_s16le", "flac", "libmp3lame", "libopus", "aac"]
    sample_format: str
    muxer: tuple[tuple[str, str], ...] = ()
    encoder: tuple[tuple[str, str], ...] = ()


_CODECS = {
    ".wav": _Codec("wav", "pcm_s16le", "s16"),
    ".flac": _Codec("flac", "flac", "s16", muxer=(("metadata_header_padding", "0"),)),
    ".mp3": _Codec("mp3", "libmp3lame", "fltp", muxer=(("id3v2_version", "3"),)),
    # Else a bit rate asked for is only a hint.
    ".opus": _Codec("ogg", "libopus", "s16", encoder=(("vbr", "constrained"),)),
    # The "twoloop" coder takes three times as long and is no better on speech.
    ".m4a": _Codec(
        "mp4",
        "aac",
        "fltp",
        muxer=(("brand", "M4A "), ("movflags", "+faststart")),
        encoder=(("aac_coder", "fast"),),
    ),
}
_MULAW = {".ulaw", ".mulaw", ".ul"}
_DEFAULT_KBPS = {".opus": 48, ".m4a": 64}


def encode(
    blocks: Iterable[bytes],
    *,
    path: Path,
    suffix: str,
    rate_hz: int,
    samples: int,
    bitrate: int | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write mono PCM to ``path`` in the format that ``suffix`` stands for.

    ``samples`` is how many there will be. A decoder that heeds what the file
    says about its padding gives back exactly as many.

    Raises LocalError when the codec refuses, OSError when the disk does.
    """
    if not samples:
        raise LocalError("there is no sound to write, not even silence")
    if suffix in _MULAW:
        with path.open("wb") as file:
            file.writelines(mulaw.encode(block) for block in blocks)
        return
    plan = _plan(suffix, rate_hz, samples, bitrate)
    try:
        packets = _write(blocks, path, plan, tags or {})
    except av.error.FFmpegError as exc:
        if isinstance(exc, OSError):
            raise
        raise LocalError(
            f'cannot encode "{suffix}" at {rate_hz} Hz: {exc.strerror or exc}'
        ) from exc
    if suffix == ".mp3":
        mp3.set_length(path, frames=packets, rate_hz=rate_hz, samples=samples)


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


def codec_versions() -> str:
    """Name what the bytes of a file depend on beside its samples and settings."""
    libraries = sorted(av.library_versions.items())
    parts = [f"{name}-{'.'.join(map(str, number))}" for name, number in libraries]
    return " ".join([f"av-{av.__version__}", f"numpy-{np.__version__}", *parts])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    codec: _Codec
    rate_hz: int
    muxer: Mapping[str, str]
    kbps: int | None
    gain: float


def _plan(suffix: str, rate_hz: int, samples: int, bitrate: int | None) -> _Plan:
    codec = _CODECS[suffix]
    kbps = bitrate_for(suffix, rate_hz, bitrate)
    muxer = {**dict(codec.muxer), "fflags": "+bitexact"}
    if suffix == ".m4a":
        # In its default of milliseconds the edit list would round the length.
        muxer["movie_timescale"] = str(rate_hz)
    if suffix == ".wav" and samples * SAMPLE_BYTES > _WAV_MAX_BYTES:
        muxer["rf64"] = "always"
    gain = mp3.lame_gain(kbps) if suffix == ".mp3" and kbps else 1.0
    return _Plan(codec=codec, rate_hz=rate_hz, muxer=muxer, kbps=kbps, gain=gain)


def _write(
    blocks: Iterable[bytes], path: Path, plan: _Plan, tags: Mapping[str, str]
) -> int:
    """Encode and write; return how many packets there were."""
    with av.open(
        # A relative path with a colon in it would be taken for a URL.
        str(path.absolute()),
        "w",
        format=plan.codec.container,
        options=dict(plan.muxer),
    ) as container:
        stream = container.add_stream(
            plan.codec.codec, rate=plan.rate_hz, options=dict(plan.codec.encoder)
        )
        context = stream.codec_context
        context.layout = "mono"
        context.format = plan.codec.sample_format
        context.flags |= Flags.bitexact
        if plan.kbps:
            context.bit_rate = plan.kbps * 1000
        container.metadata.update(tags)
        count = 0
        for frame in itertools.chain(_frames(blocks, plan), [None]):
            packets = stream.encode(frame)
            count += len(packets)
            container.mux(packets)
    return count


def _frames(blocks: Iterable[bytes], plan: _Plan) -> Iterator[av.AudioFrame]:
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
