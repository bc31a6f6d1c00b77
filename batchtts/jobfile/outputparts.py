"""What outputs of all kinds are read with: what they take, and where it goes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from batchtts.jobfile.fields import Fields, text_of
from batchtts.jobfile.nodes import Node
from batchtts.jobfile.places import Places, is_blocked
from batchtts.jobfile.problems import Problems, quoted
from batchtts.jobfile.texts import known_voice
from batchtts.model import Assignment, Voice, VoiceName
from batchtts.names import template_problem

__all__ = [
    "Context",
    "assign_of",
    "subtitles_of",
    "suffix_of",
    "target_of",
    "texts_of",
    "voices_of",
]

_FIELD = re.compile(r"\{[^{}]*\}")
_FORBIDDEN = re.compile(r'[<>:"|?*]')


@dataclass(frozen=True, slots=True)
class Context:
    """What outputs are read against."""

    voices: Mapping[VoiceName, Voice]
    audio: Fields  # the job's
    places: Places
    problems: Problems


def texts_of(fields: Fields) -> tuple[str, ...]:
    """Return the globs of an output's texts."""
    globs = (text_of(node) for node in fields.items("texts"))
    return tuple(glob for glob in globs if glob is not None)


def subtitles_of(fields: Fields) -> tuple[str, ...]:
    """Return the formats of an output's subtitles, each once."""
    kinds = (text_of(node) for node in fields.items("subtitles"))
    return tuple(dict.fromkeys(kind for kind in kinds if kind is not None))


def voices_of(fields: Fields, context: Context) -> tuple[VoiceName, ...]:
    """Return an output's voices, after noting which there are not, or twice."""
    nodes, problems = fields.items("voices"), context.problems
    names = [
        known_voice(node, text_of(node), context.voices, problems) for node in nodes
    ]
    _note_repeated(nodes, problems)
    return tuple(name for name in names if name is not None)


def assign_of(
    fields: Fields, voices: Sequence[VoiceName], problems: Problems
) -> Assignment | None:
    """Return how an output's voices are dealt out to the texts, if they are."""
    node = fields.value("assign")
    if node is None:
        return None
    if not voices:
        message = '"assign" deals out the voices of an output, and this one names none'
        problems.add(node, message, 'add "voices: [...]"')
        return None
    own = fields.below("assign")
    each = own.whole("sample") or 1
    if each > len(voices):
        message = f'"sample" is {each}, of {len(voices)} voices'
        problems.add(own.value("sample"), message, f"ask for at most {len(voices)}")
    in_turn = text_of(node) == "round-robin"
    seed = own.text("seed") or ""
    return Assignment(voices_each=each, in_turn=in_turn, seed=seed)


def _note_repeated(nodes: tuple[Node, ...], problems: Problems) -> None:
    seen: set[str] = set()
    for node in nodes:
        name = text_of(node)
        if name in seen:
            problems.add(node, f"the voice {quoted(name)} stands here a second time")
        elif name is not None:
            seen.add(name)


def suffix_of(
    template: str, node: Node, formats: Collection[str], problems: Problems
) -> str:
    """Return the ending of a template; one that is none of ``formats`` is noted."""
    bare = _FIELD.sub("x", template.rpartition("/")[2])
    suffix = PurePosixPath(bare).suffix.lower()
    if suffix not in formats:
        endings = f"its name must end in {', '.join(formats)}"
        hint = (
            problems.suggest(suffix, formats, otherwise=endings) if suffix else endings
        )
        problems.add(node, f"{quoted(template)} is no audio file", hint)
    return suffix


def target_of(template: str, node: Node, context: Context) -> tuple[Path, str] | None:
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
