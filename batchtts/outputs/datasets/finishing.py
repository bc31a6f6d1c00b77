"""The sound of an utterance measured and encoded, here or by a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from batchtts.audio.levels import Levels
from batchtts.audio.loudness import levelled
from batchtts.audio.quality import Quality, quality_of
from batchtts.corpora import Suffix
from batchtts.model import Loudness
from batchtts.outputs.datasets.encoding import encoded
from batchtts.outputs.datasets.rows import Sound
from batchtts.workers import Message, serve

__all__ = ["Finished", "Finishing", "carried_out", "finished", "main"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """All that a dataset needs to know of a sound."""

    rate_hz: int
    samples: int
    levels: Levels
    quality: Quality
    audio: Mapping[Suffix, bytes]  # whole files


@dataclass(frozen=True, slots=True, kw_only=True)
class Finishing:
    """What a worker is to make of a track: as loud as asked for, in these encodings."""

    spool: Path
    rate_hz: int
    samples: int
    levels: Levels
    loudness: Loudness
    suffixes: Sequence[Suffix]

    def told(self) -> dict[str, object]:
        """Return what is sent to a worker."""
        return asdict(self)


def finished(sound: Sound, suffixes: Sequence[Suffix]) -> Finished:
    """Measure and encode a sound. Raises LocalError when it cannot be encoded."""
    return Finished(
        rate_hz=sound.rate_hz,
        samples=sound.samples,
        levels=sound.levels,
        quality=quality_of(sound.blocks(), sound.rate_hz),
        audio={suffix: encoded(sound, suffix) for suffix in suffixes},
    )


def carried_out(message: Message) -> Finished:
    """Return what a worker answered."""
    values, data = message
    audio: dict[Suffix, bytes] = {}
    for suffix, size_bytes in values.pop("sizes"):
        audio[suffix], data = data[:size_bytes], data[size_bytes:]
    levels, quality = Levels(**values.pop("levels")), Quality(**values.pop("quality"))
    return Finished(**values, levels=levels, quality=quality, audio=audio)


def main() -> None:
    """Finish sounds, in the process of a worker."""
    serve(_carry_out)


def _carry_out(values: dict[str, Any]) -> Message:
    rate_hz = values["rate_hz"]
    with levelled(
        Path(values["spool"]),
        rate_hz=rate_hz,
        levels=Levels(**values["levels"]),
        loudness=Loudness(**values["loudness"]),
    ) as ready:
        made = finished(
            Sound(
                blocks=ready.blocks,
                rate_hz=rate_hz,
                samples=values["samples"],
                levels=ready.levels,
            ),
            values["suffixes"],
        )
    answer = {
        "rate_hz": made.rate_hz,
        "samples": made.samples,
        "levels": asdict(made.levels),
        "quality": asdict(made.quality),
        "sizes": [(suffix, len(data)) for suffix, data in made.audio.items()],
    }
    return answer, b"".join(made.audio.values())
