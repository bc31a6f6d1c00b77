"""`batchtts pin`: put a recording in the place of a take."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

import click

from batchtts.cli.job_options import JobFlags, job_options, read

__all__ = ["command"]


@click.command("pin")
@job_options
@click.argument("text")
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("--voice", help="The voice, where several read the text.")
@click.option(
    "--chunk", type=click.IntRange(1), help="The chunk, where it has several."
)
def command(
    *,
    text: str,
    recording: Path,
    voice: str | None,
    chunk: int | None,
    **flags: Unpack[JobFlags],
) -> None:
    """Have a RECORDING (WAV or FLAC) stand in for the take of TEXT, by its id.

    Notes it in the lock, with its checksum; it holds as long as the words are the
    same. `batchtts retake --take 0` takes it back.
    """
    from batchtts.runner.wishes import pin

    one = pin(read(flags), text, recording, voice=voice, chunk=chunk)
    click.echo(
        f'text "{one.text}" in voice "{one.voice}", chunk {one.chunk}: '
        f'"{one.recording}" is pinned'
    )
    click.echo(f"make it: batchtts run {flags['job']}", err=True)
