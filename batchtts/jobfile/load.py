"""A job file, read and checked as a whole."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from batchtts.errors import JobError, Problem
from batchtts.files import local_errors
from batchtts.jobfile.check import check
from batchtts.jobfile.endpoint import (
    local_settings,
    note_url,
    rime_settings,
    synthesiser_of,
)
from batchtts.jobfile.fields import Fields
from batchtts.jobfile.jobshape import (
    CONCURRENCY,
    ENGINE,
    JOB,
    LIMIT,
    SYNTHESISER,
    URL,
)
from batchtts.jobfile.lexicon import lexicon
from batchtts.jobfile.nodes import Node, ScalarNode
from batchtts.jobfile.outputs import outputs
from batchtts.jobfile.places import Places, is_blocked, places_of
from batchtts.jobfile.problems import Problems, quoted
from batchtts.jobfile.secretkeys import note_secrets, without_secrets
from batchtts.jobfile.shape import ScalarShape
from batchtts.jobfile.sweeps import without_sweeps
from batchtts.jobfile.texts import known_voice, texts
from batchtts.jobfile.voices import voices
from batchtts.jobfile.yamltree import MAX_BYTES, read_tree
from batchtts.model import Job, Place, VoiceName
from batchtts.names import id_problem

__all__ = ["load_job", "schema_text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flags:
    """What the command line says in place of the file; None: nothing."""

    engine: str | None
    url: str | None
    concurrency: int | None
    limit: int | None
    cache: Path | None
    synthesiser: str | None


def schema_text() -> str:
    """Return the JSON Schema of job files, as it is shipped."""
    file = resources.files("batchtts.jobfile").joinpath("job.schema.json")
    return file.read_text(encoding="utf-8")


def load_job(
    path: str | os.PathLike[str],
    *,
    allow_outside: bool = False,
    engine: str | None = None,
    url: str | None = None,
    concurrency: int | None = None,
    limit: int | None = None,
    cache: str | os.PathLike[str] | None = None,
    synthesiser: str | None = None,
) -> Job:
    """Read the job file at ``path``; the other arguments override what it says.

    Paths in the file start from its folder and must lie inside its project
    unless ``allow_outside``. ``cache`` is the caller's word and starts from the
    current folder. ``url`` is that of the engine which the job then has.

    Raises JobError with every problem of the file and of the arguments, and
    LocalError when the file is there but this machine will not let us read it.
    """
    flags = _Flags(
        engine=engine,
        url=url,
        concurrency=concurrency,
        limit=limit,
        cache=Path(cache) if cache is not None else None,
        synthesiser=synthesiser,
    )
    shown, path = str(path), Path(os.path.realpath(path))
    problems = Problems(shown)
    root = _root(path, problems)
    fields = Fields(root)
    _note_flags(flags, fields, problems)
    places = places_of(path, allow_outside=allow_outside)
    job = _job(path, fields, places, problems)
    problems.raise_any()
    return _overridden(job, flags)


def _root(path: Path, problems: Problems) -> Node:
    """Return the file's tree, of the right shape but for what is noted."""
    root = read_tree(_read(path), problems)
    if root is None:
        problems.raise_any()
        root = ScalarNode(text="", plain=True, line=1, column=1)
    note_secrets(root, problems)
    root = without_secrets(root)
    if isinstance(root, ScalarNode) and root.plain and not root.text:
        problems.add(root, "the file is empty", '"batchtts init" writes one to start')
        problems.raise_any()
    check(root, JOB, "job", problems)
    swept = without_sweeps(root, problems)
    if swept is not root:  # what is wrong with both is told once
        check(swept, JOB, "job", problems)
    return swept


def _read(path: Path) -> bytes:
    with local_errors("cannot read the job file"):
        try:
            mode = path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError, ValueError) as exc:
            names = [p.name for p in path.parent.glob("*.y*ml")]
            start = '"batchtts init" writes one to start from'
            hint = Problems("").suggest(path.name, names, otherwise=start)
            raise _unreadable(path, "there is no such file", hint) from exc
        if stat.S_ISDIR(mode):
            raise _unreadable(path, "this is a folder", "name the job file in it")
        if not stat.S_ISREG(mode):
            raise _unreadable(path, "this is not a file", "name a job file")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)


def _unreadable(path: Path, message: str, hint: str) -> JobError:
    return JobError([Problem(Place(str(path)), message, hint)])


