"""`batchtts run`: make what is not there yet."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
from dataclasses import asdict
from typing import Unpack

import click

from batchtts.cli.colour import color
from batchtts.cli.job_options import JobFlags, job_options, read
from batchtts.report import RunReport
from batchtts.text_safety import many, printable

__all__ = ["command"]

_FAILURES_SHOWN = 20
_WORTH_ANOTHER_TRY = {3, 5, 6}
_SIGNALLED = 128
_SWITCH_S = 0.0005
_SHORT_S = 100  # shown to a tenth of a second


@click.command("run")
@job_options
@click.option("--dry-run", is_flag=True, help="Only show the plan.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--progress",
    type=click.Choice(["auto", "bar", "plain", "none"]),
    default="auto",
    show_default=True,
    help="How to show progress on stderr.",
)
@click.option("-v", "--verbose", count=True, help="Tell each file and retry.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the result.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    dry_run: bool,
    as_json: bool,
    progress: str,
    verbose: int,
    quiet: bool,
    **flags: Unpack[JobFlags],
) -> int:
    """Make every output of JOB that is not there yet.

    Takes already in the cache are used, files that are already right are left
    alone. Exit codes: 0 all complete, 2 bad input, 3 some texts failed, 4
    refused (key), 5 service unavailable, 6 disk or another local trouble, 11
    another run works on the job, 130 interrupted.
    """
    from batchtts.progress import Progress
    from batchtts.runner.run import run

    job = read(flags)
    if dry_run:
        from batchtts.cli.plan import show

        show(job, as_json=as_json)
        return 0
    bar = progress == "bar" or (progress == "auto" and _has_screen())
    level = -1 if quiet or progress == "none" else verbose
    # A take's last messages and the next one's handshake take many short turns of
    # the event loop: each would wait this long for a thread that makes sound.
    sys.setswitchinterval(_SWITCH_S)
    with Progress(sys.stderr, bar=bar and level >= 0, verbose=level) as follow:
        report = run(job, on_event=follow)
    with contextlib.suppress(BrokenPipeError):  # the exit code tells all the same
        if as_json:
            click.echo(json.dumps(_document(report), ensure_ascii=False, indent=1))
        else:
            _summary(report, quiet=quiet, again=_again(ctx))
    return report.exit_code


def _has_screen() -> bool:
    """Tell a terminal that can show a bar; some that programs make have no width."""
    try:
        return sys.stderr.isatty() and os.get_terminal_size(2).columns > 0
    except OSError:
        return False


def _again(ctx: click.Context) -> str:
    """Return the command that resumes this run: the same one."""
    given: list[str] = ctx.find_object(list) or []
    return shlex.join(["batchtts", *given])


def _summary(report: RunReport, *, quiet: bool, again: str) -> None:
    """Print the result, failures last, so that it is what stays on the screen."""
    counts = [f"{report.made:,} made", f"{report.unchanged:,} unchanged"]
    if report.failed:
        counts.append(f"{report.failed:,} failed")
    if report.pending > 0:
        counts.append(f"{report.pending:,} not reached")
    totals = report.totals
    parts = [
        f"{many(report.outputs, 'output')}: {', '.join(counts)}",
        f"{totals.characters_sent:,} characters sent",
        f"{_length(report.audio_seconds)} audio",
    ]
    if totals.cached:
        parts.insert(2, f"{totals.cached:,} takes from the cache")
    if totals.retries:
        parts.insert(2, f"{totals.retries:,} retries")
    if not quiet:
        click.echo(" · ".join(parts))
    for failure in report.failures[:_FAILURES_SHOWN]:
        chunk = f", chunk {failure.chunk} of {failure.chunks}" if failure.chunk else ""
        line = (
            f'{failure.place}: text "{failure.text}" in voice "{failure.voice}"'
            f"{chunk}: {failure.kind}: {failure.reason}"
        )
        _complain("failed:", line)
    hidden = len(report.failures) + report.more_failures - _FAILURES_SHOWN
    if hidden > 0:
        _complain("failed:", f"{hidden:,} more, all in {report.path}")
    if report.error is not None:
        _complain("stopped:", report.error)
    if report.exit_code:
        click.echo(
            f"everything finished is kept; run again to resume: {again}", err=True
        )


def _complain(label: str, text: str) -> None:
    styled = click.style(label, fg="red", bold=True)
    click.echo(f"{styled} {printable(text)}", err=True, color=color())


def _length(seconds: float) -> str:
    if seconds < _SHORT_S:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def _document(report: RunReport) -> dict[str, object]:
    document = asdict(report)
    document["report"] = str(document.pop("path"))
    return {"version": 1, **document, "pending": report.pending}
