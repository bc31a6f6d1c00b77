"""`batchtts voices`: the speakers that Rime lists."""

from __future__ import annotations

import json

import click

__all__ = ["command"]


@click.command("voices")
@click.option("--model", help="Only speakers of this model.")
@click.option("--lang", help="Only speakers of this language (three letters).")
@click.option("--list", "url", help="Another list than Rime's public one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(
    *, model: str | None, lang: str | None, url: str | None, as_json: bool
) -> None:
    """List the speakers that Rime has, by model and language.

    Asks Rime for its public list, with no key. Exit code 5 when there is none
    to be had.
    """
    from batchtts.rime.voicelist import PUBLIC_LIST, fetch_speakers

    speakers = fetch_speakers(url or PUBLIC_LIST)
    shown = {
        one: {tongue: sorted(names) for tongue, names in sorted(held.items())}
        for one, held in sorted(speakers.items())
        if model in {None, one}
    }
    if lang is not None:
        shown = {one: {lang: held[lang]} for one, held in shown.items() if lang in held}
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    for one, held in shown.items():
        for tongue, names in held.items():
            click.echo(f"{one} {tongue}: {', '.join(names)}")
    if not shown:
        click.echo("no such speaker", err=True)
