"""Entries of ``outputs``, told apart by their kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from batchtts.errors import Problem
from batchtts.formats import FORMATS
from batchtts.jobfile.audio import audio
from batchtts.jobfile.audiobook import audiobook
from batchtts.jobfile.dataset import dataset
from batchtts.jobfile.fields import Fields
from batchtts.jobfile.nodes import Node
from batchtts.jobfile.outputparts import (
    Context,
    assign_of,
    subtitles_of,
    suffix_of,
    target_of,
    texts_of,
    voices_of,
)
from batchtts.jobfile.places import Places
from batchtts.jobfile.problems import Problems
from batchtts.jobfile.readalong import read_along
from batchtts.model import FilesOutput, Output, Voice, VoiceName

__all__ = ["outputs"]


def outputs(
    entries: tuple[Node, ...],
    voices: Mapping[VoiceName, Voice],
    job_audio: Fields,
    places: Places,
    problems: Problems,
) -> tuple[Output, ...]:
    """Return the job's outputs, in their order."""
    context = Context(voices, job_audio, places, problems)
    read = [_READERS.get(_kind(entry), _nothing)(entry, context) for entry in entries]
    made = [output for output in read if output is not None]
    for output in made:
        _note_shared_folders(output, made, problems)
    return tuple(made)


def _note_shared_folders(
    one: Output, others: Sequence[Output], problems: Problems
) -> None:
    """Note which outputs write into a folder that is one output's own."""
    if one.sharing != "folder":
        return
    for other in others:
        if other is not one and other.folder.is_relative_to(one.folder):
            message = f"this writes into the folder of the dataset at {one.place}"
            hint = "choose another folder for one of them"
            problems.note(Problem(other.place, message, hint))


def _kind(entry: Node) -> str:
    return Fields(entry).text("kind") or ""


def _nothing(entry: Node, context: Context) -> None:
    """Read an output of an unknown kind: the shape check has told of it."""
    del entry, context


def _files(entry: Node, context: Context) -> FilesOutput | None:
    fields, problems = Fields(entry), context.problems
    texts, voices = texts_of(fields), voices_of(fields, context)
    template, node = fields.text("path"), fields.value("path")
    if template is None or node is None:
        return None
    target = target_of(template, node, context)
    suffix = suffix_of(template, node, FORMATS, problems)
    settings = audio(fields.below("audio"), context.audio, suffix, problems)
    if target is None:
        return None
    return FilesOutput(
        template=template,
        folder=target[0],
        pattern=target[1],
        suffix=suffix,
        texts=texts,
        voices=voices,
        audio=settings,
        assign=assign_of(fields, voices, problems),
        takes=fields.whole("takes") or 1,
        place=problems.place(entry),
        subtitles=subtitles_of(fields),
    )


_READERS: Mapping[str, Callable[[Node, Context], Output | None]] = {
    "files": _files,
    "audiobook": audiobook,
    "read-along": read_along,
    "dataset": dataset,
}
"""How each kind of output is read; its shape stands in ``outputshape``."""
