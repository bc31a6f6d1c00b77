"""What a job comes to: which text is read in which voice into which files.

Two streams over the texts. `survey` reads them all once and finds whatever is
wrong before anything is paid for; `readings` then yields the work in order. No
list of texts is ever held: a million rows cost the memory of a few.
"""

from __future__ import annotations

import difflib
import errno
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from batchtts import names
from batchtts.chunking import speakable
from batchtts.errors import JobError, LocalError, Notice, Problem
from batchtts.files import local_errors
from batchtts.findings import MAX_PROBLEMS, Notes, Problems
from batchtts.model import (
    FilesOutput,
    Job,
    Text,
    TextId,
    Voice,
    VoiceName,
)
from batchtts.pieces import Piece, pieces
from batchtts.seen import Seen

__all__ = ["Reading", "Survey", "Target", "readings", "survey"]

_MAX_PART_BYTES = 255  # what the usual file systems allow
_BUILT_IN = ("id", "voice", "title", "index", "job")

ReadTexts = Callable[[Job], Iterable[Text | Problem | Notice]]


@dataclass(frozen=True, slots=True)
class Survey:
    """The size of a job, and what a person should know before it runs."""

    texts: int
    readings: int
    outputs: int
    characters: int  # of the readings, before cleaning
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A file that a reading is to become."""

    output: FilesOutput
    path: Path


@dataclass(frozen=True, slots=True)
class Reading:
    """One text in one voice, cut into chunks, with the files it becomes."""

    text: Text
    voice: Voice
    pieces: tuple[Piece, ...]
    targets: tuple[Target, ...]

    @property
    def characters(self) -> int:
        """Return how many characters the reading has."""
        return len(self.text.words)


def survey(job: Job, read_texts: ReadTexts) -> Survey:
    """Read every text once and check the job as a whole.

    Raises JobError with all that is wrong: unreadable texts, an id used twice,
    a text without a voice, a file name that cannot be made, two texts that
    would write the same file (on a case-folding file system too). Raises
    LocalError when a folder or a file cannot be looked at, and with all the
    folders that nothing can be written into.
    """
    problems = Problems()
    texts = read = outputs = characters = 0
    matched: set[int] = set()
    notes = Notes()
    with Seen() as ids, Seen() as paths:
        targets = _Targets(job, paths, problems, _index_width(job, read_texts))
        for text in read_texts(job):
            if isinstance(text, Problem):
                problems.add(text)
                continue
            if isinstance(text, Notice):
                notes.say(text)
                continue
            texts += 1
            if earlier := ids.add(names.fold(text.id), str(text.place)):
                problems.add(_repeated_id(text, earlier))
                continue
            voices = _voices(job, text, problems)
            if not voices:
                notes.note(text, "is in no output")
            elif not speakable(text.words):
                notes.note(text, "has nothing to speak: its file will be silent")
            for voice, wanted in voices.items():
                read += 1
                characters += len(text.words)
                for output in wanted:
                    matched.add(id(output))
                    outputs += 1
                    targets.check(text, texts, voice, output)
    if not texts and not problems.kept:
        problems.add(Problem(job.place, "the job has no text to read"))
    problems.raise_if_any()
    targets.raise_if_unwritable()
    warnings = (*_unmatched(job, matched), *notes.lines())
    return Survey(texts, read, outputs, characters, warnings)


def readings(
    job: Job, read_texts: ReadTexts, *, engine: str, texts: int
) -> Iterator[Reading]:
    """Yield the work in the order of the texts; ``job`` has passed `survey`.

    ``engine`` is the engine's identity, which every request carries; ``texts``
    is the number of texts, which decides the width of ``{index}``. Raises
    JobError when the texts have changed since the survey, so that they are no
    longer right.
    """
    problems = Problems()
    width = _width(texts)
    found = (text for text in read_texts(job) if not isinstance(text, Notice))
    for index, text in enumerate(found, 1):
        if isinstance(text, Problem):
            raise JobError([text])
        for voice_name, wanted in _voices(job, text, problems).items():
            voice = job.voices[voice_name]
            values = _values(job, text, voice_name, f"{index:0{width}d}")
            try:
                targets = tuple(Target(out, _path(out, values)) for out in wanted)
            except (KeyError, ValueError) as exc:
                message = f'text "{text.id}" has lost its {exc.args[0]} while running'
                raise JobError([Problem(text.place, message, "run again")]) from exc
            cut = pieces(
                text.words,
                voice,
                limit=voice.limit or job.limit,
                separate=_separate(job, wanted),
                phrases=job.phrases,
                engine=engine,
            )
            yield Reading(text, voice, cut, targets)
        problems.raise_if_any()


def _index_width(job: Job, read_texts: ReadTexts) -> int:
    """Return the width of ``{index}``: where it is used, the texts are counted."""
    if not any("index" in names.fields(output.pattern) for output in job.outputs):
        return _width(0)
    return _width(sum(isinstance(text, Text) for text in read_texts(job)))


def _width(texts: int) -> int:
    return max(2, len(str(texts)))


def _voices(
    job: Job, text: Text, problems: Problems
) -> dict[VoiceName, list[FilesOutput]]:
    """Return the voices that read a text, each with the outputs that want it."""
    own = text.voice or job.voice
    if own is None and len(job.voices) == 1:
        own = next(iter(job.voices))
    wanted: dict[VoiceName, list[FilesOutput]] = {}
    for output in job.outputs:
        if not _takes(output, text.id):
            continue
        for name in output.voices or (own,):
            if name is None:
                problems.add(_voiceless(text))
                return {}
            if name not in job.voices:
                problems.add(_unknown_voice(job, text, name))
                return {}
            wanted.setdefault(name, []).append(output)
    return wanted


def _separate(job: Job, wanted: Iterable[FilesOutput]) -> bool:
    """Say whether paragraphs are kept apart: as the job says, or an output needs.

    One reading for all of its outputs: two ways to cut a text cost it twice.
    """
    if job.separate_paragraphs is None:
        return any(output.separate_paragraphs for output in wanted)
    return job.separate_paragraphs


def _takes(output: FilesOutput, text: TextId) -> bool:
    return not output.texts or any(fnmatchcase(text, glob) for glob in output.texts)


def _values(job: Job, text: Text, voice: VoiceName, index: str) -> Mapping[str, str]:
    return {
        **text.columns,
        "id": text.id,
        "voice": voice,
        "title": text.title or text.id,
        "index": index,
        "job": job.name,
    }


def _path(output: FilesOutput, values: Mapping[str, str]) -> Path:
    return output.folder.joinpath(names.fill(output.pattern, values))


class _Targets:
    """Checks the files that readings would become, one after the other."""

    def __init__(self, job: Job, paths: Seen, problems: Problems, width: int) -> None:
        self._job = job
        self._paths = paths
        self._problems = problems
        self._width = width
        # What the disk says holds for this survey only.
        self._real = functools.lru_cache(maxsize=1024)(os.path.realpath)
        self._nearest = functools.lru_cache(maxsize=1024)(_nearest)
        self._unwritable: dict[Path, None] = {}

    def check(
        self, text: Text, index: int, voice: VoiceName, output: FilesOutput
    ) -> None:
        """Note what is wrong with the file of a text in a voice."""
        values = _values(self._job, text, voice, f"{index:0{self._width}d}")
        try:
            path = _path(output, values)
        except KeyError as exc:
            self._problems.add(_unknown_field(output, text, exc.args[0], values))
            return
        except ValueError as exc:
            message = f'nothing of its {exc.args[0]} can stand in "{output.template}"'
            self._problems.add(Problem(text.place, f'text "{text.id}": {message}'))
            return
        if trouble := self._trouble(output, path):
            self._problems.add(Problem(text.place, f'text "{text.id}": {trouble}'))
            return
        writer = f'text "{text.id}" in voice "{voice}" ({text.place})'
        if earlier := self._paths.add(names.fold(str(path)), writer):
            message = f'text "{text.id}" would write "{path}", as {earlier} does'
            hint = "put {id}, {voice} or {index} into the output's path"
            self._problems.add(Problem(text.place, message, hint))

    def _trouble(self, output: FilesOutput, path: Path) -> str | None:
        if len(os.fsencode(path)) > _MAX_PART_BYTES and any(
            len(os.fsencode(part)) > _MAX_PART_BYTES for part in path.parts
        ):
            return f'the name "{path.name}" is longer than {_MAX_PART_BYTES} bytes'
        with local_errors("cannot look at"):
            folder, parent = self._real(output.folder), self._real(path.parent)
            if not f"{parent}{os.sep}".startswith(os.path.join(folder, "")):  # noqa: PTH118 - ends with a separator
                return f'"{path}" leads out of the folder "{output.folder}"'
            if _is_too_long(path):
                return f'the path "{path}" is longer than this system allows'
            if path.is_dir():
                return f'"{path}" is a folder, not a file'
            nearest, is_open = self._nearest(path.parent)
            if is_open is None:
                return (
                    f'"{path}" cannot be written: "{nearest}" is a file, not a folder'
                )
            if not is_open and len(self._unwritable) < MAX_PROBLEMS:
                self._unwritable[nearest] = None
        return None

    def raise_if_unwritable(self) -> None:
        """Raise LocalError if a folder is closed to us that files are to go into."""
        if self._unwritable:
            lines = [
                f'cannot write into "{folder}": permission denied, or a read-only disk'
                for folder in self._unwritable
            ]
            raise LocalError("\n".join(lines))


def _nearest(folder: Path) -> tuple[Path, bool | None]:
    """Return the nearest of a folder and those above it that is there.

    And whether it can be written into; None where it is no folder.
    """
    there = next((above for above in (folder, *folder.parents) if above.exists()), None)
    if there is None:  # a drive that is not there: making the folder will tell
        return folder, True
    if not there.is_dir():
        return there, None
    return there, os.access(there, os.W_OK | os.X_OK)


def _is_too_long(path: Path) -> bool:
    try:
        path.lstat()
    except OSError as exc:
        return exc.errno == errno.ENAMETOOLONG
    return False


def _repeated_id(text: Text, earlier: str) -> Problem:
    return Problem(
        text.place,
        f'the id "{text.id}" is used twice, first at {earlier}',
        "ids that differ only in case count as the same",
    )


def _voiceless(text: Text) -> Problem:
    return Problem(
        text.place,
        f'text "{text.id}" has no voice',
        "give it one, or set the job's `voice:`",
    )


def _unknown_voice(job: Job, text: Text, name: str) -> Problem:
    near = difflib.get_close_matches(name, job.voices, n=1)
    known = ", ".join(job.voices)
    hint = f'did you mean "{near[0]}"?' if near else f"the job's voices: {known}"
    return Problem(text.place, f'text "{text.id}": no voice "{name}"', hint)


def _unknown_field(
    output: FilesOutput, text: Text, field: str, values: Mapping[str, str]
) -> Problem:
    near = difflib.get_close_matches(field, values, n=1)
    extra = [name for name in values if name not in _BUILT_IN]
    known = ", ".join([*_BUILT_IN, *extra])
    hint = f"did you mean {{{near[0]}}}?" if near else f"there are: {known}"
    message = f'"{output.template}": text "{text.id}" ({text.place}) has no {{{field}}}'
    return Problem(output.place, message, hint)


def _unmatched(job: Job, matched: set[int]) -> tuple[str, ...]:
    return tuple(
        f"{output.place}: no text matches {', '.join(output.texts)}"
        for output in job.outputs
        if id(output) not in matched
    )
