"""Lhotse: manifests beside audio files, or Shar, where shards hold both."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from batchtts.outputs.datasets.layout import (
    Audio,
    Entries,
    Folder,
    Format,
    Guide,
    Layout,
    Lists,
    Shard,
    column_names,
    grouped_path,
    json_line,
    plain_shard,
)
from batchtts.outputs.datasets.rows import Entry
from batchtts.tar import Tar

__all__ = ["MANIFESTS", "SHAR"]


@contextlib.contextmanager
def _compressed(folder: Folder, path: str) -> Iterator[BinaryIO]:
    """Give a file to write, which is gzipped, without a time or a name in it."""
    with (
        folder.new(path) as temporary,
        temporary.open("wb") as file,
        gzip.GzipFile("", "wb", 6, file, mtime=0) as packed,
        io.BufferedWriter(packed, 1 << 16) as buffered,
    ):
        yield buffered


def _recording(entry: Entry, kind: str, source: str) -> dict[str, object]:
    return {
        "id": entry.row.key,
        "sources": [{"type": kind, "channels": [0], "source": source}],
        "sampling_rate": entry.rate_hz,
        "num_samples": entry.samples,
        "duration": entry.samples / entry.rate_hz,
        "channel_ids": [0],
    }


def _supervision(entry: Entry, layout: Layout) -> dict[str, object]:
    row = entry.row
    names = column_names(layout.columns)
    return {
        "id": row.key,
        "recording_id": row.key,
        "start": 0.0,
        "duration": entry.samples / entry.rate_hz,
        "channel": 0,
        "text": row.normalised,
        "language": row.language,
        "speaker": row.voice,
        "custom": {
            "id": row.id,
            "source_text": row.text,
            **{name: entry.figures[name] for name in layout.figures},
            **{name: row.columns.get(column, "") for column, name in names.items()},
        },
    }


def _write_manifests(folder: Folder, entries: Entries, layout: Layout) -> Lists:
    paths = []
    for split in layout.splits:
        recordings = f"recordings_{split}.jsonl.gz"
        supervisions = f"supervisions_{split}.jsonl.gz"
        with (
            _compressed(folder, recordings) as sounds,
            _compressed(folder, supervisions) as words,
        ):
            for entry in entries(split):
                source = layout.prefix + grouped_path(entry, layout)
                sounds.write(json_line(_recording(entry, "file", source)).encode())
                words.write(json_line(_supervision(entry, layout)).encode())
        paths += [recordings, supervisions]
    return Lists(tuple(paths))


def _manifest_guide(layout: Layout) -> Guide:
    split = layout.splits[0]
    return Guide(
        title="Lhotse manifests",
        loading=f"""\
The audio paths are relative to this folder: run from here, or put a prefix before them
with `with_path_prefix`.

```python
from lhotse import CutSet, RecordingSet, SupervisionSet

recordings = RecordingSet.from_file("recordings_{split}.jsonl.gz")
supervisions = SupervisionSet.from_file("supervisions_{split}.jsonl.gz")
cuts = CutSet.from_manifests(recordings, supervisions)
```
""",
    )


def _write_shar(
    folder: Folder, shard: Shard, audio: Iterable[Audio], layout: Layout
) -> Iterable[str]:
    """Write cuts and, in the same order, a tar of pairs: sound, then its manifest."""
    cuts = f"{shard.split}/cuts.{shard.number:06d}.jsonl.gz"
    sounds = f"{shard.split}/recording.{shard.number:06d}.tar"
    with (
        _compressed(folder, cuts) as lines,
        folder.new(sounds) as temporary,
        Tar(temporary) as tar,
    ):
        for entry, data in audio:
            recording = _recording(entry, "shar", "")
            cut = {
                "id": entry.row.key,
                "start": 0.0,
                "duration": entry.samples / entry.rate_hz,
                "channel": 0,
                "supervisions": [_supervision(entry, layout)],
                "recording": recording,
                "type": "MonoCut",
            }
            lines.write(json_line(cut).encode())
            tar.add(f"{entry.row.key}{layout.suffix}", data)
            tar.add(f"{entry.row.key}.json", json.dumps(recording).encode())
    return [cuts, sounds]


def _no_lists(folder: Folder, entries: Entries, layout: Layout) -> Lists:
    del folder, entries, layout
    return Lists(())


def _shar_guide(layout: Layout) -> Guide:
    return Guide(
        title="Lhotse Shar",
        loading=f"""\
```python
from lhotse import CutSet

cuts = CutSet.from_shar(in_dir="{layout.splits[0]}")
```
""",
    )


MANIFESTS = Format(
    name="lhotse",
    write_shard=plain_shard(grouped_path),
    write_lists=_write_manifests,
    guide=_manifest_guide,
)
SHAR = Format(
    name="shar",
    write_shard=_write_shar,
    write_lists=_no_lists,
    guide=_shar_guide,
)
