"""`batchtts validate`: is the job right?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Unpack

import click

from batchtts.cli.job_options import JobFlags, job_options, read
from batchtts.cli.streams import talk
from batchtts.text_safety import many, many_outputs, visible_json

__all__ = ["command"]


@click.command("validate")
@job_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(*, as_json: bool, **flags: Unpack[JobFlags]) -> None:
    """Check JOB and every text it names; send nothing, write nothing.

    All errors are shown at once, each with its file, line and column. Exit
    code 0 means that a run will not stop for its inputs.
    """
    from batchtts.plan import survey
    from batchtts.texts import read_texts

    job = read(flags)
    size = survey(job, read_texts)
    for warning in size.warnings:
        talk("warning:", warning)
    if as_json:
        document = {"version": 1, "job": job.name, "valid": True, **asdict(size)}
        click.echo(visible_json(document, indent=1))
        return
    click.echo(
        f'job "{job.name}" is valid: {many(len(job.voices), "voice")}, '
        f"{many(size.texts, 'text')}, {size.characters:,} characters to read, "
        f"{many_outputs(size.outputs, size.utterances)}"
    )
