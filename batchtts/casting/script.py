"""A text parted among its voices."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from batchtts.casting.dialogue import SAID, speeches
from batchtts.casting.marks import unmarked
from batchtts.chunking import clean, speakable
from batchtts.chunking.marks import CLOSERS, COMMAS, STOPS, TIGHT_COMMAS
from batchtts.errors import JobError, Problem
from batchtts.jobfile.parameters import LANGUAGES
from batchtts.model import Boundary, Passage, Roles, Text, TextId, VoiceName

__all__ = ["Part", "Script", "cast", "spoken_by_one"]

_Span = tuple[int, int, VoiceName, str]

_SPACE = re.compile(r"\s*")
_MARKS = re.compile(rf"(?:[{COMMAS}{TIGHT_COMMAS}{STOPS}]+(?!\w))?\s*")
_ENDERS = rf"{CLOSERS}\u201c\u00ab\u00bb\u05f4"
_STOP = re.compile(rf"[{STOPS}][{_ENDERS}]*\Z")
_COMMA = re.compile(rf"[{COMMAS}{TIGHT_COMMAS}\u2014\u2013-][{_ENDERS}]*\Z")
_DASH = re.compile("[\u2014\u2013\u2015]")
_APART = re.compile(rf"{_DASH.pattern}\s+")
_REACH = 16


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text's cleaned words for one voice, and what it ends at."""

    words: str
    voice: VoiceName
    boundary: Boundary


@dataclass(frozen=True, slots=True)
class Script:
    """The cleaned words of a text, part by part; ``voice`` is the text's own."""

    text: TextId
    voice: VoiceName
    parts: tuple[Part, ...]
    roles: frozenset[str] = frozenset()  # that the text has words for


def spoken_by_one(text: Text, voice: VoiceName) -> Script:
    """Clean a text, and give all of it to one voice."""
    part = Part(clean(text.words).text, voice, Boundary.END)
    return Script(text.id, voice, (part,))


def cast(text: Text, voice: VoiceName, voices: Container[str], *, lang: str) -> Script:
    """Clean a text and part it among its voices; ``voice`` reads the rest.

    ``lang``, in 2 or 3 letters, is the text's: dialogue looks different in each.
    What is marked goes to the voice that is named there, then what is in another
    language to that language's voice, then dialogue. Raises JobError for marks
    that name no voice or are not closed.
    """
    roles = text.roles
    passages = [one for one in text.passages if _voice_for(one.lang, roles)]
    if passages:
        words, spans = _cleaned_apart(text.words, passages, roles)
    else:
        words, spans = clean(text.words).text, []
    marked: list[_Span] = []
    if roles.marks:
        try:
            words, found, removed = unmarked(words, voices)
        except ValueError as exc:
            message = f'text "{text.id}": {exc}'
            raise JobError([Problem(text.place, message)]) from exc
        spans = [(*_moved(span, removed), *span[2:]) for span in spans]
        marked = [(m.start, m.end, VoiceName(m.voice), "marks") for m in found]
    spans = [*_outside(spans, marked), *marked]
    if roles.dialogue is not None:
        spoken = [(*span, roles.dialogue, "dialogue") for span in speeches(words, lang)]
        spans = [*_outside(spoken, spans), *spans]
    return Script(
        text.id,
        voice,
        tuple(_parts(words, voice, sorted(spans))),
        frozenset(role for *_, role in spans),
    )


def _voice_for(lang: str, roles: Roles) -> tuple[VoiceName, str] | None:
    """Return the voice for a passage in a language, and what the job calls that."""
    written = lang.casefold().replace("_", "-")
    spoken = written.partition("-")[0]
    for name in (written, spoken):
        for known, voice in roles.languages:
            if known.casefold() == name:
                return voice, known
    for known, voice in roles.languages:
        if LANGUAGES.get(spoken, spoken) == LANGUAGES.get(known, known):
            return voice, known
    return None


