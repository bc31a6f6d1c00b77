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
from batchtts.chunking.languages import language
from batchtts.earlier import NOTHING, Earlier, cut_as_before, fingerprints, is_known
from batchtts.errors import JobError, Problem
from batchtts.lock.marks import digest
from batchtts.model import Chunk, Request, Respelt, TextId, Voice

if TYPE_CHECKING:
    from batchtts.lexicon import Lexicon

__all__ = ["Piece", "cutting_rules", "notations", "pieces", "respelt"]

_SWITCHES = {
    "pauseBetweenBrackets": Markup.PAUSES,
    "phonemizeBetweenBrackets": Markup.PHONEMES,
}
_SPEEDS = "inlineSpeedAlpha"
_NO_TEXT = TextId("")
_SPELLS = re.compile(r"coda|mist")  # the models that know spell(...)


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk of a text, with its request; None where nothing is spoken.

    ``written`` is what the text has there, ``chunk`` what is said of it: the
    same, but where a lexicon respells words. A word that is respelt and then cut
    is written in the first of its chunks. ``first`` is the request that another
    one was wanted in the place of.
    """

    chunk: Chunk
    request: Request | None
    written: str
    first: Request | None = None


def pieces(  # noqa: PLR0913 - all that decides a request
    words: str,
    voice: Voice,
    *,
    limit: int,
    separate: bool,
    phrases: bool,
    engine: str,
    take: int = 0,
    lexicon: Lexicon | None = None,
    text: TextId = _NO_TEXT,
    earlier: Earlier = NOTHING,
) -> tuple[Piece, ...]:
    """Clean, respell and cut a text, and make the request of each chunk.

    The chunks are stretches of the respelt text. ``separate`` keeps paragraphs in
    chunks of their own, ``phrases`` cuts what has neither spaces nor marks at the
    ends of its phrases. A list of inline speeds is dealt out: the engine counts the
    brackets of each request from the first. ``take`` is that of each `Request`.
    What ``earlier`` runs made of this ``text`` is made again where it still fits.
    """
    rules = Rules(separate=separate, phrases=phrases, markup=notations(voice))
    said = respelt(words, voice, lexicon)
    cutting = _Cutting(text, voice, limit, rules, engine, take)
    chunks = cutting.chunks(said.text, earlier)
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
        if not spoken:
            made.append(Piece(part, None, shown))
            continue
        request = Request(engine, parameters, part.words, take)
        wanted = earlier.wanted(text, voice.name, request)
        first = None if wanted is request else request
        made.append(Piece(part, wanted, shown, first))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Cutting:
    """How a text is cut for a voice."""

    text: TextId
    voice: Voice
    limit: int
    rules: Rules
    engine: str
    take: int

    def chunks(self, words: str, earlier: Earlier) -> tuple[Chunk, ...]:
        """Cut cleaned words: as before if they are the same, else to keep the most."""
        limit, rules, voice = self.limit, self.rules, self.voice
        if earlier is NOTHING or (len(words) < limit and "\n" not in words):
            return chunk(words, limit=limit, lang=voice.lang, rules=rules)
        cut = cutting_rules(
            voice, limit=limit, separate=rules.separate, phrases=rules.phrases
        )
        marks = earlier.marks(self.text, voice.name, digest(words), cut)
        if (same := cut_as_before(words, marks, limit)) is not None:
            return same
        known = None
        if _SPEEDS not in dict(voice.parameters) and not self.take:
            former = earlier.former(self.text, voice.name)
            known = is_known(former, fingerprints(self.engine, voice.parameters))
        return chunk(words, limit=limit, lang=voice.lang, previous=known, rules=rules)


def cutting_rules(voice: Voice, *, limit: int, separate: bool, phrases: bool) -> str:
    """Name all that decides, beside its words, how a text is cut for a voice."""
    marks = sorted(kind.value for kind in notations(voice))
    switches = [
        name for name, on in (("separate", separate), ("phrases", phrases)) if on
    ]
    return " ".join([str(limit), language(voice.lang).code, *switches, *marks])


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
