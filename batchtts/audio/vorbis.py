"""What an Opus or FLAC file is: Vorbis comments, with chapters, and a picture."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from batchtts.errors import LocalError
from batchtts.metadata import MOST_COMMENT_CHAPTERS, MOST_PICTURE_BYTES, Label, Picture

__all__ = ["comment_block", "comments", "picture_block"]

_FRONT_COVER = 3


def comments(label: Label, rate_hz: int) -> list[tuple[str, str]]:
    """Return names and values in the order in which they are written.

    Chapters are those of the "Chapter Extension", in milliseconds, each rounded
    from the sample counted from the beginning. Raises LocalError when there are
    more than it has numbers for.
    """
    metadata, marks = label.metadata, label.marks
    if len(marks) > MOST_COMMENT_CHAPTERS:
        raise LocalError(
            f"an Opus or FLAC file holds at most {MOST_COMMENT_CHAPTERS:,} chapters, "
            f"and this book has {len(marks):,}; write an M4B, or one file a chapter"
        )
    number, total = label.track or (0, 0)
    found = [
        ("TITLE", metadata.title),
        ("ARTIST", metadata.author),
        ("ALBUMARTIST", metadata.author),
        ("ALBUM", label.album),
        ("COMPOSER", metadata.narrator),  # where players look for the narrator
        ("NARRATOR", metadata.narrator),
        ("GENRE", metadata.genre),
        ("DATE", metadata.date),
        ("PUBLISHER", metadata.publisher),
        ("LANGUAGE", metadata.language),
        ("SERIES", metadata.series),
        ("SERIES-PART", metadata.series_index),
        ("DESCRIPTION", metadata.description),
        ("TRACKNUMBER", str(number or "")),
        ("TRACKTOTAL", str(total or "")),
    ]
    for count, mark in enumerate(marks, 1):
        found.append((f"CHAPTER{count:03}", _clock(mark.start, rate_hz)))
        found.append((f"CHAPTER{count:03}NAME", mark.title))
    return [(name, text) for name, text in found if text]


def comment_block(values: Sequence[tuple[str, str]]) -> bytes:
    """Return comments as FLAC holds them."""
    entries = [f"{name}={text}".encode() for name, text in values]
    counted = [struct.pack("<I", len(entry)) + entry for entry in entries]
    return struct.pack("<II", 0, len(entries)) + b"".join(counted)


def picture_block(picture: Picture) -> bytes:
    """Return a cover as FLAC holds it; its size in pixels is left to be seen.

    Raises LocalError when it is larger than 16 MiB.
    """
    if len(picture.data) > MOST_PICTURE_BYTES:
        raise LocalError(
            f"the cover has {len(picture.data):,} bytes, and no room for more than "
            f"{MOST_PICTURE_BYTES:,}; make it smaller"
        )
    kind = picture.media_type.encode()
    head = struct.pack(">II", _FRONT_COVER, len(kind)) + kind + bytes(4)
    return head + bytes(16) + struct.pack(">I", len(picture.data)) + picture.data


def _clock(sample: int, rate_hz: int) -> str:
    ms = (2000 * sample + rate_hz) // (2 * rate_hz)
    minutes, ms = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{ms // 1000:02}.{ms % 1000:03}"
