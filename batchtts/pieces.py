"""From the words of a text to the requests that speak them in a voice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchtts.chunking import (
    Markup,
    Rules,
    chunk,
    clean,
    commands_defused,
    markup_spans,
    shared_speeds,
    speakable,
)
from batchtts.errors import JobError, Problem
from batchtts.model import Chunk, Request, Respelt, Voice

if TYPE_CHECKING:
    from batchtts.lexicon import Lexicon

__all__ = ["Piece", "notations", "pieces", "respelt"]

_SWITCHES = {
    "pauseBetweenBrackets": Markup.PAUSES,
    "phonemizeBetweenBrackets": Markup.PHONEMES,
}
_SPEEDS = "inlineSpeedAlpha"
_SPELLS = re.compile(r"coda|mist")  # the models that know spell(...)


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk of a text, with its request; None where nothing is spoken.

    ``written`` is what the text has there, ``chunk`` what is said of it: the
    same, but where a lexicon respells words. A word that is respelt and then cut
    is written in the first of its chunks.
    """

    chunk: Chunk
    request: Request | None
    written: str


def pieces(
    words: str,
    voice: Voice,
    *,
    limit: int,
    separate: bool,
    phrases: bool,
    engine: str,
    take: int = 0,
    lexicon: Lexicon | None = None,
) -> tuple[Piece, ...]:
    """Clean, respell and cut a text, and make the request of each chunk.

    The chunks are stretches of the respelt text. ``separate`` keeps paragraphs in
    chunks of their own, ``phrases`` cuts what has neither spaces nor marks at the
    ends of its phrases. A list of inline speeds is dealt out: the engine counts the
    brackets of each request from the first. ``take`` is that of each `Request`.
    """
    rules = Rules(separate=separate, phrases=phrases, markup=notations(voice))
    said = respelt(words, voice, lexicon)
    chunks = chunk(said.text, limit=limit, lang=voice.lang, rules=rules)
    written = _written(said, chunks)
    sent = dict(voice.parameters)
    speeds = [speed.strip() for speed in sent.get(_SPEEDS, "").split(",")]
    shares = shared_speeds(chunks, speeds) if _SPEEDS in sent else None
    made = []
    for number, (part, shown) in enumerate(zip(chunks, written, strict=True)):
        parameters = voice.parameters
        if shares is not None:
            parameters = _with_speeds(voice, shares[number])
        spoken = speakable(part.words, rules.markup)
        request = Request(engine, parameters, part.words, take) if spoken else None
        made.append(Piece(part, request, shown))
    return tuple(made)


def respelt(words: str, voice: Voice, lexicon: Lexicon | None) -> Respelt:
    """Return the words of a text, cleaned, as the voice is to say them.

    What the engine obeys is not respelt. Raises JobError where that is not
    possible; see `Lexicon.respelt`.
    """
    cleaned = clean(words).text
    if lexicon is None:
        return Respelt(cleaned)
    said = lexicon.respelt(cleaned, markup_spans(cleaned, notations(voice)))
    if said.changes and commands_defused(said.text)[1]:
        entries = dict.fromkeys(change.entry for change in said.changes)
        message = "with the lexicon's words a command to the engine stands in the text"
        raise JobError(
            [
                Problem(entry.place, message, "say it without angle brackets")
                for entry in entries
                if {"<", ">"} & {*entry.say}
            ]
            or [Problem(next(iter(entries)).place, message)]
        )
    return said


def _written(said: Respelt, chunks: Sequence[Chunk]) -> Iterator[str]:
    """Yield what is written where each chunk is said."""
    if not said.changes:
        yield from (part.text for part in chunks)
        return
    number = at = 0
    changes = said.changes
    for part in chunks:
        stretches: list[str] = []
        while number < len(changes) and changes[number].start < part.end:
            change = changes[number]
            stretches += said.text[at : change.start], change.written
            at = change.end
            number += 1
        yield "".join([*stretches, said.text[at : part.end]])
        at = max(at, part.end)


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
