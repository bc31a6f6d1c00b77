"""Texts respelt by files of entries, for the commands that show texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from batchtts.chunking import Cleaned, Markup, clean, markup_spans
from batchtts.jobfile import read_lexicon
from batchtts.jobfile.problems import quoted
from batchtts.model import Respelling

if TYPE_CHECKING:
    from batchtts.lexicon import Lexicon

__all__ = ["Respeller"]


class Respeller:
    """Respells texts by some files of entries, and counts how often each is used."""

    def __init__(self, files: Sequence[str], markup: frozenset[Markup]) -> None:
        """Read the files; raises JobError for what is wrong in them."""
        self.uses: Counter[Respelling] = Counter()
        self._entries = tuple(
            entry for file in files for entry in read_lexicon(Path(file), file)
        )
        self._markup = markup
        self._lexicon: Lexicon | None = None
        if self._entries:
            from batchtts.lexicon import Lexicon

            self._lexicon = Lexicon(self._entries)

    def said(self, text: str) -> Cleaned:
        """Return a text cleaned and respelt."""
        cleaned = clean(text)
        if self._lexicon is None:
            return cleaned
        kept = markup_spans(cleaned.text, self._markup)
        made = self._lexicon.respelt(cleaned.text, kept)
        self.uses.update(change.entry for change in made.changes)
        return Cleaned(made.text, cleaned.changes)

    def document(self) -> list[dict[str, object]]:
        """Give what programs read: every entry, also one of no use."""
        return [
            {"written": entry.written, "say": entry.say, "count": self.uses[entry]}
            for entry in self._entries
        ]

    def lines(self) -> Iterator[str]:
        """Give what people read."""
        for entry in self._entries:
            shown = f"{quoted(entry.written)} as {quoted(entry.say)}"
            yield f"respelt {self.uses[entry]:,} times: {shown}"
