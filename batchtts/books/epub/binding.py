"""The pages of an EPUB bound into chapters.

Each line of the contents list opens a chapter. A page that it does not name
goes on with the chapter before it, unless it begins with a heading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchtts.books.archive import Archive
from batchtts.books.book import Omission
from batchtts.books.epub.contents import Entry
from batchtts.books.pages.drafts import Bound, Draft, Page, counted
from batchtts.books.pages.prose import Omitted, Target, Wanted
from batchtts.books.pages.reading import read_page
from batchtts.books.pages.roles import OPENING_ROLES, omitted_role

__all__ = ["Binder"]

# A page that should say little is read all the same if it says more.
_SHORT = frozenset({"colophon", "copyright page", "cover", "half title", "title page"})
_SHORT_CHARACTERS = 20_000
_FEW_LINKS = 4
MAX_CHARACTERS = 20_000_000
_MOSTLY = 0.8


@dataclass(frozen=True, slots=True)
class _Opening:
    """Where a chapter begins in a page."""

    offset: int
    title: str
    level: int = 0


class Binder:
    """Binds the pages of one book; its chapters can be read once."""

    def __init__(
        self,
        archive: Archive,
        pages: Sequence[str],
        entries: Iterable[Entry],
        roles: Mapping[str, frozenset[str]],
        *,
        title: str,
        language: str,
    ) -> None:
        """Take the pages in reading order, and what is known about them."""
        self._archive = archive
        self._files = pages
        self._roles = roles
        self._title = title
        self._length = 0  # of the pages read so far, in characters
        self._notes: set[Target] = set()
        self._entries: dict[str | None, list[Entry]] = {}
        for entry in entries:
            self._entries.setdefault(entry.target[0], []).append(entry)
        self._whole: list[Omission] = []
        self._smaller: list[Omitted] = []
        self.language = language  # of the book, or else of its first page

    @property
    def omissions(self) -> tuple[Omission, ...]:
        """Return what was left out of the pages that have been read."""
        return (*self._whole, *counted(self._smaller))

    def chapters(self) -> Iterator[Bound]:
        """Yield the chapters as their pages are read."""
        draft: Draft | None = None
        for file in self._files:
            page = self._page(file)
            if kind := self._omitted_kind(page):
                title = self._name(page)
                self._whole.append(Omission(kind, title, 1, len(page.prose.words)))
                continue
            openings = self._openings(page, draft)
            ends = [*(opening.offset for opening in openings), None]
            if draft is not None and ends[0] != 0:
                draft.add(page, 0, ends[0])
            for opening, end in zip(openings, ends[1:], strict=True):
                yield from self._finished(draft)
                line = page.line(opening.offset)
                draft = Draft(opening.title, file, line)
                draft.add(page, opening.offset, end)
        yield from self._finished(draft)

    # --- pages ---------------------------------------------------------------------

    def _page(self, file: str) -> Page:
        markup = self._archive.text(file)
        wanted = Wanted(
            ids=frozenset(entry.target[1] for entry in self._entries.get(file, ())),
            language=self.language,
            file=file,
            resolve=lambda link: self._archive.resolve(file, link),
            notes=self._notes,
        )
        prose = read_page(markup, wanted)
        self._length += len(prose.words)
        if self._length > MAX_CHARACTERS:
            message = f"the book has more than {MAX_CHARACTERS:,} characters"
            raise self._archive.problem(file, message, "no book has so many")
        self.language = self.language or prose.language
        return Page(file, markup, prose, list(prose.omitted))

    def _omitted_kind(self, page: Page) -> str | None:
        """Return what a page is called that is not read, if any word stands there."""
        prose, roles = page.prose, self._roles.get(page.file, frozenset())
        length = sum(map(len, prose.words.split()))
        if not length:
            return None
        kind = omitted_role(roles)
        is_short = kind not in _SHORT or length < _SHORT_CHARACTERS
        if kind and is_short and not roles & OPENING_ROLES:
            return kind
        if page.file == self._files[0] and prose.pictured >= _MOSTLY * length:
            return "cover"
        if prose.links >= _FEW_LINKS and prose.linked >= _MOSTLY * length:
            return "contents list"
        return None

    def _name(self, page: Page) -> str:
        """Return what a page may be called that has no chapter of its own."""
        entries = self._entries.get(page.file, ())
        headings = page.prose.headings
        titles = [entry.title for entry in entries] + [head.title for head in headings]
        return next(iter(titles), page.file)

    # --- chapters ------------------------------------------------------------------

    def _openings(self, page: Page, draft: Draft | None) -> list[_Opening]:
        """Return where chapters begin in a page, in order."""
        openings: dict[int, _Opening] = {}
        for entry in self._entries.get(page.file, ()):
            number = page.prose.unmarked.get(entry.target[1])
            if number is not None and number < len(page.prose.omitted):
                self._omit(page, page.prose.omitted[number], entry.title)
                continue
            offset = page.prose.marks.get(entry.target[1], 0)
            found = _Opening(offset, entry.title, entry.level)
            openings[offset] = _merged(openings.get(offset), found)
        head = next(iter(page.prose.headings), None)
        is_headed = head is not None and head.offset == 0
        goes_on = draft is not None and not draft.is_empty and not is_headed
        if 0 not in openings and not (goes_on and self._entries):
            title = head.title if head is not None and is_headed else ""
            if not self._entries and page.prose.title != self._title:
                title = title or page.prose.title
            openings[0] = _Opening(0, title)
        return sorted(openings.values(), key=lambda opening: opening.offset)

    def _omit(self, page: Page, omitted: Omitted, title: str) -> None:
        if omitted in page.omitted:
            page.omitted.remove(omitted)
            characters = omitted.characters
            self._whole.append(Omission(omitted.kind, title, 1, characters))

    def _finished(self, draft: Draft | None) -> Iterator[Bound]:
        """Yield a chapter, or note that it has no words."""
        if draft is None:
            return
        if not draft.is_empty:
            self._smaller += draft.omitted
            yield draft.bound()
        elif draft.omitted or draft.title:
            kind = draft.omitted[0].kind if draft.omitted else "page without words"
            characters = sum(one.characters for one in draft.omitted)
            title = draft.title or draft.file
            self._whole.append(Omission(kind, title, 1, characters))


def _merged(outer: _Opening | None, inner: _Opening) -> _Opening:
    """Return one opening for two lines of the contents list that lead to one place."""
    if outer is None:
        return inner
    if inner.level <= outer.level or inner.title == outer.title:
        return outer
    return _Opening(inner.offset, f"{outer.title}: {inner.title}", inner.level)
