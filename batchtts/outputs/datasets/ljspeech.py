"""LJSpeech's list and those that look like it and are not: six dialects.

Some readers split at every ``|`` and know no quotes; others are Python's csv
reader, to which a quote at the start of a field begins a quoted one: if it is
never closed, all that follows is one field.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from batchtts.outputs.datasets.layout import (
    Entries,
    Folder,
    Format,
    Guide,
    Layout,
    Lists,
    plain_shard,
    replaced,
)
from batchtts.outputs.datasets.rows import Entry

__all__ = ["DIALECTS"]

_SEPARATOR = "|"
# StyleTTS2 draws lines from its third list until one is so long, and never the
# last; where there is none it draws for ever.
_OOD_LIST = "OOD_texts.txt"
_OOD_CHARS = 50


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How a dialect writes the list of a split."""

    cells: Callable[[Entry, Layout], tuple[str, ...]]
    list_name: Callable[[str, Layout], str]
    is_quoted: bool  # read by Python's csv reader
    header: str = ""


def _wav(entry: Entry) -> str:
    return f"wavs/{entry.row.key}.wav"


def _one_folder(entry: Entry, layout: Layout) -> str:
    del layout
    return _wav(entry)


def _folder_a_split(entry: Entry, layout: Layout) -> str:
    return f"{entry.split}/{_wav(entry)}" if layout.is_split else _wav(entry)


def _metadata_csv(split: str, layout: Layout) -> str:
    return f"metadata_{split}.csv" if layout.is_split else "metadata.csv"


def _f5_csv(split: str, layout: Layout) -> str:
    return f"{split}/metadata.csv" if layout.is_split else "metadata.csv"


def _styletts2_list(split: str, layout: Layout) -> str:
    del layout
    return f"{'val' if split == 'validation' else split}_list.txt"


def _classic(entry: Entry, layout: Layout) -> tuple[str, ...]:
    del layout
    return entry.row.key, entry.row.text, entry.row.normalised


def _coqui(entry: Entry, layout: Layout) -> tuple[str, ...]:
    del layout
    return _wav(entry), entry.row.normalised, entry.row.voice


def _piper(entry: Entry, layout: Layout) -> tuple[str, ...]:
    speaker = (entry.row.voice,) if layout.has_several_voices else ()
    return (_wav(entry), *speaker, entry.row.normalised)


def _f5(entry: Entry, layout: Layout) -> tuple[str, ...]:
    del layout
    return _wav(entry), entry.row.normalised


def _styletts2(entry: Entry, layout: Layout) -> tuple[str, ...]:
    del layout
    return _wav(entry), entry.row.normalised, str(entry.speaker_number)


_CLASSIC = _Dialect(_classic, _metadata_csv, is_quoted=False)
_COQUI = _Dialect(
    _coqui, _metadata_csv, is_quoted=True, header="audio_file|text|speaker_name\n"
)
_PIPER = _Dialect(_piper, _metadata_csv, is_quoted=True)
_F5 = _Dialect(_f5, _f5_csv, is_quoted=True, header="audio_file|text\n")
_STYLETTS2 = _Dialect(_styletts2, _styletts2_list, is_quoted=False)


def _write_lists(
    dialect: _Dialect, folder: Folder, entries: Entries, layout: Layout
) -> Lists:
    paths = []
    changed = 0
    for split in layout.splits:
        name = dialect.list_name(split, layout)
        with folder.text(name) as file:
            file.write(dialect.header)
            for entry in entries(split):
                line, is_changed = _line(dialect, dialect.cells(entry, layout))
                file.write(line)
                changed += is_changed
        paths.append(name)
    return Lists(tuple(paths), tuple(_told(changed)))


def _line(dialect: _Dialect, cells: tuple[str, ...]) -> tuple[str, bool]:
    """Return a line of the list, and whether a text had to be changed for it."""
    if dialect.is_quoted:
        kept = [replaced(cell) for cell in cells]
        written = [_quoted(text) for text, _ in kept]
    else:
        kept = [replaced(cell, _SEPARATOR) for cell in cells]
        written = [text for text, _ in kept]
    return f"{_SEPARATOR.join(written)}\n", any(changed for _, changed in kept)


