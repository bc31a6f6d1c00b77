"""`batchtts check`: is everything up to date?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from batchtts.cli.job_options import JobFlags, job_options, read
from batchtts.cli.streams import talk
from batchtts.text_safety import many, visible_json

if TYPE_CHECKING:
    from batchtts.runner.checking import Check
    from batchtts.runner.finding import Finding, State

__all__ = ["command", "documents", "tell"]

_SHOWN = 50
_LABELS: Mapping[State, str] = {
    "new": "new:",
    "changed": "stale:",
    "missing": "missing:",
    "altered": "altered:",
    "stale": "stale:",
    "orphan": "orphan:",
}


@click.command("check")
@job_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the result as JUnit XML as well.",
)
def command(*, as_json: bool, junit: Path | None, **flags: Unpack[JobFlags]) -> int:
    """Tell whether every output of JOB is up to date, and if not, why.

    Compares the job, its texts, the lock beside it and the files on disk. Needs
    no key, no network and no cache; sends nothing, and writes nothing but notes for
    the next check. Exit code 0: up to
    date; 8: not. In GitHub Actions, what is out of date is shown at its line.
    """
    from batchtts.runner.checking import check

    job = read(flags)
    found = check(job)
    for warning in (*found.warnings, *found.notes):
        talk("warning:", warning)
    if junit is not None:
        from batchtts.cli.junit import write_junit

        write_junit(junit, found)
    if as_json:
        click.echo(visible_json(_document(found), indent=1))
    else:
        _tell(found, flags["job"])
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from batchtts.cli.github import error_lines

        for line in error_lines(found, job, shown=str(flags["job"])):
            click.echo(line, err=as_json)
    return found.exit_code


def tell(findings: Iterable[Finding], more: int, labels: Mapping[State, str]) -> None:
    """Print findings, those together that have their reason in common."""
    from batchtts.runner.grouping import grouped

    groups = grouped(findings)
    for group in groups[:_SHOWN]:
        click.echo(f"{labels[group.state]} {group}")
    hidden = sum(len(group.findings) for group in groups[_SHOWN:]) + more
    if hidden:
        click.echo(f"... and {hidden:,} more")


def _tell(found: Check, job: Path) -> None:
    tell(found.findings, found.more, _LABELS)
    if found.trouble is not None:
        click.echo(f"lock: {found.trouble}")
    if found.is_current:
        click.echo(f"{many(found.outputs, 'output')}, all up to date")
        return
    counts = [f"{found.stale:,} of {many(found.outputs, 'output')} out of date"]
    if found.orphans:
        counts.append(f"{many(found.orphans, 'file')} that nothing asks for")
    click.echo(", ".join(counts))
    prune = " --prune" if found.orphans else ""
    click.echo(f"bring it up to date: batchtts run {job}{prune}", err=True)


def documents(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """Return findings as they stand in JSON."""
    return [
        {
            "state": one.state,
            "path": one.path,
            "text": one.text,
            "voice": one.voice,
            "reasons": [
                {
                    "file": reason.place.file,
                    "line": reason.place.line,
                    "column": reason.place.column,
                    "what": reason.what,
                }
                for reason in one.reasons
            ],
        }
        for one in findings
    ]


def _document(found: Check) -> dict[str, object]:
    return {
        "version": 1,
        "job": found.job,
        "up_to_date": found.is_current,
        "exit_code": found.exit_code,
        "outputs": found.outputs,
        "current": found.current,
        "stale": found.stale,
        "orphans": found.orphans,
        "lock": found.trouble,
        "findings": documents(found.findings),
        "more": found.more,
        "notes": found.notes,
        "warnings": list(found.warnings),
    }
