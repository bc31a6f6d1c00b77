"""What the report says of a file that was made and of a text that failed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from batchtts.errors import LocalError
from batchtts.outputs.files import Written
from batchtts.pool import Outcome
from batchtts.report import Failure
from batchtts.runner.feed import Work

__all__ = ["facts", "first_failure", "local_failure"]


def facts(written: Written) -> dict[str, object]:
    """Return what the report tells of a file: digest, length and levels."""
    levels = written.levels
    return {
        "sha256": written.sha256,
        "bytes": written.size_bytes,
        "samples": written.samples,
        "sample_rate": written.rate_hz,
        "seconds": round(float(written.duration_s), 6),
        "lufs": _rounded(levels.integrated_lufs),
        "true_peak": _rounded(levels.true_peak_db),
        "rms": _rounded(levels.rms_db),
    }


def _rounded(level: float) -> float | None:
    """Round a level to a hundredth of a decibel; silence has none."""
    return round(level, 2) if math.isfinite(level) else None


def first_failure(one: Work, outcomes: Sequence[Outcome | None]) -> Failure | None:
    """Return the first chunk's failure, or None when all are well."""
    for number, outcome in enumerate(outcomes, 1):
        if outcome is not None and outcome.error is not None:
            error = outcome.error
            return _failed(one, number, error.fault.value, error.reason)
    return None


def local_failure(one: Work, error: LocalError) -> Failure:
    """Return the failure of a reading whose files could not be made here."""
    return _failed(one, None, "local", str(error))


def _failed(one: Work, chunk: int | None, kind: str, reason: str) -> Failure:
    return Failure(
        text=one.reading.text.id,
        voice=one.reading.voice.name,
        place=str(one.reading.text.place),
        chunk=chunk,
        chunks=len(one.reading.pieces),
        kind=kind,
        reason=reason,
    )
