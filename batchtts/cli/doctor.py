"""`batchtts doctor`: can this machine do it?"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from batchtts.errors import LocalError

__all__ = ["command"]


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, as_json: bool) -> None:
    """Check this machine: packages, codecs, offline speech, key, folder.

    Each check does the real thing: every codec encodes and decodes, the speech
    engine speaks over a real socket. No request leaves this machine. Exit code
    6 when something that `run` needs is missing.
    """
    from batchtts.runner.doctor import examine

    findings = examine(Path.cwd())
    if as_json:
        click.echo(json.dumps([asdict(one) for one in findings], indent=1))
    else:
        for one in findings:
            mark = {"good": "ok     ", "note": "note   ", "bad": "missing"}[one.state]
            click.echo(f"{mark} {one.what}: {one.detail}")
    if bad := [one.what for one in findings if one.state == "bad"]:
        raise LocalError(f"this machine cannot run jobs yet: {', '.join(bad)}")
