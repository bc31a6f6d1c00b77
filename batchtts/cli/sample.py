"""`batchtts sample`: hear the voices before a job is paid for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Unpack

import click

from batchtts.cli.job_options import JobFlags, job_options, read
from batchtts.cli.streams import talk

__all__ = ["command"]


class _Flags(JobFlags):
    seconds: float
    folder: Path | None
    overwrite: bool


@click.command("sample")
@job_options
@click.option(
    "--seconds",
    type=click.FloatRange(min=1, max=3600),
    default=60.0,
    show_default=True,
    help="About how long each voice speaks.",
)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the samples go; else the folder `samples` beside the job.",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Make files anew that are there and that no run is known to have made.",
)
def command(**flags: Unpack[_Flags]) -> int:
    """Have each voice of JOB speak the first minute of its words.

    Makes an MP3 for each voice and prints where they are. The recordings are in
    the cache: a run of the job does not ask for them again. Exit codes are those
    of `batchtts run`.
    """
    from batchtts.progress import Progress
    from batchtts.runner.samples import make_samples

    job = read(flags)
    folder = (flags["folder"] or job.path.parent / "samples").absolute()
    with Progress(sys.stderr, bar=False, verbose=0) as follow:
        report = make_samples(
            job,
            seconds=flags["seconds"],
            folder=folder,
            overwrite=flags["overwrite"],
            on_event=follow,
        )
    if report.made or report.unchanged:
        click.echo(f"{folder} has {report.made + report.unchanged} samples")
    for failure in report.failures:
        talk("failed:", f'voice "{failure.voice}": {failure.reason}')
    if report.error is not None:
        talk("stopped:", report.error)
    return report.exit_code
