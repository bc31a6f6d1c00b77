"""The endings of files with tables, packed ones included."""

from __future__ import annotations

from pathlib import PurePath

__all__ = ["PACKED", "TABLES", "ending_of", "stem_of"]

TABLES = (".csv", ".tsv", ".jsonl", ".txt", ".parquet")
"""The kinds of table: of ``.txt`` files each line is a text."""

PACKED = (".gz", ".bz2", ".xz")
"""What may follow those, but for Parquet, which is packed in itself."""


def ending_of(name: str) -> tuple[str, str]:
    """Return the ending of a file's name in lower case, and that of its packing.

    ``rows.CSV.gz`` gives ``.csv`` and ``.gz``.
    """
    path = PurePath(name)
    suffix = path.suffix.lower()
    if suffix in PACKED:
        return PurePath(path.stem).suffix.lower(), suffix
    return suffix, ""


def stem_of(name: str) -> str:
    """Return a file's name without its ending, and without that of its packing."""
    path = PurePath(name)
    return PurePath(path.stem).stem if ending_of(name)[1] else path.stem
