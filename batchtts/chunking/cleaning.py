"""Make of any text one that can be spoken, and say what was changed."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from batchtts.chunking.commands import commands_defused
from batchtts.chunking.composing import composed
from batchtts.chunking.unwrapping import unwrapped

__all__ = ["Cleaned", "clean"]

_FIRST_TAG = "\U000e0020"
_LONG = 32  # white space from this length on is shortened
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028]|\u2029")
_SEPARATORS = re.compile(r"[\x1c-\x1f]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_BIDI = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_GAP = " " * _LONG
_LONG_SPACE = re.compile(rf"\s{{{_LONG},}}")

_ASIAN = (
    r"\u0e01-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\ua9e0-\uaa7f"
)
"""Scripts without spaces, in which a zero-width space parts words."""
_JOINING = (
    r"\u0590-\u109f\u1780-\u18af\u1a20-\u1aaf\ua800-\uabff\ufb1d-\ufdff\ufe70-\ufefc"
    r"\u2190-\u2bff\u3030\u303d\ufe0f\u20e3\U0001f000-\U0001faff\U000e0020-\U000e007f"
    r"\U00010a00-\U00011fff"
)
"""Scripts whose letters a joiner shapes, and pictographs."""
_VIRAMA = r"\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u1039\u17d2"
_UNSEEN = re.compile(
    r"[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065"
    r"\u206a-\u206f\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0001]"
    r"|[\U000e0020-\U000e007f]+"  # the tags of a flag, all of them or none
)
_IS_ASIAN = re.compile(f"[{_ASIAN}]")
_IS_JOINING = re.compile(f"[{_JOINING}]")
_IS_VIRAMA = re.compile(f"[{_VIRAMA}]")
_FLAG = "\U0001f3f4"


def _seen_to(found: re.Match[str]) -> str:
    """Keep what is invisible where it does something, else give nothing."""
    char, text = found.group(), found.string
    before = text[max(0, found.start() - 1) : found.start()]
    after = text[found.end() : found.end() + 1]
    if char == "\u200b":
        kept = bool(_IS_ASIAN.match(before) and _IS_ASIAN.match(after))
    elif char in "\u200c\u200d":
        shaped = _IS_JOINING.match(after) or _IS_VIRAMA.match(before)
        kept = bool(_IS_JOINING.match(before) and shaped)
    else:
        kept = char >= _FIRST_TAG and before == _FLAG
    return char if kept else ""


_UNCHANGED: Mapping[str, int] = MappingProxyType({})


class Cleaned(NamedTuple):
    """A text as it will be cut and spoken, and what was done to make it so.

    ``changes`` counts by name: ``surrogates`` replaced, ``line_ends`` made
    plain, ``controls``, ``bidi`` and ``invisible`` characters removed,
    ``composed`` 1 if letters and their marks were put together, ``commands``
    made words, ``spaces`` of great length shortened, ``lines`` joined, white
    space at the ``edges`` removed.
    """

    text: str
    changes: Mapping[str, int] = _UNCHANGED


def clean(text: str) -> Cleaned:
    """Give the text that can be spoken: composed, visible, free of commands.

    White space around it is no part of it. Cleaning a cleaned text changes nothing.
    """
    given, text = text, text.strip()
    if text.isascii() and text.isprintable() and not _is_marked(text):
        if text == given:
            return Cleaned(text)  # one plain line, as most rows of a table are
        return Cleaned(text, MappingProxyType({"edges": len(given) - len(text)}))
    changes = Counter(edges=len(given) - len(text))
    while True:
        cleaner = _once(text, changes)
        if cleaner == text:
            break
        text = cleaner
    return Cleaned(text, MappingProxyType(dict(sorted((+changes).items()))))


def _is_marked(text: str) -> bool:
    return "<" in text or "&" in text or _GAP in text


def _once(text: str, changes: Counter[str]) -> str:
    """Clean once; what one step uncovers is left to the next time."""
    text = _without_surrogates(text, changes)
    for name, pattern, put in (
        ("line_ends", _LINE_ENDS, "\n"),
        ("controls", _SEPARATORS, " "),
        ("controls", _CONTROLS, ""),
        ("bidi", _BIDI, ""),
    ):
        text, count = pattern.subn(put, text)
        changes[name] += count
    seen = _UNSEEN.sub(_seen_to, text)
    changes["invisible"] += len(text) - len(seen)
    text = seen
    if not unicodedata.is_normalized("NFC", text):
        text = composed(text)
        changes["composed"] = 1
    text, count = commands_defused(text)
    changes["commands"] += count
    text, count = _LONG_SPACE.subn(_shortened, text)
    changes["spaces"] += count
    text, count = unwrapped(text)
    changes["lines"] += count
    words = text.strip()
    changes["edges"] += len(text) - len(words)
    return words


def _without_surrogates(text: str, changes: Counter[str]) -> str:
    """Join surrogate pairs, and replace lone ones with the replacement character."""
    if _SURROGATE.search(text) is None:
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    changes["surrogates"] += joined.count("\ufffd") - text.count("\ufffd")
    return joined


def _shortened(found: re.Match[str]) -> str:
    """Give at most three line ends, or else one space, for endless white space."""
    return "\n" * min(found.group().count("\n"), 3) or " "
