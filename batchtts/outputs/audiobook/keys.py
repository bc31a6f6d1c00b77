"""What a book's bytes depend on, as a key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from batchtts.audiobook import AudiobookOutput
from batchtts.metadata import Metadata, Picture
from batchtts.outputs.audiobook.planning import Part
from batchtts.outputs.audiobook.write import BOOK_VERSION
from batchtts.tracks import RENDER_VERSION

__all__ = ["book_key"]


def book_key(
    parts: Sequence[Part],
    output: AudiobookOutput,
    metadata: Metadata,
    picture: Picture | None,
    rate_hz: int,
) -> str:
    """Name what decides the bytes of a book's files, as 64 hexadecimal digits.

    Only the versions of the codecs are left out: a later one makes no book stale.
    """
    cover = hashlib.sha256(picture.data).hexdigest() if picture else None
    canonical = json.dumps(
        [
            BOOK_VERSION,
            RENDER_VERSION,
            output.suffix,
            output.own_files,
            rate_hz,
            asdict(output.audio),
            asdict(output.spacing),
            output.profile,
            output.sample_s,
            asdict(metadata),
            cover,
            [(part.title, part.path.name, part.content) for part in parts],
        ],
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()
