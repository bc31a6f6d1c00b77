"""What a file is to be made of, in the words of the lock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace

from batchtts.formats import FORMATS, RENDER_VERSION, rate_for
from batchtts.lock.lines import Definition, Made, definition
from batchtts.lock.marks import PREFIX, Mark, digest
from batchtts.model import Output, VoiceName
from batchtts.pieces import Piece
from batchtts.plan import Reading

__all__ = ["RECORDED", "RETAKE", "Recipes", "mark_of_piece", "tags"]

RECORDED = "recorded"
"""The engine of a request that stands for a person's own recording."""


RETAKE = 1_000_000
"""What a retake adds to the number of a take: far from those of a dataset's takes."""


class Recipes:
    """Says what files are to be made of, for the engine of one run."""

    def __init__(self, engine: str) -> None:
        """Hold the engine's identity."""
        self._engine = engine
        self._speech: dict[tuple[VoiceName, ...], Definition] = {}
        self._sound: dict[tuple[int, int], Definition] = {}
        self._outputs: list[Output] = []  # held, so that their ids stay their own

    @property
    def definitions(self) -> Iterable[Definition]:
        """Return what the files that were asked about have in common."""
        return [*self._speech.values(), *self._sound.values()]

    def made(self, reading: Reading, output: Output, rate_hz: int) -> Made:
        """Return what a reading's file is to be made of."""
        return replace(self.part(reading), sound=self.sound(output, rate_hz).id)

    def part(self, reading: Reading) -> Made:
        """Return what a reading's part in something is to be made of."""
        return Made(
            text=reading.text.id,
            voice=reading.voice.name,
            words=digest("".join(piece.chunk.text for piece in reading.pieces)),
            cut=reading.cut,
            chunks=tuple(str(mark_of_piece(piece)) for piece in reading.pieces),
            speech=self.speech(reading).id,
            tags=tags(reading),
        )

    def rate_hz(self, reading: Reading, output: Output) -> int:
        """Return the sampling rate that a reading's file gets."""
        kind = FORMATS[output.suffix]
        return rate_for(kind, output.audio.sample_rate, reading.voice.sampling_rate)

    def speech(self, reading: Reading) -> Definition:
        """Return who speaks a reading, and how."""
        voice = reading.voice
        others = {one.voice.name: one.voice for one in reading.pieces}
        others.pop(voice.name, None)
        key = voice.name, *others
        if (found := self._speech.get(key)) is None:
            content: dict[str, object] = {
                "engine": self._engine,
                "parameters": dict(voice.parameters),
            }
            if others:
                content["roles"] = {
                    name: dict(other.parameters) for name, other in others.items()
                }
            found = self._speech[key] = definition("speech", content)
        return found

    def sound(self, output: Output, rate_hz: int) -> Definition:
        """Return how a file of an output sounds."""
        key = id(output), rate_hz
        if (found := self._sound.get(key)) is None:
            audio = output.audio
            content: dict[str, object] = {
                "mixing": RENDER_VERSION,
                "format": output.suffix.removeprefix("."),
                "sample_rate": rate_hz,
                "pauses": asdict(audio.pauses),
                "loudness": asdict(audio.loudness),
            }
            if audio.bitrate is not None:
                content["bitrate"] = audio.bitrate
            found = self._sound[key] = definition("sound", content)
            self._outputs.append(output)
        return found


def mark_of_piece(piece: Piece) -> Mark:
    """Return how the lock writes down a chunk of a reading."""
    chunk, request = piece.chunk, piece.request
    length = chunk.end - chunk.start
    if request is None:
        return Mark("", length, chunk.boundary)
    first = piece.first or request
    recording = ""
    if request.engine == RECORDED:
        recording = dict(request.parameters)["sha256"][:PREFIX]
    take = 0 if recording else (request.take - first.take) // RETAKE
    return Mark(first.fingerprint[:PREFIX], length, chunk.boundary, take, recording)


def tags(reading: Reading) -> dict[str, str]:
    """Return what is written into a file about its content."""
    columns = reading.text.columns
    found = {
        "title": reading.text.title,
        "artist": columns.get("author", ""),
        "album": columns.get("book", ""),
    }
    return {name: value for name, value in found.items() if value}
