"""`batchtts retake`: ask for another reading of a chunk."""

from __future__ import annotations

from typing import Unpack

import click

from batchtts.cli.job_options import JobFlags, job_options, read
from batchtts.text_safety import printable

__all__ = ["command"]


@click.command("retake")
@job_options
@click.argument("text")
@click.option("--voice", help="The voice, where several read the text.")
@click.option("--chunk", type=click.IntRange(1), help="Only this chunk of it.")
@click.option(
    "--take",
    type=click.IntRange(0),
    help="The take of this number; 0 is the first. Default: the next.",
)
def command(
    *,
    text: str,
    voice: str | None,
    chunk: int | None,
    take: int | None,
    **flags: Unpack[JobFlags],
) -> None:
    """Ask for another reading of TEXT, by its id, in JOB.

    Sends nothing: notes in the lock which take is wanted, and the next run makes
    it. Takes that were made before are in the cache, under their numbers.
    """
    from batchtts.runner.wishes import retake

    for one in retake(read(flags), text, voice=voice, chunk=chunk, take=take):
        words = printable(one.words if len(one.words) <= 60 else f"{one.words[:57]}...")  # noqa: PLR2004 - a line
        click.echo(
            f'text "{one.text}" in voice "{one.voice}", chunk {one.chunk}: '
            f"take {one.take} is wanted: {words}"
        )
    click.echo(f"make it: batchtts run {flags['job']}", err=True)
