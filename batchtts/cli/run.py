"""`batchtts run`: make what is not there yet."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import time
from dataclasses import asdict
from typing import Unpack

import click

from batchtts.cli.duration import duration_s
from batchtts.cli.job_options import JobFlags, job_options, read
from batchtts.cli.streams import talk
from batchtts.model import RunLimits
from batchtts.report import RunReport
from batchtts.text_safety import many, shown_cost, visible_json

__all__ = ["command"]

_FAILURES_SHOWN = 20
_SUSPECTS_SHOWN = 20
_WORTH_ANOTHER_TRY = {3, 5, 6}
_SIGNALLED = 128
_SWITCH_S = 0.0005
_SHORT_S = 100  # shown to a tenth of a second


class _Flags(JobFlags):
    max_characters: int | None
    max_cost: float | None
    deadline: float | None
    only: tuple[str, ...]
    prune: bool
    frozen: bool
    overwrite: bool
    recogniser: str | None


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
@click.option(
    "--wait-lock",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="Wait so long for another run of the same job to end.",
)
@click.option(
    "--max-characters",
    type=click.IntRange(min=0),
    metavar="N",
    help="Send so many characters at most, those sent again included.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0),
    metavar="COST",
    help="Spend so much at most, by the job's `price` for 1,000 characters.",
)
@click.option(
    "--deadline",
    type=duration_s,
    metavar="TIME",
    help="Be done after so long, as in 90m or 2h30m; go on in the next run.",
)
@click.option(
    "--recogniser",
    envvar="BATCHTTS_RECOGNISER",
    metavar="COMMAND",
    help="What hears the utterances of datasets with `recognise: true`: a command that "
    "reads paths of WAV files and answers each with a line of words, or "
    "package.module:function.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="GLOB",
    help="Only texts whose id, or voice/id, matches; may be repeated.",
)
@click.option("--prune", is_flag=True, help="Remove files that nothing asks for now.")
@click.option(
    "--frozen",
    is_flag=True,
    help="Send nothing: exit with 8 if the cache cannot serve everything.",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Make files anew that no run of the job is known to have made.",
)
@click.option("--strict", is_flag=True, help="Exit with 3 if a take is suspect.")
@click.option("-v", "--verbose", count=True, help="Tell each file and retry.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the result.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    dry_run: bool,
    as_json: bool,
    progress: str,
    wait_lock: float,
    strict: bool,
    verbose: int,
    quiet: bool,
    **flags: Unpack[_Flags],
) -> int:
    """Make every output of JOB that is not there yet.

    Takes already in the cache are used, files that are already right are left
    alone. With a budget or a deadline as many texts are finished as it allows,
    in their order. Exit codes: 0 all complete, 2 bad input, 3 some texts failed or
    left out, 4
    refused (key), 5 service unavailable, 6 disk or another local trouble, 8 not in
    the cache (with --frozen), 11
    another run works on the job, 130 interrupted.
    """
    began_s = time.monotonic()  # loading takes a while on a busy machine
    from batchtts.memory import share_arenas
    from batchtts.progress import Progress
    from batchtts.runner.run import run
    from batchtts.runner.scope import Scope

    if flags["only"] and flags["prune"]:
        raise click.UsageError("--prune is for the whole job: leave out --only")
    limits = RunLimits(
        max_characters=flags["max_characters"],
        max_cost=flags["max_cost"],
        deadline_s=flags["deadline"],
        since_s=None if flags["deadline"] is None else began_s,
    )
    scope = Scope(
        only=flags["only"],
        prune=flags["prune"],
        frozen=flags["frozen"],
        overwrite=flags["overwrite"],
    )
    job = read(flags)
    if dry_run:
        from batchtts.cli.plan import show

        show(job, as_json=as_json, only=flags["only"])
        return 0
    bar = progress == "bar" or (progress == "auto" and _has_screen())
    level = -1 if quiet or progress == "none" else verbose
    # A take's last messages and the next one's handshake take many short turns of
    # the event loop: each would wait this long for a thread that makes sound.
    sys.setswitchinterval(_SWITCH_S)
    share_arenas()
    with Progress(sys.stderr, bar=bar and level >= 0, verbose=level) as follow:
        report = run(
            job,
            on_event=follow,
            wait_lock_s=wait_lock,
            strict=strict,
            limits=limits,
            scope=scope,
            recogniser=flags["recogniser"],
        )
    try:
        if as_json:
            click.echo(visible_json(_document(report), indent=1))
        elif not quiet:
            click.echo(_counts(report))
    except OSError as exc:
        # A reader that has gone away hears the exit code all the same; a result
        # that is lost is a failure where there is no worse one.
        if not (isinstance(exc, BrokenPipeError) or report.exit_code):
            raise
    if not as_json:
        _tell_suspects(report)
        _tell_failures(report, again=_again(ctx))
    if not report.written:
        talk("report:", visible_json(_document(report)))
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


def _counts(report: RunReport) -> str:
    counts = [f"{report.made:,} made", f"{report.unchanged:,} unchanged"]
    if report.failed:
        counts.append(f"{report.failed:,} failed")
    if report.pending > 0:
        counts.append(f"{report.pending:,} not reached")
    if report.removed:
        counts.append(f"{report.removed:,} removed")
    totals = report.totals
    parts = [
        f"{many(report.outputs, 'output')}: {', '.join(counts)}",
        _sent(report),
        f"{_length(report.audio_seconds)} audio",
    ]
    if totals.cached:
        parts.insert(2, f"{many(totals.cached, 'take')} from the cache")
    if totals.retries:
        parts.insert(2, many(totals.retries, "retry", "retries"))
    if suspects := len(report.suspects) + report.more_suspects:
        parts.append(many(suspects, "suspect take"))
    return " · ".join(parts)


def _sent(report: RunReport) -> str:
    sent = f"{report.totals.characters_sent:,} characters sent"
    return sent if report.cost is None else f"{sent} ({shown_cost(report.cost)})"


def _tell_suspects(report: RunReport) -> None:
    """Say which takes somebody should listen to."""
    for suspect in report.suspects[:_SUSPECTS_SHOWN]:
        talk(
            "suspect:",
            f'{suspect.place}: text "{suspect.text}" in voice "{suspect.voice}", '
            f"chunk {suspect.chunk} of {suspect.chunks}: {suspect.reason}; "
            "another take agreed",
        )
    hidden = len(report.suspects) + report.more_suspects - _SUSPECTS_SHOWN
    if hidden > 0:
        talk("suspect:", f"{hidden:,} more, all in {report.path}")


def _tell_failures(report: RunReport, *, again: str) -> None:
    """Say what failed, last, so that it is what stays on the screen."""
    for failure in report.failures[:_FAILURES_SHOWN]:
        chunk = f", chunk {failure.chunk} of {failure.chunks}" if failure.chunk else ""
        line = (
            f'{failure.place}: text "{failure.text}" in voice "{failure.voice}"'
            f"{chunk}: {failure.kind}: {failure.reason}"
        )
        talk("failed:", line)
    hidden = len(report.failures) + report.more_failures - _FAILURES_SHOWN
    if hidden > 0:
        talk("failed:", f"{hidden:,} more, all in {report.path}")
    if report.error is not None:
        talk("stopped:", report.error)
    if report.failed or report.pending or report.error is not None:
        with contextlib.suppress(OSError):
            click.echo(
                f"everything finished is kept; run again to resume: {again}", err=True
            )


def _length(seconds: float) -> str:
    if seconds < _SHORT_S:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def _document(report: RunReport) -> dict[str, object]:
    document = asdict(report)
    document["report"] = str(document.pop("path"))
    return {"version": 1, **document, "pending": report.pending}
