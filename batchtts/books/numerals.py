"""Numbers as they stand in headings: in digits, letters or words of some languages."""

from __future__ import annotations

import re

__all__ = ["NUMERAL", "number"]

_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_ROMAN_SHAPE = re.compile("c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen"
    " fourteen fifteen sixteen seventeen eighteen nineteen"
)
_ORDINALS = (
    "- first second third fourth fifth sixth seventh eighth ninth tenth eleventh"
    " twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth"
    " nineteenth"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {
    **{word: n for n, word in enumerate(_UNITS.split())},
    **{word: n for n, word in enumerate(_ORDINALS.split()) if n},
    **{word: 10 * n for n, word in enumerate(_TENS.split(), 2)},
    **{f"{word[:-1]}ieth": 10 * n for n, word in enumerate(_TENS.split(), 2)},
}
_CHINESE = {digit: n for n, digit in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "两": 2,
}
_CHINESE_UNITS = {"十": 10, "百": 100, "千": 1000}
_HEBREW = {letter: n for n, letter in enumerate("אבגדהוזחט", 1)} | {
    letter: 10 * n for n, letter in enumerate("יכלמנסעפצק", 1)
}
_ARABIC_ORDINALS = (
    "الأول الثاني الثالث الرابع الخامس السادس السابع الثامن التاسع العاشر"
    " الحادي_عشر الثاني_عشر الثالث_عشر الرابع_عشر الخامس_عشر السادس_عشر"
    " السابع_عشر الثامن_عشر التاسع_عشر العشرون"
)
_ARABIC = {word: n for n, word in enumerate(_ARABIC_ORDINALS.split(), 1)}

_word = "|".join(_WORDS)
_arabic = "|".join(sorted(_ARABIC, key=len, reverse=True)).replace("_", " ")
_hebrew = "".join(_HEBREW)
NUMERAL = (
    rf"\d{{1,4}}|(?:{_word})(?:[- ](?:{_word}))?|[ivxlc]{{1,8}}"
    rf"|[{''.join([*_CHINESE, *_CHINESE_UNITS])}]{{1,7}}"
    rf"|[{_hebrew}](?:[\"\u05f4]?[{_hebrew}]){{0,2}}|{_arabic}"
)
"""The pattern of a number, in lower case."""


def number(written: str) -> int | None:
    """Return the number that is written in lower case; None if it is none."""
    if written.isdecimal():
        return int(written)
    if written[:1] in _ROMAN and _ROMAN_SHAPE.fullmatch(written):
        return _roman(written)
    if written[:1] in _HEBREW:
        return sum(_HEBREW.get(letter, 0) for letter in written)
    words = re.split("[- ]", written)
    if all(word in _WORDS for word in words):
        return sum(_WORDS[word] for word in words)
    if all(char in _CHINESE or char in _CHINESE_UNITS for char in written):
        return _chinese(written)
    return _ARABIC.get(written.replace(" ", "_"))


def _roman(written: str) -> int:
    values = [_ROMAN[letter] for letter in written]
    following = [*values[1:], 0]
    return sum(
        -n if n < after else n for n, after in zip(values, following, strict=True)
    )


def _chinese(written: str) -> int:
    if not any(char in _CHINESE_UNITS for char in written):
        return int("".join(str(_CHINESE[char]) for char in written))
    total, digit = 0, 0
    for char in written:
        if char in _CHINESE_UNITS:
            total += (digit or 1) * _CHINESE_UNITS[char]
            digit = 0
        else:
            digit = _CHINESE[char]
    return total + digit
