"""From a book to its texts: one a chapter, or those chapters that a job asks for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from batchtts import books
from batchtts.errors import JobError, Notice, Problem
from batchtts.jobfile.problems import nearest, quoted
from batchtts.model import Passage, Place, Text, TextId, VoiceName
from batchtts.sources import FileText

__all__ = ["chapter_texts"]

_RANGE = re.compile(r"(\d+)(?:\s*-\s*(\d+)?)?")
_OMISSIONS_SHOWN = 40
_PARAGRAPH = "\n\n"
_SECTION = "\n\n\n"
_NAMED = (
    "author",
    "date",
    "description",
    "identifier",
    "language",
    "narrator",
    "publisher",
    "series",
    "series_index",
)
"""What a book says of itself that its texts have as columns of the same name."""


def chapter_texts(source: FileText) -> Iterator[Text | Problem | Notice]:
    """Yield the texts of a file, and what a person should know of them.

    A chapter keeps its number, whichever others are asked for. Raises
    LocalError when this machine cannot read the file.
    """
    try:
        book = books.read_book(source.path, source.shown)
    except JobError as exc:
        yield from exc.problems
        return
    if book.omissions:
        yield Notice(Place(source.shown), _left_out(book.omissions))
    if not book.chapters:
        yield Problem(Place(source.shown), "there is nothing to read in the file")
        return
    if source.whole:
        book = replace(book, chapters=(_joined(book),))
    titles = [_plain(chapter.title) for chapter in book.chapters]
    numbers, problems = _chosen(source, titles)
    voices = _voices(source, titles, problems)
    yield from problems
    stem = source.id or _stem(source.path)
    digits = max(2, len(str(len(book.chapters))))
    columns = _columns(book)
    for number in numbers:
        chapter = book.chapters[number - 1]
        if source.announce:
            chapter = _announced(chapter)
        place = f"{source.shown}/{chapter.file}" if chapter.file else source.shown
        padded = f"{number:0{digits}}"
        text_id = f"{stem}-{padded}" if len(book.chapters) > 1 else stem
        yield Text(
            id=TextId(text_id),
            words=chapter.words,
            voice=voices.get(number, source.voice),
            roles=source.roles,
            title=chapter.title or book.title or text_id,
            columns={**columns, "chapter": padded},
            passages=chapter.passages,
            book=source.path,
            place=Place(place, chapter.line),
        )


def _left_out(omissions: Sequence[books.Omission]) -> str:
    shown = [str(omission) for omission in omissions[:_OMISSIONS_SHOWN]]
    if more := len(omissions) - len(shown):
        shown.append(f"and {more:,} more")
    return f"left out: {', '.join(shown)}"


def _stem(path: Path) -> str:
    # macOS may hand out names in another form than they were written in.
    return unicodedata.normalize("NFC", path.stem)


def _columns(book: books.Book) -> dict[str, str]:
    named = {name: str(getattr(book, name)) for name in _NAMED}
    return {
        name: value for name, value in {**named, "book": book.title}.items() if value
    }


def _announced(chapter: books.Chapter) -> books.Chapter:
    """Return the chapter with its title said first, if it is not said anyway."""
    title = _plain(chapter.title)
    heading, _, _ = chapter.words.partition(_PARAGRAPH)
    said = _plain(heading)
    if not title or said == title or (" " in title and said.startswith(title)):
        return chapter
    before = f"{chapter.title}{_PARAGRAPH}"
    passages = tuple(
        replace(one, start=one.start + len(before), end=one.end + len(before))
        for one in chapter.passages
    )
    return replace(chapter, words=before + chapter.words, passages=passages)


def _joined(book: books.Book) -> books.Chapter:
    """Return all chapters of a book as one."""
    words: list[str] = []
    passages: list[Passage] = []
    offset = 0
    for chapter in book.chapters:
        passages += (
            replace(one, start=one.start + offset, end=one.end + offset)
            for one in chapter.passages
        )
        words.append(chapter.words)
        offset += len(chapter.words) + len(_SECTION)
    first = book.chapters[0]
    title = first.title if len(book.chapters) == 1 else ""
    return books.Chapter(
        title, _SECTION.join(words), first.line, first.file, tuple(passages)
    )


# --- the chapters asked for ------------------------------------------------------


def _chosen(source: FileText, titles: Sequence[str]) -> tuple[list[int], list[Problem]]:
    """Return the numbers of the chapters asked for, and what was asked in vain."""
    if not source.chapters:
        return list(range(1, len(titles) + 1)), []
    numbers: set[int] = set()
    problems: list[Problem] = []
    for asked in source.chapters:
        numbers.update(_found(asked, source, titles, problems))
    return sorted(numbers), problems


def _voices(
    source: FileText, titles: Sequence[str], problems: list[Problem]
) -> dict[int, VoiceName]:
    """Return the voices of the chapters that have another than the file."""
    voices: dict[int, VoiceName] = {}
    for names, voice in source.voices:
        parts = names.split(",")
        listed = all(_RANGE.fullmatch(part.strip()) for part in parts)
        for asked in parts if listed else [names]:
            for number in _found(asked, source, titles, problems):
                voices.setdefault(number, voice)
    return voices


def _found(
    asked: str, source: FileText, titles: Sequence[str], problems: list[Problem]
) -> list[int]:
    """Return the chapters that are called so, after noting where there are none."""
    found = _matching(asked, titles)
    if not found:
        message = f"{quoted(source.shown)} has no chapter {quoted(asked)}"
        problems.append(Problem(source.place, message, _hint(asked, titles)))
    return found


def _matching(asked: str, titles: Sequence[str]) -> list[int]:
    """Return the chapters of a number, of a range, or whose titles match."""
    if (found := _RANGE.fullmatch(asked.strip())) is None:
        wanted = _plain(asked)
        return [n for n, title in enumerate(titles, 1) if _matches(title, wanted)]
    first = int(found.group(1))
    last = first if "-" not in asked else int(found.group(2) or len(titles))
    if not 1 <= first <= last <= len(titles):
        return []
    return list(range(first, last + 1))


def _matches(title: str, wanted: str) -> bool:
    return title == wanted or fnmatchcase(title, wanted)


def _plain(title: str) -> str:
    """Return what makes two titles the same: not their case or white space."""
    return " ".join(unicodedata.normalize("NFC", title).casefold().split())


def _hint(asked: str, titles: Sequence[str]) -> str:
    count = f"it has {len(titles):,}, called by number or by title"
    meant = nearest(_plain(asked), [title for title in titles if title])
    if _RANGE.fullmatch(asked.strip()) or meant is None:
        return count
    return f"did you mean {quoted(meant)}?"
