"""What a job says of a speech dataset, in the words of its card and its loaders."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from batchtts.model import Output, Sharing

__all__ = [
    "ERROR_RATES",
    "FIGURES",
    "FORMATS",
    "OUTLIER",
    "About",
    "DatasetOutput",
    "Filter",
    "Splits",
    "Suffix",
    "Target",
    "label_problem",
    "plain",
    "speaker_label",
]

Suffix = Literal[".wav", ".flac"]
"""The kinds of audio file in datasets, by their ending."""

_EITHER: tuple[Suffix, ...] = (".flac", ".wav")
_WAV: tuple[Suffix, ...] = (".wav",)
FORMATS: Mapping[str, tuple[Suffix, ...]] = {
    "audiofolder": _EITHER,
    "kaldi": _WAV,
    "lhotse": _EITHER,
    "shar": _EITHER,
    "ljspeech": _WAV,
    "coqui": _WAV,
    "piper": _WAV,
    "f5": _WAV,
    "styletts2": _WAV,
    "nemo": (".wav", ".flac"),
    "parquet": _EITHER,
    "webdataset": _EITHER,
}
"""Every format with the kinds of audio that it holds, the usual one first."""

FIGURES = (
    "chars_per_s",
    "words_per_s",
    "pace",
    "leading_silence_s",
    "trailing_silence_s",
    "longest_silence_s",
    "clipped_samples",
    "peak_dbfs",
    "rms_dbfs",
    "loudness_lufs",
    "bandwidth_hz",
    "snr_db",
)
"""What every utterance is measured for, beside its ``duration``."""

ERROR_RATES = ("wer", "cer")
"""What a recogniser tells: errors in words, and in characters without spaces."""

OUTLIER = "outlier"
"""The highest robust score of an utterance, whichever figure it is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One format in one folder, which nothing else writes to."""

    format: str  # a name of `FORMATS`
    folder: Path
    suffix: Suffix


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the card says beside what is counted."""

    title: str
    description: str = ""
    license: str | None = None  # as Hugging Face writes it, such as "cc-by-4.0"
    terms_url: str | None = None
    tags: tuple[str, ...] = ()
    generator: str = "batchtts"  # with its version


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """How rows are dealt out: ``{"train": 0.9, "test": 0.1}``.

    Rows of one group never part. The group is the normalised ``text``, so that
    one sentence read by ten voices is in one split, the ``voice``, or a column.
    The shares are met in the long run, as a coin meets a half. Voices held out
    go whole to a split of their own choice, whatever their group.
    """

    shares: Mapping[str, float]  # any positive numbers
    by: str = "text"
    held_out: Mapping[str, str] = field(default_factory=dict)  # voice to split
    seed: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Return every split, in order."""
        return tuple(dict.fromkeys((*self.shares, *self.held_out.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which utterances stay: a figure, ``duration`` or ``outlier``, with its bounds."""

    figure: str
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetOutput(Output):
    """A speech dataset, in one format or several of the same utterances."""

    targets: tuple[Target, ...]
    about: About
    splits: Splits | None = None
    columns: tuple[str, ...] | None = None  # to be carried through; None: all
    filters: tuple[Filter, ...] = ()
    retakes: int = 0  # at most, of what is unlike the others of its voice
    is_recognised: bool = False  # a recogniser's error rates are asked for
    prefix: str = ""  # before the audio paths in lists
    drop_removed: bool = False
    shard_bytes: int = 512 * 1024 * 1024  # of PCM
    shard_rows: int = 10_000

    sharing: ClassVar[Sharing] = "folder"


def speaker_label(voice: str) -> str:
    """Name a voice with letters, digits and ``_``.

    Without ``-``, which stands behind the label in the key: else the order of
    the keys would not be that of the speakers, and Kaldi refuses the folder.
    """
    return plain(voice)


def label_problem(voices: Iterable[str]) -> str | None:
    """Say which two voices could not be told apart in a dataset, if any."""
    met: dict[str, str] = {}
    for voice in voices:
        label = speaker_label(voice)
        if earlier := met.get(label):
            return f'the voices "{earlier}" and "{voice}" would both be "{label}"'
        met[label] = voice
    return None


def plain(name: str, also: str = "") -> str:
    """Return ``name`` with ``_`` for all but letters, digits, ``_`` and ``also``."""
    normal = unicodedata.normalize("NFC", name)
    return "".join(c if c.isalnum() or c == "_" or c in also else "_" for c in normal)
