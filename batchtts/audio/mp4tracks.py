"""The two tracks of an audiobook in MP4: its sound, and QuickTime's chapters."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from batchtts.audio.mp4box import (
    LIMIT_32_BITS,
    box,
    chunk_table,
    descriptor,
    full_box,
    offset_table,
    size_table,
    time_fields,
    time_table,
)
from batchtts.metadata import Mark

__all__ = ["MATRIX", "Sound", "chapter_text", "chapter_track", "sound_track"]

PACKET_SAMPLES = 1024
_PRIMING = 1024  # what a decoder gives before the sound
_PACKETS_PER_CHUNK = 32
_SOUND, _CHAPTERS = 1, 2  # track numbers
_ENABLED, _IN_MOVIE = 1, 2
_FULL_VOLUME = 0x100
_MPEG_4_AUDIO, _AUDIO_STREAM = 0x40, 0x15

MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
"""How a picture stands: as it is. Every track must say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What is known of the sound before it comes."""

    rate_hz: int
    samples: int
    kbps: int
    config: bytes  # AudioSpecificConfig
    language: str = "und"  # ISO 639-2/T

    @property
    def packets(self) -> int:
        """Return how many packets an encoder makes of it."""
        return -(-self.samples // PACKET_SAMPLES) + 1


def sound_track(
    sound: Sound, sizes: array[int], *, data_at: int, large: bool, chapters: bool
) -> bytes:
    """Return the track of packets of these sizes, the first one at ``data_at``."""
    length = sound.samples + _PRIMING
    count = len(sizes)
    last = length - (count - 1) * PACKET_SAMPLES
    table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), _sound_description(sound)),
        time_table([(count - 1, PACKET_SAMPLES), (1, last)]),
        chunk_table(count, _PACKETS_PER_CHUNK),
        size_table(sizes),
        offset_table(_chunk_starts(sizes, data_at), large=large),
        # To begin at any packet the one before it must be decoded, too.
        full_box(b"sgpd", 1, 0, struct.pack(">4sIIh", b"roll", 2, 1, -1)),
        full_box(b"sbgp", 0, 0, struct.pack(">4sIII", b"roll", 1, count, 1)),
    )
    head = full_box(b"smhd", 0, 0, bytes(4))
    link = box(b"tref", box(b"chap", struct.pack(">I", _CHAPTERS)))
    return box(
        b"trak",
        _track_header(sound, _SOUND),
        _edit(sound, _PRIMING),
        link if chapters else b"",
        _media(sound, length, b"soun", b"Sound", box(b"minf", head, _HERE, table)),
    )


def chapter_track(
    sound: Sound, marks: Sequence[Mark], *, data_at: int, large: bool
) -> bytes:
    """Return the track of the chapters' texts, which follow one another.

    The first mark stands at 0: a track has no beginning but the file's.
    """
    ends = [*(mark.start for mark in marks[1:]), sound.samples]
    lengths = [(1, end - mark.start) for mark, end in zip(marks, ends, strict=True)]
    table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), _text_description()),
        time_table(lengths),
        chunk_table(len(marks), len(marks)),
        size_table([len(chapter_text(mark)) for mark in marks]),
        offset_table([data_at], large=large),
    )
    # How the text would be drawn: it is not, but the boxes must be there.
    drawn = struct.pack(">6H", 0x40, 0x8000, 0x8000, 0x8000, 0, 0)
    head = box(b"gmhd", full_box(b"gmin", 0, 0, drawn), box(b"text", MATRIX))
    inner = box(b"minf", head, _HERE, table)
    return box(
        b"trak",
        _track_header(sound, _CHAPTERS),
        _edit(sound, 0),
        _media(sound, sound.samples, b"text", b"Chapters", inner),
    )


def chapter_text(mark: Mark) -> bytes:
    """Return a chapter's title as it stands among the sound, marked as UTF-8."""
    data = mark.title.encode()
    return struct.pack(">H", len(data)) + data + box(b"encd", struct.pack(">I", 0x100))


def _chunk_starts(sizes: array[int], data_at: int) -> list[int]:
    starts = []
    for first in range(0, len(sizes), _PACKETS_PER_CHUNK):
        starts.append(data_at)
        data_at += sum(sizes[first : first + _PACKETS_PER_CHUNK])
    return starts


def _sound_description(sound: Sound) -> bytes:
    bits_per_s = sound.kbps * 1000
    rate_hz = sound.rate_hz if sound.rate_hz < 1 << 16 else 0  # the config says it
    kind = struct.pack(">BB3xII", _MPEG_4_AUDIO, _AUDIO_STREAM, bits_per_s, bits_per_s)
    decoder = descriptor(4, kind, descriptor(5, sound.config))
    stream = descriptor(3, struct.pack(">Hx", 1), decoder, descriptor(6, b"\2"))
    return box(
        b"mp4a",
        struct.pack(">6xH8xHHxxxxI", 1, 1, 16, rate_hz << 16),
        full_box(b"esds", 0, 0, stream),
    )


def _text_description() -> bytes:
    # Centred black text on nothing, in no box and no font.
    return box(b"text", struct.pack(">6xHII6x8x8xHHxxx6xB", 1, 1, 1, 0, 0, 0))


def _track_header(sound: Sound, number: int) -> bytes:
    version = int(sound.samples >= LIMIT_32_BITS)
    form = ">QQIxxxxQ" if version else ">IIIxxxxI"
    times = struct.pack(form, 0, 0, number, sound.samples)
    is_sound = number == _SOUND
    flags = _IN_MOVIE | (_ENABLED if is_sound else 0)
    # Layer, alternate group (chapters are no alternative to sound) and volume.
    place = struct.pack(">8xHHHxx", 0, int(is_sound), _FULL_VOLUME * is_sound)
    return full_box(b"tkhd", version, flags, times, place, MATRIX, bytes(8))


def _edit(sound: Sound, begin: int) -> bytes:
    version = int(sound.samples >= LIMIT_32_BITS)
    form = ">IQqHH" if version else ">IIiHH"
    entry = struct.pack(form, 1, sound.samples, begin, 1, 0)
    return box(b"edts", full_box(b"elst", version, 0, entry))


def _media(
    sound: Sound, length: int, handler: bytes, name: bytes, inner: bytes
) -> bytes:
    version, times = time_fields(sound.rate_hz, length)
    first, second, third = (ord(letter) - 0x60 for letter in sound.language)
    language = struct.pack(">HH", first << 10 | second << 5 | third, 0)
    return box(
        b"mdia",
        full_box(b"mdhd", version, 0, times, language),
        full_box(b"hdlr", 0, 0, bytes(4), handler, bytes(12), name, b"\0"),
        inner,
    )


_HERE = box(
    b"dinf",
    full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)),
)
