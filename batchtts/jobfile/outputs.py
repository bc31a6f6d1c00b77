"""Entries of ``outputs``, told apart by their kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from batchtts.formats import FORMATS
from batchtts.jobfile.audio import audio
from batchtts.jobfile.fields import Fields, text_of
from batchtts.jobfile.nodes import Node
from batchtts.jobfile.places import Places, is_blocked
from batchtts.jobfile.problems import Problems, quoted
from batchtts.jobfile.texts import known_voice
from batchtts.model import FilesOutput, Voice, VoiceName
from batchtts.names import template_problem

__all__ = ["outputs"]

_FIELD = re.compile(r"\{[^{}]*\}")
_FORBIDDEN = re.compile(r'[<>:"|?*]')


@dataclass(frozen=True, slots=True)
class _Context:
    """What entries are read against."""

    voices: Mapping[VoiceName, Voice]
    audio: Fields
    places: Places
    problems: Problems


def outputs(
    entries: tuple[Node, ...],
    voices: Mapping[VoiceName, Voice],
    job_audio: Fields,
    places: Places,
    problems: Problems,
) -> tuple[FilesOutput, ...]:
    """Return the job's outputs, in their order."""
    context = _Context(voices, job_audio, places, problems)
    read = [_READERS.get(_kind(entry), _nothing)(entry, context) for entry in entries]
    return tuple(output for output in read if output is not None)


def _kind(entry: Node) -> str:
    return Fields(entry).text("kind") or ""


def _nothing(entry: Node, context: _Context) -> None:
    """Read an output of an unknown kind: the shape check has told of it."""
    del entry, context


def _files(entry: Node, context: _Context) -> FilesOutput | None:
    fields = Fields(entry)
    problems = context.problems
    names = [
        known_voice(node, text_of(node), context.voices, problems)
        for node in fields.items("voices")
    ]
    _note_repeated(fields.items("voices"), problems)
    globs = [text_of(node) for node in fields.items("texts")]
    template, node = fields.text("path"), fields.value("path")
    if template is None or node is None:
        return None
    target = _target(template, node, context)
    suffix = _suffix(template, node, problems)
    settings = audio(fields.below("audio"), context.audio, suffix, problems)
    if target is None:
        return None
    return FilesOutput(
        template=template,
        folder=target[0],
        pattern=target[1],
        suffix=suffix,
        texts=tuple(glob for glob in globs if glob is not None),
        voices=tuple(name for name in names if name is not None),
        audio=settings,
        place=problems.place(entry),
    )


_READERS = {"files": _files}
"""How each kind of output is read; its shape stands in ``jobshape``."""


def _note_repeated(nodes: tuple[Node, ...], problems: Problems) -> None:
    seen: set[str] = set()
    for node in nodes:
        name = text_of(node)
        if name in seen:
            problems.add(node, f"the voice {quoted(name)} stands here a second time")
        elif name is not None:
            seen.add(name)


def _suffix(template: str, node: Node, problems: Problems) -> str:
    bare = _FIELD.sub("x", template.rpartition("/")[2])
    suffix = PurePosixPath(bare).suffix.lower()
    if suffix not in FORMATS:
        endings = f"its name must end in {', '.join(FORMATS)}"
        hint = (
            problems.suggest(suffix, FORMATS, otherwise=endings) if suffix else endings
        )
        problems.add(node, f"{quoted(template)} is no audio file", hint)
    return suffix


def _target(template: str, node: Node, context: _Context) -> tuple[Path, str] | None:
    """Return the folder that nothing leaves, and the template below it.

    The folder ends before the first part that has a field to fill in, and
    before the file's own name.
    """
    problems = context.problems
    if problem := template_problem(template):
        problems.add(node, f"{quoted(template)}: {problem}")
        return None
    parts = template.split("/")
    fixed = next(i for i, part in enumerate((*parts, "{}")) if _FIELD.search(part))
    fixed = min(fixed, len(parts) - 1)
    for part in parts[fixed:]:
        if problem := _part_problem(part):
            problems.add(node, f"{quoted(template)} {problem}")
            return None
    above = "/".join(parts[:fixed])
    raw = "/" if fixed and not above else above or "."
    folder = context.places.resolve(raw, node, problems)
    if folder is None:
        return None
    if is_blocked(folder):
        problems.add(node, f"{quoted(raw)} is a file, not a folder", "choose another")
        return None
    return folder, "/".join(parts[fixed:])


def _part_problem(part: str) -> str | None:
    if part in {"", ".", ".."}:
        what = f'a part "{part}"' if part else "an empty part"
        return f"has {what} where its files are named"
    literal = _FIELD.sub("x", part)
    if bad := _FORBIDDEN.search(literal):
        return f"holds {quoted(bad.group())}, which no file name can have on Windows"
    if literal.endswith((".", " ")) or literal.startswith(" "):
        return "has a part that begins or ends with a space or ends with a full stop"
    return None
