"""The standard streams: there, in UTF-8, and never the reason of a wrong exit code."""

from __future__ import annotations

import contextlib
import os
import sys

import click

from batchtts.cli.colour import color
from batchtts.text_safety import printable

__all__ = ["flushed", "prepare", "talk"]


def prepare() -> None:
    """Have three streams, and UTF-8 on them whatever the locale says.

    Where one is closed (`batchtts run job.yaml >&-`) the null device takes its
    number, so that no file of ours is opened under it and written into.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - for the length of the process
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and not stream.isatty():
            reconfigure(encoding="utf-8", errors="replace")


def talk(label: str, text: str) -> None:
    """Say something on stderr, the label in red; that nobody hears it is no fault."""
    styled = click.style(label, fg="red", bold=True)
    with contextlib.suppress(OSError):
        click.echo(f"{styled} {printable(text)}", err=True, color=color())


def flushed(code: int) -> int:
    """Write out what is left; that nobody reads it changes no exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code
