"""`batchtts guide`: the pages of the guide, which are part of the package."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

import click

__all__ = ["command"]

_SUFFIX = ".md"


@click.command("guide")
@click.argument("page", required=False)
def command(*, page: str | None) -> None:
    """Print a PAGE of the guide, or list them."""
    pages = _pages()
    if page is None:
        width = max(map(len, pages))
        for name, text in pages.items():
            _, _, about = text.partition("\n")[0].partition(": ")
            click.echo(f"{name:<{width}}  {about}")
        return
    if page not in pages:
        hint = f"there are: {', '.join(pages)}"
        raise click.UsageError(f'the guide has no page "{page}"; {hint}')
    click.echo(pages[page], nl=False)


def _pages() -> dict[str, str]:
    """Return the pages by name, in the order of their names."""
    found: list[Traversable] = [
        file
        for file in files("batchtts").joinpath("guide").iterdir()
        if file.name.endswith(_SUFFIX)
    ]
    return {
        file.name.removesuffix(_SUFFIX): file.read_text(encoding="utf-8")
        for file in sorted(found, key=lambda file: file.name)
    }
