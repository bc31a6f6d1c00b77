"""Every format by its name."""

from __future__ import annotations

import importlib.util

from batchtts.outputs.datasets import (
    audiofolder,
    kaldi,
    lhotse,
    ljspeech,
    nemo,
    parquet,
    webdataset,
)
from batchtts.outputs.datasets.layout import Format

__all__ = ["FORMATS", "missing_package"]

FORMATS: dict[str, Format] = {
    kind.name: kind
    for kind in (
        audiofolder.FORMAT,
        kaldi.FORMAT,
        lhotse.MANIFESTS,
        lhotse.SHAR,
        *ljspeech.DIALECTS.values(),
        nemo.FORMAT,
        parquet.FORMAT,
        webdataset.FORMAT,
    )
}


def missing_package(name: str) -> str | None:
    """Say what must be installed before a format can be written, if anything."""
    extra = FORMATS[name].extra
    if extra is None or importlib.util.find_spec(extra[0]) is not None:
        return None
    return f"the format {name} needs {extra[0]}: pip install 'batchtts[{extra[1]}]'"
