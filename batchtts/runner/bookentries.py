"""What the report says of a file of an audiobook."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from batchtts.audiobook import AudiobookOutput
from batchtts.report import Suspect
from batchtts.runner.entries import facts, missed

if TYPE_CHECKING:
    from batchtts.outputs.audiobook.making import Finished

__all__ = ["book_facts", "doubts_in", "shortcomings"]


def book_facts(
    one: Finished, title: str, output: AudiobookOutput, doubts: Sequence[Suspect]
) -> dict[str, object]:
    """Return what is worth knowing of a file: chapters, levels, figures.

    A chapter's start is in seconds, where its first word is heard.
    """
    known = facts(one.written)
    known["book"] = title
    known["chapters"] = [
        {
            "title": part.title,
            "start": round(start / one.written.rate_hz, 6),
            "text": part.text,
            "voice": part.voice,
            "chunks": part.chunks,
        }
        for part, start in zip(one.parts, one.starts, strict=True)
    ]
    if output.profile is not None:
        known["profile"] = output.profile
        known["figures"] = [
            {
                "figure": verdict.limit.figure,
                "value": round(verdict.value, 2) if _is_real(verdict.value) else None,
                "wanted": str(verdict.limit),
                "passed": verdict.passed,
            }
            for verdict in one.verdicts
        ]
    if doubts:
        known["suspects"] = [asdict(doubt) for doubt in doubts]
    return known


def doubts_in(known: Mapping[str, object]) -> tuple[Suspect, ...]:
    """Return the takes in doubt that a file's facts tell of."""
    told = known.get("suspects", ())
    return tuple(Suspect(**one) for one in told) if isinstance(told, list) else ()


def shortcomings(one: Finished, output: AudiobookOutput) -> Iterator[str]:
    """Say what a file is not that it should be."""
    # Of chapters in files of their own one is louder than another, as they were.
    warning = missed(one.written, output.audio.loudness)
    if warning and not output.own_files:
        yield warning
    for verdict in one.verdicts:
        if not verdict.passed:
            yield (
                f'"{one.written.path}" fails the profile "{output.profile}": its '
                f"{verdict.limit.figure} is {verdict.value:.2f}, not {verdict.limit}"
            )


def _is_real(value: float) -> bool:
    """Tell whether JSON can hold a figure: silence has no level."""
    return math.isfinite(value)
