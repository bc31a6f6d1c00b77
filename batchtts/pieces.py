"""From the words of a text to the requests that speak them in a voice."""

from __future__ import annotations

import re
from dataclasses import dataclass

from batchtts.chunking import Markup, Rules, chunk, clean, shared_speeds, speakable
from batchtts.model import Chunk, Request, Voice

__all__ = ["Piece", "notations", "pieces"]

_SWITCHES = {
    "pauseBetweenBrackets": Markup.PAUSES,
    "phonemizeBetweenBrackets": Markup.PHONEMES,
}
_SPEEDS = "inlineSpeedAlpha"
_SPELLS = re.compile(r"coda|mist")  # the models that know spell(...)


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk of a text, with its request; None where nothing is spoken."""

    chunk: Chunk
    request: Request | None


def pieces(
    words: str,
    voice: Voice,
    *,
    limit: int,
    separate: bool,
    phrases: bool,
    engine: str,
    take: int = 0,
) -> tuple[Piece, ...]:
    """Clean and cut a text, and make the request of each chunk.

    ``separate`` keeps paragraphs in chunks of their own, ``phrases`` cuts what
    has neither spaces nor marks at the ends of its phrases. A list of inline speeds
    is dealt out: the engine counts the brackets of each request from the first.
    ``take`` is that of each `Request`.
    """
    rules = Rules(separate=separate, phrases=phrases, markup=notations(voice))
    chunks = chunk(clean(words).text, limit=limit, lang=voice.lang, rules=rules)
    sent = dict(voice.parameters)
    speeds = [speed.strip() for speed in sent.get(_SPEEDS, "").split(",")]
    shares = shared_speeds(chunks, speeds) if _SPEEDS in sent else None
    made = []
    for number, part in enumerate(chunks):
        parameters = voice.parameters
        if shares is not None:
            parameters = _with_speeds(voice, shares[number])
        spoken = speakable(part.words, rules.markup)
        request = Request(engine, parameters, part.words, take) if spoken else None
        made.append(Piece(part, request))
    return tuple(made)


def notations(voice: Voice) -> frozenset[Markup]:
    """Return the notations that the engine obeys in this voice's texts."""
    sent = dict(voice.parameters)
    found = {kind for name, kind in _SWITCHES.items() if sent.get(name) == "true"}
    if _SPEEDS in sent:
        found.add(Markup.SPEEDS)
    if _SPELLS.match(sent.get("modelId", "")):
        found.add(Markup.SPELL)
    return frozenset(found)


def _with_speeds(voice: Voice, share: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    others = [(name, value) for name, value in voice.parameters if name != _SPEEDS]
    return tuple(sorted([*others, (_SPEEDS, ",".join(share))] if share else others))
