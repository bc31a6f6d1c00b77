"""`batchtts init`: a first job file that runs as it is."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from batchtts.errors import JobError, Problem
from batchtts.model import Place

__all__ = ["command"]


@click.command("init")
@click.argument("job", type=click.Path(path_type=Path), default=Path("job.yaml"))
def command(*, job: Path) -> None:
    """Write a first job file, with comments, that runs offline as it is.

    JOB is the file to write, by default job.yaml. The JSON Schema is written
    beside it, so that editors complete and check the file. Nothing that exists
    is overwritten.
    """
    from batchtts.files import write_bytes
    from batchtts.jobfile import schema_text

    schema = job.with_name("job.schema.json")
    if job.exists():
        message = f'"{job}" exists already'
        raise JobError([Problem(Place(str(job)), message, "choose another name")])
    starter = resources.files("batchtts").joinpath("starter.yaml").read_bytes()
    write_bytes(job, starter)
    if not schema.exists():
        write_bytes(schema, schema_text().encode())
    click.echo(str(job))
    click.echo(f"now try: batchtts plan {job}, then: batchtts run {job}", err=True)
