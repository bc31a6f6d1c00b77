"""What the report says of a file that was made and of a text that failed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchtts.errors import LocalError
from batchtts.model import Loudness
from batchtts.pool import Outcome
from batchtts.report import Failure, Suspect
from batchtts.runner.feed import Due, There, Work
from batchtts.runner.places import relative

if TYPE_CHECKING:
    from batchtts.outputs.files import Written

__all__ = [
    "Entries",
    "facts",
    "first_failure",
    "local_failure",
    "missed",
    "suspects",
    "suspects_in",
]

_MISSED_DB = 0.5


class Entries:
    """Makes the report's entries, with paths relative to the job's folder."""

    def __init__(self, base: Path) -> None:
        """Name files relative to ``base``."""
        self._base = base

    def found(self, one: Work, there: There) -> dict[str, object]:
        """Describe a file that is already what it should be."""
        return {**self._entry(one, there, "unchanged"), **there.facts}

    def made(
        self, one: Work, due: Due, sha256: str, facts: Mapping[str, object]
    ) -> dict[str, object]:
        """Describe a file that was made."""
        return {**self._entry(one, due, "made"), "sha256": sha256, **facts}

    def _entry(self, one: Work, file: Due | There, state: str) -> dict[str, object]:
        return {
            "path": relative(file.target.path, self._base),
            "state": state,
            "text": one.reading.text.id,
            "voice": one.reading.voice.name,
            "chunks": len(one.reading.pieces),
        }


def facts(written: Written) -> dict[str, object]:
    """Return what is worth knowing of a file: its size, length and levels."""
    levels = written.levels
    return {
        "bytes": written.size_bytes,
        "samples": written.samples,
        "sample_rate": written.rate_hz,
        "seconds": round(float(written.duration_s), 6),
        "lufs": _rounded(levels.integrated_lufs),
        "true_peak": _rounded(levels.true_peak_db),
        "rms": _rounded(levels.rms_db),
    }


def suspects(one: Work, facts: Mapping[str, object]) -> Iterator[Suspect]:
    """Yield the takes in a file that are in doubt, as its facts tell."""
    told = facts.get("suspects", ())
    yield from suspects_in(one, told if isinstance(told, list) else ())


def suspects_in(one: Work, told: Sequence[Mapping[str, Any]]) -> Iterator[Suspect]:
    """Yield the takes of a reading that are in doubt, as they were noted."""
    for suspect in told:
        yield Suspect(
            text=one.reading.text.id,
            voice=one.reading.pieces[suspect["chunk"] - 1].voice.name,
            place=str(one.reading.text.place),
            chunk=suspect["chunk"],
            chunks=len(one.reading.pieces),
            reason=suspect["reason"],
            take=suspect["take"],
        )


def missed(written: Written, loudness: Loudness) -> str | None:
    """Say that a file is not as loud as was asked, if it is far off."""
    reached = {
        "lufs": written.levels.integrated_lufs,
        "rms": written.levels.rms_db,
    }.get(loudness.mode, loudness.target)
    off_db = reached - loudness.target
    if not math.isfinite(off_db) or abs(off_db) <= _MISSED_DB:
        return None
    way = "below" if off_db < 0 else "above"
    return (
        f'"{written.path}" is {abs(off_db):.1f} dB {way} the {loudness.target:g} '
        "asked for: its peaks leave no room"
    )


def first_failure(
    one: Work, outcomes: Sequence[Outcome | None], host: str
) -> Failure | None:
    """Return the first chunk's failure, or None when all are well.

    ``host`` is the one that was asked to speak.
    """
    failed = [
        (number, outcome.error, outcome.misses)
        for number, outcome in enumerate(outcomes)
        if outcome is not None and outcome.error is not None
    ]
    if not failed:
        return None
    number, error, misses = failed[0]
    piece = one.reading.pieces[number]
    request = piece.request
    sent = {} if request is None else dict(request.parameters)
    return replace(
        _failed(one, error.fault.value, error.reason),
        voice=piece.voice.name,
        chunk=number + 1,
        chunks_failed=len(failed),
        host=host,
        speaker=sent.get("speaker"),
        model=sent.get("modelId"),
        lang=sent.get("lang"),
        attempts=misses,
    )


def local_failure(one: Work, error: LocalError) -> Failure:
    """Return the failure of a reading whose files could not be made here."""
    return _failed(one, "local", str(error))


def _failed(one: Work, kind: str, reason: str) -> Failure:
    return Failure(
        text=one.reading.text.id,
        voice=one.reading.voice.name,
        place=str(one.reading.text.place),
        chunk=None,
        chunks=len(one.reading.pieces),
        kind=kind,
        reason=reason,
    )


def _rounded(level: float) -> float | None:
    """Round a level to a hundredth of a decibel; silence has none."""
    return round(level, 2) if math.isfinite(level) else None
