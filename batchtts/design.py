"""Which voices read which texts, where not each of them reads all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from batchtts.model import Assignment, TextId, VoiceName

__all__ = ["assigned"]


def assigned(
    voices: Sequence[VoiceName], how: Assignment, text: TextId, turn: int
) -> tuple[VoiceName, ...]:
    """Return the voices that read a text, in the order of ``voices``.

    ``turn`` counts the texts of the output before this one. Where the voices are
    drawn, each has the same chance, and one that is added takes its share from
    the others but moves nothing between them.
    """
    if how.in_turn:
        return (voices[turn % len(voices)],)
    drawn = sorted(voices, key=lambda voice: _rank(how.seed, text, voice))
    chosen = set(drawn[: how.voices_each])
    return tuple(voice for voice in voices if voice in chosen)


def _rank(seed: str, text: str, voice: str) -> bytes:
    name = f"{seed}\0{text}\0{voice}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(name, digest_size=8).digest()
