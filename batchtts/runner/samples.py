"""How each voice of a job sounds, before the job is paid for."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from batchtts.audiobook import AudiobookOutput, Spacing
from batchtts.errors import JobError, Problem
from batchtts.events import OnEvent
from batchtts.metadata import Metadata
from batchtts.model import AudioSettings, Job, TextId, VoiceName
from batchtts.plan import readings, survey
from batchtts.report import RunReport
from batchtts.runner.places import cache_folder, lock_path
from batchtts.runner.run import run
from batchtts.runner.scope import Scope
from batchtts.sources import InlineText
from batchtts.texts import read_texts

__all__ = ["make_samples"]

_CHARACTERS_PER_S = 15  # of English; other scripts say more with fewer
_PATTERN = "{voice}.mp3"


def make_samples(
    job: Job,
    *,
    seconds: float,
    folder: Path,
    overwrite: bool = False,
    on_event: OnEvent | None = None,
) -> RunReport:
    """Have each voice of ``job`` speak about the first so many seconds that it has.

    They become files in ``folder``, called as the voices are. What is asked for is
    what the job itself will ask for, in the same cuts, so that its takes are there
    when it does. ``overwrite`` is that of `Scope`. Raises what `run` raises.
    """
    sampled = _sampled(job, int(seconds * _CHARACTERS_PER_S), folder)
    try:
        scope = Scope(overwrite=overwrite, tidies=False)
        return run(sampled, on_event=on_event, scope=scope)
    finally:
        with contextlib.suppress(OSError):  # samples are not for committing
            lock_path(sampled).unlink(missing_ok=True)


def _sampled(job: Job, most: int, folder: Path) -> Job:
    """Return a job of what the voices of another one say first."""
    texts = tuple(_first_words(job, most))
    if not texts:
        raise JobError([Problem(job.place, "no voice of the job has a word to speak")])
    separate = any(output.separate_paragraphs for output in job.outputs)
    asked = job.separate_paragraphs
    output = AudiobookOutput(
        template=_PATTERN,
        folder=folder,
        pattern=_PATTERN,
        suffix=Path(_PATTERN).suffix,
        texts=(),
        voices=(),
        audio=AudioSettings(pauses=job.outputs[0].audio.pauses),
        about=Metadata(title=""),
        cover=None,
        spacing=Spacing(),
        profile=None,
        sample_s=None,
        place=job.place,
    )
    sampled = replace(
        job,
        path=job.path.with_name(f"{job.path.stem}~samples{job.path.suffix}"),
        cache=cache_folder(job),
        separate_paragraphs=separate if asked is None else asked,
        texts=texts,
        outputs=(output,),
    )
    return _with_used_entries(sampled)


def _with_used_entries(job: Job) -> Job:
    """Return a job without the entries of lexicons that its texts do not have.

    The other texts may well have them: there is nothing to warn of.
    """
    used = survey(job, read_texts).respelt
    voices = {
        name: replace(voice, lexicon=tuple(filter(used.__contains__, voice.lexicon)))
        for name, voice in job.voices.items()
    }
    lexicon = tuple(filter(used.__contains__, job.lexicon))
    return replace(job, voices=voices, lexicon=lexicon)


def _first_words(job: Job, most: int) -> Iterator[InlineText]:
    """Yield what each voice says first: whole chunks, until there are enough."""
    size = survey(job, read_texts)
    lengths: Counter[VoiceName] = Counter()
    number = 0
    for reading in readings(job, read_texts, engine=job.engine, texts=size.texts):
        found: dict[VoiceName, str] = {}
        for piece in reading.pieces:
            name = piece.voice.name
            if lengths[name] < most and (piece.request or name in found):
                found[name] = found.get(name, "") + piece.written
                lengths[name] += len(piece.written)
        for name, words in found.items():
            number += 1
            yield InlineText(
                id=TextId(f"sample-{number}"),
                words=words,
                voice=name,
                title=reading.text.title,
                place=reading.text.place,
            )
        if all(lengths[name] >= most for name in job.voices):
            break
