"""`batchtts schema`: the job file's JSON Schema."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of the job file, for editors and other tools."""
    from batchtts.jobfile import schema_text

    click.echo(schema_text(), nl=False)
