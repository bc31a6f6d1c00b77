"""The rows of a dataset: one utterance each, before and after it has its sound."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from batchtts.audio.levels import Levels
from batchtts.corpora import plain, speaker_label

__all__ = [
    "MAX_TEXT_CHARS",
    "Entry",
    "Provenance",
    "Retaken",
    "Row",
    "Sound",
    "one_line",
    "utterance_key",
]

MAX_TEXT_CHARS = 100_000
"""Python's csv readers, which several trainers use, stop at 131,072 a field."""

_DIGEST_DIGITS = 8
_MAX_KEY_BYTES = 180  # with its ending, below what a file's name may have


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where an utterance comes from: enough to make it again."""

    engine: str
    parameters: tuple[tuple[str, str], ...]
    fingerprints: tuple[str, ...]  # of its requests, in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One utterance that a dataset is to have."""

    key: str  # see `utterance_key`
    id: str  # as the job has it
    text: str  # as the job has it
    normalised: str  # as it was said
    voice: str
    language: str
    columns: Mapping[str, str] = field(default_factory=dict)
    provenance: Provenance

    def content(self) -> str:
        """Return all of the row as one line of JSON, `Row.read` back from it."""
        origin = self.provenance
        values = {
            "key": self.key,
            "id": self.id,
            "text": self.text,
            "normalised": self.normalised,
            "voice": self.voice,
            "language": self.language,
            "columns": dict(self.columns),
            "provenance": {
                "engine": origin.engine,
                "parameters": origin.parameters,
                "fingerprints": origin.fingerprints,
            },
        }
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def read(cls, content: str) -> Row:
        """Make the row that `content` was made of."""
        values = json.loads(content)
        origin = values.pop("provenance")
        provenance = Provenance(
            engine=origin["engine"],
            parameters=tuple((name, value) for name, value in origin["parameters"]),
            fingerprints=tuple(origin["fingerprints"]),
        )
        return cls(**values, provenance=provenance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The finished sound of a row: mono signed 16-bit PCM, and how loud it is.

    ``blocks`` may be called more than once, and gives the same each time.
    """

    blocks: Callable[[], Iterable[bytes]]
    rate_hz: int
    samples: int
    levels: Levels


@dataclass(frozen=True, slots=True)
class Retaken:
    """How a row came to its sound that was asked for more than once."""

    take: int  # that was kept; 0: the first
    made: int  # beside the first
    figure: str  # in which the first was farthest from its voice's median
    score: float  # and how far


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row in its place in a dataset, with what was measured of it."""

    number: int  # of the row: grows in the job's order
    row: Row
    split: str
    shard: int
    samples: int
    rate_hz: int
    speaker: str  # the voice as a label: see `speaker_label`
    speaker_number: int
    figures: Mapping[str, float]
    retakes: Retaken | None = None

    @property
    def duration_s(self) -> float:
        """Return the length in seconds, to the microsecond."""
        return round(self.samples / self.rate_hz, 6)


def utterance_key(row_id: str, voice: str | None) -> str:
    """Name an utterance so that every loader takes the name.

    ``voice`` is None where the dataset has one voice only; else its label
    comes first, as Kaldi wants it. The name has letters, digits, ``_`` and
    ``-``: no dot, at which WebDataset would cut it, and no space. An id that
    had to be changed gets eight digits of its hash, so that two stay two.
    """
    kept = plain(row_id, "-")
    label = f"{speaker_label(voice)}-" if voice is not None else ""
    room = _MAX_KEY_BYTES - len(label.encode()) - _DIGEST_DIGITS - 1
    if kept != row_id or len(kept.encode()) > room:
        digest = hashlib.sha256(row_id.encode("utf-8", "surrogatepass")).hexdigest()
        kept = kept.encode()[:room].decode(errors="ignore")
        kept = f"{kept}-{digest[:_DIGEST_DIGITS]}"
    return label + kept


def one_line(text: str) -> str:
    """Return ``text`` with every line break, tab and control character a space."""
    return " ".join(_BREAKS.sub(" ", text).split())


_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
