"""Does a full stop with no white space after it end a sentence?"""

from __future__ import annotations

import re

from batchtts.chunking.languages import Language

__all__ = ["parts_glued"]

_REACH = 28  # characters of each neighbour that are looked at
_GLUED = re.compile(r"([^\W\d_]+(?:['\u2019][^\W\d_]+)?)(?:[\s,]|\.\s)")


def parts_glued(text: str, start: int, end: int, language: Language) -> bool:
    """Whether the full stop at ``end``, with no white space after it, ends a sentence.

    It does between a word in small letters and a capitalised one, and before a
    word that opens sentences: "it rained.The road was gone". Addresses and
    names of files have further dots, slashes or capitals in them.
    """
    if not text[end + 1].isupper():
        return False
    found = _GLUED.match(text, end + 1, end + _REACH)
    pieces = text[max(start, end - _REACH) : end].rsplit(None, 1)
    if found is None or not pieces:
        return False
    before, after = pieces[-1], found.group(1)
    if any(char in before for char in ".:/\\@_#"):
        return False
    if after.lower() in language.starts | language.names:
        return before[-2:].isalpha() or before[-1].isdigit()
    plain = before.lstrip("([\"'\u201c\u2018")
    return len(plain) > 1 and plain.isalpha() and plain.islower() and after.istitle()
