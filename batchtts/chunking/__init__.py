"""Cut a text into chunks: clean it, find every possible cut, choose the best.

``clean`` makes of any text one that can be spoken and says what it changed.
``chunk`` cuts a cleaned text. Chunks are stretches of it, so that nothing can be
lost or altered: joined they are the text again.
"""

from __future__ import annotations

from batchtts.chunking.chunker import MINIMUM_LIMIT, Rules, chunk
from batchtts.chunking.cleaning import Cleaned, clean
from batchtts.chunking.commands import commands_defused
from batchtts.chunking.cutting import units
from batchtts.chunking.grades import Weights
from batchtts.chunking.parting import sentences
from batchtts.chunking.protected import Markup, markup_spans, shared_speeds
from batchtts.chunking.speakable import speakable

__all__ = [
    "MINIMUM_LIMIT",
    "Cleaned",
    "Markup",
    "Rules",
    "Weights",
    "chunk",
    "clean",
    "commands_defused",
    "markup_spans",
    "sentences",
    "shared_speeds",
    "speakable",
    "units",
]
