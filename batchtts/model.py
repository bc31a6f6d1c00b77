"""The values that flow through batchtts, each frozen, none with an effect.

job -> texts -> chunks -> requests -> takes -> tracks -> outputs. The words are
those of the documentation: a *text* is one unit to be read, a *chunk* a piece
of it that is sent as one *request*, a *take* one verified recording of a
request, a *track* the takes of one text, joined.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, NewType

if TYPE_CHECKING:
    from batchtts.sources import TextSource

__all__ = [
    "Assignment",
    "AudioSettings",
    "Boundary",
    "Chunk",
    "Encoding",
    "FilesOutput",
    "Fingerprint",
    "Job",
    "LocalSettings",
    "Loudness",
    "LoudnessMode",
    "Output",
    "Passage",
    "Pauses",
    "Place",
    "Recording",
    "Request",
    "Respelling",
    "RimeSettings",
    "Roles",
    "RunLimits",
    "Sharing",
    "Text",
    "TextId",
    "Voice",
    "VoiceName",
]

TextId = NewType("TextId", str)
VoiceName = NewType("VoiceName", str)
Fingerprint = NewType("Fingerprint", str)

Encoding = Literal["pcm", "mulaw", "mp3", "ogg"]
"""How a recording's bytes are to be read: headerless signed 16-bit
little-endian, headerless mu-law, or a whole MP3 or Ogg stream; always mono."""


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file, as shown to people; lines and columns count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """Give ``file``, ``file:line`` or ``file:line:column``."""
        parts = [self.file]
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        return ":".join(parts)


# --- what the job file says ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Respelling:
    """An entry of a lexicon: what is written, and what is said in its place."""

    written: str  # words, or a regular expression
    say: str
    any_case: bool
    is_expression: bool
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A named set of synthesis parameters.

    ``parameters`` are the query parameters exactly as they will be sent, every
    default spelled out, sorted by name: two voices with equal parameters are
    the same voice to the engine, whatever they are called.
    """

    name: VoiceName
    parameters: tuple[tuple[str, str], ...]
    audio_format: Literal["pcm", "wav", "mp3", "mulaw", "ogg"]
    sampling_rate: int  # Hz, as asked of the engine
    lang: str  # as in the job file: 2 or 3 letters
    limit: int | None = None  # characters a request; None: the job's
    unlisted: bool = False  # not to be looked up in the service's list
    lexicon: tuple[Respelling, ...] = ()  # before the job's
    place: Place


@dataclass(frozen=True, slots=True)
class Roles:
    """Which voices read parts of a text, beside its own.

    ``languages`` go by code; ``marks``: whether the text itself names voices.
    """

    dialogue: VoiceName | None = None
    languages: tuple[tuple[str, VoiceName], ...] = ()
    marks: bool = False

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return self != Roles()


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds of silence put at a cut, by the kind of the boundary there.

    Inside a chunk the engine makes its own pauses, which between sentences are
    about 0.35 s; sections always part chunks, paragraphs where the cuts fall so.
    """

    clause: float = 0.12
    sentence: float = 0.35
    paragraph: float = 0.6
    section: float = 1.5


LoudnessMode = Literal["lufs", "rms", "peak", "none"]


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud an output is to be.

    ``lufs``: integrated loudness (EBU R128, mono counted as one channel) at
    ``target`` LUFS with a true peak of at most ``ceiling`` dBTP. ``rms``: RMS
    at ``target`` dBFS, peak at most ``ceiling`` dB. ``peak``: highest peak at
    ``ceiling``. ``none``: samples untouched.
    """

    mode: LoudnessMode
    target: float = 0.0
    ceiling: float = -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSettings:
    """How an output sounds. None of it is paid for or in a fingerprint."""

    sample_rate: int | None = None  # Hz; None: the takes' own rate
    pauses: Pauses = Pauses()
    loudness: Loudness = Loudness("lufs", -19.0, -1.0)
    bitrate: int | None = None  # kbit/s; None: the codec's default here


