"""Kaldi data folders, one a split: every list sorted as the C locale does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TextIO

from batchtts.outputs.datasets.layout import (
    Entries,
    Folder,
    Format,
    Guide,
    Layout,
    Lists,
    grouped_path,
    plain_shard,
    replaced,
)
from batchtts.outputs.datasets.rows import Entry

__all__ = ["FORMAT"]


def _write_lists(folder: Folder, entries: Entries, layout: Layout) -> Lists:
    values: dict[str, Callable[[Entry], str]] = {
        "wav.scp": lambda entry: layout.prefix + grouped_path(entry, layout),
        "text": lambda entry: replaced(entry.row.normalised)[0],
        "utt2spk": lambda entry: entry.speaker,
        "utt2lang": lambda entry: entry.row.language,
        "utt2dur": lambda entry: f"{entry.duration_s:.6f}",
        "reco2dur": lambda entry: f"{entry.duration_s:.6f}",
    }
    paths = []
    for split in layout.splits:
        for name, value in values.items():
            with folder.text(f"{split}/{name}") as file:
                for entry in entries(split, by_key=True):
                    file.write(f"{entry.row.key} {value(entry)}\n")
            paths.append(f"{split}/{name}")
        speakers = f"{split}/spk2utt"
        with folder.text(speakers) as file:
            _write_speakers(file, entries(split, by_key=True))
        paths.append(speakers)
    return Lists(tuple(paths))


def _write_speakers(file: TextIO, entries: Iterator[Entry]) -> None:
    """Write the utterances of each speaker, who stands first in the key of each."""
    speaker = ""
    for entry in entries:
        if entry.speaker != speaker:
            file.write(f"\n{entry.speaker}" if speaker else entry.speaker)
            speaker = entry.speaker
        file.write(f" {entry.row.key}")
    if speaker:
        file.write("\n")


def _guide(layout: Layout) -> Guide:
    split = layout.splits[0]
    return Guide(
        title="Kaldi",
        loading=f"""\
Each of {", ".join(f"`{name}/`" for name in layout.splits)} is a data folder. The paths
in `wav.scp` are relative to this folder: run from here.

```console
utils/validate_data_dir.sh --no-feats {split}
lhotse kaldi import {split} {layout.rate_hz} manifests/
```
""",
    )


FORMAT = Format(
    name="kaldi",
    write_shard=plain_shard(grouped_path),
    write_lists=_write_lists,
    guide=_guide,
)
