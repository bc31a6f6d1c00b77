"""What is found while texts are read: the first of it kept, the rest counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from batchtts.errors import JobError, Notice, Problem
from batchtts.model import Text

__all__ = ["MAX_PROBLEMS", "Notes", "Problems"]

_NOTES_SHOWN = 5
MAX_PROBLEMS = 100  # shown; the rest is counted


class Notes:
    """What should be known of some texts: the first few of a kind, then a count."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._first: dict[str, list[str]] = {}
        self._counts: Counter[str] = Counter()
        self._said: list[str] = []
        self._unsaid = 0

    def say(self, notice: Notice) -> None:
        """Note what a reader of files has to tell."""
        if len(self._said) < MAX_PROBLEMS:
            self._said.append(str(notice))
        else:
            self._unsaid += 1

    def note(self, text: Text, what: str) -> None:
        """Note that a text is so."""
        self._counts[what] += 1
        first = self._first.setdefault(what, [])
        if len(first) < _NOTES_SHOWN:
            first.append(f'{text.place}: text "{text.id}" {what}')

    def lines(self) -> Iterator[str]:
        """Yield a line for each that was kept, and one for the rest of its kind."""
        yield from self._said
        if self._unsaid:
            yield f"{self._unsaid:,} more of this kind"
        for what, first in self._first.items():
            yield from first
            if (more := self._counts[what] - len(first)) > 0:
                yield f"the same of {more:,} more: {what}"


class Problems:
    """The problems found so far: the first ones kept, the others counted."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self.kept: list[Problem] = []
        self.more = 0

    def add(self, problem: Problem) -> None:
        """Note a problem; the same one again is none."""
        if problem in self.kept:
            return
        if len(self.kept) < MAX_PROBLEMS:
            self.kept.append(problem)
        else:
            self.more += 1

    def raise_if_any(self) -> None:
        """Raise JobError with all that was noted, if anything was."""
        if self.kept:
            raise JobError(self.kept, self.more)