Sharing = Literal["none", "file", "folder"]
"""What the readings of an output share: nothing, a file or several files that are
made together, or a folder of which each is a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Which of an output's voices read a text: ``voices_each`` of them.

    They are drawn by a hash of the text's id, so that further texts change
    nothing for the others; or, ``in_turn``, they take turns, to be exactly even.
    """

    voices_each: int = 1
    in_turn: bool = False
    seed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What every kind of output has: which readings go where."""

    template: str  # as written: "out/{voice}/{id}.wav"
    folder: Path  # absolute; nothing may be written outside it
    pattern: str  # the template's part below ``folder``; empty: the folder itself
    suffix: str  # ".wav", lower case: decides the format
    texts: tuple[str, ...]  # globs over text ids; empty: every text
    voices: tuple[VoiceName, ...]  # empty: each text's own voice
    audio: AudioSettings
    assign: Assignment | None = None  # None: each of the voices reads every text
    takes: int = 1  # of each text in each voice
    subtitles: tuple[str, ...] = ()  # formats, which are endings of files too
    place: Place

    sharing: ClassVar[Sharing] = "none"
    # Heard from end to end, so that the engine had better hear the paragraphs
    # follow one another. A kind that says when each of them starts needs them
    # in requests of their own.
    separate_paragraphs: ClassVar[bool] = False

    def beside(self, path: Path) -> list[Path]:
        """Return the files that stand beside the one at ``path``."""
        return [path.with_suffix(f".{kind}") for kind in self.subtitles]

    @property
    def own_files(self) -> bool:
        """Tell whether each reading has a file of its own in it."""
        return self.sharing == "none"

    @property
    def most_parts(self) -> int | None:
        """Return how many readings a file can be of; None: any number."""
        return None

    @property
    def values(self) -> Mapping[str, str]:
        """Return what it fills into its path in place of what a text says."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesOutput(Output):
    """One audio file for each text and voice, named by a template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RimeSettings:
    """Where Rime is and how to speak to it."""

    url: str = "wss://users.rime.ai/ws"
    on_prem: bool = False  # allows ws:// and any rate to a host that is not loopback
    header: str = "Authorization"  # with "Authorization" the value is "Bearer <key>"
    voices: str | None = None  # where the list of speakers is; None: the cloud's own


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """Which synthesiser the local server speaks with."""

    synthesiser: Literal["espeak", "tone"] = "espeak"
    url: str | None = None  # of a server that runs already; None: start one


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A whole job file, read and checked. Paths are absolute."""

    path: Path
    name: str
    engine: Literal["rime", "local"]
    rime: RimeSettings
    local: LocalSettings
    concurrency: int
    limit: int
    separate_paragraphs: bool | None = None  # None: where an output needs it
    phrases: bool = False  # Chinese, Japanese, Thai without marks: cut at phrases
    lexicon: tuple[Respelling, ...] = ()
    voices: Mapping[VoiceName, Voice]
    voice: VoiceName | None  # for texts that name none
    texts: tuple[TextSource, ...]
    outputs: tuple[Output, ...]
    cache: Path | None = None
    price: float | None = None  # of 1,000 characters; None: not known
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """What one run may use; None: any amount. What is left out is for the next."""

    max_characters: int | None = None  # sent, those of further attempts included
    max_cost: float | None = None  # by the job's price
    deadline_s: float | None = None
    since_s: float | None = None  # monotonic time; None: from when the run begins


# --- texts, chunks, requests ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a text in another language than the rest."""

    start: int  # characters (code points)
    end: int
    lang: str  # as it is written: "fr-CA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One unit to be read: a chapter, a prompt, a sentence.

    ``passages`` are in order and do not overlap; ``book`` is the file of which
    the text is a chapter.
    """

    id: TextId
    words: str
    voice: VoiceName | None
    title: str
    columns: Mapping[str, str] = field(default_factory=dict)
    roles: Roles = Roles()
    passages: tuple[Passage, ...] = ()
    book: Path | None = None
    place: Place


class Boundary(StrEnum):
    """What stands at the cut after a chunk, from the best cut to the worst."""

    END = "end"  # the text ends here
    SECTION = "section"
    PARAGRAPH = "paragraph"
    LINE = "line"
    SENTENCE = "sentence"
    CLAUSE = "clause"
    WORD = "word"
    GRAPHEME = "grapheme"  # inside a word longer than the limit


class Chunk(NamedTuple):
    """A piece of a cleaned text: ``text == cleaned[start:end]``.

    The chunks of a text follow one another without gap or overlap, so that
    joined they are the cleaned text. White space at a cut belongs to the chunk
    before it, but for what the limit does not leave room for. A tuple, since a
    table of a million rows makes a million of them.
    """

    text: str
    start: int  # characters (code points)
    end: int
    boundary: Boundary

    @property
    def words(self) -> str:
        """Return what is sent: the chunk without white space at its ends."""
        return self.text.strip()


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that determines a piece of audio, and nothing else.

    ``engine`` names the kind of engine with the version of its sound where we
    know it: ``rime``, or ``local/espeak-1.52.0+1``. ``take`` counts the times
    that the same is spoken: it is not sent, and makes of one line another take
    to be kept beside the first.
    """

    engine: str
    parameters: tuple[tuple[str, str], ...]
    text: str
    take: int = 0

    @property
    def fingerprint(self) -> Fingerprint:
        """Return the SHA-256 of the request as 64 hexadecimal digits."""
        parts: list[object] = [1, self.engine, self.parameters, self.text]
        if self.take:
            parts.append(self.take)
        canonical = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        digest = hashlib.sha256(canonical.encode("utf-8", "surrogatepass"))
        return Fingerprint(digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Recording:
    """The audio of one request as it came: complete, mono, still encoded."""

    encoding: Encoding
    sampling_rate: int  # Hz
    data: bytes
