"""WebDataset: tar shards, an utterance being members that share their name.

A sample's name ends at the first dot, which is why keys have none; Hugging Face
takes the members that there are from the first samples, so all have the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from batchtts.outputs.datasets.layout import (
    Audio,
    Entries,
    Folder,
    Format,
    Guide,
    Layout,
    Lists,
    Shard,
    json_line,
    metadata,
)
from batchtts.tar import Tar

__all__ = ["FORMAT"]


def _write_shard(
    folder: Folder, shard: Shard, audio: Iterable[Audio], layout: Layout
) -> Iterable[str]:
    name = f"{shard.split}-{shard.number:06d}.tar"
    with folder.new(name) as temporary, Tar(temporary) as tar:
        for entry, data in audio:
            key = entry.row.key
            about = json_line(metadata(entry, layout)).rstrip("\n")
            tar.add(f"{key}{layout.suffix}", data)
            tar.add(f"{key}.json", about.encode())
            tar.add(f"{key}.txt", entry.row.normalised.encode())
    return [name]


def _write_lists(folder: Folder, entries: Entries, layout: Layout) -> Lists:
    del folder, entries, layout
    return Lists(())


def _guide(layout: Layout) -> Guide:
    audio = layout.suffix.removeprefix(".")
    return Guide(
        title="WebDataset",
        data_files="{split}-*.tar",
        audio=audio,
        loading=f"""\
```python
import glob, io, json, soundfile, webdataset

shards = sorted(glob.glob("{layout.splits[0]}-*.tar"))
for sample in webdataset.WebDataset(shards, shardshuffle=False):
    samples, rate = soundfile.read(io.BytesIO(sample["{audio}"]))
    about = json.loads(sample["json"])
```

```python
from datasets import Audio, load_dataset

corpus = load_dataset("webdataset", data_files={{"train": "{layout.splits[0]}-*.tar"}},
                      split="train", streaming=True)
corpus = corpus.cast_column("{audio}", Audio(decode=False))
```
""",
    )


FORMAT = Format(
    name="webdataset",
    write_shard=_write_shard,
    write_lists=_write_lists,
    guide=_guide,
)
