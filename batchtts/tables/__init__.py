"""Tables as rows: CSV, TSV and JSON Lines, streamed, with the line of each row.

Nothing is kept of a row once the next is asked for, and no cell, line or row
is read further than its cap, so a table of any length takes the same memory.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from batchtts.errors import Problem
from batchtts.files import local_errors
from batchtts.model import Place
from batchtts.tables.jsonl import json_rows
from batchtts.tables.lines import Lines, Row
from batchtts.tables.separated import separated_rows

__all__ = ["SUFFIXES", "Row", "read_rows"]

SUFFIXES = (".csv", ".jsonl", ".tsv")


def read_rows(path: Path, shown: str) -> Iterator[Row | Problem]:
    """Yield the rows of a table in order, and a Problem for each unusable one.

    The file's ending says what it is. Blank lines are passed over. A fault
    after which no line can be trusted ends the table. Raises LocalError when
    the file cannot be read.
    """
    suffix = path.suffix.lower()
    with local_errors("cannot read"), path.open("rb") as raw:
        if raw.read(2) in {b"\xff\xfe", b"\xfe\xff"}:
            yield Problem(Place(shown), "the table is UTF-16", "save it as UTF-8")
            return
        raw.seek(0)
        lines = Lines(
            # Bytes that are not UTF-8 become lone surrogates and are found below.
            io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape", newline=""),
            shown,
            # U+000D ends a line of CSV, but is white space in JSON.
            "\n" if suffix == ".jsonl" else "",
        )
        if suffix == ".jsonl":
            yield from json_rows(lines, shown)
        else:
            yield from separated_rows(lines, shown, "\t" if suffix == ".tsv" else ",")
