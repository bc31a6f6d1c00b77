"""Tables as rows: CSV, TSV, JSON Lines, plain lines and Parquet, packed or not.

They are streamed, with the line of each row. Nothing is kept of a row once the
next is asked for, and no cell, line or row is read further than its cap, so a
table of any length takes the same memory.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from batchtts.endings import ending_of
from batchtts.errors import Problem
from batchtts.files import local_errors
from batchtts.model import Place
from batchtts.tables.jsonl import json_rows
from batchtts.tables.lines import Lines, Row
from batchtts.tables.parquet import parquet_rows
from batchtts.tables.plain import line_rows
from batchtts.tables.separated import separated_rows
from batchtts.tables.unpacking import BadPackingError, unpacked

__all__ = ["Row", "read_rows"]


def read_rows(path: Path, shown: str) -> Iterator[Row | Problem]:
    """Yield the rows of a table in order, and a Problem for each unusable one.

    The file's ending says what it is: see `endings`. Blank lines are passed over.
    A fault after which no line can be trusted ends the table. Raises LocalError
    when the file cannot be read.
    """
    kind, packing = ending_of(path.name)
    with local_errors("cannot read"), path.open("rb") as raw:
        if kind == ".parquet":
            yield from parquet_rows(path, shown)
            return
        try:
            yield from _line_by_line(unpacked(raw, packing), kind, shown)
        except BadPackingError as exc:
            yield Problem(Place(shown), str(exc))


def _line_by_line(
    raw: io.BufferedReader, kind: str, shown: str
) -> Iterator[Row | Problem]:
    if raw.peek(2)[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        yield Problem(Place(shown), "the table is UTF-16", "save it as UTF-8")
        return
    # Bytes that are not UTF-8 become lone surrogates and are found below.
    with io.TextIOWrapper(
        raw, "utf-8-sig", errors="surrogateescape", newline=""
    ) as file:
        # U+000D ends a line of CSV, but is white space in JSON.
        lines = Lines(file, shown, "\n" if kind == ".jsonl" else "")
        if kind == ".jsonl":
            yield from json_rows(lines, shown)
        elif kind == ".txt":
            yield from line_rows(lines, shown)
        else:
            yield from separated_rows(lines, shown, "\t" if kind == ".tsv" else ",")