def _job(path: Path, fields: Fields, places: Places, problems: Problems) -> Job:
    made = voices(fields.below("voices"), places, problems)
    known_voice(fields.value("voice"), fields.text("voice"), made, problems)
    only = next(iter(made)) if len(made) == 1 else None
    asked = fields.text("voice")
    return Job(
        path=path.absolute(),
        name=_name(path, fields, problems),
        engine=_engine(fields.text("engine")),
        rime=rime_settings(fields.below("rime"), problems),
        local=local_settings(fields.below("local"), problems),
        concurrency=fields.whole("concurrency") or 8,
        limit=fields.whole("limit") or 500,
        separate_paragraphs=_separate(fields),
        phrases=_phrases(fields, problems),
        lexicon=lexicon(fields.value("lexicon"), places, problems),
        voices=made,
        voice=only if asked is None else VoiceName(asked),
        texts=texts(fields.items("texts"), made, places, problems),
        outputs=outputs(
            fields.items("outputs"), made, fields.below("audio"), places, problems
        ),
        cache=_cache(fields, places, problems),
        price=fields.number("price"),
        place=Place(problems.shown, 1, 1),
    )


def _separate(fields: Fields) -> bool | None:
    asked = fields.value("separate_paragraphs") is not None
    return fields.flag("separate_paragraphs") if asked else None


def _phrases(fields: Fields, problems: Problems) -> bool:
    asked = fields.flag("phrases")
    if asked and find_spec("budoux") is None:
        problems.add(
            fields.value("phrases"),
            '"phrases" needs the package "budoux", which is not installed',
            "pip install 'batchtts[phrases]'",
        )
    return asked


def _engine(name: str | None) -> Literal["rime", "local"]:
    return "local" if name == "local" else "rime"


def _name(path: Path, fields: Fields, problems: Problems) -> str:
    asked = fields.text("name")
    name = path.stem if asked is None else asked
    if problem := id_problem(name):
        sentence = problem.replace("an id", "a job's name", 1)
        sentence = sentence.replace("be an id", "be a job's name")
        hint = "" if asked is not None else 'give the job a "name" of its own'
        problems.add(fields.value("name"), sentence, hint)
    return name


def _cache(fields: Fields, places: Places, problems: Problems) -> Path | None:
    raw, node = fields.text("cache"), fields.value("cache")
    if raw is None or node is None:
        return None
    folder = places.resolve(raw, node, problems)
    if folder is not None and is_blocked(folder):
        problems.add(node, f"{quoted(raw)} is a file, not a folder", "choose another")
    return folder


def _note_flags(flags: _Flags, fields: Fields, problems: Problems) -> None:
    """Note what is wrong with the arguments, in the file's own terms."""
    asked: tuple[tuple[str, str | int | None, ScalarShape], ...] = (
        ("--engine", flags.engine, ENGINE),
        ("--url", flags.url, URL),
        ("--concurrency", flags.concurrency, CONCURRENCY),
        ("--limit", flags.limit, LIMIT),
        ("--synthesiser", flags.synthesiser, SYNTHESISER),
    )
    for flag, value, shape in asked:
        if value is None:
            continue
        found = Problems(flag)
        plain = not isinstance(value, str)
        node = ScalarNode(text=str(value), plain=plain, line=0, column=0)
        check(node, shape, flag, found)
        if flag == "--url":
            engine = flags.engine or fields.text("engine")
            own = fields.below("rime").flag("on_prem")
            on_prem = own and _engine(engine) == "rime"
            note_url(str(value), node, found, on_prem=on_prem)
        for problem in found:
            problems.note(replace(problem, place=Place("the command line")))


def _overridden(job: Job, flags: _Flags) -> Job:
    engine = job.engine if flags.engine is None else _engine(flags.engine)
    rime, local = job.rime, job.local
    if flags.url is not None and engine == "rime":
        rime = replace(rime, url=flags.url)
    elif flags.url is not None:
        local = replace(local, url=flags.url)
    if flags.synthesiser is not None:
        local = replace(local, synthesiser=synthesiser_of(flags.synthesiser))
    return replace(
        job,
        engine=engine,
        rime=rime,
        local=local,
        concurrency=flags.concurrency or job.concurrency,
        limit=flags.limit or job.limit,
        cache=job.cache if flags.cache is None else flags.cache.absolute(),
    )
