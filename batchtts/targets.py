"""Where a text's readings go: the files and folders of its outputs."""

from __future__ import annotations

import errno
import functools
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from batchtts import names
from batchtts.errors import LocalError, Problem
from batchtts.files import local_errors
from batchtts.findings import MAX_PROBLEMS, Problems
from batchtts.jobfile.problems import nearest
from batchtts.model import Job, Output, Text, VoiceName
from batchtts.seen import Seen

__all__ = ["Strange", "Target", "Targets", "path_of", "values_of"]

Strange = Callable[[Text, VoiceName, Output, Path], Problem | None]
"""Says what stands where the file of a text in a voice is to go."""

_MAX_PART_BYTES = 255  # what the usual file systems allow
_BUILT_IN = ("id", "voice", "title", "index", "job", "take")


@dataclass(frozen=True, slots=True)
class Target:
    """A file that a reading is to become, or what it is to become a part of."""

    output: Output
    path: Path


def values_of(
    job: Job, text: Text, voice: VoiceName, index: str, take: int
) -> Mapping[str, str]:
    """Return what can be filled into the path of a text's output.

    The first ``take`` is 0, and 1 to people.
    """
    return {
        **text.columns,
        "id": text.id,
        "voice": voice,
        "title": text.title or text.id,
        "index": index,
        "job": job.name,
        "take": str(take + 1),
    }


def path_of(output: Output, values: Mapping[str, str]) -> Path:
    """Fill in an output's path.

    Raises KeyError for a field that the text does not have, and ValueError for
    one of which nothing can stand in a name.
    """
    own = output.values
    known = {**values, **own} if own else values
    return output.folder.joinpath(names.fill(output.pattern, known))


class Targets:
    """Checks the files that readings would become, one after the other."""

    def __init__(
        self,
        job: Job,
        paths: Seen,
        problems: Problems,
        width: int,
        strange: Strange | None = None,
    ) -> None:
        """Check against ``paths``, which remembers; indexes have ``width`` digits.

        ``strange`` says what else is wrong with the place of a file.
        """
        self._strange = strange
        self._job = job
        self._paths = paths
        self._problems = problems
        self._width = width
        # What the disk says holds for this survey only.
        self._real = functools.lru_cache(maxsize=1024)(os.path.realpath)
        self._nearest = functools.lru_cache(maxsize=1024)(_nearest)
        self._unwritable: dict[Path, None] = {}
        self._parts: Counter[str] = Counter()  # of each file that is shared

    def check(
        self, text: Text, index: int, voice: VoiceName, output: Output, take: int
    ) -> int:
        """Note what is wrong with the file of a text in a voice.

        Return how many outputs it adds to the job: 0 for a part of one that is
        known already.
        """
        values = values_of(self._job, text, voice, f"{index:0{self._width}d}", take)
        try:
            path = path_of(output, values)
        except KeyError as exc:
            self._problems.add(_unknown_field(output, text, exc.args[0], values))
            return 0
        except ValueError as exc:
            message = f'nothing of its {exc.args[0]} can stand in "{output.template}"'
            self._problems.add(Problem(text.place, f'text "{text.id}": {message}'))
            return 0
        if trouble := self._trouble(output, path):
            self._problems.add(Problem(text.place, f'text "{text.id}": {trouble}'))
            return 0
        if not output.own_files:
            return self._shared(text, voice, output, path)
        self._look(text, voice, output, path)
        writer = f'text "{text.id}" in voice "{voice}" ({text.place})'
        for file in (path, *output.beside(path)):
            if earlier := self._paths.add(names.fold(str(file)), writer):
                message = f'text "{text.id}" would write "{file}", as {earlier} does'
                fields = "{id}, {voice} or {index}" if not take else "{take}"
                hint = f"put {fields} into the output's path"
                self._problems.add(Problem(text.place, message, hint))
        return 1

    def _look(self, text: Text, voice: VoiceName, output: Output, path: Path) -> None:
        """Note what a run would do harm to."""
        if self._strange and (problem := self._strange(text, voice, output, path)):
            self._problems.add(problem)

    def _shared(self, text: Text, voice: VoiceName, output: Output, path: Path) -> int:
        """Note what is wrong with a reading's part in something that is shared."""
        folded, writer = names.fold(str(path)), f"the output at {output.place}"
        earlier = self._paths.add(folded, writer)
        if earlier not in {None, writer}:
            message = f'text "{text.id}" would go into "{path}", which {earlier} writes'
            hint = "choose another path for one of them"
            self._problems.add(Problem(output.place, message, hint))
        if earlier is None:
            self._look(text, voice, output, path)
        if output.sharing == "folder":
            return 1
        for file in output.beside(path):
            other = self._paths.add(names.fold(str(file)), writer)
            if other not in {None, writer}:
                message = f'"{file}" would be written beside "{path}", as {other} does'
                hint = "choose another path for one of them"
                self._problems.add(Problem(output.place, message, hint))
        other = self._paths.add(f"{folded}\0{text.id}", voice)
        if other is not None:
            message = (
                f'text "{text.id}" would be in "{path}" twice, in voice "{other}" '
                f'and in voice "{voice}"'
            )
            hint = "put {voice} into the output's path"
            self._problems.add(Problem(output.place, message, hint))
        self._parts[folded] += 1
        if output.most_parts and self._parts[folded] > output.most_parts:
            message = f'"{path}" can hold {output.most_parts:,} chapters at most'
            hint = "write an M4B, or one file a chapter"
            self._problems.add(Problem(output.place, message, hint))
        return 0 if earlier else 1

    def _trouble(self, output: Output, path: Path) -> str | None:
        if len(os.fsencode(path)) > _MAX_PART_BYTES and any(
            len(os.fsencode(part)) > _MAX_PART_BYTES for part in path.parts
        ):
            return f'the name "{path.name}" is longer than {_MAX_PART_BYTES} bytes'
        with local_errors("cannot look at"):
            if output.sharing == "folder":
                return self._closed(path, path)
            folder, parent = self._real(output.folder), self._real(path.parent)
            if not f"{parent}{os.sep}".startswith(os.path.join(folder, "")):  # noqa: PTH118 - ends with a separator
                return f'"{path}" leads out of the folder "{output.folder}"'
            if _is_too_long(path):
                return f'the path "{path}" is longer than this system allows'
            if os.path.isdir(path):  # noqa: PTH112 - quicker, for each file
                return f'"{path}" is a folder, not a file'
            return self._closed(path, path.parent)

    def _closed(self, path: Path, folder: Path) -> str | None:
        """Say that something cannot be put where a file is; note closed folders."""
        nearest, is_open = self._nearest(folder)
        if is_open is None:
            return f'"{path}" cannot be written: "{nearest}" is a file, not a folder'
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


def _unknown_field(
    output: Output, text: Text, field: str, values: Mapping[str, str]
) -> Problem:
    near = nearest(field, list(values))
    extra = [name for name in values if name not in _BUILT_IN]
    known = ", ".join([*_BUILT_IN, *extra])
    hint = f"did you mean {{{near}}}?" if near else f"there are: {known}"
    message = f'"{output.template}": text "{text.id}" ({text.place}) has no {{{field}}}'
    return Problem(output.place, message, hint)
