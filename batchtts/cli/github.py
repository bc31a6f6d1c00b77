"""What GitHub Actions shows at the lines of a change: its workflow commands.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from batchtts.files import project_root
from batchtts.model import Job, Place
from batchtts.runner.checking import Check
from batchtts.runner.grouping import grouped
from batchtts.text_safety import printable

__all__ = ["error_lines"]

_MOST = 10  # of a kind that GitHub shows for a step


def error_lines(found: Check, job: Job, *, shown: str) -> Iterator[str]:
    """Yield an error for each reason why something is out of date, 10 at most.

    ``shown`` is how the job file was called on the command line.
    """
    groups = grouped(found.findings)
    hidden = len(groups) - _MOST
    for group in groups[: _MOST - 1] if hidden > 0 else groups:
        yield _error(_place(group.place, job, shown), group.sentence)
    if hidden > 0:
        what = f"{hidden + 1:,} more reasons; all are in the log of this step"
        yield _error(_place(job.place, job, shown), what)
    if found.trouble is not None:
        yield _error(_place(job.place, job, shown), found.trouble)


def _place(place: Place, job: Job, shown: str) -> Place:
    """Name a file from the top of the repository."""
    path = job.path if place.file == shown else job.path.parent / place.file
    top = os.environ.get("GITHUB_WORKSPACE")
    base = Path(top) if top else project_root(job.path.parent) or Path.cwd()
    try:
        relative = os.path.relpath(os.path.realpath(path), os.path.realpath(base))
    except ValueError:  # another drive
        relative = str(path)
    return Place(Path(relative).as_posix(), place.line, place.column)


def _error(place: Place, message: str) -> str:
    parts = [f"file={_property(place.file)}"]
    if place.line is not None:
        parts.append(f"line={place.line}")
    if place.column is not None:
        parts.append(f"col={place.column}")
    return f"::error {','.join(parts)}::{_data(message)}"


def _data(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
