"""Problems collected while a file is read, to be told all at once."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator, Sequence

from batchtts.errors import JobError, Problem
from batchtts.jobfile.nodes import Node, Spot
from batchtts.model import Place

__all__ = ["Problems", "nearest", "quoted"]

MAX_KEPT = 100  # nobody reads more at once
_SHORT = 3  # characters
_MAX_SHOWN = 60  # characters of a stranger's value in a message
_MAX_COMPARED = 10_000  # names; comparing is slow, and a stranger decides how many


class Problems:
    """The problems of one file, in the order in which they stand there."""

    def __init__(self, shown: str) -> None:
        """Collect for the file that is called ``shown`` in messages."""
        self.shown = shown
        self._found: list[Problem] = []
        self._more = 0
        self._comparable = _MAX_COMPARED

    def __len__(self) -> int:
        """Return how many problems there are."""
        return len(self._found) + self._more

    def __iter__(self) -> Iterator[Problem]:
        """Give the problems that were kept, as they were found."""
        return iter(self._found)

    def place(self, node: Node | Spot | None) -> Place:
        """Return where ``node`` stands; None is the file as a whole."""
        if node is None:
            return Place(self.shown)
        return Place(self.shown, node.line, node.column)

    def add(self, node: Node | Spot | None, message: str, hint: str = "") -> None:
        """Note a problem with what stands at ``node``."""
        self.note(Problem(self.place(node), message, hint))

    def note(self, problem: Problem) -> None:
        """Note a problem, once, wherever it stands."""
        if len(self._found) >= MAX_KEPT:
            self._more += 1
        elif problem not in self._found:
            self._found.append(problem)

    def suggest(self, word: str, known: Iterable[str], otherwise: str = "") -> str:
        """Return a hint that names the nearest known word, else ``otherwise``.

        There is an end to it: a file with very many names and mistakes gets no
        more suggestions rather than a slow answer.
        """
        if self._more:
            return otherwise
        names = list(itertools.islice(known, self._comparable))
        self._comparable -= len(names)
        name = nearest(word, names)
        return otherwise if name is None else f"did you mean {quoted(name)}?"

    def raise_any(self) -> None:
        """Raise JobError when there are problems."""
        if self._found:
            ordered = sorted(self._found, key=_order)
            raise JobError(ordered, self._more)


def _order(problem: Problem) -> tuple[int, int]:
    return problem.place.line or 0, problem.place.column or 0


def quoted(value: str) -> str:
    """Return a stranger's text in quotes, short, on one line, without controls."""
    cut = value if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}..."
    return '"' + "".join(c if c.isprintable() else _escaped(c) for c in cut) + '"'


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def nearest(word: str, known: Sequence[str]) -> str | None:
    """Return the known word that ``word`` was most likely meant to be, if any."""
    squashed = {_squash(name): name for name in known}
    meant = _squash(word)[:100]
    if same := squashed.get(_squash(word)):
        return same
    cutoff = 0.7 if len(meant) > _SHORT else 0.6  # one letter of three may be wrong
    close = difflib.get_close_matches(meant, squashed, n=1, cutoff=cutoff)
    return squashed[close[0]] if close else None


def _squash(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "").replace(" ", "")
