"""`batchtts plan`: what a run would send."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Unpack

import click

from batchtts.cli.job_options import JobFlags, job_options, read
from batchtts.model import Job

__all__ = ["command", "show"]


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
        click.echo(json.dumps({"version": 1, **asdict(plan)}, indent=1))
        return
    for warning in plan.warnings:
        click.echo(f"warning: {warning}", err=True)
    rows = [
        ("texts", f"{plan.texts:,}"),
        ("outputs", f"{plan.outputs:,}"),
        ("  to make", f"{plan.outputs_due:,}"),
        ("  unchanged", f"{plan.outputs_unchanged:,}"),
        ("requests", f"{plan.requests:,} ({plan.chunks:,} chunks)"),
        ("  in the cache", f"{plan.requests_cached:,}"),
        ("  to send", f"{plan.requests_to_send:,}"),
        ("characters to send", f"{plan.characters_to_send:,}"),
        ("engine", plan.engine),
    ]
    for name, value in rows:
        click.echo(f"{name:<20}{value}")
