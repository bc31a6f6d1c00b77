"""The rows of a Parquet file, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from batchtts.errors import Problem
from batchtts.model import Place
from batchtts.tables.lines import Row
from batchtts.tables.separated import MAX_CELL_CHARS

__all__ = ["parquet_rows"]

_AT_ONCE = 500
_NESTED = ("binary", "list", "map", "null", "struct", "union")
_MAX_GROUP_BYTES = 1024 * 1024 * 1024


def parquet_rows(path: Path, shown: str) -> Iterator[Row | Problem]:
    """Yield the rows, counted from 1, and a Problem for each unusable one.

    Columns of lists, records and bytes, such as embedded audio, are not read.
    Needs pyarrow.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = Place(shown)
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            names: list[str] = file.schema_arrow.names
            groups = map(file.metadata.row_group, range(file.num_row_groups))
            largest = max((group.total_byte_size for group in groups), default=0)
            if problem := _problem(place, names, largest):
                yield problem
                return
            kinds = dict(zip(names, file.schema_arrow.types, strict=True))
            plain = [name for name in names if _is_plain(str(kinds[name]))]
            nested = tuple(name for name in names if name not in plain)
            number = 0
            for batch in file.iter_batches(_AT_ONCE, columns=plain, use_threads=False):
                for cells in batch.to_pylist():
                    number += 1
                    yield _row(Place(shown, number), cells, nested)
    except (pa.ArrowException, UnicodeDecodeError, ValueError) as exc:
        reason = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
        yield Problem(place, f"the file cannot be read as Parquet: {reason}")


def _problem(place: Place, names: Sequence[str], largest: int) -> Problem | None:
    for name in names:
        if names.count(name) > 1:
            return Problem(place, f'two columns are called "{name}"', "rename one")
    if largest > _MAX_GROUP_BYTES:
        message = f"a row group is larger than {_MAX_GROUP_BYTES:,} bytes"
        return Problem(place, message, "write it with smaller row groups")
    return None


def _is_plain(kind: str) -> bool:
    """Tell by the name of a column's type whether its cells are texts or numbers."""
    return not any(word in kind for word in _NESTED)


def _row(
    place: Place, cells: dict[str, object], nested: tuple[str, ...]
) -> Row | Problem:
    written = {name: _written(value) for name, value in cells.items()}
    for name, value in written.items():
        if "\0" in value:
            return Problem(place, f'a NUL character stands in the row\'s "{name}"')
        if len(value) > MAX_CELL_CHARS:
            message = (
                f'the row\'s "{name}" is longer than {MAX_CELL_CHARS:,} characters'
            )
            return Problem(place, message)
    return place.line or 0, written, nested


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
