"""What must be known of MP3 beyond the codec: bit rates, level, exact length."""

from __future__ import annotations

import functools
from pathlib import Path

__all__ = [
    "LEAD_IN_SAMPLES",
    "bitrate_code",
    "bitrates",
    "default_bitrate",
    "frame_samples",
    "has_length_tag",
    "lame_gain",
    "set_length",
]

LEAD_IN_SAMPLES = 1105
"""What stands before the sound when no tag says so: 576 samples of the encoder's
(LAME) and 529 of the decoder's."""

_ENCODER_DELAY = 576
_MPEG_1_HZ = 32000
_MPEG_2_HZ = 16000
_MPEG_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_2_5 = (8, 16, 24, 32, 40, 48, 56, 64)

# LAME scales its input, against clipping in the decoder (measured, 3.100).
_LAME_SCALES = {192: 0.97, 224: 0.98, 256: 1.0, 320: 1.0}
_LAME_SCALE = 0.95

# The tag: "Info" or "Xing", 116 bytes of counts and seek table, then LAME's part.
_PADDING_AT = 120 + 21
_CHECKSUM_AT = 120 + 34
_CHECKED_BYTES = 190
_MONO = 3


def bitrates(rate_hz: int) -> tuple[int, ...]:
    """Return the constant bit rates in kbit/s that MP3 has at a sampling rate."""
    if rate_hz >= _MPEG_1_HZ:
        return _MPEG_1
    return _MPEG_2 if rate_hz >= _MPEG_2_HZ else _MPEG_2_5


def bitrate_code(frame: bytes) -> int:
    """Return what a frame says its bit rate is, as the standard numbers them."""
    return frame[2] >> 4


def default_bitrate(rate_hz: int) -> int:
    """Return a bit rate at which mono speech has no fault to be heard."""
    if rate_hz >= _MPEG_1_HZ:
        return 96
    return 64 if rate_hz >= _MPEG_2_HZ else 40


def lame_gain(kbps: int) -> float:
    """Return what the encoder must be given more for the level to stay the same."""
    return 1 / _LAME_SCALES.get(kbps, _LAME_SCALE)


def has_length_tag(head: bytes) -> bool:
    """Tell whether a stream's first frame says how much of it is padding."""
    return _tag(head[_id3_bytes(head) :][:_CHECKED_BYTES]) is not None


def frame_samples(rate_hz: int) -> int:
    """Return how many samples a frame holds."""
    return 1152 if rate_hz >= _MPEG_1_HZ else 576


def set_length(path: Path, *, frames: int, rate_hz: int, samples: int) -> None:
    """Make a file's tag say exactly how many samples are sound.

    FFmpeg counts at most one frame of padding at the end, where LAME sometimes
    adds a bit more; such a file would decode to up to 50 samples too many.
    """
    padding = frames * frame_samples(rate_hz) - _ENCODER_DELAY - samples
    if not 0 <= padding < 1 << 12:
        return
    with path.open("rb+") as file:
        start = _id3_bytes(file.read(10))
        file.seek(start)
        frame = bytearray(file.read(_CHECKED_BYTES))
        tag = _tag(frame)
        if tag is None:
            return
        field = (_ENCODER_DELAY << 12 | padding).to_bytes(3, "big")
        frame[tag + _PADDING_AT : tag + _PADDING_AT + 3] = field
        checksum = slice(tag + _CHECKSUM_AT, tag + _CHECKSUM_AT + 2)
        frame[checksum] = b"\0\0"
        frame[checksum] = _crc16(frame).to_bytes(2, "big")
        file.seek(start)
        file.write(frame)


def _id3_bytes(head: bytes) -> int:
    """Return the length of the ID3v2 tag that a file begins with."""
    if head[:3] != b"ID3":
        return 0
    return 10 + functools.reduce(lambda high, low: high << 7 | low & 127, head[6:10], 0)


def _tag(frame: bytes | bytearray) -> int | None:
    """Return where in a stream's first frame the tag stands."""
    if frame[:1] != b"\xff":
        return None
    is_mpeg_1, is_mono = frame[1] & 8, frame[3] >> 6 == _MONO
    side_bytes = (17 if is_mono else 32) if is_mpeg_1 else (9 if is_mono else 17)
    tag = 4 + side_bytes
    return tag if bytes(frame[tag : tag + 4]) in {b"Xing", b"Info"} else None


def _crc16(data: bytes | bytearray) -> int:
    """Return the CRC-16 (polynomial 0x8005, reflected) of a few bytes."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc
