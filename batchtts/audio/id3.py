"""The ID3v2.3 tag of an MP3: what it is, its cover and its chapters.

Chapters are those of the "ID3v2 Chapter Frame Addendum". A list of chapters
holds 255; of more there are lists in a list.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from batchtts.metadata import Label, Mark

__all__ = ["id3_tag"]

_MOST_IN_LIST = 255
_TOP_LIST, _ORDERED = 2, 1
_NO_OFFSET = 0xFFFFFFFF
_FRONT_COVER = 3


def id3_tag(label: Label, *, samples: int, rate_hz: int) -> bytes:
    """Return the tag that stands before the sound.

    Times are in milliseconds, each rounded from the sample counted from the
    beginning, so that none drifts.
    """
    frames = [*_texts(label)]
    if label.picture:
        kind = label.picture.media_type.encode() + bytes([0, _FRONT_COVER, 0])
        frames.append(_frame(b"APIC", b"\0", kind, label.picture.data))
    if label.marks:
        frames += _chapters(label.marks, samples, rate_hz)
    data = b"".join(frames)
    return b"ID3" + bytes([3, 0, 0]) + _seven_bits(len(data)) + data


def _texts(label: Label) -> Iterator[bytes]:
    metadata, language = label.metadata, label.language
    for name, text in (
        (b"TIT2", metadata.title),
        (b"TPE1", metadata.author),
        (b"TPE2", metadata.author),
        (b"TALB", label.album),
        (b"TCOM", metadata.narrator),  # where players look for the narrator
        (b"TCON", metadata.genre),
        (b"TYER", metadata.year),
        (b"TDAT", metadata.day_and_month),
        (b"TPUB", metadata.publisher),
        (b"TLAN", language),
        (b"TRCK", "/".join(map(str, label.track or ()))),
        (b"MVNM", metadata.series),
    ):
        if text:
            yield _frame(name, _text(text))
    for kind, text in (
        ("NARRATOR", metadata.narrator),
        ("SERIES", metadata.series),
        ("SERIES-PART", metadata.series_index),
    ):
        if text:
            yield _frame(b"TXXX", b"\1", _utf_16(kind), b"\0\0", _utf_16(text))
    if metadata.description:
        code = (language or "und").encode()
        yield _frame(
            b"COMM", b"\1", code, _utf_16(""), b"\0\0", _utf_16(metadata.description)
        )


def _chapters(marks: Sequence[Mark], samples: int, rate_hz: int) -> Iterator[bytes]:
    names = [f"ch{number}".encode() for number in range(len(marks))]
    if len(names) <= _MOST_IN_LIST:
        yield _list(b"toc", names, top=True)
    else:
        parts = [
            names[start : start + _MOST_IN_LIST]
            for start in range(0, len(names), _MOST_IN_LIST)
        ]
        lists = [f"toc{number}".encode() for number in range(len(parts))]
        yield _list(b"toc", lists, top=True)
        for name, part in zip(lists, parts, strict=True):
            yield _list(name, part, top=False)
    starts_ms = [_ms(mark.start, rate_hz) for mark in marks]
    ends_ms = [*starts_ms[1:], _ms(samples, rate_hz)]
    for name, mark, start_ms, end_ms in zip(
        names, marks, starts_ms, ends_ms, strict=True
    ):
        times = struct.pack(">IIII", start_ms, end_ms, _NO_OFFSET, _NO_OFFSET)
        title = _frame(b"TIT2", _text(mark.title))
        yield _frame(b"CHAP", name, b"\0", times, title)


def _list(name: bytes, members: Sequence[bytes], *, top: bool) -> bytes:
    flags = _ORDERED | (_TOP_LIST if top else 0)
    head = name + bytes([0, flags, len(members)])
    return _frame(b"CTOC", head, *(member + b"\0" for member in members))


def _ms(sample: int, rate_hz: int) -> int:
    return (2000 * sample + rate_hz) // (2 * rate_hz)


def _frame(name: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">4sIH", name, len(data), 0) + data


def _text(text: str) -> bytes:
    try:
        return b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        return b"\1" + _utf_16(text)


def _utf_16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


def _seven_bits(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
