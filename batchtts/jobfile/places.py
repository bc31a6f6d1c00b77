"""Where a job may read and write: inside its project, unless told otherwise."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from batchtts.endings import ending_of
from batchtts.files import project_root
from batchtts.jobfile.nodes import Node
from batchtts.jobfile.problems import Problems, quoted

__all__ = ["Places", "is_blocked", "places_of"]

_MAX_LISTED = 1000  # names of a folder that are compared for a suggestion
_MAX_LENGTH = 1024  # characters
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folder that paths start from, and the one they must stay inside."""

    base: Path
    project: Path
    allow_outside: bool

    def resolve(self, raw: str, node: Node, problems: Problems) -> Path | None:
        """Return the path that ``raw`` means, with its links followed.

        What cannot be used is noted in ``problems``, and None returned.
        """
        if problem := _unusable(raw):
            problems.add(node, *problem)
            return None
        try:
            path = (self.base / raw).resolve()
        except (OSError, RuntimeError, ValueError):  # 3.11, 3.12: a loop of links
            problems.add(node, f"{quoted(raw)} cannot be followed to its end")
            return None
        if self.allow_outside or path.is_relative_to(self.project):
            return path
        problems.add(
            node,
            f"{quoted(raw)} is outside the project {quoted(str(self.project))}",
            "move it there, or allow it with --allow-outside",
        )
        return None

    def input_file(
        self, raw: str, node: Node, endings: Sequence[str], problems: Problems
    ) -> Path | None:
        """Return the path of a file to be read, which is there and of a known kind."""
        target = self.resolve(raw, node, problems)
        if target is None:
            return None
        named = self.base / raw
        if "".join(ending_of(named.name)) not in endings:
            return None  # the caller knows what else it could be
        if not os.path.exists(target):  # noqa: PTH110 - Path.exists may raise
            names = _names_in(target.parent)
            hint = problems.suggest(
                named.name, names, otherwise=_looked_in(target.parent)
            )
            problems.add(node, f"there is no file {quoted(raw)}", hint)
        elif not target.is_file():
            problems.add(node, f"{quoted(raw)} is not a file", "name a file")
        elif "".join(ending_of(target.name)) not in endings:
            problems.add(
                node,
                f"{quoted(raw)} is a link to a file of another kind",
                "name the file itself",
            )
        else:
            return named.parent.resolve() / named.name
        return None


def places_of(job_file: Path, *, allow_outside: bool) -> Places:
    """Return the places of a job: its folder, and its project's.

    The project is the nearest folder at or above the job file's that holds
    a mark of one (see `files.project_root`); without any it is the job file's
    own folder.
    """
    base = job_file.absolute().parent.resolve()
    project = project_root(base) or base
    return Places(base=base, project=project, allow_outside=allow_outside)


def is_blocked(folder: Path) -> bool:
    """Tell whether something that is no folder stands where one is needed."""
    return os.path.exists(folder) and not folder.is_dir()  # noqa: PTH110 - as above


def _unusable(raw: str) -> tuple[str, str] | None:
    if len(raw) > _MAX_LENGTH:
        return f"the path {quoted(raw)} is too long", "choose a shorter one"
    if _CONTROL.search(raw):
        return f"the path {quoted(raw)} holds a control character", "remove it"
    if raw.startswith("~"):
        message = f'the path {quoted(raw)} begins with "~", which means nothing here'
        return message, "write it relative to the job file"
    if "\\" in raw:
        hint = f"write {quoted(raw.replace(chr(92), '/'))}, on Windows as well"
        return f"the path {quoted(raw)} holds a backslash", hint
    return None


def _names_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in itertools.islice(entries, _MAX_LISTED)]
    except OSError:
        return []


def _looked_in(folder: Path) -> str:
    where = quoted(str(folder))
    return f"looked in {where}" if folder.is_dir() else f"there is no folder {where}"
