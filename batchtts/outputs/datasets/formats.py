"""Every format by its name."""

from __future__ import annotations

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

__all__ = ["FORMATS"]

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
