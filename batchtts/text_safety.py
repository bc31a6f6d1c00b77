"""Words for people: those of strangers made safe to show, and counts."""

from __future__ import annotations

import json
import unicodedata

__all__ = [
    "many",
    "many_outputs",
    "printable",
    "shown_cost",
    "shown_time",
    "visible_json",
]

_SMALL_COST = 0.1
_MINUTE_S = 60
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def printable(text: str) -> str:
    """Return ``text`` with control and format characters spelled out.

    Escape sequences and line breaks in a title or in a server's words can then
    neither colour, move nor forge what a person or a CI system reads.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if unicodedata.category(character) not in _HIDDEN
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def visible_json(document: object, *, indent: int | None = None) -> str:
    """Return ``document`` as JSON in which every character can be seen.

    Letters of any script stand as they are; controls, direction marks and the
    like as escapes, so that a terminal which shows it is not driven by it.
    """
    written = json.dumps(document, ensure_ascii=False, indent=indent)
    if written.isascii() and "\x7f" not in written:
        return written  # json escapes the other controls itself
    return "".join(
        character
        if character == "\n" or unicodedata.category(character) not in _HIDDEN
        else json.dumps(character).strip('"')
        for character in written
    )


def many(count: int, noun: str, nouns: str = "") -> str:
    """Return a count with its noun, in the plural where there are several."""
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"


def many_outputs(outputs: int, utterances: int) -> str:
    """Say how many files and utterances there are, and nothing of what there is not."""
    counts = ((outputs - utterances, "file"), (utterances, "utterance"))
    told = [many(count, noun) for count, noun in counts if count]
    return " and ".join(told) or "no files"


def shown_cost(cost: float) -> str:
    """Return a sum of money, whose currency nobody has told us."""
    return f"{cost:,.2f}" if cost >= _SMALL_COST or not cost else f"{cost:.4f}"


def shown_time(seconds: float) -> str:
    """Return a duration as people give it on the command line: ``2h30m``."""
    if seconds < _MINUTE_S:
        return f"{seconds:g}s"
    whole = round(seconds)
    parts = ((whole // 3600, "h"), (whole // 60 % 60, "m"), (whole % 60, "s"))
    return "".join(f"{n}{unit}" for n, unit in parts if n)
