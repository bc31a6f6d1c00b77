"""AudioFolder: a folder a split, audio files, and ``metadata.jsonl`` beside them.

JSON Lines and not CSV, so that numbers come back as numbers and any text whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from batchtts.outputs.datasets.layout import (
    Entries,
    Folder,
    Format,
    Guide,
    Layout,
    Lists,
    json_line,
    metadata,
    plain_shard,
)
from batchtts.outputs.datasets.rows import Entry

__all__ = ["FORMAT"]

# What pyarrow, which reads the lists, makes a point in time of.
_DATE = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d(:?\d\d){0,2}(\.\d+)?Z?)?")


def _path(entry: Entry, layout: Layout) -> str:
    return f"{entry.split}/{_name(entry, layout)}"


def _name(entry: Entry, layout: Layout) -> str:
    # The Hub takes at most 10,000 files a folder.
    return f"{entry.shard:05d}/{entry.row.key}{layout.suffix}"


def _write_lists(folder: Folder, entries: Entries, layout: Layout) -> Lists:
    paths = []
    dates: list[str] | None = None  # columns in which all is a date so far
    for split in layout.splits:
        path = f"{split}/metadata.jsonl"
        with folder.text(path) as file:
            for entry in entries(split):
                about = metadata(entry, layout)
                names = about if dates is None else dates
                dates = [name for name in names if _DATE.fullmatch(str(about[name]))]
                name = _name(entry, layout)
                file.write(json_line({"file_name": name, **about}))
        paths.append(path)
    return Lists(tuple(paths), tuple(_told(dates or [])))


def _told(dates: list[str]) -> Iterator[str]:
    if dates:
        quoted = ", ".join(f'"{name}"' for name in dates)
        yield f"its loader will take {quoted} for dates, as all there look like dates"


def _guide(layout: Layout) -> Guide:
    return Guide(
        title="AudioFolder",
        data_files="{split}/**",
        loading=f"""\
```python
from datasets import Audio, load_dataset

corpus = load_dataset("audiofolder", data_dir=".", split="{layout.splits[0]}")
corpus = corpus.cast_column("audio", Audio(decode=False))  # bytes and path, as they are
```
""",
    )


FORMAT = Format(
    name="audiofolder",
    write_shard=plain_shard(_path),
    write_lists=_write_lists,
    guide=_guide,
)
