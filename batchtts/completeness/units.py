"""What there is to say in a text, counted in units that each take their time.

Speech is as long as its syllables, letters, pauses and numbers. The counts know
scripts, not languages: what a language or a voice makes of a unit is for the
statistics to learn. Nothing here needs to be right, only to be proportional.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["KINDS", "Close", "Kind", "Units", "close_of", "units_of"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of unit: the seconds that one takes, before a voice is known.

    ``varies_s`` is by how much one differs from the next in the same voice.
    """

    name: str
    seconds: float
    varies_s: float = 0.0


KINDS: Final = (
    Kind("take", 0.1),  # one in each: what does not depend on the words
    Kind("syllable", 0.05),
    Kind("letter", 0.05),
    Kind("word", 0.03),
    Kind("clause", 0.25, 0.1),
    Kind("sentence", 0.4, 0.15),
    Kind("figure", 0.32, 0.2),  # a word of a number
    Kind("capital", 0.1, 0.15),  # of an abbreviation that may be spelled
    Kind("sign", 0.5, 0.4),
    Kind("stranger", 0.35, 0.45),  # a letter of another script, perhaps named
)


@dataclass(frozen=True, slots=True)
class Units:
    """How often each of `KINDS` is in a text, and the pauses it asks for."""

    counts: tuple[float, ...]
    pauses_s: float = 0.0


class Close(StrEnum):
    """What a text closes with, after which voices pause differently."""

    SENTENCE = "sentence"
    CLAUSE = "clause"
    WORD = "word"


# A script: its first code point, and what one of its letters counts for in
# syllables and letters. Zero syllables: its vowels are counted instead. Codes
# between that are no letters do not matter.
_SCRIPTS: Final = (
    (0x0000, 0.0, 1.0),  # Latin
    (0x0250, 1.0, 4.0),  # phonetic signs, which are named
    (0x0300, 0.0, 1.0),  # Greek and Cyrillic
    (0x0530, 0.4, 1.0),  # Armenian, Hebrew, Arabic: vowels are not all written
    (0x0900, 1.0, 2.0),  # the scripts of India: a letter has its vowel in it
    (0x0E00, 0.4, 1.0),  # Thai, Lao, Tibetan, Burmese, Georgian
    (0x1100, 1.0, 2.5),  # Hangul's parts, Ethiopic and other syllabaries
    (0x1E00, 0.0, 1.0),  # Latin
    (0x1F00, 0.0, 1.0),  # Greek
    (0x2C00, 0.4, 1.0),
    (0x3040, 1.0, 2.0),  # kana
    (0x3400, 1.4, 2.8),  # ideographs
    (0xA000, 1.0, 2.0),
    (0xAC00, 1.0, 2.5),  # Hangul
    (0xD7B0, 1.4, 2.8),
    (0xFB50, 0.4, 1.0),  # Arabic in its written forms
    (0xFF00, 0.0, 1.0),
    (0x10000, 1.0, 2.0),
    (0x20000, 1.4, 2.8),  # more ideographs
)
_STARTS: Final = [first for first, _, _ in _SCRIPTS]
_LATIN: Final = {0x0000, 0x1E00, 0xFF00}
_MUTE: Final = 9  # combining class of a virama: it takes the vowel away

# Latin, Greek and Cyrillic vowels, in small letters without accents.
_VOWELS = re.compile(
    "[aeiouy\u00e6\u00f8\u0153\u0131\u03b1\u03b5\u03b7\u03b9\u03bf\u03c5\u03c9"
    "\u0430\u0435\u0451\u0438\u043e\u0443\u044b\u044d\u044e\u044f\u0456\u0457\u0454\u0463]+"
)
_ACCENTS = re.compile("[\u0300-\u036f]+")
_WORD = re.compile(r"[^\W\d_]+")
_SPACELESS = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f,.'\u2019]\d{3})+(?!\d)|\d+")
_DIGITS = re.compile(r"\d+")
_SENTENCE = re.compile(
    r"[.!?\u2026]+[\"'\u2019\u201d\u00bb)\]]*(?=\s|\Z)|[\u3002\uff01\uff1f\u0964\u0965\u061f\u06d4\u1362]+|\n+"
)
_CLAUSE = re.compile(
    r"[,;:](?!\w)|[\uff0c\uff1a\uff1b\u060c\u061b\u3001\u2013\u2014\u2015()]|(?<=\s)-+(?=\s)"
)
# A stop, colon or slash inside a word or number is read: "dot", "point", "to".
_SIGN = re.compile(r"[%&@#*/\\^\u00b0\u00a7<>|~\u00b6]|(?<=\w)[.:_](?=\w)")
_CLOSING = "\"'\u2019\u201d\u00bb)]}* "
_SIGN_CATEGORIES: Final = {"Sc", "Sm", "So"}
_SPELLED_LETTERS: Final = range(2, 6)  # longer ones are headlines
_GROUP: Final = 3
_READ_OUT: Final = 12  # digits; longer numbers are read one by one

