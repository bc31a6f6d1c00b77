"""What a book is made of and what it says of itself, before any of it is spoken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from batchtts.formats import FORMATS, rate_for
from batchtts.metadata import Metadata
from batchtts.model import TextId, VoiceName

__all__ = ["Hearsay", "Part", "rate_of", "sampled", "title_of"]

_NAMED = tuple(one.name for one in fields(Metadata) if one.name != "genre")
_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_MOST_PEOPLE = 20
_MOST_TITLE = 200  # characters: what players show, with room to spare
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SURELY_PER_S = 20  # characters: so many are read in a second at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A text in a book: a chapter."""

    text: TextId
    voice: VoiceName
    title: str
    path: Path
    content: str  # stands for its takes and the cuts between them
    chunks: int
    characters: int
    rate_hz: int  # of its takes


class Hearsay:
    """What books say of themselves, from the columns of their chapters.

    Of several books only what they agree on is taken, but for the people.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._found: dict[str, dict[str, None]] = {name: {} for name in _NAMED}
        self._languages: set[str] = set()
        self.book: Path | None = None  # the first one

    def hear(self, columns: Mapping[str, str], book: Path | None, lang: str) -> None:
        """Take notice of a text, its columns and the language of its voice."""
        self._languages.add(lang)
        if book is None:  # a row of a table has columns of the same names
            return
        self.book = self.book or book
        for name, known in self._found.items():
            value = columns.get("book" if name == "title" else name, "")
            if value and len(known) < _MOST_PEOPLE:
                known[value] = None

    def metadata(self, asked: Metadata, *, title: str) -> Metadata:
        """Return what was asked for, and for the rest what was heard.

        ``title`` is for books that tell none, or several.
        """
        own = {name: getattr(asked, name) or self._agreed(name) for name in _NAMED}
        own["title"] = own["title"] or title
        if not own["language"] and len(self._languages) == 1:
            own["language"] = next(iter(self._languages))
        found = _DATE.match(own["date"])
        own["date"] = found.group() if found else ""
        return replace(asked, **own)

    def _agreed(self, name: str) -> str:
        known = self._found[name]
        if name in {"author", "narrator"}:
            return ", ".join(known)
        return next(iter(known)) if len(known) == 1 else ""


def title_of(written: str) -> str:
    """Return a chapter's title as players can show it: one line, not too long."""
    visible = "".join(
        " " if unicodedata.category(letter) in _HIDDEN else letter for letter in written
    )
    title = " ".join(visible.split())
    return title if len(title) <= _MOST_TITLE else f"{title[: _MOST_TITLE - 1]}…"


def rate_of(parts: Iterable[Part], suffix: str, asked_hz: int | None) -> int:
    """Return the sampling rate of a book: the highest of its takes'."""
    takes_hz = max(part.rate_hz for part in parts)
    return rate_for(FORMATS[suffix], asked_hz, takes_hz)


def sampled(parts: Sequence[Part], least_s: float) -> Part:
    """Return the part of which a sample is made: the first that is long enough."""
    enough = least_s * _SURELY_PER_S
    for part in parts:
        if part.characters >= enough:
            return part
    return max(parts, key=lambda part: part.characters)
