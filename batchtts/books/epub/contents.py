"""The contents list of an EPUB, from its navigation document or its NCX."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from batchtts.books.archive import Archive
from batchtts.books.epub.package import Package
from batchtts.books.pages.prose import Target
from batchtts.books.pages.roles import OPENING_ROLES, roles
from batchtts.markup.tree import Element

__all__ = ["Entry", "page_roles", "read_contents"]

_NCX_TYPE = "application/x-dtbncx+xml"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the contents list; ``level`` counts from 0, the outermost."""

    title: str
    target: Target
    level: int


def read_contents(
    archive: Archive, package: Package, pages: Container[str | None]
) -> tuple[Entry, ...]:
    """Return the contents list, as far as it leads to some pages.

    It is empty when the book has none that does.
    """
    for found in _lists(archive, package):
        entries = tuple(entry for entry in found if entry.target[0] in pages)
        if entries:
            return entries
    return ()


def _lists(archive: Archive, package: Package) -> Iterator[Iterator[Entry]]:
    for name, root in _navigation(archive, package):
        navs = list(root.all("nav"))
        contents = [nav for nav in navs if "toc" in roles(nav.attributes)]
        yield _nav_entries(archive, name, [*contents, *navs, root][0])
    for name in _ncx_names(archive, package):
        yield _ncx_entries(archive, name, archive.tree(name))


def page_roles(archive: Archive, package: Package) -> Mapping[str, frozenset[str]]:
    """Return the roles that landmarks and guide give to whole pages."""
    found: dict[str, frozenset[str]] = {}
    links: list[tuple[str, str, frozenset[str]]] = [
        (package.name, href, frozenset({role})) for role, href in package.guide
    ]
    for name, root in _navigation(archive, package):
        for nav in root.all("nav"):
            if "landmarks" in roles(nav.attributes):
                links += (
                    (name, a.get("href"), roles(a.attributes)) for a in nav.all("a")
                )
    for base, href, given in links:
        file, fragment = archive.resolve(base, href)
        if file is not None and (not fragment or given & OPENING_ROLES):
            found[file] = found.get(file, frozenset()) | given
    return found


def _navigation(archive: Archive, package: Package) -> Iterator[tuple[str, Element]]:
    for item in package.items.values():
        if "nav" in item.properties and item.name is not None:
            yield item.name, archive.tree(item.name)


def _nav_entries(archive: Archive, name: str, nav: Element) -> Iterator[Entry]:
    """Yield the entries of nested lists: each a link, or words above a list."""
    ahead = [(nav, -1)]
    while ahead:
        element, level = ahead.pop()
        if element.name == "a":
            target = archive.resolve(name, element.get("href"))
            if target[0] is not None and element.get("href") and element.text:
                yield Entry(element.text, target, max(level, 0))
            continue
        deeper = level + (element.name == "ol")
        ahead += ((inner, deeper) for inner in reversed(element.children))


def _ncx_names(archive: Archive, package: Package) -> Iterator[str]:
    named = package.items.get(package.contents)
    others = [i for i in package.items.values() if i.media_type == _NCX_TYPE]
    for item in [named, *others]:
        if item is not None and item.name is not None:
            yield item.name
    yield from (name for name in archive.names if name.lower().endswith(".ncx"))


def _ncx_entries(archive: Archive, name: str, root: Element) -> Iterator[Entry]:
    start = root.first("navmap")
    ahead = [(point, 0) for point in reversed(_points(start or root))]
    while ahead:
        point, level = ahead.pop()
        title, content = point.first("navlabel"), point.first("content")
        if title is not None and content is not None:
            target = archive.resolve(name, content.get("src"))
            if target[0] is not None and content.get("src") and title.text:
                yield Entry(title.text, target, level)
        ahead += ((inner, level + 1) for inner in reversed(_points(point)))


def _points(element: Element) -> list[Element]:
    return [inner for inner in element.children if inner.name == "navpoint"]