_PAUSE = re.compile(r"<\s*(\d{1,6})\s*>")
_PHONEMES = re.compile(r"\{([^{}]*)\}")
_SPELL = re.compile(r"\bspell\(([^)]*)\)")
_SPELLING_MODELS = re.compile(r"coda|mist")


def units_of(text: str, parameters: Mapping[str, str]) -> Units:
    """Count the units of ``text`` as an engine with ``parameters`` reads it."""
    text = unicodedata.normalize("NFC", text)
    pauses_s, spelled = 0.0, 0
    if parameters.get("pauseBetweenBrackets") == "true":
        pauses_s = sum(int(pause) for pause in _PAUSE.findall(text)) / 1000
        text = _PAUSE.sub(" ", text)
    if parameters.get("phonemizeBetweenBrackets") == "true":
        text = _PHONEMES.sub(_without_stress, text)
    if _SPELLING_MODELS.match(parameters.get("modelId", "")):
        spelled = sum(len(said) for said in _SPELL.findall(text))
        text = _SPELL.sub(" ", text)
    syllables, letters, strangers = _letters(text)
    words = _WORD.findall(text)
    counts = {
        "take": 1.0,
        "syllable": syllables,
        "letter": letters,
        "word": float(sum(1 for word in words if not _SPACELESS.match(word))),
        "clause": float(len(_CLAUSE.findall(text))),
        "sentence": float(len(_SENTENCE.findall(text))),
        # A letter that is spelled takes as long as a word of a number.
        "figure": sum(map(_words_of, _NUMBER.findall(text)), start=float(spelled)),
        "capital": float(sum(map(_spelled_letters, words))),
        "sign": float(_signs(text)),
        "stranger": strangers,
    }
    return Units(tuple(counts[kind.name] for kind in KINDS), pauses_s)


def close_of(text: str) -> Close:
    """Say what ``text`` closes with."""
    last = unicodedata.normalize("NFC", text).rstrip(_CLOSING)[-1:]
    if _SENTENCE.match(last):
        return Close.SENTENCE
    return Close.CLAUSE if _CLAUSE.match(last) else Close.WORD


def _without_stress(match: re.Match[str]) -> str:
    return _DIGITS.sub("", match[1])


def _letters(text: str) -> tuple[float, float, float]:
    """Return the syllables and letters of a text, and its letters out of place.

    Those are of another script than most are; Latin ones are at home anywhere.
    """
    found = {start: [0.0, 0.0, 0.0] for start in _STARTS}
    for character, times in Counter(text).items():
        mute = unicodedata.combining(character) == _MUTE
        if not (character.isalpha() or mute):
            continue
        start, syllable, letter = _SCRIPTS[bisect_right(_STARTS, ord(character)) - 1]
        units = (-1.0, -1.0, 0.0) if mute else (syllable, letter, 1.0)
        for index, unit in enumerate(units):
            found[start][index] += unit * times
    for vowels in _VOWELS.findall(_plain(text)):
        start = _SCRIPTS[bisect_right(_STARTS, ord(vowels[0])) - 1][0]
        found[start][0] += 1
    main = max(found, key=lambda start: found[start][1])
    home = {main, *_LATIN}
    syllables = sum(found[start][0] for start in home)
    letters = sum(found[start][1] for start in home)
    strangers = sum(found[start][2] for start in found if start not in home)
    return max(syllables, 0.0), max(letters, 0.0), max(strangers, 0.0)


def _plain(text: str) -> str:
    """Return ``text`` in small letters without accents."""
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text.lower()))


def _words_of(number: str) -> float:
    """Return about how many words a number is read as, in most languages."""
    digits = "".join(_DIGITS.findall(number))
    if len(digits) > _READ_OUT or (len(digits) > 1 and int(digits[0]) == 0):
        return float(len(digits))
    digits = digits.zfill(-(-len(digits) // _GROUP) * _GROUP)
    groups = [digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP)]
    words = sum(_words_below_1000(int(group)) for group in groups)
    words += sum(1 for group in groups[:-1] if int(group))  # thousand, million
    return max(words, 1.0)


def _words_below_1000(number: int) -> float:
    hundreds, rest = divmod(number, 100)
    words = 2.0 if hundreds else 0.0
    if rest == 0:
        return words
    if rest < 10:  # noqa: PLR2004 - a digit
        return words + 1.0
    # "fourteen" and "forty" are longer than "four", "forty-four" is two words.
    return words + (1.4 if rest < 20 or rest % 10 == 0 else 2.2)  # noqa: PLR2004


def _spelled_letters(word: str) -> int:
    """Return how many letters of a word may be named: of NASA, www, Mr."""
    if len(word) not in _SPELLED_LETTERS or word.lower() == word.upper():
        return 0
    voiceless = ord(word[0]) < _STARTS[3] and not _VOWELS.search(_plain(word))
    return len(word) if voiceless or word.isupper() else 0


def _signs(text: str) -> int:
    """Count the signs that are read as words: %, &, +, currencies, emoji."""
    kinds = map(unicodedata.category, _SIGN.sub("", text))
    return len(_SIGN.findall(text)) + sum(kind in _SIGN_CATEGORIES for kind in kinds)
