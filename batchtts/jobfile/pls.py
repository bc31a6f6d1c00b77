"""Lexicons in the W3C's Pronunciation Lexicon Specification 1.0, an XML format.

Of a lexeme its graphemes and its alias count: the words to be said in their
place. Phonemes cannot be sent to the engine, so a lexeme that has nothing else
is refused. The XML is read as that of books is: no entity but those of HTML is
known, one that the file declares is refused, and nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from batchtts.errors import JobError, Problem
from batchtts.jobfile.problems import MAX_KEPT, quoted
from batchtts.markup import Close, Open, Words, decoded_markup, tokens
from batchtts.model import Place, Respelling

__all__ = ["read_pls"]

_PARTS = frozenset({"grapheme", "alias", "phoneme"})


@dataclass(slots=True)
class _Lexeme:
    """What stands in one lexeme."""

    start: int
    graphemes: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    preferred: str | None = None
    has_phonemes: bool = False

    def add(self, part: Open, words: str) -> None:
        """Take a grapheme, an alias or a phoneme."""
        if part.local == "phoneme":
            self.has_phonemes = True
        elif part.local == "grapheme":
            self.graphemes.append(words)
        else:
            self.aliases.append(words)
            if part.attributes.get("prefer") in {"true", "1"}:
                self.preferred = self.preferred or words

    @property
    def say(self) -> str:
        """Return the alias that is preferred, or else the first."""
        return self.preferred or next(iter(self.aliases), "")


def read_pls(data: bytes, shown: str) -> tuple[Respelling, ...]:
    """Return the entries of a lexicon in XML.

    Raises JobError for a file that is none, and for lexemes that cannot be used.
    """
    text = decoded_markup(data, shown)
    lexemes = list(_lexemes(text))
    if lexemes[:1] == [None]:
        message = "this is no pronunciation lexicon: its root must be <lexicon>"
        raise JobError([Problem(Place(shown), message)])
    entries: list[Respelling] = []
    problems: list[Problem] = []
    line, counted = 1, 0
    for lexeme in filter(None, lexemes):
        line += text.count("\n", counted, lexeme.start)
        counted = lexeme.start
        place = Place(shown, line)
        if problem := _problem(lexeme, place):
            problems.append(problem)
        entries += (
            Respelling(
                written=written,
                say=lexeme.say,
                any_case=written == written.lower(),
                is_expression=False,
                place=place,
            )
            for written in lexeme.graphemes
        )
    if problems:
        raise JobError(problems[:MAX_KEPT], max(0, len(problems) - MAX_KEPT))
    return tuple(entries)


def _lexemes(text: str) -> Iterator[_Lexeme | None]:
    """Yield the lexemes, or first None: the root is another element."""
    found = iter(tokens(text))
    root = next((token for token in found if isinstance(token, Open)), None)
    if root is None or root.local != "lexicon":
        yield None
        return
    lexeme: _Lexeme | None = None
    part: Open | None = None
    words: list[str] = []
    for token in found:
        if isinstance(token, Words):
            words.append(token.text)
        elif isinstance(token, Open) and token.local == "lexeme":
            lexeme = _Lexeme(token.start)
        elif isinstance(token, Open) and token.local in _PARTS:
            part, words = token, []
        elif lexeme is not None and isinstance(token, Close):
            if part is not None and token.local == part.local:
                lexeme.add(part, " ".join("".join(words).split()))
                part = None
            elif token.local == "lexeme":
                yield lexeme
                lexeme = None


def _problem(lexeme: _Lexeme, place: Place) -> Problem | None:
    name = quoted(next(iter(lexeme.graphemes), ""))
    if not any(lexeme.graphemes):
        return Problem(place, "a lexeme has no <grapheme>")
    if lexeme.say:
        return None
    if lexeme.has_phonemes:
        message = f"{name} has phonemes, which cannot be sent to the engine"
        return Problem(place, message, "give it an <alias>: a respelling in words")
    return Problem(place, f"{name} has no <alias>", "say how it is read, in words")
