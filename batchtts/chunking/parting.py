"""Part a text into its sentences, however long they are."""

from __future__ import annotations

from itertools import pairwise

from batchtts.chunking.languages import language
from batchtts.chunking.sentences import sentence_cuts
from batchtts.chunking.speakable import speakable

__all__ = ["sentences"]


def sentences(text: str, lang: str) -> list[str]:
    """Return the sentences of a cleaned text; joined they are the text again.

    Each has something to speak, if the text has; white space belongs to the
    sentence before it. ``lang`` is a 2- or 3-letter code.
    """
    cuts = (cut.start for cut in sentence_cuts(text, language(lang)))
    parted: list[str] = []
    silent = ""
    for start, end in pairwise([0, *cuts, len(text)]):
        part = silent + text[start:end]
        silent = ""
        if speakable(part):
            parted.append(part)
        elif parted:
            parted[-1] += part
        else:
            silent = part
    return [*parted, silent] if silent else parted
