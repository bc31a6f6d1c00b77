"""Durations on the command line: 90m, 2h30m, 45s."""

from __future__ import annotations

import re

import click

__all__ = ["duration_s"]

_FORM = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII | re.IGNORECASE)
_SECONDS = (3600, 60, 1)


def duration_s(written: str) -> float:
    """Return the seconds of a length of time in hours, minutes and seconds.

    Raises click's BadParameter for anything else, and for no time at all.
    """
    found = _FORM.fullmatch(re.sub(r"\s", "", written))
    seconds = 0
    if found is not None:
        parts = zip(found.groups(), _SECONDS, strict=True)
        seconds = sum(int(part or 0) * unit for part, unit in parts)
    if not seconds:
        hint = "give it as in 90m, 2h30m or 45s"
        raise click.BadParameter(f'"{written}" is no length of time; {hint}')
    return float(seconds)
