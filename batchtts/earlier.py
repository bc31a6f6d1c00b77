"""What earlier runs made of the readings of a job, as far as cutting needs it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from typing import Protocol

from batchtts.chunking import units
from batchtts.lock.marks import PREFIX, Mark
from batchtts.model import (
    Chunk,
    Fingerprint,
    Request,
    TextId,
    VoiceName,
)

__all__ = ["NOTHING", "Earlier", "cut_as_before", "fingerprints", "is_known"]

_MOST_SPACE = 4  # characters of white space at the ends of a chunk


class Earlier(Protocol):
    """What is known of the readings of a job before it is cut."""

    def marks(
        self, text: TextId, voice: VoiceName, words: str, rules: str
    ) -> Sequence[Mark]:
        """Return how words with this digest were cut by the same rules, if they were.

        A reading's own marks come before those of other readings of the same words.
        """

    def former(self, text: TextId, voice: VoiceName) -> Collection[Mark]:
        """Return the chunks that a reading was made of last, whatever its words."""

    def wanted(self, text: TextId, voice: VoiceName, request: Request) -> Request:
        """Return what is wanted in the place of a reading's request: mostly itself."""


class _Nothing:
    """No earlier run is known of."""

    def marks(
        self, text: TextId, voice: VoiceName, words: str, rules: str
    ) -> Sequence[Mark]:
        """Know of no cuts."""
        del text, voice, words, rules
        return ()

    def former(self, text: TextId, voice: VoiceName) -> Collection[Mark]:
        """Know of no chunks."""
        del text, voice
        return ()

    def wanted(self, text: TextId, voice: VoiceName, request: Request) -> Request:
        """Want what is asked for."""
        del text, voice
        return request


NOTHING: Earlier = _Nothing()


def cut_as_before(
    text: str, marks: Sequence[Mark], limit: int
) -> tuple[Chunk, ...] | None:
    """Cut a text where it was cut before; None where that cannot be."""
    ends = [0]
    for mark in marks:
        ends.append(ends[-1] + mark.length)
    if not marks or ends[-1] != len(text):
        return None
    chunks = tuple(
        Chunk(text[start:end], start, end, mark.boundary)
        for (start, end), mark in zip(pairwise(ends), marks, strict=True)
    )
    return chunks if all(units(one.text) <= limit for one in chunks) else None


def is_known(
    marks: Collection[Mark], fingerprint: Callable[[str], Fingerprint]
) -> Callable[[str], bool] | None:
    """Return what tells whether words were one of these chunks; None if there are none.

    ``fingerprint`` is that of the request which would speak some words.
    """
    known = {mark.request for mark in marks if mark.request}
    lengths = {
        mark.length - space for mark in marks for space in range(_MOST_SPACE + 1)
    }

    def test(words: str) -> bool:
        return len(words) in lengths and fingerprint(words)[:PREFIX] in known

    return test if known else None


def fingerprints(
    engine: str, parameters: tuple[tuple[str, str], ...]
) -> Callable[[str], Fingerprint]:
    """Return what gives the fingerprints of many texts' requests, quicker."""
    head = json.dumps(
        [1, engine, parameters], ensure_ascii=False, separators=(",", ":")
    )
    begun = hashlib.sha256(head.removesuffix("]").encode("utf-8", "surrogatepass"))
    encoded = json.JSONEncoder(ensure_ascii=False).encode

    def fingerprint(text: str) -> Fingerprint:
        found = begun.copy()
        found.update(f",{encoded(text)}]".encode("utf-8", "surrogatepass"))
        return Fingerprint(found.hexdigest())

    return fingerprint
