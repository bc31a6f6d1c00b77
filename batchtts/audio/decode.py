"""Turn a recording into PCM at the rate wanted."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av

from batchtts.audio import mp3, mulaw
from batchtts.audio.pcm import BLOCK_SAMPLES, SAMPLE_BYTES, blocks_of
from batchtts.errors import LocalError
from batchtts.model import Recording

__all__ = ["decode", "resampled"]

# Flat to 0.93 of the lower Nyquist frequency, 60 dB down at 1.01 of it, 90 at 1.02.
_FILTER = "filter_size=128:phase_shift=10:cutoff=0.97"


def decode(recording: Recording, rate_hz: int) -> bytes:
    """Return a recording as mono signed 16-bit little-endian PCM at ``rate_hz``.

    n samples at ``a`` Hz become n * rate_hz / a of them, rounded. A recording
    that already has the rate is not filtered.

    Raises LocalError when the bytes are not what the recording says.
    """
    if recording.encoding == "pcm":
        if len(recording.data) % SAMPLE_BYTES:
            raise _unusable(recording, "half a sample at its end")
        pcm, native_hz = recording.data, recording.sampling_rate
    elif recording.encoding == "mulaw":
        pcm, native_hz = mulaw.decode(recording.data), recording.sampling_rate
    else:
        pcm, native_hz = _decode_stream(recording)
    if native_hz == rate_hz:
        return pcm
    return resampled(pcm, native_hz, rate_hz)


def resampled(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """Return PCM at another rate, of exactly the length that gives, rounded."""
    samples = len(pcm) // SAMPLE_BYTES
    wanted = (2 * samples * to_hz + from_hz) // (2 * from_hz)
    converted = b"".join(_converted(pcm, from_hz, to_hz))
    return converted[: wanted * SAMPLE_BYTES].ljust(wanted * SAMPLE_BYTES, b"\0")


def _converted(pcm: bytes, from_hz: int, to_hz: int) -> Iterator[bytes]:
    if not pcm:
        return
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=from_hz,
        format="s16",
        layout="mono",
        time_base=Fraction(1, from_hz),
    )
    convert = graph.add("aresample", f"{to_hz}:{_FILTER}")
    sink = graph.add("abuffersink")
    graph.link_nodes(source, convert, sink).configure()
    position = 0
    for block in blocks_of([pcm], BLOCK_SAMPLES):
        frame = av.AudioFrame("s16", "mono", len(block) // SAMPLE_BYTES)
        frame.sample_rate = from_hz
        frame.pts = position
        frame.planes[0].update(block)
        position += frame.samples
        graph.push(frame)
        yield from _pulled(graph)
    graph.push(None)
    yield from _pulled(graph)


def _pulled(graph: av.filter.Graph) -> Iterator[bytes]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield frame.to_ndarray().astype("<i2", copy=False).tobytes()


def _decode_stream(recording: Recording) -> tuple[bytes, int]:
    """Decode an MP3 or Ogg stream at the rate it turns out to have."""
    try:
        with av.open(
            io.BytesIO(recording.data), "r", format=recording.encoding
        ) as container:
            if not container.streams.audio:
                raise _unusable(recording, "no sound in it")
            stream = container.streams.audio[0]
            rate_hz = stream.codec_context.sample_rate
            mono = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
            pcm = b"".join(_mono_blocks(mono, container.decode(stream)))
    except av.error.FFmpegError as exc:
        raise _unusable(recording, exc.strerror or str(exc)) from exc
    except UnicodeDecodeError as exc:
        raise _unusable(recording, "tags that are not text") from exc
    if not pcm:
        raise _unusable(recording, "no sound in it")
    if recording.encoding == "mp3" and not mp3.has_length_tag(recording.data):
        pcm = pcm[mp3.LEAD_IN_SAMPLES * SAMPLE_BYTES :]
    return pcm, rate_hz


def _mono_blocks(
    mono: av.AudioResampler, frames: Iterable[av.AudioFrame]
) -> Iterator[bytes]:
    for frame in itertools.chain(frames, [None]):
        for part in mono.resample(frame):
            yield part.to_ndarray().astype("<i2", copy=False).tobytes()


def _unusable(recording: Recording, why: str) -> LocalError:
    return LocalError(
        f"cannot decode {len(recording.data):,} bytes of {recording.encoding}: {why}; "
        "run `batchtts cache verify` to find damaged takes"
    )
