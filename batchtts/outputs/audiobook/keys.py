"""What a book's bytes depend on, as a key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from batchtts.audiobook import AudiobookOutput
from batchtts.metadata import Metadata, Picture
from batchtts.outputs.audiobook.planning import Part
from batchtts.outputs.audiobook.write import BOOK_VERSION
from batchtts.tracks import RENDER_VERSION

__all__ = ["book_key", "book_settings"]

_DIGITS = 16


def book_settings(
    output: AudiobookOutput,
    metadata: Metadata,
    picture: Picture | None,
    rate_hz: int,
) -> dict[str, object]:
    """Return what decides the bytes of a book's files, beside its chapters.

    Only the versions of the codecs are left out: a later one makes no book stale.
    """
    cover = hashlib.sha256(picture.data).hexdigest()[:_DIGITS] if picture else None
    audio = asdict(output.audio)
    audio.pop("sample_rate")
    return _told(
        {
            "mixing": f"{RENDER_VERSION}.{BOOK_VERSION}",
            "format": output.suffix.removeprefix("."),
            "files": "one a chapter" if output.own_files else None,
            "sample_rate": rate_hz,
            **audio,
            "spacing": asdict(output.spacing),
            "profile": output.profile,
            "sample": output.sample_s,
            "cover": cover,
            **asdict(metadata),
        }
    )


def book_key(settings: Mapping[str, object], parts: Sequence[Part]) -> str:
    """Name a book by its settings and its chapters, as 64 hexadecimal digits."""
    chapters = [(part.title, part.path.name, part.content) for part in parts]
    canonical = json.dumps([settings, chapters], separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _told(values: Mapping[str, object]) -> dict[str, object]:
    """Leave out what says nothing."""
    told: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            told[name] = _told(value)
        elif value not in (None, ""):
            told[name] = value
    return told
