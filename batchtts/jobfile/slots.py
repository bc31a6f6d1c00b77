"""The slots of a text, and the words that fill them."""

from __future__ import annotations

import math

from batchtts.jobfile.fields import Fields, text_of
from batchtts.jobfile.problems import Problems, quoted
from batchtts.templates import MAX_TEXTS, SLOT

__all__ = ["Slots", "sample_of", "slots_of"]

Slots = tuple[tuple[str, tuple[str, ...]], ...]


def slots_of(fields: Fields, problems: Problems) -> Slots:
    """Return a text's slots with their words, after noting what does not fit."""
    if "slots" not in fields:
        for key in ("sample", "seed"):
            if key in fields:
                message = f'"{key}" is of no use without "slots"'
                problems.add(fields.value(key), message, "remove it")
        return ()
    own = fields.below("slots")
    slots = {
        entry.key.text: [text_of(item) or "" for item in own.items(entry.key.text)]
        for entry in own.entries()
    }
    _note_repeated(own, problems)
    used = set()
    for key in ("text", "title"):
        for name in SLOT.findall(fields.text(key) or ""):
            used.add(name)
            if name not in slots:
                known = "there are " + ", ".join(quoted(slot) for slot in slots)
                hint = problems.suggest(name, slots, otherwise=known)
                problems.add(
                    fields.value(key), f"there is no slot {quoted(name)}", hint
                )
    for entry in own.entries():
        if entry.key.text not in used:
            name = entry.key.text
            message = f"the slot {quoted(name)} is not in the text"
            problems.add(entry.key, message, f"write {{{name}}} there")
    return tuple((name, tuple(words)) for name, words in slots.items())


def sample_of(fields: Fields, slots: Slots, problems: Problems) -> int | None:
    """Return how many of all the texts are asked for; None: all of them."""
    sample, whole = fields.whole("sample"), math.prod(len(words) for _, words in slots)
    if sample is None:
        if whole > MAX_TEXTS:
            message = f"the slots make {whole:,} texts"
            hint = f'at most {MAX_TEXTS:,}: have some drawn with "sample: 10000"'
            problems.add(fields.value("slots"), message, hint)
        return None
    if slots and sample * 2 > whole:
        message = f'"sample" is {sample:,}, of {whole:,} texts'
        hint = "ask for at most half of them, or leave it out"
        problems.add(fields.value("sample"), message, hint)
        return None
    return sample


def _note_repeated(own: Fields, problems: Problems) -> None:
    for entry in own.entries():
        met: set[str] = set()
        for item in own.items(entry.key.text):
            word = text_of(item) or ""
            if word in met:
                problems.add(item, f"{quoted(word)} stands here a second time")
            met.add(word)
