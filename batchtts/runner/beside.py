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
from batchtts.model import FilesOutput, Output
from batchtts.plan import Reading
from batchtts.runner.recipes import tags
from batchtts.targets import Target

if TYPE_CHECKING:
    from batchtts.outputs.captions import Caption

__all__ = ["are_there", "captions", "facts_beside", "subtitles_of"]


def subtitles_of(output: Output) -> tuple[str, ...]:
    """Return the formats of the subtitles that stand beside an output's files."""
    return output.subtitles if isinstance(output, FilesOutput) else ()


def captions(reading: Reading) -> list[Caption]:
    """Return what is written where each piece of a reading is heard."""
    from batchtts.outputs.captions import Caption

    return [
        Caption(piece.written, piece.voice.lang, piece.chunk.boundary)
        for piece in reading.pieces
    ]


def facts_beside(reading: Reading, beside: Mapping[str, str]) -> dict[str, object]:
    """Return what is known of the subtitles that were written: by path, SHA-256."""
    if not beside:
        return {}
    digests = {Path(path).suffix[1:]: sha256 for path, sha256 in beside.items()}
    return {"subtitles": digests, "captions": _key(reading)}


def are_there(reading: Reading, target: Target, facts: Mapping[str, object]) -> bool:
    """Tell whether the subtitles of a file, of which facts are known, are whole."""
    kinds = subtitles_of(target.output)
    if not kinds:
        return True
    known = facts.get("subtitles")
    if facts.get("captions") != _key(reading) or not isinstance(known, dict):
        return False
    return all(
        known.get(file.suffix[1:]) == _sha256(file)
        for file in target.output.beside(target.path)
    )


def _key(reading: Reading) -> str:
    """Name all that subtitles depend on, beside the sound."""
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
