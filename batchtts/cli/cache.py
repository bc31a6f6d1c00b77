"""`batchtts cache`: look after the takes."""

from __future__ import annotations

import json
from pathlib import Path

import click

from batchtts.errors import JobError, LocalError, Problem
from batchtts.model import Place
from batchtts.text_safety import many

__all__ = ["command"]

_JOB = click.argument("job", type=click.Path(path_type=Path), required=False)
_FOLDER = click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="BATCHTTS_CACHE",
    help="Folder of the cache; default: the job's, else .batchtts/cache here.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_DAY_S = 86_400
_KILO = 1000


@click.group("cache")
def command() -> None:
    """Look after the cache of takes, by its job file or its folder."""


@command.command("info")
@_JOB
@_FOLDER
@_JSON
def info(*, job: Path | None, cache: Path | None, as_json: bool) -> None:
    """Show how many takes there are and how much space they use."""
    from batchtts.cache import Cache

    folder = _folder(job, cache)
    found = Cache(folder).info()
    if as_json:
        document = {
            "folder": str(folder),
            "takes": found.takes,
            "bytes": found.size_bytes,
            "damaged": found.damaged,
        }
        click.echo(json.dumps(document, indent=1))
        return
    damaged = f", {found.damaged:,} damaged put aside" if found.damaged else ""
    takes = many(found.takes, "take")
    click.echo(f"{folder}: {takes}, {_size(found.size_bytes)}{damaged}")


@command.command("verify")
@_JOB
@_FOLDER
@_JSON
def verify(*, job: Path | None, cache: Path | None, as_json: bool) -> None:
    """Check every take against its checksum; exit 6 if one is damaged.

    A damaged take is put aside and made again by the next run that needs it.
    """
    from batchtts.cache import Cache

    folder = _folder(job, cache)
    good = 0
    bad = []
    for result in Cache(folder).verify():
        if result is None:
            good += 1
        else:
            bad.append(result)
    if as_json:
        damaged = [{"path": str(one.path), "reason": one.reason} for one in bad]
        document = {"folder": str(folder), "good": good, "damaged": damaged}
        click.echo(json.dumps(document, indent=1))
    else:
        for one in bad:
            click.echo(f"damaged: {one.path}: {one.reason}", err=True)
        click.echo(f"{folder}: {many(good, 'take')} good, {len(bad):,} damaged")
    if bad:
        raise LocalError(f"{len(bad):,} takes were damaged and have been put aside")


@command.command("prune")
@_JOB
@_FOLDER
@click.option(
    "--older-than",
    "days",
    type=click.FloatRange(min=0),
    default=90,
    show_default=True,
    help="Days since a take was last used.",
)
@_JSON
def prune(*, job: Path | None, cache: Path | None, days: float, as_json: bool) -> None:
    """Remove takes that no run has used for a while, and damaged ones."""
    from batchtts.cache import Cache

    folder = _folder(job, cache)
    gone = Cache(folder).prune(older_than_s=days * _DAY_S)
    if as_json:
        document = {
            "folder": str(folder),
            "takes": gone.takes,
            "bytes": gone.size_bytes,
            "damaged": gone.damaged,
        }
        click.echo(json.dumps(document, indent=1))
        return
    click.echo(
        f"{folder}: removed {many(gone.takes, 'take')} and "
        f"{many(gone.damaged, 'damaged file')}, "
        f"{_size(gone.size_bytes)}"
    )


def _folder(job: Path | None, cache: Path | None) -> Path:
    """Return the folder that is meant; raise JobError if there is none."""
    folder = cache or Path(".batchtts/cache")
    if job is not None and cache is None:
        from batchtts.jobfile import load_job
        from batchtts.runner.places import cache_folder

        folder = cache_folder(load_job(job, allow_outside=True))
    if not folder.is_dir():
        hint = "name a job, or a folder with --cache"
        raise JobError([Problem(Place(str(folder)), "there is no cache here", hint)])
    return folder


def _size(size_bytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < _KILO:
            return f"{size_bytes:.1f} {unit}" if unit != "B" else f"{size_bytes:.0f} B"
        size_bytes /= _KILO
    return f"{size_bytes:.1f} TB"
