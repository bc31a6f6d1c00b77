"""`batchtts cache`: look after the takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Unpack

import click

from batchtts.cli.job_options import JobFlags, job_options, read
from batchtts.cli.streams import talk
from batchtts.errors import JobError, LocalError, Problem, TakeError
from batchtts.model import Place
from batchtts.text_safety import many, visible_json

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
_SHOWN = 20
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
def verify(*, job: Path | None, cache: Path | None, as_json: bool) -> int:
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
        return LocalError.exit_code if bad else 0
    for one in bad:
        click.echo(f"damaged: {one.path}: {one.reason}", err=True)
    click.echo(f"{folder}: {many(good, 'take')} good, {len(bad):,} damaged")
    if bad:
        raise LocalError(f"{len(bad):,} takes were damaged and have been put aside")
    return 0


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


@command.command("export")
@job_options
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--only",
    multiple=True,
    metavar="GLOB",
    help="Only the takes of the files of texts whose id, or voice/id, matches.",
)
@_JSON
def export(
    *, archive: Path, only: tuple[str, ...], as_json: bool, **flags: Unpack[JobFlags]
) -> int:
    """Write the takes that JOB needs into ARCHIVE, a tar file.

    For `cache import` on another machine: with the lock and these takes, `run
    --frozen` makes every output there. Sends nothing and needs no key. The same
    takes give the same bytes. Exit code 3: some takes are not in the cache; the
    others are written.
    """
    from batchtts.runner.scope import Scope
    from batchtts.runner.transfer import export as write

    if archive.suffix.lower() != ".tar":
        problem = f'"{archive}" does not end in ".tar"'
        raise JobError([Problem(Place("ARCHIVE"), problem, "it is a tar file")])
    done = write(read(flags), archive, Scope(only=only))
    missing = [{"take": one.fingerprint, "where": one.where} for one in done.listed]
    code = TakeError.exit_code if done.missing else 0
    if as_json:
        document = {
            "version": 1,
            "exit_code": code,
            "archive": str(archive),
            "takes": done.takes,
            "bytes": done.size_bytes,
            "missing": done.missing,
            "missing_takes": missing,
        }
        click.echo(visible_json(document, indent=1))
        return code
    for one in done.listed[:_SHOWN]:
        talk("missing:", f"{one.where}: {one.fingerprint[:16]}")
    if done.missing > _SHOWN:
        talk("missing:", f"and {done.missing - _SHOWN:,} more")
    click.echo(f"{archive}: {many(done.takes, 'take')}, {_size(done.size_bytes)}")
    if done.missing:
        what = f"{many(done.missing, 'take')} that the job needs not in the cache"
        talk("error:", f"{what}: `batchtts run {flags['job']}` makes them")
    return code


@command.command("import")
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_JOB
@_FOLDER
@_JSON
def import_(
    *, archive: Path, job: Path | None, cache: Path | None, as_json: bool
) -> int:
    """Put the takes of ARCHIVE, from `cache export`, into the cache of JOB.

    Each is checked against its checksum first; takes that are there already stay
    as they are. Runs may go on meanwhile. Exit code 6: some of the archive is
    damaged; the rest is imported.
    """
    from batchtts.cache import Cache
    from batchtts.runner.transfer import import_takes

    folder = _made_folder(job, cache)
    found = import_takes(Cache(folder), archive)
    if as_json:
        damaged = [{"name": name, "reason": reason} for name, reason in found.listed]
        document = {
            "version": 1,
            "exit_code": found.exit_code,
            "folder": str(folder),
            "takes": found.takes,
            "bytes": found.size_bytes,
            "known": found.known,
            "foreign": found.foreign,
            "damaged": found.damaged,
            "damaged_takes": damaged,
            "trouble": found.trouble,
        }
        click.echo(visible_json(document, indent=1))
        return found.exit_code
    for name, reason in found.listed[:_SHOWN]:
        talk("damaged:", f"{name}: {reason}")
    if found.foreign:
        talk("warning:", f"{found.foreign:,} of its entries are no takes, and left out")
    counts = f"{many(found.takes, 'take')}, {_size(found.size_bytes)}"
    click.echo(f"{folder}: {counts} imported, {found.known:,} there already")
    if found.damaged:
        talk("error:", f"{many(found.damaged, 'take')} damaged and left out")
    if found.trouble:
        talk("error:", f'"{archive}" is damaged: {found.trouble}; get it once more')
    return found.exit_code


def _made_folder(job: Path | None, cache: Path | None) -> Path:
    """Return the folder that is meant; it need not be there yet if it was named."""
    if cache is not None:
        return cache
    if job is None:
        return _folder(job, cache)
    from batchtts.jobfile import load_job
    from batchtts.runner.places import cache_folder, require_real

    loaded = load_job(job, allow_outside=True)
    require_real(loaded)
    return cache_folder(loaded)


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
