"""What a format is to the dataset, and what all formats share."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

from batchtts.corpora import FIGURES, Suffix
from batchtts.files import atomic, sweep
from batchtts.outputs.datasets.rows import Entry, one_line

__all__ = [
    "Audio",
    "Entries",
    "Folder",
    "Format",
    "Guide",
    "Layout",
    "ListWriter",
    "Lists",
    "Shard",
    "ShardWriter",
    "column_names",
    "grouped_path",
    "json_line",
    "metadata",
    "plain_shard",
    "replaced",
]

Audio = tuple[Entry, bytes]
"""A row in its place, and its encoded sound."""

RESERVED = frozenset({
    "audio", "audio_file", "audio_filename", "audio_filepath", "duration", "file_name",
    "id", "key", "label", "lang", "language", "normalized_text", "offset",
    "orig_sample_rate", "speaker", "split", "text", "text_filepath", "token_labels",
})  # fmt: skip
"""Names that a loader gives a meaning of its own; NeMo would cut at ``offset``."""


# JSON may have them as they are, but `str.splitlines` cuts there.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a split that is written at one time."""

    split: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What decides how a target is laid out, beside its format."""

    suffix: Suffix
    rate_hz: int
    columns: tuple[str, ...]  # of the job's tables, in order
    figures: tuple[str, ...]
    splits: tuple[str, ...]  # every one, in order; one alone: there are no splits
    prefix: str = ""  # stands before the audio paths in lists that allow it
    has_several_voices: bool = False  # lists only: may change from run to run

    @property
    def is_split(self) -> bool:
        """Tell whether splits were asked for."""
        return len(self.splits) > 1


class Folder:
    """A folder of a target, where files are whole or not there.

    ``owner`` marks its temporary files; what a killed process of the same owner
    has left is swept from each folder before the first file is written there.
    """

    def __init__(self, root: Path, *, owner: str) -> None:
        """Write below ``root``; other processes of this owner write elsewhere."""
        self.root = root
        self._owner = owner
        self._swept: set[Path] = set()

    @contextlib.contextmanager
    def new(self, path: str, *, sync: bool = True) -> Iterator[Path]:
        """Give a temporary path, which is moved to ``path`` below the root at the end.

        Without ``sync`` a power cut may take it.
        """
        whole = self.root / path
        if whole.parent not in self._swept:
            sweep(whole.parent, owner=self._owner)
            self._swept.add(whole.parent)
        with atomic(whole, owner=self._owner, sync=sync) as temporary:
            yield temporary

    @contextlib.contextmanager
    def text(self, path: str) -> Iterator[TextIO]:
        """Give a UTF-8 file to write."""
        with (
            self.new(path) as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as file,
        ):
            yield file

    def audio(self, path: str, data: bytes) -> None:
        """Put one utterance at ``path``.

        A million of them are not each waited for until the disk has them: what a
        power cut takes is missed by its size and made again.
        """
        with self.new(path, sync=False) as temporary:
            temporary.write_bytes(data)


class Entries(Protocol):
    """Gives the rows of a split in their order, or in that of their keys' bytes."""

    def __call__(self, split: str, *, by_key: bool = False) -> Iterator[Entry]:
        """Yield them; no list of them is held."""
        ...


class ShardWriter(Protocol):
    """Writes the audio of a shard, with what stands beside it."""

    def __call__(
        self, folder: Folder, shard: Shard, audio: Iterable[Audio], layout: Layout
    ) -> Iterable[str]:
        """Write the shard's files; return their paths below ``folder``."""
        ...


class ListWriter(Protocol):
    """Writes what lists the whole of a dataset."""

    def __call__(self, folder: Folder, entries: Entries, layout: Layout) -> Lists:
        """Write the files; return their paths below ``folder``, and warnings."""
        ...


@dataclass(frozen=True, slots=True)
class Lists:
    """The files that list a dataset, and what a person should know of them."""

    paths: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """What a card says of a format."""

    title: str
    loading: str  # Markdown; {rate} and the like are not filled in
    data_files: str | None = None  # glob of a split's files, for Hugging Face
    audio: str = "audio"  # what `datasets` calls the column of sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of datasets. ``version`` goes up when its files change."""

    name: str
    write_shard: ShardWriter
    write_lists: ListWriter
    guide: Callable[[Layout], Guide]
    version: int = 1


@functools.lru_cache(maxsize=16)
def column_names(columns: tuple[str, ...]) -> Mapping[str, str]:
    """Return under which name each column stands in a dataset."""
    named: dict[str, str] = {}
    taken = {*RESERVED, *FIGURES}
    for column in columns:
        name = column
        while name in taken or name.startswith("__"):
            name = f"source_{name}"
        named[column] = name
        taken.add(name)
    return named


def metadata(entry: Entry, layout: Layout) -> dict[str, str | float]:
    """Return what is told of an utterance; the same names for every one, no nulls.

    Loaders take the types from the first few utterances that they see.
    """
    row = entry.row
    return {
        "key": row.key,
        "id": row.id,
        "text": row.text,
        "normalized_text": row.normalised,
        "speaker": row.voice,
        "language": row.language,
        "duration": entry.duration_s,
        **{name: entry.figures[name] for name in layout.figures},
        **{
            name: row.columns.get(column, "")
            for column, name in column_names(layout.columns).items()
        },
    }


def json_line(values: Mapping[str, object], *, ascii_only: bool = False) -> str:
    """Return one line of JSON, its end included, whatever a reader takes for an end."""
    line = json.dumps(values, ensure_ascii=ascii_only)
    return (line if line.isascii() else line.translate(_LINE_ENDS)) + "\n"


def replaced(text: str, also: str = "") -> tuple[str, bool]:
    """Return ``text`` as one line without ``also``, and whether that is another.

    Spaces at the ends or in a row do not make it another.
    """
    kept = one_line(text.replace(also, " ") if also else text)
    return kept, kept.replace(" ", "") != "".join(text.split())


def grouped_path(entry: Entry, layout: Layout) -> str:
    """Return where an utterance stands: in a folder a shard, as folders have limits."""
    group = f"{entry.split}-{entry.shard:05d}"
    return f"audio/{group}/{entry.row.key}{layout.suffix}"


def plain_shard(path_of: Callable[[Entry, Layout], str]) -> ShardWriter:
    """Make a writer of one file an utterance."""

    def write(
        folder: Folder, shard: Shard, audio: Iterable[Audio], layout: Layout
    ) -> Iterable[str]:
        del shard
        for entry, data in audio:
            path = path_of(entry, layout)
            folder.audio(path, data)
            yield path

    return write
