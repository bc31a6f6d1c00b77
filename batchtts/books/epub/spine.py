"""Which pages of an EPUB are read, and in which order."""

from __future__ import annotations

from collections.abc import Iterator

from batchtts.books.archive import Archive
from batchtts.books.book import Omission
from batchtts.books.epub.package import Item, Package

__all__ = ["reading_order"]


def reading_order(
    archive: Archive, package: Package
) -> tuple[list[str], list[Omission]]:
    """Return the files of a book's pages as they follow, and what is none of them.

    Raises JobError when a page is missing, or all are.
    """
    pages: dict[str, None] = {}
    omissions: list[Omission] = []
    repeated: dict[str, int] = {}
    for entry, in_text in package.spine:
        item = _page(package, entry)
        if item is None:
            named = package.items.get(entry)
            kind = "unknown page" if named is None else "page without words"
            omissions.append(Omission(kind, named.href if named else entry))
        elif not in_text:
            omissions.append(Omission("page outside the text", item.href))
        elif item.name is None:
            message = f'the page "{item.href}" is missing from the book'
            raise archive.problem(package.name, message, "get the book once more")
        elif item.name in pages:
            repeated[item.href] = repeated.get(item.href, 0) + 1
        else:
            pages[item.name] = None
    if not pages:
        message = "no page stands in the book's reading order"
        raise archive.problem(package.name, message, "get the book once more")
    omissions += (
        Omission("repeated page", href, count) for href, count in repeated.items()
    )
    omissions += _elsewhere(package, {*pages, *(entry for entry, _ in package.spine)})
    return list(pages), omissions


def _page(package: Package, entry: str) -> Item | None:
    """Return the page that an entry means, or what stands in for it."""
    seen: set[str] = set()
    while entry not in seen and (item := package.items.get(entry)) is not None:
        if item.is_page:
            return item
        seen.add(entry)
        entry = item.fallback
    return None


def _elsewhere(package: Package, known: set[str]) -> Iterator[Omission]:
    """Yield the pages that the reading order does not name."""
    for item in package.items.values():
        is_known = item.id in known or item.name in known or "nav" in item.properties
        if item.is_page and item.name is not None and not is_known:
            yield Omission("page outside the text", item.href)
