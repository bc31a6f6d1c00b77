"""The job argument and the flags that override it, the same for every command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypedDict, TypeVar

import click

from batchtts.model import Job

__all__ = ["JobFlags", "job_options", "read"]

P = ParamSpec("P")
R = TypeVar("R")


class JobFlags(TypedDict):
    """The values of `job_options`."""

    job: Path
    engine: str | None
    synthesiser: str | None
    url: str | None
    concurrency: int | None
    limit: int | None
    cache: Path | None
    allow_outside: bool


_OPTIONS = [
    click.argument("job", type=click.Path(path_type=Path)),
    click.option(
        "--engine",
        type=click.Choice(["rime", "local"]),
        help="Who speaks: Rime, or the local server (offline, free).",
    ),
    click.option(
        "--synthesiser",
        type=click.Choice(["espeak", "tone"]),
        help="What the local server speaks with.",
    ),
    click.option("--url", help="The engine's WebSocket address."),
    click.option("--concurrency", type=int, help="Sockets at most."),
    click.option("--limit", type=int, help="Characters a request at most."),
    click.option(
        "--cache",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="BATCHTTS_CACHE",
        help="Folder of the cache of takes.",
    ),
    click.option(
        "--allow-outside",
        is_flag=True,
        help="Let the job name files outside its project.",
    ),
]


def job_options(function: Callable[P, R]) -> Callable[P, R]:
    """Give a command the job argument and its overriding flags."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def read(flags: JobFlags) -> Job:
    """Read the job file with the flags applied. Raises JobError."""
    from batchtts.jobfile import load_job

    cache = flags["cache"]
    return load_job(
        flags["job"],
        allow_outside=flags["allow_outside"],
        engine=flags["engine"],
        synthesiser=flags["synthesiser"],
        url=flags["url"],
        concurrency=flags["concurrency"],
        limit=flags["limit"],
        cache=cache.absolute() if cache else None,
    )
