"""The lines of a lock: one JSON object each, its first key saying what it is.

A *file* is an output with all that decides its bytes, and its checksum; a *shared*
one is a file that many readings went into, a *part* is one of these. What many
files have in common stands once, in a line that they name by its digest: how they
were *spoken* (the engine and its parameters), how they *sound* (format, pauses,
loudness, rule of mixing), and by which *codecs* they were written, which is told
but decides nothing. A *take* is a person's wish for another reading of a chunk, a
*pin* for a recording in its place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from batchtts.lock.marks import digest

__all__ = [
    "HEADER",
    "VERSION",
    "DatasetLine",
    "Definition",
    "DefinitionKind",
    "FileLine",
    "Line",
    "Made",
    "PartLine",
    "PieceLine",
    "PinLine",
    "SharedLine",
    "TakeLine",
    "body",
    "definition",
    "written",
]

VERSION = 1  # of the lock

DefinitionKind = Literal["speech", "sound", "codecs"]


@dataclass(frozen=True, slots=True)
class Definition:
    """What many files have in common."""

    kind: DefinitionKind
    id: str
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What the file of a reading is to be made of.

    ``words`` is the digest of what is spoken, ``cut`` the rules of cutting,
    ``chunks`` are `Mark`s as they are written. A part of something has no
    ``sound`` of its own.
    """

    text: str
    voice: str
    words: str
    cut: str
    chunks: tuple[str, ...]
    speech: str
    sound: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def sounds_as(self, other: Made) -> bool:
        """Tell whether the other's file has the same bytes, by the same codecs."""
        return (self.sound, self.chunks, self.tags) == (
            other.sound,
            other.chunks,
            other.tags,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """An output file of one reading, and what it was made of.

    ``facts`` are what else the report tells of the file: its size, length and
    levels, and takes in doubt.
    """

    path: str  # from the job's folder, with slashes
    made: Made
    codecs: str
    sha256: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLine:
    """An output file that many readings went into, such as an audiobook.

    ``key`` stands for all that decides its bytes: its parts, in their order, and
    what it is to be ``about``, in words.
    """

    path: str  # from the job's folder, with slashes
    key: str
    about: Mapping[str, object]
    sha256: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """A reading that is part of something with others, such as a chapter."""

    of: str  # the path of that, from the job's folder, with slashes
    key: str  # what tells it from the other parts
    made: Made


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetLine:
    """A dataset, with what it is to be ``about``, in words; its rows are parts."""

    path: str  # of its folder
    about: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceLine:
    """A file of a dataset."""

    path: str
    of: str  # the path of the dataset
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeLine:
    """Another reading of a chunk of a text, asked for by a person."""

    request: str  # the beginning of the fingerprint of its first take
    text: str
    voice: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PinLine:
    """A recording to be used in the place of a chunk's take."""

    request: str
    text: str
    voice: str
    recording: str  # its path from the job's folder, with slashes
    sha256: str


Line = (
    Definition
    | FileLine
    | SharedLine
    | DatasetLine
    | PartLine
    | PieceLine
    | TakeLine
    | PinLine
)


def definition(kind: DefinitionKind, content: Mapping[str, object]) -> Definition:
    """Return what files have in common, under the digest of its content."""
    name = digest(json.dumps([kind, content], sort_keys=True))
    return Definition(kind, name, content)


def written(line: Line) -> str:
    """Return a line as it stands in the lock, without its end."""
    values: dict[str, object]
    match line:
        case Definition():
            values = {line.kind: line.id, **line.content}
        case SharedLine():
            values = {"shared": line.path, "key": line.key, "about": line.about}
            values |= {"sha256": line.sha256, **line.facts}
        case DatasetLine():
            values = {"dataset": line.path, "about": line.about}
        case PartLine():
            values = {"part": line.key, "of": line.of, **body(line.made)}
        case PieceLine():
            values = {"piece": line.path, "of": line.of}
            values |= {"sha256": line.sha256, "bytes": line.bytes}
        case TakeLine() | PinLine():
            kind = "take" if isinstance(line, TakeLine) else "pin"
            values = {kind: line.request, "text": line.text, "voice": line.voice}
            if isinstance(line, TakeLine):
                values["number"] = line.number
            else:
                values |= {"recording": line.recording, "sha256": line.sha256}
        case FileLine():
            values = {"file": line.path, **body(line.made), "codecs": line.codecs}
            values |= {"sha256": line.sha256, **line.facts}
    return _json(values)


def body(made: Made) -> dict[str, object]:
    """Return the part of a file's line that says what it was made of."""
    return {
        "text": made.text,
        "voice": made.voice,
        "words": made.words,
        "cut": made.cut,
        "chunks": made.chunks,
        "speech": made.speech,
        **({"sound": made.sound} if made.sound else {}),
        **({"tags": dict(made.tags)} if made.tags else {}),
    }


def _json(values: Mapping[str, object]) -> str:
    # Not `visible_json`: what it escapes more makes no difference to a reader, and
    # a lock has many lines. Line ends, which would, are escaped by JSON itself.
    text = _encode(values)
    return text if text.isprintable() else _encode_ascii(values)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_encode_ascii = json.JSONEncoder(separators=(",", ":")).encode

HEADER = _json({"lock": "batchtts", "version": VERSION})
