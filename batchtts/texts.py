"""From the job's sources to its texts: a stream, read again on every call."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from batchtts import tables
from batchtts.chapters import chapter_texts
from batchtts.endings import stem_of
from batchtts.errors import Notice, Problem
from batchtts.files import local_errors
from batchtts.jobfile.problems import nearest, quoted
from batchtts.model import Job, Place, Roles, Text, TextId, VoiceName
from batchtts.names import id_problem
from batchtts.sources import FileText, InlineText, TableText
from batchtts.templates import filled

__all__ = ["read_texts"]

_MOST_HELD = 1000
# Most ids are of this kind and need no closer look: no device is so long.
_PLAIN_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{4,99}").fullmatch


def read_texts(job: Job) -> Iterator[Text | Problem | Notice]:
    """Yield the job's texts in order, and a Problem in place of each unusable one.

    A Notice stands before the texts that it is about.

    Each call reads anew, and nothing is kept of a text that was handed on. What
    no single source can know, such as an id used twice, is not looked at here.
    Raises LocalError when this machine cannot read a file.
    """
    for source in job.texts:
        if isinstance(source, InlineText):
            yield from map(_checked, filled(source))
        elif problem := _file_problem(source):
            yield problem
        elif isinstance(source, FileText):
            for text in chapter_texts(source):
                yield _checked(text) if isinstance(text, Text) else text
        else:
            found = _table_texts(source, job.voices)
            if source.skips_bad_rows:
                found = _without_bad_rows(found, job.voices)
            yield from found


def _checked(text: Text) -> Text | Problem:
    """Return the text, or what is wrong with its id or its words."""
    if not _PLAIN_ID(text.id) and (reason := id_problem(text.id)):
        return Problem(text.place, f"text {quoted(text.id)}: {reason}")
    if not text.words or text.words.isspace():
        return Problem(text.place, f"text {quoted(text.id)} has no words")
    if "\0" in text.words:
        return Problem(text.place, f"text {quoted(text.id)} has a NUL character in it")
    if not (text.words.isascii() or _is_whole(text.words)):
        return Problem(text.place, f"text {quoted(text.id)} has half a character in it")
    return text


def _is_whole(words: str) -> bool:
    """Tell whether no half of a surrogate pair stands in the words."""
    try:
        words.encode()
    except UnicodeEncodeError:
        return False
    return True


def _file_problem(source: FileText | TableText) -> Problem | None:
    with local_errors("cannot look at"):
        if source.path.is_file():
            return None
        exists = source.path.exists()
    if exists:
        return Problem(source.place, f"{quoted(source.shown)} is not a file")
    hint = "paths are relative to the job file"
    return Problem(source.place, f"there is no file {quoted(source.shown)}", hint)


def _stem(path: Path) -> str:
    # macOS may hand out names in another form than they were written in.
    return unicodedata.normalize("NFC", stem_of(path.name))


# --- tables --------------------------------------------------------------------


def _without_bad_rows(
    found: Iterator[Text | Problem | Notice], voices: Container[str]
) -> Iterator[Text | Problem | Notice]:
    """Make notices of problems with single rows, once there was a row without any.

    What comes before that may be the fault of the whole table.
    """
    held: list[Problem] = []
    begun = False
    for one in found:
        bad: Text | Problem | Notice = one
        if isinstance(one, Text) and one.voice and one.voice not in voices:
            bad = Problem(one.place, f"there is no voice {quoted(one.voice)}")
        if isinstance(bad, Text):
            begun = True
            yield from map(_skipped, held)
            held = []
        if not isinstance(bad, Problem):
            yield bad
        elif begun and bad.place.line is not None:
            yield _skipped(bad)
        elif len(held) < _MOST_HELD:
            held.append(bad)
    yield from held


def _skipped(problem: Problem) -> Notice:
    return Notice(problem.place, f"left out: {problem.message}")


def _table_texts(
    source: TableText, voices: Container[str]
) -> Iterator[Text | Problem | Notice]:
    rows = tables.read_rows(source.path, source.shown)
    reader: _RowReader | None = None
    number = 0
    for row in rows:
        if isinstance(row, Problem):
            number += 1
            yield row
            continue
        if reader is None:
            _, cells, nested = row
            names = (*cells, *nested)
            if problems := _column_problems(source, names, voices):
                yield from problems
                return
            reader = _row_reader(source, names)
        text = reader.read(number + 1, row)
        if text is not None:
            number += 1
            yield text
    if not number:
        yield Problem(source.place, f"{quoted(source.shown)} has no rows")


def _column_problems(
    source: TableText, names: Sequence[str], voices: Container[str]
) -> list[Problem]:
    """Say which columns the job asks for in vain, by the table's first row."""
    asked = [name for name in (source.id, source.text, source.title) if name]
    problems = [
        _no_column(source.place, source.shown, name, names)
        for name in asked
        if name not in names
    ]
    voice = source.voice
    if voice is None or (voice in names) != (voice in voices):
        return problems
    if voice in names:
        return [*problems, _column_and_voice(source.place, source.shown, voice)]
    message = (
        f"{quoted(voice)} is neither a column of {quoted(source.shown)} nor a voice"
    )
    return [*problems, Problem(source.place, message, _suggestion(voice, names))]


