"""The files of an audiobook before they are written: their sound and their labels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from batchtts.audiobook import Spacing
from batchtts.chunking.languages import language
from batchtts.metadata import Label, Metadata, Picture
from batchtts.outputs.audiobook.program import Chapter, Program, program

__all__ = ["BookFile", "chapter_files", "whole_book"]

_THREE_LETTERS = re.compile("[a-z]{3}")


@dataclass(frozen=True, slots=True)
class BookFile:
    """A file to be written: where, what is heard in it, and what it says of itself."""

    path: Path
    program: Program
    label: Label


def whole_book(
    path: Path,
    chapters: Sequence[Chapter],
    metadata: Metadata,
    *,
    spacing: Spacing,
    picture: Picture | None = None,
) -> BookFile:
    """Put a book's chapters into one file, with a mark where each begins."""
    sound = program(chapters, spacing)
    label = Label(
        metadata=metadata,
        album=metadata.title,
        language=_three_letters(metadata.language),
        picture=picture,
        marks=sound.marks,
    )
    return BookFile(path, sound, label)


def chapter_files(
    paths: Sequence[Path],
    chapters: Sequence[Chapter],
    metadata: Metadata,
    *,
    spacing: Spacing,
    picture: Picture | None = None,
) -> Iterator[BookFile]:
    """Put each of a book's chapters into a file of its own, numbered from 1."""
    for number, (path, chapter) in enumerate(zip(paths, chapters, strict=True), 1):
        label = Label(
            metadata=replace(metadata, title=chapter.title),
            album=metadata.title,
            language=_three_letters(metadata.language),
            track=(number, len(chapters)),
            picture=picture,
        )
        yield BookFile(path, program([chapter], spacing), label)


def _three_letters(code: str) -> str:
    """Return the code of ISO 639-2 for a language, or nothing."""
    found = language(code).code
    return found if _THREE_LETTERS.fullmatch(found) else ""
