"""What a job comes to: which text is read in which voice into which files.

Two streams over the texts. `survey` reads them all once and finds whatever is
wrong before anything is paid for; `readings` then yields the work in order. No
list of texts is ever held: a million rows cost the memory of a few.
"""

from __future__ import annotations

import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import NamedTuple

from batchtts import names
from batchtts.casting import RoleUse, Script, cast, spoken_by_one
from batchtts.chunking import speakable
from batchtts.design import assigned
from batchtts.earlier import NOTHING, Earlier
from batchtts.errors import JobError, Notice, Problem
from batchtts.findings import Notes, Problems
from batchtts.jobfile.problems import nearest
from batchtts.model import (
    Job,
    Output,
    Respelling,
    Text,
    TextId,
    Voice,
    VoiceName,
)
from batchtts.pieces import Cutting, Piece, cutting_rules, pieces
from batchtts.seen import Seen
from batchtts.spelling import Spelling
from batchtts.targets import Strange, Target, Targets, path_of, values_of

__all__ = ["Reading", "Survey", "readings", "survey"]

_Turns = Counter[int]  # by the id of an output: how many texts it has taken
ReadTexts = Callable[[Job], Iterable[Text | Problem | Notice]]


@dataclass(frozen=True, slots=True)
class Survey:
    """The size of a job, and what a person should know before it runs."""

    texts: int
    readings: int
    outputs: int
    characters: int  # of the readings, before cleaning
    warnings: tuple[str, ...] = ()
    respelt: Mapping[Respelling, int] = field(default_factory=dict)  # how often
    utterances: int = 0  # of datasets, among the outputs


@dataclass(frozen=True, slots=True)
class Reading:
    """One text in one voice, cut into chunks, with what it becomes.

    Other voices may have roles in it; the pieces know theirs.

    ``targets`` are files of its own, ``shares`` what it shares with others, ``cut``
    the rules by which it was cut. ``retake`` is how often it is made again since what
    was made before did not do.
    """

    text: Text
    voice: Voice
    pieces: tuple[Piece, ...]
    targets: tuple[Target, ...]
    shares: tuple[Target, ...] = ()
    take: int = 0
    cut: str = ""
    retake: int = 0

    @property
    def content(self) -> str:
        """Return what stands for the takes and the cuts between them.

        64 hexadecimal digits.
        """
        digest = hashlib.sha256()
        for piece in self.pieces:
            fingerprint = piece.request.fingerprint if piece.request else ""
            digest.update(f"{fingerprint} {piece.chunk.boundary}\n".encode())
        return digest.hexdigest()

    def made_again(self, retake: int, *, step: int) -> Reading:
        """Return the reading in other takes; ``step`` takes are in use for it already.

        In place of what a person has chosen there are none.
        """
        return replace(
            self,
            retake=retake,
            pieces=tuple(piece.made_again(retake * step) for piece in self.pieces),
        )

    @property
    def requests(self) -> int:
        """Return how many requests the reading is made of."""
        return sum(piece.request is not None for piece in self.pieces)

    @property
    def characters(self) -> int:
        """Return how many characters the reading has."""
        return len(self.text.words)


class _Part(NamedTuple):
    """A voice that reads a text, alone or with others by role, and which take."""

    voice: VoiceName
    alone: bool
    take: int


def survey(
    job: Job, read_texts: ReadTexts, *, strange: Strange | None = None
) -> Survey:
    """Read every text once and check the job as a whole.

    Raises JobError with all that is wrong: unreadable texts, an id used twice,
    a text without a voice, a file name that cannot be made, two texts that
    would write the same file (on a case-folding file system too), a file that is
    ``strange``. Raises LocalError when a folder or a file cannot be looked at, and
    with all the folders that nothing can be written into.
    """
    problems = Problems()
    texts = read = outputs = utterances = characters = 0
    matched: set[int] = set()
    notes = Notes()
    saying = _Saying(job, problems)
    turns: _Turns = Counter()
    with Seen() as ids, Seen() as paths, Seen() as said:
        width = _index_width(job, read_texts)
        targets = Targets(job, paths, problems, width, strange)
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
            voices = _voices(job, text, turns, problems)
            if odd := _oddity(text, voices.values(), said):
                notes.note(text, odd)
            for part, wanted in voices.items():
                read += 1
                characters += len(text.words)
                saying.check(text, part.voice, alone=part.alone)
                for output in wanted:
                    matched.add(id(output))
                    more = targets.check(text, texts, part.voice, output, part.take)
                    outputs += more
                    utterances += more * (output.sharing == "folder")
    if not texts and not problems.kept:
        problems.add(Problem(job.place, "the job has no text to read"))
    problems.raise_if_any()
    targets.raise_if_unwritable()
    warnings = (*_unmatched(job, matched), *saying.warnings(), *notes.lines())
    return Survey(
        texts, read, outputs, characters, warnings, saying.respelt, utterances
    )


class _Saying:
    """Looks at how the texts of a job would be said, and by whom."""

    def __init__(self, job: Job, problems: Problems) -> None:
        self._job = job
        self._problems = problems
        self._spelling = Spelling(job)
        self._roles = RoleUse()

    def check(self, text: Text, voice: VoiceName, *, alone: bool) -> None:
        """Note what is wrong with the words of a text as a voice would say them."""
        if alone and not self._spelling:
            return
        try:
            script = _script(self._job, text, voice, alone=alone)
        except JobError as exc:
            for problem in exc.problems:
                self._problems.add(problem)
            return
        self._spelling.count(script, self._problems)
        self._roles.note(text, script)

    @property
    def respelt(self) -> Mapping[Respelling, int]:
        """Return which entries of lexicons were used, and how often."""
        return self._spelling.uses

    def warnings(self) -> Iterator[str]:
        """Yield what of lexicons and roles is of no use."""
        yield from self._spelling.warnings()
        yield from self._roles.warnings()


