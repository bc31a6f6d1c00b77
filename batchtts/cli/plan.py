"""`batchtts plan`: what a run would send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Unpack

import click

from batchtts.cli.job_options import JobFlags, job_options, read
from batchtts.cli.streams import talk
from batchtts.jobfile.problems import quoted
from batchtts.model import Job
from batchtts.text_safety import shown_cost, visible_json

if TYPE_CHECKING:
    from batchtts.runner.preview import Respelt

__all__ = ["command", "show"]

_RESPELT_SHOWN = 20


@click.command("plan")
@job_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def command(*, as_json: bool, **flags: Unpack[JobFlags]) -> None:
    """Show what a run of JOB would send, and what is already there.

    Needs no key and sends nothing.
    """
    show(read(flags), as_json=as_json)


def show(job: Job, *, as_json: bool) -> None:
    """Print the job's plan on stdout."""
    from batchtts.runner.preview import preview

    plan = preview(job)
    if as_json:
        click.echo(visible_json({"version": 1, **asdict(plan)}, indent=1))
        return
    for warning in plan.warnings:
        talk("warning:", warning)
    rows = [
        ("texts", f"{plan.texts:,}"),
        ("outputs", f"{plan.outputs:,}"),
        ("  to make", f"{plan.outputs_due:,}"),
        ("  unchanged", f"{plan.outputs_unchanged:,}"),
        ("requests", f"{plan.requests:,} ({plan.chunks:,} chunks)"),
        ("  in the cache", f"{plan.requests_cached:,}"),
        ("  to send", f"{plan.requests_to_send:,}"),
        ("characters to send", f"{plan.characters_to_send:,}"),
        *_cost(job, plan.cost),
        ("disk space", f"about {plan.bytes_needed / 1e6:,.1f} MB"),
        ("engine", plan.engine),
        *_respelt(plan.respelt),
    ]
    for name, value in rows:
        click.echo(f"{name:<20}{value}")


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


def _cost(job: Job, cost: float | None) -> list[tuple[str, str]]:
    if cost is None:
        return []
    price = f"{job.price:g} per 1,000 characters"
    return [("cost", f"{shown_cost(cost)} ({price}, each sent once)")]
