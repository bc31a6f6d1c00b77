"""Subtitles beside the files of readings: what they show, and whether it is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from batchtts.files import local_errors
from batchtts.formats import CAPTIONS_VERSION
from batchtts.lock.marks import digest
from batchtts.model import Output
from batchtts.plan import Reading
from batchtts.runner.recipes import tags
from batchtts.targets import Target

if TYPE_CHECKING:
    from batchtts.outputs.captions import Caption

__all__ = ["are_there", "captions", "captions_key", "facts_beside", "is_shown"]


def captions(reading: Reading) -> list[Caption]:
    """Return what is written where each piece of a reading is heard."""
    from batchtts.outputs.captions import Caption

    return [
        Caption(piece.written, piece.voice.lang, piece.chunk.boundary)
        for piece in reading.pieces
    ]


def facts_beside(beside: Mapping[str, str]) -> dict[str, object]:
    """Return what is known of the subtitles that were written: by path, SHA-256."""
    if not beside:
        return {}
    return {
        "subtitles": {Path(path).suffix[1:]: digest for path, digest in beside.items()}
    }


def are_there(output: Output, path: Path, facts: Mapping[str, object]) -> bool:
    """Tell whether what stands beside a file, of which facts are known, is whole."""
    known = facts.get("subtitles")
    return all(
        isinstance(known, dict) and known.get(file.suffix[1:]) == _sha256(file)
        for file in output.beside(path)
    )


def is_shown(reading: Reading, target: Target, facts: Mapping[str, object]) -> bool:
    """Tell whether the subtitles of a reading's file are there, and of its words."""
    if not target.output.subtitles:
        return True
    is_same = facts.get("captions") == captions_key(reading)
    return is_same and are_there(target.output, target.path, facts)


def captions_key(reading: Reading) -> str:
    """Name all that the subtitles of a reading depend on, beside its sound."""
    shown = [
        (piece.written, piece.voice.lang, piece.chunk.boundary)
        for piece in reading.pieces
    ]
    return digest(json.dumps([CAPTIONS_VERSION, shown, tags(reading)], sort_keys=True))


def _sha256(file: Path) -> str | None:
    if not file.is_file():
        return None
    with local_errors("cannot read"), file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
