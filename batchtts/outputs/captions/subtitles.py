"""Subtitles in three formats: SubRip (.srt), WebVTT (.vtt) and LRC (.lrc).

All are UTF-8 without a byte order mark, with single newlines at the ends of
lines. In SRT and VTT a sentence is shown in cues of at most two lines of 42
columns, a full-width character taking two; in LRC it is one line, however long.
"""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from batchtts.outputs.captions.timing import Sentence

__all__ = ["FORMATS", "Heading", "subtitles"]

COLUMNS = 42
_LEAST_S = 1.0  # a cue is shown so long, if the next one does not come before
_MARK = re.compile(
    r"[,;:.!?\u2026\u2014\u2013\u3001\u3002\uff0c\uff01\uff1f]"
    r"['\"\u2019\u201d\u300d]*\Z"
)
_NEVER_FIRST = frozenset(
    "\u3001\u3002\uff0c\uff0e\uff01\uff1f\u300d\u300f\uff09"
    "\u30fc\u3063\u3083\u3085\u3087"
)
_WIDE = 2  # columns
_MARK_GAIN = 12  # columns from the middle that a mark is worth
_JOINER = "\u2060"  # seen by no one; parts what a player would take for a command


@dataclass(frozen=True, slots=True)
class Heading:
    """What a format may say of the whole; empty: nothing."""

    title: str = ""
    author: str = ""
    album: str = ""
    length_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Cue:
    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def subtitles(
    sentences: Sequence[Sentence], kind: str, heading: Heading | None = None
) -> bytes:
    """Return the file of some sentences in the format ``kind``: srt, vtt or lrc."""
    spoken = [one for one in sentences if one.words]
    return FORMATS[kind](spoken, heading or Heading()).encode()


# --- formats ---------------------------------------------------------------------


def _srt(sentences: Sequence[Sentence], heading: Heading) -> str:
    del heading  # there is no place for it
    blocks = [
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n"
        + "".join(f"{_turned(_plain(line))}\n" for line in cue.lines)
        for number, cue in enumerate(_cues(sentences), 1)
    ]
    return "\n".join(blocks)


def _vtt(sentences: Sequence[Sentence], heading: Heading) -> str:
    title = html.escape(" ".join(heading.title.split()), quote=False)
    blocks = [f"WEBVTT{' - ' if title else ''}{title}\n"]
    blocks += [
        f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n"
        + "".join(f"{html.escape(line, quote=False)}\n" for line in cue.lines)
        for cue in _cues(sentences)
    ]
    return "\n".join(blocks)


def _lrc(sentences: Sequence[Sentence], heading: Heading) -> str:
    about = {
        "ti": heading.title,
        "ar": heading.author,
        "al": heading.album,
        "length": _lrc_clock(heading.length_s) if heading.length_s else "",
    }
    lines = [
        f"[{name}:{' '.join(value.replace(']', ')').split())}]"
        for name, value in about.items()
        if value
    ]
    for one in sentences:
        words = re.sub(r"[\[<](?=\d)", rf"\g<0>{_JOINER}", one.words)
        lines.append(f"[{_lrc_clock(one.start_s)}]{words}")
    if sentences:
        lines.append(f"[{_lrc_clock(sentences[-1].end_s)}]")
    return "".join(f"{line}\n" for line in lines)


FORMATS: Mapping[str, Callable[[Sequence[Sentence], Heading], str]] = {
    "srt": _srt,
    "vtt": _vtt,
    "lrc": _lrc,
}
"""The formats by their names, which are also the endings of their files."""


def _clock(time_ms: int, point: str) -> str:
    """Give hours, at least two digits of them, minutes, seconds and milliseconds."""
    seconds, thousandths = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{thousandths:03}"


def _lrc_clock(time_s: float) -> str:
    """Give minutes, seconds and hundredths: the format knows no hours."""
    seconds, hundredths = divmod(round(time_s * 100), 100)
    return f"{seconds // 60:02}:{seconds % 60:02}.{hundredths:02}"


def _plain(line: str) -> str:
    """Keep players from taking words for tags: SubRip has no way to quote them."""
    line = re.sub(r"<(?=[/A-Za-z])|\{(?=[\\A-Za-z])", rf"\g<0>{_JOINER}", line)
    return line.replace("-->", f"--{_JOINER}>")


def _turned(line: str) -> str:
    """Tell players that a line runs from right to left, if it begins so."""
    for character in line:
        direction = unicodedata.bidirectional(character)
        if direction == "L":
            return line
        if direction in {"R", "AL"}:
            return f"\u202b{line}\u202c"
    return line


# --- cues ------------------------------------------------------------------------


def _cues(sentences: Sequence[Sentence]) -> Iterator[_Cue]:
    """Yield cues that follow one another without overlap."""
    parts = [part for one in sentences for part in _parts(one)]
    starts = [start_s for start_s, *_ in parts]
    following = [*starts, math.inf][1:]
    for (start_s, end_s, words), next_s in zip(parts, following, strict=True):
        shown_s = min(max(end_s, start_s + _LEAST_S), next_s)
        start_ms = round(start_s * 1000)
        end_ms = max(round(shown_s * 1000), start_ms + 1)
        yield _Cue(start_ms, end_ms, tuple(_lines(words)))


def _parts(sentence: Sentence) -> Iterator[tuple[float, float, str]]:
    """Yield a sentence in parts that can be shown at once, its time shared out."""
    parts = list(_shown(sentence.words))
    total = sum(map(len, parts))
    places = [0]
    for part in parts:
        places.append(places[-1] + len(part))
    length_s = (sentence.end_s - sentence.start_s) / total
    for part, (start, end) in zip(parts, pairwise(places), strict=True):
        yield (
            sentence.start_s + start * length_s,
            sentence.start_s + end * length_s,
            part,
        )


def _shown(words: str) -> Iterator[str]:
    lines = _lines(words)
    if all(_columns(line) <= COLUMNS for line in lines):
        yield words
        return
    place = _middle(words, _MARK_GAIN)
    yield from _shown(words[:place].rstrip())
    yield from _shown(words[place:].lstrip())


def _lines(words: str) -> list[str]:
    """Return words in one line or two, as even as they can be."""
    if _columns(words) <= COLUMNS:
        return [words]
    place = _middle(words, 0)
    return [words[:place].rstrip(), words[place:].lstrip()]


def _middle(words: str, gain: int) -> int:
    """Return the place nearest the middle where words may be parted.

    A place after a mark counts as nearer by ``gain`` columns. Where there is
    none at all, it is the middle itself.
    """
    half = _columns(words) / 2
    best, least = len(words) // 2, None
    width = 0
    for place in range(1, len(words)):
        width += _width(words[place - 1])
        if not _may_break(words, place):
            continue
        distance = abs(width - half)
        if gain and _MARK.search(words[max(0, place - 4) : place].rstrip()):
            distance -= gain
        if least is None or distance < least:
            best, least = place, distance
    return best


def _may_break(words: str, place: int) -> bool:
    before, after = words[place - 1], words[place]
    if before == " ":
        return True
    return _width(before) == _width(after) == _WIDE and after not in _NEVER_FIRST


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return _WIDE if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _columns(words: str) -> int:
    return sum(map(_width, words))
