"""The frames of an MP3 stream: whether all are whole, and how much sound they hold."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from batchtts.errors import Fault, TakeError

__all__ = ["Mp3", "read_mp3"]

_MPEG_1 = 3
_RATES_HZ = {
    _MPEG_1: (44100, 48000, 32000),  # MPEG-1
    2: (22050, 24000, 16000),  # MPEG-2
    0: (11025, 12000, 8000),  # MPEG-2.5
}
_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HEADER_BYTES = 4
_ID3_BYTES = 10
_ID3V1_BYTES = 128
_MONO = 3
_SYNC = 0x7FF
_LAYER_III = 1
_TAG_BYTES = 12  # of a Xing tag: its name, flags, number of frames
_BAD_INDEX = 15


@dataclass(frozen=True, slots=True)
class Mp3:
    """What an MP3 stream holds. ``samples`` counts encoder delay and padding."""

    rate_hz: int
    channels: int
    samples: int

    @property
    def seconds(self) -> float:
        """Return the playing time."""
        return self.samples / self.rate_hz


@dataclass(frozen=True, slots=True)
class _Frame:
    rate_hz: int
    channels: int
    samples: int
    size: int
    side_bytes: int


def read_mp3(data: bytes) -> Mp3:
    """Walk all frames of ``data``, over ID3 and Xing tags, and count the samples.

    Raises TakeError: NOT_AUDIO where something is no frame, INCOMPLETE where a
    frame is cut or fewer frames came than a Xing tag promises.
    """
    walk = _Walk(data)
    position = 0
    while position < len(data):
        position = walk.step(position)
    return walk.result()


class _Walk:
    """One pass over the frames of a stream."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._first: _Frame | None = None
        self._frames = 0  # since the last Xing tag
        self._promised = 0  # by that tag
        self._samples = 0

    def step(self, position: int) -> int:
        """Pass the tag or frame at ``position``; return where the next one starts."""
        data = self._data
        if data.startswith(b"ID3", position):
            return self._pass(position, _id3_size(data, position))
        if data.startswith(b"TAG", position) and len(data) - position == _ID3V1_BYTES:
            return len(data)
        frame = _frame(data, position)
        if frame is None:
            raise self._lost(position)
        end = self._pass(position, frame.size)
        self._count(frame, position)
        return end

    def result(self) -> Mp3:
        """Return what was found; raise TakeError where frames are missing."""
        self._keep_promise()
        if self._first is None:
            raise TakeError(Fault.NO_AUDIO, "the mp3 holds no frames")
        return Mp3(self._first.rate_hz, self._first.channels, self._samples)

    def _pass(self, position: int, size: int) -> int:
        if position + size > len(self._data):
            missing = position + size - len(self._data)
            reason = f"the last part of the mp3 lacks {missing} bytes"
            raise TakeError(Fault.INCOMPLETE, reason)
        return position + size

    def _count(self, frame: _Frame, position: int) -> None:
        first = self._first = self._first or frame
        if (frame.rate_hz, frame.channels) != (first.rate_hz, first.channels):
            reason = f"the mp3 changes its format at byte {position}"
            raise TakeError(Fault.WRONG_FORMAT, reason)
        promised = _promised_frames(self._data, position, frame)
        if promised is None:
            self._frames += 1
            self._samples += frame.samples
        else:  # a tag in the dress of a frame: no sound; a new stream starts
            self._keep_promise()
            self._promised, self._frames = promised, 0

    def _keep_promise(self) -> None:
        # Some encoders count the frame of the tag itself.
        if self._frames + 1 < self._promised:
            reason = f"{self._frames} of the mp3's {self._promised} frames came"
            raise TakeError(Fault.INCOMPLETE, reason)

    def _lost(self, position: int) -> TakeError:
        rest = self._data[position:]
        if self._first is None and position == 0:
            return TakeError(Fault.NOT_AUDIO, "asked for mp3, got something else")
        if len(rest) < _HEADER_BYTES:
            return TakeError(Fault.INCOMPLETE, "the mp3 ends inside a frame's header")
        return TakeError(Fault.NOT_AUDIO, f"no mp3 frame at byte {position}")


def _frame(data: bytes, position: int) -> _Frame | None:
    """Read the frame header at ``position``; None where none stands."""
    if position + _HEADER_BYTES > len(data):
        return None
    (word,) = struct.unpack_from(">I", data, position)
    version, layer = word >> 19 & 3, word >> 17 & 3
    bits, rate, padding = word >> 12 & 15, word >> 10 & 3, word >> 9 & 1
    sync = word >> 21 == _SYNC and layer == _LAYER_III
    valid = sync and version in _RATES_HZ
    if not valid or bits in {0, _BAD_INDEX} or rate == len(_RATES_HZ[0]):
        return None
    rate_hz = _RATES_HZ[version][rate]
    mono = word >> 6 & 3 == _MONO
    if version == _MPEG_1:
        samples, kbits, side_bytes = 1152, _KBITS_1[bits], 17 if mono else 32
    else:
        samples, kbits, side_bytes = 576, _KBITS_2[bits], 9 if mono else 17
    size = samples // 8 * kbits * 1000 // rate_hz + padding
    return _Frame(rate_hz, 1 if mono else 2, samples, size, side_bytes)


def _promised_frames(data: bytes, position: int, frame: _Frame) -> int | None:
    """Return the frames that a Xing tag announces, 0 if it does not say.

    None where the frame is no Xing tag but sound.
    """
    tag = position + _HEADER_BYTES + frame.side_bytes
    too_small = tag + _TAG_BYTES > position + frame.size
    if too_small or data[tag : tag + 4] not in {b"Xing", b"Info"}:
        return None
    flags, frames = struct.unpack_from(">II", data, tag + 4)
    return int(frames) if flags & 1 else 0


def _id3_size(data: bytes, position: int) -> int:
    """Return the bytes of the ID3v2 tag at ``position``."""
    if position + _ID3_BYTES > len(data):
        return _ID3_BYTES
    size = 0
    for byte in data[position + 6 : position + _ID3_BYTES]:
        size = size << 7 | byte & 0x7F
    footer = _ID3_BYTES if data[position + 5] & 0x10 else 0
    return _ID3_BYTES + size + footer
