"""Where a job's texts come from, as its author wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from batchtts.model import Place, Roles, TextId, VoiceName

__all__ = ["FileText", "InlineText", "TableText", "TextSource"]

_NO_ROLES = Roles()


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineText:
    """A text whose words stand in the job file, or many: see `templates`."""

    id: TextId
    words: str
    voice: VoiceName | None
    roles: Roles = _NO_ROLES
    title: str | None
    slots: tuple[tuple[str, tuple[str, ...]], ...] = ()  # and what fills them
    sample: int | None = None  # so many of all the texts; None: every one
    seed: str = ""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FileText:
    """A file to be read as one text or, where it has chapters, several."""

    path: Path
    shown: str  # the path as the job file's author wrote it
    id: str | None  # replaces the file's stem in the ids
    voice: VoiceName | None
    voices: tuple[tuple[str, VoiceName], ...] = ()  # of chapters, called as below
    roles: Roles = _NO_ROLES
    chapters: tuple[str, ...] = ()  # numbers, ranges and titles; empty: all
    whole: bool = False  # one text, whatever chapters it has
    announce: bool = False  # say the title of a chapter that does not begin with it
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class TableText:
    """A table with one text a row; the fields name its columns.

    ``voice`` names a column, or a voice of the job where there is no such
    column. ``id`` and ``title`` are None when the job names no column.
    """

    path: Path
    shown: str
    id: str | None
    text: str
    voice: str | None
    roles: Roles = _NO_ROLES
    title: str | None
    skips_bad_rows: bool = False  # and tells of them; else they stop the job
    place: Place


TextSource = InlineText | FileText | TableText
