"""Put packets into a file with everything it says of itself."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from io import SEEK_SET
from pathlib import Path
from typing import BinaryIO

import av
import av.stream

from batchtts.audio import mp3
from batchtts.audio.codecs import bitrate_for, plan_for, set_up
from batchtts.audio.id3 import id3_tag
from batchtts.audio.mp4 import Sound, write_mp4
from batchtts.audio.mp4tags import user_data
from batchtts.audio.packets import packet_samples, padding_samples, stream_head
from batchtts.audio.vorbis import comment_block, comments, picture_block
from batchtts.errors import LocalError
from batchtts.metadata import Label

__all__ = ["Stream", "write_container"]

_BRANDS = {".m4a": b"M4A ", ".m4b": b"M4B "}
_FLAC_COMMENTS, _FLAC_PICTURE, _FLAC_LAST = 4, 6, 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What packets are of: how they were encoded, and how much sound is in them."""

    suffix: str
    rate_hz: int
    bitrate: int | None  # as asked for
    samples: int

    @property
    def packet_samples(self) -> int:
        """Return how many samples one packet holds."""
        return packet_samples(self.suffix, self.rate_hz, self.head)

    @property
    def head(self) -> bytes | None:
        """Return what a decoder must be told before the packets."""
        return stream_head(self.suffix, self.rate_hz, self.bitrate)


def write_container(
    path: Path,
    packets: Iterable[bytes],
    stream: Stream,
    label: Label,
    *,
    md5: Callable[[], bytes] = lambda: bytes(16),
) -> None:
    """Write a file of all the packets of a stream.

    The stream's ending says which: M4A, M4B, MP3, Opus or FLAC. ``md5`` is asked
    after the last packet for the checksum of the samples, which FLAC holds.

    Raises LocalError when the format cannot hold what it is to say, OSError when
    the disk refuses.
    """
    with path.open("w+b") as file:
        if stream.suffix in _BRANDS:
            _write_mp4(file, packets, stream, label)
        elif stream.suffix == ".flac":
            _write_flac(file, packets, stream, label, md5)
        elif stream.suffix == ".opus":
            _mux(file, packets, stream, _opus_comments(stream, label))
        else:
            tag = id3_tag(label, samples=stream.samples, rate_hz=stream.rate_hz)
            file.write(tag)
            count = _mux(_Rest(file), packets, stream, {})
    if stream.suffix == ".mp3":
        mp3.set_length(
            path, frames=count, rate_hz=stream.rate_hz, samples=stream.samples
        )


def _write_mp4(
    file: BinaryIO, packets: Iterable[bytes], stream: Stream, label: Label
) -> None:
    sound = Sound(
        rate_hz=stream.rate_hz,
        samples=stream.samples,
        kbps=bitrate_for(stream.suffix, stream.rate_hz, stream.bitrate) or 0,
        config=stream.head or b"",
        language=label.language or "und",
    )
    write_mp4(
        file,
        packets,
        sound=sound,
        brand=_BRANDS[stream.suffix],
        marks=label.marks,
        user_data=user_data(label, stream.rate_hz),
    )


def _write_flac(
    file: BinaryIO,
    packets: Iterable[bytes],
    stream: Stream,
    label: Label,
    md5: Callable[[], bytes],
) -> None:
    head = bytearray(stream.head or b"")
    blocks = [(_FLAC_COMMENTS, comment_block(comments(label, stream.rate_hz)))]
    if label.picture:
        blocks.append((_FLAC_PICTURE, picture_block(label.picture)))
    file.write(b"fLaC" + struct.pack(">I", len(head)) + head)
    for number, (kind, block) in enumerate(blocks, 1):
        last = _FLAC_LAST if number == len(blocks) else 0
        file.write(struct.pack(">I", (last | kind) << 24 | len(block)) + block)
    smallest, largest = 1 << 24, 0
    for packet in packets:
        smallest, largest = min(smallest, len(packet)), max(largest, len(packet))
        file.write(packet)
    head[4:10] = smallest.to_bytes(3, "big") + largest.to_bytes(3, "big")
    # 20 bits of rate, 8 of channels and sample size, 36 of length.
    facts = int.from_bytes(head[10:18], "big") >> 36 << 36 | stream.samples
    head[10:18] = facts.to_bytes(8, "big")
    head[18:34] = md5()
    file.seek(8)
    file.write(head)


def _opus_comments(stream: Stream, label: Label) -> dict[str, str]:
    found = dict(comments(label, stream.rate_hz))
    if label.picture:
        picture = base64.b64encode(picture_block(label.picture))
        found["METADATA_BLOCK_PICTURE"] = picture.decode()
    return found


def _mux(
    file: BinaryIO | _Rest,
    packets: Iterable[bytes],
    stream: Stream,
    tags: Mapping[str, str],
) -> int:
    """Have FFmpeg put packets into a file; return how many there were."""
    plan = plan_for(stream.suffix, stream.rate_hz, stream.bitrate)
    options = {"fflags": "+bitexact"}
    if stream.suffix == ".mp3":
        options["id3v2_version"] = "0"
    count = 0
    try:
        with av.open(file, "w", plan.codec.container, options=options) as container:
            # Its encoder makes nothing, but knows what the muxer asks of it.
            target = container.add_stream(
                plan.codec.name, rate=stream.rate_hz, options=dict(plan.codec.options)
            )
            set_up(target.codec_context, plan)
            container.metadata.update(tags)
            for packet in _timed(packets, stream):
                packet.stream = target
                container.mux(packet)
                count += 1
    except av.error.FFmpegError as exc:
        if isinstance(exc, OSError):
            raise
        raise LocalError(f"cannot write {stream.suffix}: {exc.strerror}") from exc
    return count


def _timed(
    packets: Iterable[bytes], stream: Stream
) -> Iterator[av.Packet[av.stream.Stream]]:
    """Say of each packet which samples it holds; the last one is cut short."""
    length = stream.packet_samples
    begin = -padding_samples(stream.suffix, stream.rate_hz)
    for data in packets:
        packet: av.Packet[av.stream.Stream] = av.Packet(data)
        packet.time_base = Fraction(1, stream.rate_hz)
        packet.pts = packet.dts = begin
        packet.duration = max(1, min(length, stream.samples - begin))
        begin += length
        yield packet


class _Rest:
    """A file without what has been written to it so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._begin = file.tell()

    def write(self, data: bytes) -> int:
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell() - self._begin

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        if whence == SEEK_SET:
            offset += self._begin
        return self._file.seek(offset, whence) - self._begin