def _quoted(cell: str) -> str:
    # As few quotes as can be: other readers of these files know none.
    if cell.startswith('"') or _SEPARATOR in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _told(changed: int) -> Iterator[str]:
    if changed:
        texts = "1 text has" if changed == 1 else f"{changed:,} texts have"
        yield (
            f"{texts} a character that the list cannot hold: "
            "a space stands there instead"
        )


def _write_styletts2(folder: Folder, entries: Entries, layout: Layout) -> Lists:
    lists = _write_lists(_STYLETTS2, folder, entries, layout)
    warnings = list(lists.warnings)
    if "validation" not in layout.splits:
        warnings.append(
            "StyleTTS2 wants a val_list.txt too: ask for a validation split"
        )
    long_enough = 0
    with folder.text(_OOD_LIST) as file:
        for split in layout.splits[1:] or layout.splits:
            for entry in entries(split):
                # With an audio path first, as the reader looks into the first
                # line whether ".wav" stands there.
                file.write(_line(_STYLETTS2, _styletts2(entry, layout))[0])
                long_enough += len(entry.row.normalised) >= _OOD_CHARS
    if long_enough < 2:  # noqa: PLR2004 - one may be the last, which is never drawn
        warnings.append(
            f"StyleTTS2 waits for ever for a line of {_OOD_CHARS} characters in "
            f"{_OOD_LIST}: put texts of your own there"
        )
    return Lists((*lists.paths, _OOD_LIST), tuple(warnings))


def _classic_guide(layout: Layout) -> Guide:
    name = _metadata_csv(layout.splits[0], layout)
    return Guide(
        title="LJSpeech",
        loading=f"""\
`{name}` has `id|text|normalized text`, with no header and no quotes. In Coqui TTS:

```python
from TTS.tts.configs.shared_configs import BaseDatasetConfig

BaseDatasetConfig(formatter="ljspeech", meta_file_train="{name}", path=".")
```
""",
    )


def _coqui_guide(layout: Layout) -> Guide:
    name = _metadata_csv(layout.splits[0], layout)
    return Guide(
        title="Coqui TTS",
        loading=f"""\
```python
from TTS.tts.configs.shared_configs import BaseDatasetConfig

BaseDatasetConfig(formatter="coqui", meta_file_train="{name}", path=".")
```
""",
    )


def _piper_guide(layout: Layout) -> Guide:
    name = _metadata_csv(layout.splits[0], layout)
    many = "  --model.num_speakers <how many> \\\n" if layout.has_several_voices else ""
    return Guide(
        title="Piper",
        loading=f"""\
```console
python3 -m piper.train fit --data.csv_path {name} --data.audio_dir . \\
{many}  --model.sample_rate {layout.rate_hz} ...
```
""",
    )


def _f5_guide(layout: Layout) -> Guide:
    folder = layout.splits[0] if layout.is_split else "."
    return Guide(
        title="F5-TTS",
        loading=f"""\
```console
python src/f5_tts/train/datasets/prepare_csv_wavs.py {folder} /path/to/prepared
```
""",
    )


def _styletts2_guide(layout: Layout) -> Guide:
    del layout
    return Guide(
        title="StyleTTS2",
        loading=f"""\
In the configuration's `data_params` set `root_path` to this folder and `train_data`,
`val_data` and `OOD_data` to the lists here. The texts are words: StyleTTS2 wants
phonemes, so phonemise the second column first. `{_OOD_LIST}` has texts of this very
dataset; take others if you have them. The pretrained parts expect 24 kHz.
""",
    )


def _format(
    name: str,
    dialect: _Dialect,
    guide: Callable[[Layout], Guide],
    *,
    path_of: Callable[[Entry, Layout], str] = _one_folder,
) -> Format:
    return Format(
        name=name,
        write_shard=plain_shard(path_of),
        write_lists=functools.partial(_write_lists, dialect),
        guide=guide,
    )


DIALECTS = {
    "ljspeech": _format("ljspeech", _CLASSIC, _classic_guide),
    "coqui": _format("coqui", _COQUI, _coqui_guide),
    "piper": _format("piper", _PIPER, _piper_guide),
    "f5": _format("f5", _F5, _f5_guide, path_of=_folder_a_split),
    "styletts2": Format(
        name="styletts2",
        write_shard=plain_shard(_one_folder),
        write_lists=_write_styletts2,
        guide=_styletts2_guide,
    ),
}
"""The dialects by the names that a job gives them."""