def _cleaned_apart(
    words: str, passages: Sequence[Passage], roles: Roles
) -> tuple[str, list[_Span]]:
    """Clean a text stretch by stretch, so that passages can be found again."""
    cleaned: list[str] = []
    spans: list[_Span] = []
    length = at = 0
    for passage in passages:
        for stretch, lang in (
            (words[at : passage.start], ""),
            (words[passage.start : passage.end], passage.lang),
        ):
            part = _cleaned(stretch)
            found = _voice_for(lang, roles) if lang else None
            if found is not None:
                spans.append((length, length + len(part), *found))
            cleaned.append(part)
            length += len(part)
        at = passage.end
    cleaned.append(_cleaned(words[at:]))
    whole = "".join(cleaned)
    lead = len(whole) - len(whole.lstrip())
    moved = [(max(0, a - lead), max(0, b - lead), *rest) for a, b, *rest in spans]
    return whole.strip(), moved  # type: ignore[return-value] # rest is a pair


def _cleaned(stretch: str) -> str:
    """Clean a stretch, and keep white space at its ends."""
    words = stretch.strip()
    if not words:
        return stretch
    lead = stretch[: len(stretch) - len(stretch.lstrip())]
    return lead + clean(words).text + stretch[len(stretch.rstrip()) :]


def _moved(span: _Span, removed: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return where a span is once some stretches have been removed."""

    def moved(place: int) -> int:
        gone = removed[: bisect_right(removed, (place,))]
        return place - sum(min(end, place) - start for start, end in gone)

    return moved(span[0]), moved(span[1])


def _outside(spans: Iterable[_Span], above: Sequence[_Span]) -> Iterator[_Span]:
    """Yield what of some spans no other covers."""
    covers = sorted((start, end) for start, end, *_ in above)
    for start, end, voice, role in spans:
        at = start
        for begin, close in covers:
            if close <= at or begin >= end:
                continue
            if at < begin:
                yield at, begin, voice, role
            at = close
        if at < end:
            yield at, end, voice, role


# --- parts -----------------------------------------------------------------------


def _parts(words: str, voice: VoiceName, spans: Sequence[_Span]) -> Iterator[Part]:
    """Part the words; white space belongs to the part before it.

    What has nothing to speak goes with the part before it, or the first after.
    """
    cuts: list[tuple[int, VoiceName]] = [(0, voice)]
    for start, end, name, _ in spans:
        cuts.append((_after_space(words, start), name))
        cuts.append((_after_marks(words, end), voice))
    kept: list[tuple[int, VoiceName]] = []
    for (place, reader), (following, _) in pairwise([*cuts, (len(words), voice)]):
        if not speakable(words[place:following]):
            if not kept and place < following:
                kept.append((place, reader))
            continue
        begin = place
        if kept and not speakable(words[kept[-1][0] : place]):
            begin = kept.pop()[0]
        if not kept or kept[-1][1] != reader:
            kept.append((begin, reader))
    places = [*(place for place, _ in kept), len(words)]
    for (place, reader), end in zip(kept, places[1:], strict=True):
        yield Part(words[place:end], reader, _boundary(words, end))


def _after_space(words: str, place: int) -> int:
    found = _SPACE.match(words, place)
    return found.end() if found else place


def _after_marks(words: str, place: int) -> int:
    """Return where the words go on after what ends a quotation or a sentence."""
    found = _MARKS.match(words, place)
    return found.end() if found else place


def _boundary(words: str, place: int) -> Boundary:
    """Return what stands at a place, which has no white space after it."""
    if place == len(words):
        return Boundary.END
    end = place
    while end and words[end - 1].isspace():
        end -= 1
    newlines = words.count("\n", end, place)
    if newlines:
        kinds = (Boundary.LINE, Boundary.PARAGRAPH)
        return kinds[newlines - 1] if newlines <= len(kinds) else Boundary.SECTION
    before = words[max(0, end - _REACH) : end]
    apart = _APART.match(words, place)
    first = words[apart.end() if apart else place]
    goes_on = first.islower() or _DASH.match(first) or SAID.match(words, place)
    if _STOP.search(before) and not goes_on:
        return Boundary.SENTENCE
    if _STOP.search(before) or _COMMA.search(before) or _DASH.match(words, place):
        return Boundary.CLAUSE
    return Boundary.WORD
