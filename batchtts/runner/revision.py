"""A job as it was at a revision of its repository, with the files that it reads.

Git itself is asked, in a child process that is given no key and runs nothing of
the repository: no checkout, no filter, no hook, no network. The files come into
a temporary folder, each as a plain file under its own name; links are followed by
git, inside the revision only.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

from batchtts.environment import CREATION_FLAGS, PROCESS_GROUP, scrubbed
from batchtts.errors import JobError, LocalError, Problem
from batchtts.files import local_errors, make_folder
from batchtts.jobfile import names_in
from batchtts.model import Job, Place
from batchtts.runner.places import lock_path

__all__ = ["MOST_BYTES", "Past", "at_revision", "told_of"]

MOST_BYTES = 2**31
"""The most bytes of files that are read for a job at a revision."""

_BLOCK_BYTES = 1 << 20
_MOST_LINE = 1 << 16
_FOUND = re.compile(rb"[0-9a-f]{40,64} (\w+) (\d+)\n")
_NOT_FOLLOWED = re.compile(rb"(?:symlink|dangling|loop|notdir) (\d+)\n")
_OPTIONS = ("--no-pager", "-c", "protocol.allow=never", "-c", "core.fsmonitor=false")
_QUIET = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


@dataclass(frozen=True, slots=True)
class Past:
    """A job as it was."""

    job: Job  # of files in a temporary folder
    revision: str  # as it was asked for
    commit: str
    root: Path  # that folder, which stands for the top of the repository


@contextlib.contextmanager
def at_revision(
    path: Path, revision: str, load: Callable[[Path], Job]
) -> Iterator[Past]:
    """Give the job file at ``path`` as it was at ``revision``, read by ``load``.

    Raises JobError where there is no git, no repository, no such revision, no such
    job file then, or one that cannot be read; and LocalError when its files cannot
    be written down.
    """
    path = Path(os.path.realpath(path))
    git = _Git(path.parent, revision)
    prefix = git.prefix()
    commit = git.commit()
    with tempfile.TemporaryDirectory() as folder, git.objects(commit) as objects:
        root = Path(os.path.realpath(folder))
        make_folder(root / ".git")  # marks the top of a project
        tree = _Tree(root, objects)
        shown = f"{revision}:{prefix}{path.name}"
        if not tree.fetch(prefix + path.name):
            message = f'there is no job file "{prefix}{path.name}" at this revision'
            raise _refused(shown, message, "name a later one")
        then = root / prefix / path.name
        with local_errors("cannot read the job file"):
            names = names_in(then.read_bytes())
        tree.fetch_all(posixpath.join(prefix, name) for name in names)
        with told_of(root, revision):
            job = load(then)
        tree.fetch(prefix + lock_path(job).name)
        yield Past(job, revision, commit, root)


@contextlib.contextmanager
def told_of(root: Path, revision: str) -> Iterator[None]:
    """Have errors speak of the revision, and not of the folder that stands for it."""

    def named(words: str) -> str:
        # With the slash first: what stands below the folder.
        words = words.replace(f"{root}{os.sep}", f"{revision}:")
        return words.replace(str(root), f"{revision}:")

    try:
        yield
    except JobError as exc:
        problems = []
        for one in exc.problems:
            file = named(one.place.file)
            file = file if file != one.place.file else f"{revision}:{file}"
            problems.append(
                replace(
                    one,
                    place=replace(one.place, file=file),
                    message=named(one.message),
                    hint=named(one.hint),
                )
            )
        raise JobError(problems, exc.more) from exc


class _Git:
    """Asks git about one folder."""

    def __init__(self, folder: Path, revision: str) -> None:
        self._folder = folder
        self._revision = revision
        program = shutil.which("git")
        if program is None:
            message = "git is needed to compare with a revision, and is not there"
            raise _refused("--against", message, "install it")
        self._program = program

    def prefix(self) -> str:
        """Return the folder's path from the top of its repository, with a slash."""
        found = self._ask("rev-parse", "--show-prefix")
        if isinstance(found, str):
            return found
        hint = f"git says: {found.reason}"
        message = f'"{self._folder}" is in no git repository that can be read'
        raise _refused("--against", message, hint)

    def commit(self) -> str:
        """Return the commit that the revision means."""
        asked = self._revision
        found = None
        if asked and not asked.startswith("-") and asked.isprintable():
            found = self._ask("rev-parse", "--verify", "--quiet", f"{asked}^{{commit}}")
        if isinstance(found, str):
            return found
        hint = "in CI, fetch it first: git fetch --depth=1 origin REVISION"
        message = f'there is no revision "{asked}" in this repository'
        raise _refused("--against", message, hint)

    @contextlib.contextmanager
    def objects(self, commit: str) -> Iterator[_Objects]:
        """Give the files of a commit."""
        process = subprocess.Popen(  # noqa: S603 - git, with arguments of ours
            [*self._command, "cat-file", "--batch", "--follow-symlinks"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**scrubbed(), **_QUIET},
            creationflags=CREATION_FLAGS,
            process_group=PROCESS_GROUP,
        )
        assert process.stdin is not None  # noqa: S101 - for the type checker
        assert process.stdout is not None  # noqa: S101 - as above
        try:
            yield _Objects(commit, process.stdin, process.stdout)
        finally:
            process.kill()
            process.communicate()

    @property
    def _command(self) -> list[str]:
        return [self._program, *_OPTIONS, "-C", str(self._folder)]

    def _ask(self, *arguments: str) -> str | _Refusal:
        with local_errors("cannot start git"):
            done = subprocess.run(  # noqa: S603 - git, with arguments of ours
                [*self._command, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env={**scrubbed(), **_QUIET},
                creationflags=CREATION_FLAGS,
                process_group=PROCESS_GROUP,
                check=False,
            )
        if done.returncode:
            lines = os.fsdecode(done.stderr).splitlines()
            return _Refusal(lines[0] if lines else f"exit code {done.returncode}")
        return os.fsdecode(done.stdout).removesuffix("\n")


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What git says where it cannot answer."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Objects:
    """The files of a commit, by their paths from its top."""

    commit: str
    asks: IO[bytes]
    answers: IO[bytes]

    def open(self, path: str) -> int | None:
        """Return how many bytes a file has, which are the next to be read.

        None where there is no such file; nothing is to be read then.
        """
        try:
            self.asks.write(os.fsencode(f"{self.commit}:{path}\n"))
            self.asks.flush()
        except OSError as exc:
            raise LocalError("git ended while it was asked for a file") from exc
        head = self.answers.readline(_MOST_LINE)
        if not head.endswith(b"\n"):
            raise LocalError("git ended while it was asked for a file")
        if (found := _FOUND.fullmatch(head)) is not None:
            if found.group(1) == b"blob":
                return int(found.group(2))
            self.skip(int(found.group(2)))
        elif (found := _NOT_FOLLOWED.fullmatch(head)) is not None:
            self.skip(int(found.group(1)))
        return None

    def blocks(self, size: int) -> Iterator[bytes]:
        """Yield the bytes that are next, and the end that stands behind them."""
        left = size
        while left:
            block = self.answers.read(min(left, _BLOCK_BYTES))
            if not block:
                raise LocalError("git ended while it gave a file")
            left -= len(block)
            yield block
        self.answers.read(1)

    def skip(self, size: int) -> None:
        """Read what nobody wants."""
        for _ in self.blocks(size):
            pass


class _Tree:
    """The folder in which a revision's files come to stand."""

    def __init__(self, root: Path, objects: _Objects) -> None:
        self._root = root
        self._objects = objects
        self._left = MOST_BYTES

    def fetch_all(self, paths: Iterable[str]) -> None:
        """Fetch each of the files that there are."""
        for path in dict.fromkeys(map(posixpath.normpath, paths)):
            self.fetch(path)

    def fetch(self, path: str) -> bool:
        """Fetch a file; return whether there is one."""
        parts = PurePosixPath(path).parts
        target = self._root.joinpath(*parts)
        outside = ".." in parts or not target.is_relative_to(self._root)
        if outside or "\n" in path or target.exists():
            return False
        size = self._objects.open(path)
        if size is None:
            return False
        self._left -= size
        if self._left < 0:
            message = f"the files of the job are more than {MOST_BYTES:,} bytes"
            raise _refused(f"--against: {path}", message, "name another revision")
        make_folder(target.parent)
        doing = "cannot write the files of the revision"
        with local_errors(doing), target.open("xb") as file:
            for block in self._objects.blocks(size):
                file.write(block)
        return True


def _refused(place: str, message: str, hint: str) -> JobError:
    return JobError([Problem(Place(place), message, hint)])
