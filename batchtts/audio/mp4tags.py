"""The part of an MP4 file that says what it is: tags, cover, Nero's chapter list."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from batchtts.audio.mp4box import box, full_box
from batchtts.metadata import Label, Mark

__all__ = ["user_data"]

_TEXT, _JPEG, _PNG, _NUMBER = 1, 13, 14, 21
_AUDIOBOOK = b"\2"
_MOST_IN_LIST = 255
_MOST_TITLE_BYTES = 255
_LIST_UNITS_PER_S = 10_000_000
_SHORT_DESCRIPTION_BYTES = 255


def user_data(label: Label, rate_hz: int) -> bytes:
    """Return the ``udta`` box: tags as iTunes writes them, and Nero's chapters.

    Nero's list holds 255 chapters; of a book with more it would be wrong, and is
    left out.
    """
    handler = full_box(b"hdlr", 0, 0, bytes(4), b"mdirappl", bytes(9))
    meta = full_box(b"meta", 0, 0, handler, box(b"ilst", *_items(label)))
    nero = b""
    if 0 < len(label.marks) <= _MOST_IN_LIST:
        nero = _nero_chapters(label.marks, rate_hz)
    return box(b"udta", meta, nero)


def _items(label: Label) -> Iterator[bytes]:
    metadata, picture = label.metadata, label.picture
    for kind, text in (
        (b"\xa9nam", metadata.title),
        (b"\xa9ART", metadata.author),
        (b"aART", metadata.author),
        (b"\xa9alb", label.album),
        (b"\xa9wrt", metadata.narrator),  # where players look for the narrator
        (b"\xa9nrt", metadata.narrator),
        (b"\xa9gen", metadata.genre),
        (b"\xa9day", metadata.date),
        (b"\xa9pub", metadata.publisher),
        (b"desc", _cut(metadata.description, _SHORT_DESCRIPTION_BYTES)),
        (b"ldes", metadata.description),
        (b"\xa9mvn", metadata.series),
    ):
        if text:
            yield _item(kind, _TEXT, text.encode())
    if label.track:
        yield _item(b"trkn", 0, struct.pack(">HHHH", 0, *label.track, 0))
    yield _item(b"stik", _NUMBER, _AUDIOBOOK)
    yield _item(b"pgap", _NUMBER, b"\1")
    if picture:
        is_jpeg = picture.media_type == "image/jpeg"
        yield _item(b"covr", _JPEG if is_jpeg else _PNG, picture.data)
    for name, text in (
        ("SERIES", metadata.series),
        ("SERIES-PART", metadata.series_index),
        ("LANGUAGE", metadata.language),
        ("PUBLISHER", metadata.publisher),
    ):
        if text:
            yield _free_item(name, text)


def _item(kind: bytes, value_type: int, value: bytes) -> bytes:
    return box(kind, _data(value_type, value))


def _free_item(name: str, text: str) -> bytes:
    mean = full_box(b"mean", 0, 0, b"com.apple.iTunes")
    named = full_box(b"name", 0, 0, name.encode())
    return box(b"----", mean, named, _data(_TEXT, text.encode()))


def _data(value_type: int, value: bytes) -> bytes:
    return box(b"data", struct.pack(">II", value_type, 0), value)


def _nero_chapters(marks: Sequence[Mark], rate_hz: int) -> bytes:
    entries = bytearray()
    for mark in marks:
        title = _cut(mark.title, _MOST_TITLE_BYTES).encode()
        start = (2 * mark.start * _LIST_UNITS_PER_S + rate_hz) // (2 * rate_hz)
        entries += struct.pack(">QB", start, len(title)) + title
    head = struct.pack(">IB", 0, len(marks))
    return full_box(b"chpl", 1, 0, head, bytes(entries))


def _cut(text: str, most_bytes: int) -> str:
    """Return as much of the beginning of a text as fits."""
    return text.encode()[:most_bytes].decode(errors="ignore")
