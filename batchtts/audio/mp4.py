"""Write AAC packets as an MP4 file: M4A or M4B, with chapters, ready to stream.

The index comes before the sound. How large it is follows from how much sound
there will be, so room is left for it and the sound written once. Of each packet
only its size is kept, in four bytes.

Chapters are there twice, as QuickTime's text track and as Nero's list: players
read the one or the other. All times but those of the list are in samples.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from batchtts.audio.mp4box import LIMIT_32_BITS, box, full_box, time_fields
from batchtts.audio.mp4tracks import (
    MATRIX,
    Sound,
    chapter_text,
    chapter_track,
    sound_track,
)
from batchtts.errors import LocalError
from batchtts.metadata import Mark

__all__ = ["Sound", "write_mp4"]

_MOST_PACKET_BYTES = 768  # 6,144 bits a channel, says the standard
_ROOM_BYTES = 1 << 20  # for all that is neither packets nor tags
_ENTRY_BYTES = 5  # of a packet in the index, rounded up
_NEXT_TRACK = 3


def write_mp4(
    file: BinaryIO,
    packets: Iterable[bytes],
    *,
    sound: Sound,
    brand: bytes,
    marks: Sequence[Mark],
    user_data: bytes,
) -> None:
    """Write a file of the packets of a sound.

    The first mark must be at 0; without marks there are no chapters. Raises
    LocalError when the packets are not as many as the sound makes.
    """
    layout = _Layout(sound, marks, brand, user_data)
    file.write(layout.head(array("I", bytes(4 * sound.packets))))
    file.writelines(map(chapter_text, marks))
    sizes = array("I")
    for packet in packets:
        sizes.append(len(packet))
        file.write(packet)
    if len(sizes) != sound.packets:
        raise LocalError(
            f"the encoder made {len(sizes):,} packets of AAC, not {sound.packets:,}"
        )
    file.seek(0)
    file.write(layout.head(sizes))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where everything stands in a file."""

    sound: Sound
    marks: Sequence[Mark]
    brand: bytes
    user_data: bytes

    def head(self, sizes: array[int]) -> bytes:
        """Return all that comes before the chapters' texts and the packets.

        Its length is the same for as many packets of any sizes.
        """
        kind = box(b"ftyp", self.brand, bytes(4), self.brand, b"M4A mp42isom")
        large = self._is_large()
        data_head_bytes = 16 if large else 8
        index_bytes = len(self._index(sizes, 0, large=large))
        data_at = len(kind) + index_bytes + data_head_bytes
        size = data_head_bytes + self._text_bytes() + sum(sizes)
        if large:
            data_head = struct.pack(">I4sQ", 1, b"mdat", size)
        else:
            data_head = struct.pack(">I4s", size, b"mdat")
        return kind + self._index(sizes, data_at, large=large) + data_head

    def _is_large(self) -> bool:
        """Tell whether a place in the file may need more than 32 bits."""
        packets = self.sound.packets * (_MOST_PACKET_BYTES + _ENTRY_BYTES)
        most = packets + 2 * self._text_bytes() + len(self.user_data) + _ROOM_BYTES
        return most >= LIMIT_32_BITS

    def _text_bytes(self) -> int:
        return sum(len(chapter_text(mark)) for mark in self.marks)

    def _index(self, sizes: array[int], data_at: int, *, large: bool) -> bytes:
        version, times = time_fields(self.sound.rate_hz, self.sound.samples)
        # Normal speed, full volume, and the number the next track would get.
        rest = struct.pack(">IH10x36s24xI", 0x10000, 0x100, MATRIX, _NEXT_TRACK)
        chapters = b""
        if self.marks:
            chapters = chapter_track(
                self.sound, self.marks, data_at=data_at, large=large
            )
        sound = sound_track(
            self.sound,
            sizes,
            data_at=data_at + self._text_bytes(),
            large=large,
            chapters=bool(self.marks),
        )
        head = full_box(b"mvhd", version, 0, times, rest)
        return box(b"moov", head, sound, chapters, self.user_data)
