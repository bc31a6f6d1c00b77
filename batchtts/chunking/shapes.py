"""What the shape of a word tells of the full stop after it."""

from __future__ import annotations

import re

__all__ = [
    "is_dotted",
    "is_letter_of_india",
    "is_list_number",
    "is_roman",
    "is_short_in_thai",
    "is_vowelless",
    "letters_a_number",
    "names_a_move",
    "names_a_verse",
    "names_pence",
    "numbers",
    "opens_abbreviation",
]

_ROMAN = re.compile(r"[ivxlcdm]{1,6}\Z")
_SIGN = r"[\u0900-\u0dff]{0,2}"  # vowels of India
_DOTTED = re.compile(rf"(?:[^\W\d_]{{1,2}}{_SIGN}\.)+[^\W\d_]{{1,2}}{_SIGN}\Z")
_LIST_NUMBER = re.compile(
    r"(?:\d{1,3}(?:\.\d{1,3})*|[^\W\d_]|[ivxlcdm]{1,5})\Z", re.IGNORECASE
)
_VOWELLESS = re.compile(
    r"(?!(?:h+m+|m+|p?s+[ht]+|b+r+|g+r+|t+s+k+|p+f+t?|tv)\Z)[b-df-hj-np-tv-xz\u00df]{2,6}\Z"
)
_MOVE = re.compile(
    r"(?:[KQRBN]?[a-h]?[1-8]?x?[a-h][1-8](?:=[QRBN])?|O-O(?:-O)?)[+#!?]{0,2}"
    r"(?=[\s,.;)]|\Z)"
)
_PENCE = re.compile(r"\d{1,2}d\b")
_ABBREVIATED = re.compile(
    r"[^\W\d_][\w\u0900-\u0dff]{0,4}\.(?:[^\W\d_]\.){0,4}(?=[\s,;:)]|\Z)"
)
_LETTERED = re.compile(r"[^\W\d_]\.? ?\d")
_NUMBERING = re.compile(r"[Nn]o\. ?\d")
_VERSE = re.compile(r"\d{1,3}[:.]\d")
_INDIC = re.compile(r"[\u0900-\u0dff]{1,3}\Z")
_THAI = re.compile(r"(?:[\u0e01-\u0eff]{1,5}\.)*[\u0e01-\u0eff]{1,5}\Z")


def is_roman(word: str) -> bool:
    """Whether the word, in small letters, is a number in Roman letters."""
    return _ROMAN.match(word) is not None


def is_dotted(word: str) -> bool:
    """Whether the word has stops between its letters: "U.S"."""
    return _DOTTED.match(word) is not None


def is_list_number(word: str) -> bool:
    """Whether the word may number an item, a chapter or a paragraph."""
    return _LIST_NUMBER.match(word) is not None


def is_vowelless(word: str) -> bool:
    """Whether the word, in small letters, can hardly be said: "Schr.", "ltd."."""
    return _VOWELLESS.match(word) is not None


def is_letter_of_india(word: str) -> bool:
    """Whether the word is no more than the name of a letter, in a script of India."""
    return _INDIC.match(word) is not None


def is_short_in_thai(word: str) -> bool:
    """Whether the word is a short Thai or Lao one, which have no full stops."""
    return _THAI.match(word) is not None


def names_a_verse(text: str, position: int) -> bool:
    """Whether chapter and verse stand at ``position``: "Matt. 5:3"."""
    return _VERSE.match(text, position) is not None


def letters_a_number(text: str, position: int) -> bool:
    """Whether a number with a letter stands at ``position``: "art. L. 123"."""
    return _LETTERED.match(text, position) is not None


def numbers(text: str, position: int) -> bool:
    """Whether "No." stands at ``position`` for a number, not as an answer."""
    return _NUMBERING.match(text, position) is not None


def names_a_move(text: str, position: int) -> bool:
    """Whether a move of chess stands at ``position``: "3. Bb5"."""
    return _MOVE.match(text, position) is not None


def names_pence(text: str, position: int) -> bool:
    """Whether pence of old money stand at ``position``: "10s. 6d."."""
    return _PENCE.match(text, position) is not None


def opens_abbreviation(text: str, position: int) -> bool:
    """Whether a short word with a full stop of its own stands at ``position``.

    Abbreviations come in rows: "J. Anim. Sci.", "Phys. Rev. Lett.".
    """
    return _ABBREVIATED.match(text, position) is not None
