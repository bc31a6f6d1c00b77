"""NeMo: one JSON manifest a split, an object a line.

NeMo opens manifests in the system's encoding, so they are plain ASCII, and
takes audio paths with a folder in them as relative to the manifest's.
"""

from __future__ import annotations

from batchtts.outputs.datasets.layout import (
    Entries,
    Folder,
    Format,
    Guide,
    Layout,
    Lists,
    grouped_path,
    json_line,
    metadata,
    plain_shard,
)

__all__ = ["FORMAT"]


def _write_lists(folder: Folder, entries: Entries, layout: Layout) -> Lists:
    paths = []
    speakers: dict[str, int] = {}
    for split in layout.splits:
        name = f"{split}_manifest.json"
        with folder.text(name) as file:
            for entry in entries(split):
                speakers[entry.row.voice] = entry.speaker_number
                line = {
                    "audio_filepath": layout.prefix + grouped_path(entry, layout),
                    **metadata(entry, layout),
                    "speaker": entry.speaker_number,
                    "lang": entry.row.language,
                }
                file.write(json_line(line, ascii_only=True))
        paths.append(name)
    with folder.text("speakers.json") as file:
        file.write(
            json_line(
                {
                    name: speakers[name]
                    for name in sorted(speakers, key=speakers.__getitem__)
                }
            )
        )
    return Lists((*paths, "speakers.json"))


def _guide(layout: Layout) -> Guide:
    return Guide(
        title="NeMo",
        loading=f"""\
Put `{layout.splits[0]}_manifest.json` into the experiment's configuration, for example
`model.train_ds.dataset.manifest_filepath`. Speakers are numbers; `speakers.json` has
their names.
""",
    )


FORMAT = Format(
    name="nemo",
    write_shard=plain_shard(grouped_path),
    write_lists=_write_lists,
    guide=_guide,
)
