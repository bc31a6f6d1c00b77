"""The slots of a text, and the words that fill them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from batchtts.errors import Problem
from batchtts.files import local_errors
from batchtts.jobfile.fields import Fields, text_of
from batchtts.jobfile.nodes import Entry, MapNode
from batchtts.jobfile.places import Places
from batchtts.jobfile.problems import Problems, quoted
from batchtts.model import Place
from batchtts.templates import MAX_TEXTS, SLOT

__all__ = ["Slots", "sample_of", "slots_of"]

Slots = tuple[tuple[str, tuple[str, ...]], ...]

_ENDINGS = (".txt",)
_MAX_BYTES = 8 << 20
_MAX_WORDS = 100_000
_MAX_CHARS = 500  # of a word


def slots_of(fields: Fields, places: Places, problems: Problems) -> Slots:
    """Return a text's slots with their words, after noting what does not fit.

    Raises LocalError where a file of words cannot be read.
    """
    if "slots" not in fields:
        for key in ("sample", "seed"):
            if key in fields:
                message = f'"{key}" is of no use without "slots"'
                problems.add(fields.value(key), message, "remove it")
        return ()
    own = fields.below("slots")
    slots = {
        entry.key.text: list(_words(entry, own, places, problems))
        for entry in own.entries()
    }
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


def _words(
    entry: Entry, own: Fields, places: Places, problems: Problems
) -> Iterator[str]:
    """Yield the words of a slot, each once."""
    if isinstance(entry.value, MapNode):
        yield from _listed(Fields(entry.value), places, problems)
        return
    met: set[str] = set()
    for item in own.items(entry.key.text):
        word = text_of(item) or ""
        if word in met:
            problems.add(item, f"{quoted(word)} stands here a second time")
        met.add(word)
        yield word


def _listed(fields: Fields, places: Places, problems: Problems) -> Iterator[str]:
    """Yield the words of a file, one a line; lines with nothing in them are none."""
    raw, node = fields.text("file"), fields.value("file")
    if raw is None or node is None:
        return
    if not raw.lower().endswith(_ENDINGS):
        hint = "write one word a line into a .txt file"
        problems.add(node, f"{quoted(raw)} is no list of words", hint)
    path = places.input_file(raw, node, _ENDINGS, problems)
    if path is None:
        return
    text = _text(path, raw, problems)
    if text is None:
        return
    met: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not (word := line.strip()):
            continue
        if told := _oddity(word, met):
            problems.note(Problem(Place(raw, number), told))
        elif len(met) == _MAX_WORDS:
            message = f"the file has more than {_MAX_WORDS:,} words"
            problems.note(Problem(Place(raw, number), message, "make a table of them"))
            return
        met.setdefault(word, number)
        yield word
    if not met:
        problems.note(Problem(Place(raw), "the file has no words", "one a line"))


def _text(path: Path, shown: str, problems: Problems) -> str | None:
    with local_errors("cannot read the words"), path.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        message = f"the file is larger than {_MAX_BYTES >> 20} MiB"
        problems.note(Problem(Place(shown), message, "make a table of the texts"))
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        message = "the words are not in UTF-8"
        problems.note(Problem(Place(shown, line), message, "save the file as UTF-8"))
        return None


def _oddity(word: str, met: dict[str, int]) -> str | None:
    if word in met:
        return f"{quoted(word)} stands here a second time, after line {met[word]}"
    if len(word) > _MAX_CHARS:
        return f"the word is longer than {_MAX_CHARS} characters"
    if any(unicodedata.category(character) == "Cc" for character in word):
        return f"{quoted(word)} holds a control character"
    return None
