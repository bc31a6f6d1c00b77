"""From a page of XHTML or HTML to the words that a reader would read aloud.

What shows is read, in its order, blocks apart; ruby once, by its base; a
picture by its text alternative. What by its role is not to be read is left out,
and counted. Pages are taken as browsers take them: nothing is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field

from batchtts.books.pages.layout import Origin
from batchtts.model import Passage

__all__ = ["Heading", "Omitted", "Prose", "Target", "Wanted"]

Target = tuple[str | None, str]
"""The file that a link leads to, None outside the book, and the id in it."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading in a page, and where it begins in the words."""

    level: int
    title: str
    offset: int


@dataclass(frozen=True, slots=True)
class Omitted:
    """What was left out, where that was, and how many characters it has."""

    kind: str
    offset: int
    characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """The words of a page, and what is to be known about them."""

    words: str
    passages: tuple[Passage, ...] = ()
    marks: Mapping[str, int] = field(default_factory=dict)  # see `Wanted.ids`
    unmarked: Mapping[str, int] = field(
        default_factory=dict
    )  # in which omission others are
    headings: tuple[Heading, ...] = ()
    omitted: tuple[Omitted, ...] = ()
    origins: tuple[Origin, ...] = ()  # where the words stand in the markup
    language: str = ""  # of the page, if it says so
    title: str = ""  # the page's own name for itself
    links: int = 0  # to other places in the book
    linked: int = 0  # characters of the words that are such links
    pictured: int = 0  # characters of the words that stand for pictures


def _nowhere(link: str) -> Target:
    return None, link


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a page.

    ``ids``: of elements whose beginning is to be marked. ``language``: the
    book's; passages in others are noted. ``resolve``: tells where a link leads.
    ``notes``: where notes are, which are left out; it grows by the targets of
    what looks like the mark of a note.
    """

    ids: Container[str] = frozenset()
    language: str = ""
    file: str = ""
    resolve: Callable[[str], Target] = _nowhere
    notes: set[Target] = field(default_factory=set)