def _column_and_voice(place: Place, what: str, name: str) -> Problem:
    message = f"{quoted(name)} is a column of {quoted(what)} and a voice too"
    return Problem(place, message, "rename one of them")


def _no_column(place: Place, what: str, name: str, names: Sequence[str]) -> Problem:
    known = ", ".join(quoted(known) for known in names[:20])
    hint = _suggestion(name, names) or f"it has {known}"
    return Problem(place, f"{quoted(what)} has no column {quoted(name)}", hint)


def _suggestion(name: str, names: Sequence[str]) -> str:
    meant = nearest(name, names)
    return "" if meant is None else f"did you mean {quoted(meant)}?"


@dataclass(frozen=True, slots=True)
class _RowReader:
    """Makes texts of the rows of one table; knows where in a row what stands."""

    shown: str
    stem: str
    words: str
    id: str | None
    title: str | None
    voice: str | None
    fixed_voice: VoiceName | None
    roles: Roles

    def read(self, number: int, row: tables.Row) -> Text | Problem | None:
        """Return the text of a row, what is wrong with it, or None: it is blank."""
        line, cells, nested = row
        place = Place(self.shown, line)
        if nested and (problem := self._nested_problem(place, nested)):
            return problem
        words = cells.pop(self.words, "")
        if not words and not any(cells.values()):
            return None
        text_id = f"{self.stem}-{number}"
        if self.id is not None:
            text_id = cells.get(self.id, "")
            if not text_id:
                return Problem(place, f"the row's {quoted(self.id)} is empty")
        voice = self.fixed_voice
        if voice is not None and voice in cells:
            return _column_and_voice(place, self.shown, voice)
        if self.voice is not None:
            voice = VoiceName(cells.get(self.voice, "")) or None
        title = cells.get(self.title, "") if self.title is not None else ""
        return _checked(
            Text(
                id=TextId(text_id),
                words=words,
                voice=voice,
                roles=self.roles,
                title=title or text_id,
                columns=cells,
                place=place,
            )
        )

    def _nested_problem(self, place: Place, nested: Sequence[str]) -> Problem | None:
        for name in (self.id, self.words, self.title, self.voice):
            if name is not None and name in nested:
                message = f"the row's {quoted(name)} is a list or an object"
                return Problem(place, message, "write a text or a number")
        return None


def _row_reader(source: TableText, names: Sequence[str]) -> _RowReader:
    by_column = source.voice is not None and source.voice in names
    fixed = None if source.voice is None or by_column else VoiceName(source.voice)
    return _RowReader(
        shown=source.shown,
        stem=_stem(source.path),
        words=source.text,
        id=source.id or ("id" if "id" in names else None),
        title=source.title,
        voice=source.voice if by_column else None,
        fixed_voice=fixed,
        roles=source.roles,
    )
