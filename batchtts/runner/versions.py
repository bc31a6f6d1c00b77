"""The versions that matter for a bug report and for equal bytes."""

from __future__ import annotations

import platform
from importlib import metadata

__all__ = ["versions"]

_PACKAGES = ("batchtts", "av", "numpy", "pydub", "websockets", "espeakng-loader")


def versions(engine: str | None = None) -> dict[str, str]:
    """Return the versions of Python, batchtts and the packages that make sound."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if engine is not None:
        found["engine"] = engine
    return found
