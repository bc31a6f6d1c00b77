"""Words cut for one voice, as those of a text are."""

from __future__ import annotations

from batchtts.casting import spoken_by_one
from batchtts.earlier import NOTHING, Earlier
from batchtts.lexicon import Lexicon
from batchtts.model import Place, Text, TextId, Voice
from batchtts.pieces import Cutting, Piece, pieces

__all__ = ["cut"]


def cut(
    words: str,
    voice: Voice,
    *,
    limit: int = 500,
    separate: bool = False,
    lexicon: Lexicon | None = None,
    earlier: Earlier = NOTHING,
) -> tuple[Piece, ...]:
    """Return the pieces of some words in one voice."""
    text = Text(
        id=TextId("story"), words=words, voice=voice.name, title="", place=Place("x")
    )
    cutting = Cutting(
        voices={voice.name: voice},
        lexicon_of=lambda _: lexicon,
        limit=limit,
        separate=separate,
        phrases=False,
        engine="test",
        earlier=earlier,
    )
    return pieces(spoken_by_one(text, voice.name), cutting)
