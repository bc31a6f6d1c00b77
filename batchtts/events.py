"""What happens in a run, told as it happens: frozen values for one callback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from batchtts.errors import Fault
from batchtts.model import TextId, VoiceName

__all__ = [
    "Event",
    "Held",
    "MadeAgain",
    "OnEvent",
    "OutputMade",
    "OutputUnchanged",
    "ReadingDone",
    "ReadingFailed",
    "Retrying",
    "RunPlanned",
    "TakeDone",
    "TakeFailed",
    "Throttled",
    "Warned",
]


@dataclass(frozen=True, slots=True)
class RunPlanned:
    """The inputs are read and checked; the work begins."""

    texts: int
    readings: int  # texts x voices
    outputs: int
    characters: int
    utterances: int = 0  # of datasets, among the outputs; the others are files


@dataclass(frozen=True, slots=True)
class TakeDone:
    """A request has its verified take."""

    characters: int
    cached: bool
    seconds: float  # of audio, as it came
    suspect: str | None = None  # why it is doubtful, though confirmed


@dataclass(frozen=True, slots=True)
class TakeFailed:
    """A request was given up."""

    characters: int


@dataclass(frozen=True, slots=True)
class Retrying:
    """An attempt failed and another follows after ``delay_s`` seconds."""

    fault: Fault
    reason: str
    failures: int
    delay_s: float


@dataclass(frozen=True, slots=True)
class Throttled:
    """The service asked for fewer connections; ``limit`` are allowed now."""

    limit: int
    pause_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """The service seems to be down; it is tried again in ``probe_in_s`` seconds."""

    reason: str
    probe_in_s: float


@dataclass(frozen=True, slots=True)
class OutputMade:
    """A file is at its final path."""

    path: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class OutputUnchanged:
    """A text's files are already what they should be."""

    files: int
    characters: int


@dataclass(frozen=True, slots=True)
class ReadingDone:
    """Every file of a text in a voice is made."""

    text: TextId
    voice: VoiceName


@dataclass(frozen=True, slots=True)
class MadeAgain:
    """A text is made once more in a voice: it sounded unlike the others."""

    text: TextId
    voice: VoiceName
    characters: int  # beside those that were planned


@dataclass(frozen=True, slots=True)
class ReadingFailed:
    """A text could not be finished in a voice; the others go on."""

    text: TextId
    voice: VoiceName
    reason: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something a person should know that stops nothing."""

    message: str


Event = (
    RunPlanned
    | TakeDone
    | TakeFailed
    | Retrying
    | Throttled
    | Held
    | OutputMade
    | OutputUnchanged
    | ReadingDone
    | MadeAgain
    | ReadingFailed
    | Warned
)
OnEvent = Callable[[Event], None]
