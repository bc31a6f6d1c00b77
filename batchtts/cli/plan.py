"""`batchtts plan`: what a run would send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from batchtts.cli.job_options import JobFlags, job_options, read
from batchtts.cli.streams import talk
from batchtts.jobfile.problems import quoted
from batchtts.model import Job
from batchtts.text_safety import many, shown_cost, shown_time, visible_json

if TYPE_CHECKING:
    from batchtts.runner.comparing import Comparison
    from batchtts.runner.estimate import Estimate
    from batchtts.runner.finding import State
    from batchtts.runner.preview import Preview, Respelt

__all__ = ["command", "show"]

_LABELS: Mapping[State, str] = {"new": "new:", "changed": "changed:", "orphan": "gone:"}
_COUNTS = (
    "revision",
    "commit",
    "outputs_to_make",
    "outputs_to_remake",
    "outputs_to_remove",
    "requests",
    "requests_cached",
    "characters",
    "characters_to_send",
    "cost",
)
_RESPELT_SHOWN = 20
_HOUR_S = 3600


@click.command("plan")
@job_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.option(
    "--against",
    metavar="REVISION",
    help="Show as well what has changed since a git revision: HEAD, main, v1.2 ...",
)
def command(*, as_json: bool, against: str | None, **flags: Unpack[JobFlags]) -> None:
    """Show what a run of JOB would send, and what is already there.

    Needs no key and sends nothing.
    """
    job = read(flags)
    if against is None:
        show(job, as_json=as_json)
        return
    from batchtts.runner.comparing import compare
    from batchtts.runner.revision import at_revision

    def load(path: Path) -> Job:
        return read({**flags, "job": path})

    with at_revision(flags["job"], against, load) as past:
        show(job, as_json=as_json, found=compare(job, past))


def show(
    job: Job,
    *,
    as_json: bool,
    found: Comparison | None = None,
    only: tuple[str, ...] = (),
) -> None:
    """Print the job's plan on stdout, and a comparison if there is one."""
    from batchtts.runner.preview import preview
    from batchtts.runner.scope import Scope

    plan = preview(job, scope=Scope(only=only))
    if as_json:
        document = {"version": 1, **asdict(plan)}
        if found is not None:
            document["against"] = _document(found)
        click.echo(visible_json(document, indent=1))
        return
    if found is not None:
        _tell_changes(job, found)
    for warning in plan.warnings:
        talk("warning:", warning)
    _print(
        ("texts", f"{plan.texts:,}"),
        ("outputs", f"{plan.outputs:,}"),
        ("  to make", f"{plan.outputs_to_make:,}"),
        ("  to make again", f"{plan.outputs_to_remake:,}"),
        ("  unchanged", f"{plan.outputs_unchanged:,}"),
        *_removed(plan.outputs_to_remove),
        ("requests", f"{plan.requests:,} ({many(plan.chunks, 'chunk')})"),
        ("  in the cache", f"{plan.requests_cached:,}"),
        ("  to send", f"{plan.requests_to_send:,}"),
        ("characters to send", f"{plan.characters_to_send:,}"),
        *_further(plan),
        *_cost(job, plan.cost),
        *_times(job, plan.estimate),
        ("disk space", f"about {plan.bytes_needed / 1e6:,.1f} MB"),
        ("engine", plan.engine),
        *_respelt(plan.respelt),
    )


def _print(*rows: tuple[str, str]) -> None:
    for name, value in rows:
        click.echo(f"{name:<20}{value}")


def _tell_changes(job: Job, found: Comparison) -> None:
    """Say what is otherwise than at a revision."""
    from batchtts.cli.check import tell

    tell(found.findings, found.more, _LABELS)
    _print(
        ("since", f"{found.revision} ({found.commit[:12]})"),
        ("  outputs new", f"{found.outputs_to_make:,}"),
        ("  outputs changed", f"{found.outputs_to_remake:,}"),
        ("  outputs gone", f"{found.outputs_to_remove:,}"),
        ("  requests", f"{found.requests:,} ({found.requests_cached:,} in the cache)"),
        ("  characters", f"{found.characters:,}"),
        *_cost(job, found.cost),
    )
    click.echo()


def _document(found: Comparison) -> dict[str, object]:
    from batchtts.cli.check import documents

    counts = {name: getattr(found, name) for name in _COUNTS}
    return {**counts, "findings": documents(found.findings), "more": found.more}


def _respelt(entries: Sequence[Respelt]) -> list[tuple[str, str]]:
    if not entries:
        return []
    most = sorted(entries, key=lambda one: -one.count)
    shown = [
        ("", f"{quoted(one.written)} as {quoted(one.say)}: {one.count:,}")
        for one in most[:_RESPELT_SHOWN]
    ]
    if more := len(most) - len(shown):
        shown.append(("", f"and {more:,} more"))
    total = sum(one.count for one in entries)
    return [("words respelt", f"{total:,}"), *shown]


def _removed(count: int) -> list[tuple[str, str]]:
    what = f"{count:,} (in the lock, and nothing asks for them: `--prune`)"
    return [("  to remove", what)] if count else []


def _times(job: Job, estimate: Estimate) -> list[tuple[str, str]]:
    """Say how much speech there will be, how long it takes and how that is known."""
    if not estimate.audio_seconds:
        return []
    by = [many(estimate.takes, "take")] if estimate.takes else []
    by += [many(estimate.files, "file")] if estimate.files else []
    if estimate.voices_unknown:
        whose = many(estimate.voices_unknown, "voice")
        by.append(f"how people speak, for {whose} not known here")
    each = f"{estimate.speech_per_second:g} s of speech a second"
    pace = f"if each of {many(job.concurrency, 'connection')} brings {each}"
    rows = [
        ("audio to make", f"about {_about(estimate.audio_seconds)}"),
        ("  to be spoken", f"about {_about(estimate.audio_seconds_to_send)}"),
        ("time", f"about {_about(estimate.run_seconds)}, {pace}"),
        ("  estimated by", ", ".join(by)),
    ]
    return rows if estimate.audio_seconds_to_send else [rows[0], rows[3]]


def _about(seconds: float) -> str:
    whole = max(1, round(seconds))
    return shown_time(whole if whole < _HOUR_S else round(whole / 60) * 60)


def _further(plan: Preview) -> list[tuple[str, str]]:
    if not plan.further_requests_at_most:
        return []
    requests = many(plan.further_requests_at_most, "request")
    most = f"{plan.further_characters_at_most:,} ({requests}) for retakes"
    return [("  and at most", most)]


def _cost(job: Job, cost: float | None) -> list[tuple[str, str]]:
    if cost is None:
        return []
    price = f"{job.price:g} per 1,000 characters"
    return [("cost", f"{shown_cost(cost)} ({price}, each sent once)")]