def readings(
    job: Job,
    read_texts: ReadTexts,
    *,
    engine: str,
    texts: int,
    earlier: Earlier = NOTHING,
) -> Iterator[Reading]:
    """Yield the work in the order of the texts; ``job`` has passed `survey`.

    ``engine`` is the engine's identity, which every request carries; ``texts``
    is the number of texts, which decides the width of ``{index}``. Texts are cut
    as in ``earlier`` runs where that saves requests. Raises
    JobError when the texts have changed since the survey, so that they are no
    longer right.
    """
    problems = Problems()
    spelling = Spelling(job)
    turns: _Turns = Counter()
    width = _width(texts)
    rules_of = functools.cache(functools.partial(_rules, job))
    found = (text for text in read_texts(job) if not isinstance(text, Notice))
    for index, text in enumerate(found, 1):
        if isinstance(text, Problem):
            raise JobError([text])
        parts = _voices(job, text, turns, problems)
        for part, wanted in parts.items():
            voice_name, take = part.voice, part.take
            values = values_of(job, text, voice_name, f"{index:0{width}d}", take)
            try:
                targets = tuple(Target(out, path_of(out, values)) for out in wanted)
            except (KeyError, ValueError) as exc:
                message = f'text "{text.id}" has lost its {exc.args[0]} while running'
                raise JobError([Problem(text.place, message, "run again")]) from exc
            cutting = Cutting(
                voices=job.voices,
                lexicon_of=spelling.of,
                limit=job.limit,
                separate=_separate(job, wanted),
                phrases=job.phrases,
                engine=engine,
                take=take,
                earlier=earlier,
            )
            script = _script(job, text, voice_name, alone=part.alone)
            cut = pieces(script, cutting)
            yield Reading(
                text,
                job.voices[voice_name],
                cut,
                tuple(one for one in targets if one.output.sharing == "none"),
                tuple(one for one in targets if one.output.sharing != "none"),
                take,
                rules_of(voice_name, separate=cutting.separate),
            )
        problems.raise_if_any()


def _index_width(job: Job, read_texts: ReadTexts) -> int:
    """Return the width of ``{index}``: where it is used, the texts are counted."""
    if not any("index" in names.fields(output.pattern) for output in job.outputs):
        return _width(0)
    return _width(sum(isinstance(text, Text) for text in read_texts(job)))


def _width(texts: int) -> int:
    return max(2, len(str(texts)))


def _rules(job: Job, name: VoiceName, *, separate: bool) -> str:
    voice = job.voices[name]
    limit = voice.limit or job.limit
    return cutting_rules(voice, limit=limit, separate=separate, phrases=job.phrases)


def _script(job: Job, text: Text, voice: VoiceName, *, alone: bool) -> Script:
    if alone:
        return spoken_by_one(text, voice)
    return cast(text, voice, job.voices, lang=job.voices[voice].lang)


def _voices(
    job: Job, text: Text, turns: _Turns, problems: Problems
) -> dict[_Part, list[Output]]:
    """Return the voices that read a text, each with the outputs that want it.

    And whether each reads it alone: where there are no roles, where an output
    names its voices, and in a dataset. A voice that reads it more than once stands
    there with each of its takes.
    """
    own = text.voice or job.voice
    if own is None and len(job.voices) == 1:
        own = next(iter(job.voices))
    wanted: dict[_Part, list[Output]] = {}
    for output in job.outputs:
        if not _takes(output, text.id):
            continue
        of_rows = output.sharing == "folder"
        alone = bool(output.voices) or of_rows or not text.roles
        for name in _readers(output, own, text.id, turns):
            if name is None:
                problems.add(_voiceless(text))
                return {}
            if name not in job.voices:
                problems.add(_unknown_voice(job, text, name))
                return {}
            for take in range(output.takes):
                wanted.setdefault(_Part(name, alone, take), []).append(output)
    return wanted


def _readers(
    output: Output, own: VoiceName | None, text: TextId, turns: _Turns
) -> Sequence[VoiceName | None]:
    if output.assign is None:
        return output.voices or (own,)
    turns[id(output)] += 1
    return assigned(output.voices, output.assign, text, turns[id(output)] - 1)


def _separate(job: Job, wanted: Iterable[Output]) -> bool:
    """Say whether paragraphs are kept apart: as the job says, or an output needs.

    One reading for all of its outputs: two ways to cut a text cost it twice.
    """
    if job.separate_paragraphs is None:
        return any(output.separate_paragraphs for output in wanted)
    return job.separate_paragraphs


def _takes(output: Output, text: TextId) -> bool:
    return not output.texts or any(fnmatchcase(text, glob) for glob in output.texts)


def _oddity(text: Text, wanted: Iterable[Sequence[Output]], said: Seen) -> str | None:
    """Return what a person should know of a text; ``said`` remembers those of rows."""
    rows = [output.sharing == "folder" for some in wanted for output in some]
    if not rows:
        return "is in no output"
    if not speakable(text.words):
        what = "it is left out" if all(rows) else "its file will be silent"
        return f"has nothing to speak: {what}"
    if any(rows) and said.add(" ".join(text.words.split()), "before"):
        return "says the same as another one"
    return None


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
    near = nearest(name, list(job.voices))
    known = ", ".join(job.voices)
    hint = f'did you mean "{near}"?' if near else f"the job's voices: {known}"
    return Problem(text.place, f'text "{text.id}": no voice "{name}"', hint)


def _unmatched(job: Job, matched: set[int]) -> tuple[str, ...]:
    return tuple(
        f"{output.place}: no text matches {', '.join(output.texts)}"
        for output in job.outputs
        if id(output) not in matched
    )
