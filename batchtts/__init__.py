"""Batch audiobook, voice-line and speech-dataset generator over Rime.

The programming interface is small: `load_job` reads and checks a job file,
`preview` says what a run would send, `run` makes the outputs and returns a
`RunReport`. Errors are in `batchtts.errors`, the values in `batchtts.model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batchtts.jobfile import load_job
    from batchtts.report import RunReport
    from batchtts.runner.preview import Preview, preview
    from batchtts.runner.run import run

__all__ = ["Preview", "RunReport", "load_job", "preview", "run"]

_HOMES = {
    "Preview": "batchtts.runner.preview",
    "RunReport": "batchtts.report",
    "load_job": "batchtts.jobfile",
    "preview": "batchtts.runner.preview",
    "run": "batchtts.runner.run",
}


def __getattr__(name: str) -> object:
    """Import the public names when they are first used: the command line is quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Name what the package offers."""
    return sorted({*globals(), *__all__})
