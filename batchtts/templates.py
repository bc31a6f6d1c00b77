"""Texts with slots, and lists of words to fill them with.

What becomes of a template depends on its words alone: the same texts with the
same ids whenever it is read, and those that there were stay when words are added.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Iterator, Sequence

from batchtts.model import Text, TextId
from batchtts.sources import InlineText

__all__ = ["MAX_TEXTS", "SLOT", "count_of", "filled"]

MAX_TEXTS = 1_000_000
"""More than these a template does not become; they can be sampled."""

SLOT = re.compile(r"\{([^{}]*)\}")

_PLAIN = re.compile(r"[a-z0-9]+")
_OTHERS = re.compile(r"[\W_]+")
_DIGEST_DIGITS = 4
_MAX_ID_CHARS = 100

Words = tuple[str, ...]


def count_of(source: InlineText) -> int:
    """Return how many texts there are in all, before a sample of them is drawn."""
    return math.prod(len(words) for _, words in source.slots)


def filled(source: InlineText) -> Iterator[Text]:
    """Yield every text that a source stands for, or the sample that it asks for.

    All of them come in the order of the slots and their words, those of a sample
    as they are drawn.
    """
    names = [name for name, _ in source.slots]
    lists = [words for _, words in source.slots]
    if source.sample is None:
        chosen: Iterator[Words] = itertools.product(*lists)
    else:
        chosen = _drawn(names, lists, source.sample, source.seed)
    for words in chosen:
        values = dict(zip(names, words, strict=True))
        text_id = _id(source.id, words)
        yield Text(
            id=text_id,
            words=_fill(source.words, values),
            voice=source.voice,
            roles=source.roles,
            title=_fill(source.title, values) if source.title else text_id,
            columns=values,
            place=source.place,
        )


def _fill(template: str, values: dict[str, str]) -> str:
    """Put the words in; what stands in these is no slot."""
    if not values:
        return template
    return SLOT.sub(lambda slot: values[slot.group(1)], template)


def _id(source: TextId, words: Words) -> TextId:
    made = "-".join([source, *map(_part, words)])
    if len(made) > _MAX_ID_CHARS:
        digest = hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass"))
        made = f"{source}-{digest.hexdigest()[:16]}"
    return TextId(made)


def _part(word: str) -> str:
    """Return a word for an id; one that must be changed has its digest behind it."""
    if _PLAIN.fullmatch(word):
        return word
    digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()
    kept = _OTHERS.sub("_", word.casefold()).strip("_")
    return f"{kept}_{digest[:_DIGEST_DIGITS]}" if kept else digest[:_DIGEST_DIGITS]


def _drawn(
    names: Sequence[str], lists: Sequence[Words], sample: int, seed: str
) -> Iterator[Words]:
    """Yield so many different choices of words; asked for at most half of them.

    For each draw, each of a slot's words has a rank of its own and the highest
    wins: another word wins some of the draws and leaves the rest as they were.
    """
    met: set[bytes] = set()
    for number in itertools.count():
        words = tuple(
            max((_rank(seed, number, name, word), word) for word in some)[1]
            for name, some in zip(names, lists, strict=True)
        )
        digest = _digest("\0".join(words))
        if digest in met:
            continue
        met.add(digest)
        yield words
        if len(met) == sample:
            return


def _rank(seed: str, number: int, name: str, word: str) -> bytes:
    return _digest(f"{seed}\0{number}\0{name}\0{word}")


def _digest(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=8).digest()
