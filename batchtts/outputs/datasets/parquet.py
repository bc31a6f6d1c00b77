"""Parquet with the audio inside, as Hugging Face's viewer and loader want it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

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
    metadata,
)

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMAT"]

# A row group is what a reader must hold: the Hub advises 100 rows of audio.
_GROUP_ROWS = 100
_GROUP_BYTES = 32 * 1024 * 1024


def _write_shard(
    folder: Folder, shard: Shard, audio: Iterable[Audio], layout: Layout
) -> Iterable[str]:
    import pyarrow as pa  # noqa: PLC0415 - an extra, and slow to import
    import pyarrow.parquet as pq  # noqa: PLC0415

    schema = _schema(layout)
    name = f"data/{shard.split}-{shard.number:05d}.parquet"
    with (
        folder.new(name) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression={column: _compression(column) for column in _leaves(schema)},
            use_dictionary=["speaker", "language"],
            write_statistics=["key", "duration"],
        ) as writer,
    ):
        for group in _groups(audio):
            rows = [
                {
                    "audio": {
                        "bytes": data,
                        "path": f"{entry.row.key}{layout.suffix}",
                    },
                    **metadata(entry, layout),
                }
                for entry, data in group
            ]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    return [name]


def _groups(audio: Iterable[Audio]) -> Iterator[list[Audio]]:
    group: list[Audio] = []
    size_bytes = 0
    for entry, data in audio:
        if group and size_bytes + len(data) > _GROUP_BYTES:
            yield group
            group, size_bytes = [], 0
        group.append((entry, data))
        size_bytes += len(data)
        if len(group) == _GROUP_ROWS:
            yield group
            group, size_bytes = [], 0
    if group:
        yield group


def _schema(layout: Layout) -> pa.Schema:
    import pyarrow as pa  # noqa: PLC0415

    texts = ("key", "id", "text", "normalized_text", "speaker", "language")
    numbers = ("duration", *layout.figures)
    columns = tuple(column_names(layout.columns).values())
    sound = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [
        ("audio", sound),
        *((name, pa.string()) for name in texts),
        *((name, pa.float64()) for name in numbers),
        *((name, pa.string()) for name in columns),
    ]
    features: dict[str, object] = {
        "audio": {"sampling_rate": layout.rate_hz, "_type": "Audio"}
    }
    for name in (*texts, *columns):
        features[name] = {"dtype": "string", "_type": "Value"}
    for name in numbers:
        features[name] = {"dtype": "float64", "_type": "Value"}
    ordered = {name: features[name] for name, _ in fields}
    told = json.dumps({"info": {"features": ordered}})
    return pa.schema(fields, metadata={"huggingface": told})


def _leaves(schema: pa.Schema) -> list[str]:
    names = [name for name in schema.names if name != "audio"]
    return ["audio.bytes", "audio.path", *names]


def _compression(column: str) -> str:
    # FLAC and speech in WAV hardly become smaller, and slower to read.
    return "none" if column == "audio.bytes" else "zstd"


def _no_lists(folder: Folder, entries: Entries, layout: Layout) -> Lists:
    del folder, entries, layout
    return Lists(())


def _guide(layout: Layout) -> Guide:
    return Guide(
        title="Parquet",
        data_files="data/{split}-*.parquet",
        loading=f"""\
```python
from datasets import Audio, load_dataset

corpus = load_dataset("parquet", data_files="data/{layout.splits[0]}-*.parquet",
                      split="train")
corpus = corpus.cast_column("audio", Audio(decode=False))  # bytes and path, as they are
```
""",
    )


FORMAT = Format(
    name="parquet",
    write_shard=_write_shard,
    write_lists=_no_lists,
    guide=_guide,
)
