"""From the words of a text to the requests that speak them in a voice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from batchtts.casting import Part, Script
from batchtts.chunking import (
    Markup,
    Rules,
    chunk,
    commands_defused,
    markup_spans,
    shared_speeds,
    speakable,
)
from batchtts.chunking.languages import language
from batchtts.earlier import NOTHING, Earlier, cut_as_before, fingerprints, is_known
from batchtts.errors import JobError, Problem
from batchtts.lock.marks import Mark, digest
from batchtts.model import Chunk, Request, Voice, VoiceName
from batchtts.respelt import Respelt

if TYPE_CHECKING:
    from batchtts.lexicon import Lexicon

__all__ = ["Cutting", "Piece", "cutting_rules", "notations", "pieces", "respelt"]

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
    is written in the first of its chunks. ``first`` is the request that another
    one was wanted in the place of.
    """

    chunk: Chunk
    request: Request | None
    written: str
    voice: Voice
    first: Request | None = None

    def made_again(self, further: int) -> Piece:
        """Return the piece with a take so many further on; not if it was chosen."""
        request = self.request
        if request is None or self.first is not None:
            return self
        return replace(self, request=replace(request, take=request.take + further))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """How the texts of a job are cut, and made requests of.

    ``limit`` is that of voices which have none of their own. ``separate`` keeps
    paragraphs in chunks of their own, ``phrases`` cuts what has neither spaces nor
    marks at the ends of its phrases. ``take`` is that of each `Request`. What
    ``earlier`` runs made of a text is made again where it still fits.
    """

    voices: Mapping[VoiceName, Voice]
    lexicon_of: Callable[[Voice], Lexicon | None]
    limit: int
    separate: bool
    phrases: bool
    engine: str
    take: int = 0
    earlier: Earlier = NOTHING


def pieces(script: Script, cutting: Cutting) -> tuple[Piece, ...]:
    """Respell and cut the parts of a text, and make the request of each chunk.

    The chunks are stretches of the respelt text, none of them of words of two
    voices. A list of inline speeds is dealt out: the engine counts the brackets of
    each request from the first.
    """
    said = []
    for part in script.parts:
        voice = cutting.voices[part.voice]
        said.append(respelt(part.words, voice, cutting.lexicon_of(voice)))
    before = _cuts_before(script, [one.text for one in said], cutting)
    made: list[Piece] = []
    offset = 0
    for number, (part, words) in enumerate(zip(script.parts, said, strict=True)):
        reader = _Reader(script, part, cutting, cutting.voices[part.voice])
        marks = before[number] if before else ()
        made += reader.pieces(words, marks, offset)
        offset += len(words.text)
    return tuple(made)


def _cuts_before(
    script: Script, said: Sequence[str], cutting: Cutting
) -> list[list[Mark]] | None:
    """Return how the same words were cut before, part by part, if they were."""
    words = "".join(said)
    voice = cutting.voices[script.voice]
    limit = voice.limit or cutting.limit
    if cutting.earlier is NOTHING or (len(words) < limit and "\n" not in words):
        return None
    rules = cutting_rules(
        voice, limit=limit, separate=cutting.separate, phrases=cutting.phrases
    )
    ahead = iter(cutting.earlier.marks(script.text, script.voice, digest(words), rules))
    parts: list[list[Mark]] = []
    for part in said:
        parts.append([])
        length = 0
        while length < len(part) and (mark := next(ahead, None)) is not None:
            parts[-1].append(mark)
            length += mark.length
        if length != len(part):
            return None
    return parts


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes the pieces of one part of a script."""

    script: Script
    part: Part
    cutting: Cutting
    voice: Voice

    def pieces(
        self, said: Respelt, before: Sequence[Mark], offset: int
    ) -> Iterator[Piece]:
        """Yield the pieces; the part begins at an offset in the whole."""
        voice, cutting, text = self.voice, self.cutting, self.script.text
        markup = notations(voice)
        chunks = self._chunks(said.text, before, markup)
        shares = None
        if Markup.SPEEDS in markup:
            listed = dict(voice.parameters)[_SPEEDS].split(",")
            shares = shared_speeds(chunks, [speed.strip() for speed in listed])
        for number, (one, written) in enumerate(
            zip(chunks, _written(said, chunks), strict=True)
        ):
            boundary = self.part.boundary if one is chunks[-1] else one.boundary
            placed = one
            if offset or boundary is not one.boundary:
                start, end = one.start + offset, one.end + offset
                placed = Chunk(one.text, start, end, boundary)
            if not speakable(one.words, markup):
                yield Piece(placed, None, written, voice)
                continue
            parameters = voice.parameters
            if shares is not None:
                parameters = _with_speeds(voice, shares[number])
            request = Request(cutting.engine, parameters, one.words, cutting.take)
            wanted = cutting.earlier.wanted(text, self.script.voice, request)
            first = None if wanted is request else request
            yield Piece(placed, wanted, written, voice, first)

    def _chunks(
        self, words: str, before: Sequence[Mark], markup: frozenset[Markup]
    ) -> tuple[Chunk, ...]:
        """Cut words: as before if they are the same, else to keep the most."""
        cutting, voice = self.cutting, self.voice
        limit = voice.limit or cutting.limit
        if (same := cut_as_before(words, before, limit)) is not None:
            return same
        known = None
        if self._may_keep(words, limit):
            former = cutting.earlier.former(self.script.text, self.script.voice)
            known = is_known(former, fingerprints(cutting.engine, voice.parameters))
        return chunk(
            words,
            limit=limit,
            lang=voice.lang,
            previous=known,
            rules=Rules(
                separate=cutting.separate, phrases=cutting.phrases, markup=markup
            ),
        )

    def _may_keep(self, words: str, limit: int) -> bool:
        """Tell whether there are cuts to choose, and takes that may fit some."""
        if self.cutting.earlier is NOTHING or self.cutting.take:
            return False
        is_one = len(words) < limit and "\n" not in words
        return not is_one and _SPEEDS not in dict(self.voice.parameters)


def cutting_rules(voice: Voice, *, limit: int, separate: bool, phrases: bool) -> str:
    """Name all that decides, beside its words, how a text is cut for a voice."""
    marks = sorted(kind.value for kind in notations(voice))
    switches = [
        name for name, on in (("separate", separate), ("phrases", phrases)) if on
    ]
    return " ".join([str(limit), language(voice.lang).code, *switches, *marks])


def respelt(words: str, voice: Voice, lexicon: Lexicon | None) -> Respelt:
    """Return the words of a cleaned text as the voice is to say them.

    What the engine obeys is not respelt. Raises JobError where that is not
    possible; see `Lexicon.respelt`.
    """
    if lexicon is None:
        return Respelt(words)
    said = lexicon.respelt(words, markup_spans(words, notations(voice)))
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
