"""What leaves the server: speech at the rate and in the format asked for."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

import av
import av.container
import numpy as np
from av.audio.stream import AudioStream
from av.filter import Graph

from batchtts.localserver.query import AudioFormat, SpeechQuery
from batchtts.localserver.settings import ServerSettings

__all__ = ["Encoder", "encoder", "resample", "wav_header"]

_MP3_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_LOW_HZ = 12_000  # MPEG-2.5: at most 64 kbit/s
_OPUS_HZ = (8000, 12000, 16000, 24000, 48000)
_RESAMPLING = "filter_size=64:phase_shift=10:cutoff=0.97"


class Encoder(Protocol):
    """Turns the sentences of one connection into its stream of bytes."""

    def encode(self, samples: bytes) -> bytes:
        """Return what can be sent after one more sentence."""

    def finish(self) -> bytes:
        """Return what was held back until the end."""


def encoder(query: SpeechQuery, source_hz: int, settings: ServerSettings) -> Encoder:
    """Make the encoder of one connection; sentences come at ``source_hz``."""
    rate_hz = query.rate_hz
    if query.audio_format == "wav":
        header = wav_header(rate_hz, settings.wav_lengths)
        return _Wav(source_hz, rate_hz, header, settings.wav_headers)
    if query.audio_format in {"mp3", "ogg"}:
        return _Compressed(query.audio_format, source_hz, rate_hz)
    return _Raw(query.audio_format, source_hz, rate_hz)


def resample(samples: bytes, source_hz: int, rate_hz: int) -> bytes:
    """Return signed 16-bit mono ``samples`` at another rate, of the same length."""
    if source_hz == rate_hz or not samples:
        return samples
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=source_hz,
        format="s16",
        layout="mono",
        time_base=Fraction(1, source_hz),
    )
    resampler = graph.add("aresample", f"{rate_hz}:{_RESAMPLING}")
    # Without it the graph may change the sample format on its way out.
    keep = graph.add("aformat", "sample_fmts=s16:channel_layouts=mono")
    sink = graph.add("abuffersink")
    source.link_to(resampler)
    resampler.link_to(keep)
    keep.link_to(sink)
    graph.configure()
    graph.push(_frame(samples, source_hz))
    graph.push(None)
    return b"".join(_pulled(graph))


def _pulled(graph: Graph) -> Iterator[bytes]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.EOFError, av.error.BlockingIOError):
            return
        assert isinstance(frame, av.AudioFrame)  # noqa: S101 (for the type checker)
        yield bytes(frame.planes[0])[: frame.samples * 2]


def _frame(samples: bytes, rate_hz: int) -> av.AudioFrame:
    array = np.frombuffer(samples, "<i2").reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(array, format="s16", layout="mono")
    frame.sample_rate = rate_hz
    frame.time_base = Fraction(1, rate_hz)
    frame.pts = 0
    return frame


def wav_header(rate_hz: int, length: int, *, channels: int = 1) -> bytes:
    """Return the 44 bytes before 16-bit PCM, ``length`` as both lengths."""
    block = 2 * channels
    kind = struct.pack("<IHHIIHH", 16, 1, channels, rate_hz, rate_hz * block, block, 16)
    size = struct.pack("<I", length)
    return b"RIFF" + size + b"WAVEfmt " + kind + b"data" + size


class _Raw:
    """Headerless PCM or mu-law: every sentence stands for itself."""

    def __init__(self, audio_format: AudioFormat, source_hz: int, rate_hz: int) -> None:
        self._audio_format = audio_format
        self._source_hz = source_hz
        self._rate_hz = rate_hz

    def encode(self, samples: bytes) -> bytes:
        at_rate = resample(samples, self._source_hz, self._rate_hz)
        return _mulaw(at_rate) if self._audio_format == "mulaw" else at_rate

    def finish(self) -> bytes:
        return b""


class _Wav:
    """PCM behind a header, before the first sentence or before each."""

    def __init__(
        self, source_hz: int, rate_hz: int, header: bytes, headers: str
    ) -> None:
        self._raw = _Raw("pcm", source_hz, rate_hz)
        self._header = header
        self._headers = headers
        self._begun = False

    def encode(self, samples: bytes) -> bytes:
        header = b"" if self._begun and self._headers == "connection" else self._header
        self._begun = True
        return header + self._raw.encode(samples)

    def finish(self) -> bytes:
        return b""


class _Compressed:
    """One MP3 or Ogg Opus stream a connection, given out as it grows.

    The codec works in frames: up to a tenth of a second stays inside until more
    is spoken or the stream is finished.
    """

    def __init__(self, audio_format: AudioFormat, source_hz: int, rate_hz: int) -> None:
        self._audio_format = audio_format
        self._source_hz = source_hz
        rates = _MP3_HZ if audio_format == "mp3" else _OPUS_HZ
        self._rate_hz = min((r for r in rates if r >= rate_hz), default=rates[-1])
        self._sink = _Sink()
        self._live: tuple[av.container.OutputContainer, AudioStream] | None = None
        self._samples = 0

    def encode(self, samples: bytes) -> bytes:
        at_rate = resample(samples, self._source_hz, self._rate_hz)
        self._live = self._live or self._begun()
        container, stream = self._live
        frame = _frame(at_rate, self._rate_hz)
        frame.pts = self._samples
        self._samples += frame.samples
        container.mux(stream.encode(frame))
        return self._sink.taken()

    def finish(self) -> bytes:
        if self._live is None:  # nothing was spoken: not even a header
            return b""
        container, stream = self._live
        container.mux(stream.encode(None))
        container.close()
        return self._sink.taken()

    def _begun(self) -> tuple[av.container.OutputContainer, AudioStream]:
        # Without seeking there is no Xing header, as in any live MP3.
        mp3 = self._audio_format == "mp3"
        options = (
            {"write_xing": "0", "id3v2_version": "0"}
            if mp3
            else {"page_duration": "100000"}  # microseconds
        )
        options["fflags"] = "+bitexact"
        container = av.open(self._sink, "w", format=self._audio_format, options=options)
        stream = container.add_stream(
            "libmp3lame" if mp3 else "libopus", rate=self._rate_hz, layout="mono"
        )
        assert isinstance(stream, AudioStream)  # noqa: S101 (for the type checker)
        if mp3:
            stream.bit_rate = 64_000 if self._rate_hz <= _LOW_HZ else 96_000
            stream.options = {"compression_level": "7"}  # twice as fast as LAME's own
        else:
            stream.bit_rate = 48_000
            stream.options = {"compression_level": "5"}
        return container, stream


class _Sink:
    """A file that is only ever written to, and emptied from time to time."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _mulaw(samples: bytes) -> bytes:
    """Return 16-bit samples as mu-law bytes (ITU-T G.711)."""
    linear = np.frombuffer(samples, "<i2").astype(np.int32)
    sign = np.where(linear < 0, 0x80, 0)
    biased = np.minimum(np.abs(linear), 32635) + 132
    exponent = np.frexp(biased.astype(np.float64))[1] - 8
    mantissa = biased >> (exponent + 3) & 0x0F
    code = ~(sign | exponent << 4 | mantissa) & 0xFF
    return bytes(code.astype(np.uint8))
