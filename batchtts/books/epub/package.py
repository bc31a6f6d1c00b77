"""The package document of an EPUB: what the book is, and what it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from batchtts.books.archive import Archive
from batchtts.markup.tree import Element, tree

__all__ = ["About", "Item", "Package", "read_package"]

_PACKAGE_TYPE = "application/oebps-package+xml"
_PAGE_TYPES = frozenset(
    {
        "application/x-dtbook+xml",
        "application/xhtml+xml",
        "text/html",
        "text/x-oeb1-document",
    }
)
_PAGE_ENDINGS = (".htm", ".html", ".xhtml")
_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?(?=T|$)")


@dataclass(frozen=True, slots=True)
class Item:
    """A file of the book; ``name`` is None when the archive does not have it."""

    id: str
    href: str
    name: str | None
    media_type: str
    properties: frozenset[str]
    fallback: str

    @property
    def is_page(self) -> bool:
        """Tell whether words stand in it."""
        return self.media_type in _PAGE_TYPES or (
            self.href.lower().endswith(_PAGE_ENDINGS)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a book says of itself; empty: nothing."""

    title: str = ""
    author: str = ""
    narrator: str = ""
    language: str = ""
    series: str = ""
    series_index: str = ""
    description: str = ""
    date: str = ""
    publisher: str = ""
    identifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A book's package document."""

    name: str  # of its file
    about: About
    items: Mapping[str, Item] = field(default_factory=dict)  # by id; the first counts
    spine: tuple[tuple[str, bool], ...] = ()  # ids, and whether each is in the text
    contents: str = ""  # the id of the NCX
    cover: str = ""  # the id of the cover's picture
    guide: tuple[tuple[str, str], ...] = ()  # roles and links


def read_package(archive: Archive) -> Package:
    """Read the package document of a book.

    Raises JobError when there is none, or none that names the book's pages.
    """
    name = _package_name(archive)
    root = archive.tree(name)
    manifest, spine = root.first("manifest"), root.first("spine")
    if manifest is None or spine is None:
        message = "it does not say which pages the book has, and in which order"
        raise archive.problem(name, message, "get the book once more")
    items: dict[str, Item] = {}
    for element in manifest.all("item"):
        items.setdefault(element.get("id"), _item(archive, name, element))
    entries = [
        (entry.get("idref"), entry.get("linear").lower() != "no")
        for entry in spine.all("itemref")
    ]
    metadata = root.first("metadata") or root
    references = (e for guide in root.all("guide") for e in guide.all("reference"))
    return Package(
        name=name,
        about=_about(root, metadata),
        items=items,
        spine=tuple(entries),
        contents=spine.get("toc"),
        cover=_cover(metadata, items),
        guide=tuple((ref.get("type").lower(), ref.get("href")) for ref in references),
    )


def _package_name(archive: Archive) -> str:
    container = archive.find("META-INF/container.xml")
    if container is not None:
        for element in archive.tree(container).all("rootfile"):
            if element.get("media-type") in {_PACKAGE_TYPE, ""}:
                name, _ = archive.resolve("", element.get("full-path"))
                if name is not None:
                    return name
    # Without a container, or one that names nothing, there may be only one choice.
    found = [name for name in archive.names if name.lower().endswith(".opf")]
    if len(found) == 1:
        return found[0]
    message = "it has no package document, which says what the book is made of"
    raise archive.problem("META-INF/container.xml", message, "is it an EPUB?")


def _item(archive: Archive, package: str, element: Element) -> Item:
    name, _ = archive.resolve(package, element.get("href"))
    return Item(
        id=element.get("id"),
        href=element.get("href"),
        name=None if name == package else name,
        media_type=element.get("media-type").lower(),
        properties=frozenset(element.get("properties").split()),
        fallback=element.get("fallback"),
    )


def _cover(metadata: Element, items: Mapping[str, Item]) -> str:
    """Return the id of the cover: EPUB 3 has a property for it, EPUB 2 a habit."""
    for item in items.values():
        if "cover-image" in item.properties:
            return item.id
    for meta in metadata.all("meta"):
        if meta.get("name").lower() == "cover" and meta.get("content") in items:
            return meta.get("content")
    return ""


# --- metadata ------------------------------------------------------------------


def _about(root: Element, metadata: Element) -> About:
    refined = _Refined(metadata)
    creators = list(metadata.all("creator"))
    contributors = list(metadata.all("contributor"))
    authors = [c for c in creators if refined.role(c) in {"", "aut"}]
    others = [c for c in creators if refined.role(c) != "nrt"]
    narrators = [c for c in [*creators, *contributors] if refined.role(c) == "nrt"]
    series, index = refined.series()
    unique = [e for e in metadata.all("identifier") if e.get("id") == _unique(root)]
    return About(
        title=refined.title(),
        author=_names(authors or others),
        narrator=_names(narrators),
        language=_first(metadata.all("language")),
        series=series,
        series_index=index,
        description=_unmarked(_first(metadata.all("description"))),
        date=_date(metadata),
        publisher=_first(metadata.all("publisher")),
        identifier=_first(unique) or _first(metadata.all("identifier")),
    )


class _Refined:
    """The statements about a book's metadata, by what they are about."""

    def __init__(self, metadata: Element) -> None:
        self._metadata = metadata
        self._about: dict[tuple[str, str], str] = {}
        for meta in metadata.all("meta"):
            key = meta.get("refines").removeprefix("#"), meta.get("property")
            self._about.setdefault(key, meta.text)

    def role(self, person: Element) -> str:
        """Return what a person did, as a MARC relator."""
        attributes = person.attributes.items()
        old = next((v for n, v in attributes if n.endswith(":role")), "")
        new = self._of(person, "role") if person.get("id") else ""
        return (new or old).strip().lower()

    def title(self) -> str:
        """Return the main title."""
        titles = list(self._metadata.all("title"))
        main = [t for t in titles if self._of(t, "title-type") == "main"]
        return _first([*main, *titles])

    def series(self) -> tuple[str, str]:
        """Return the series that the book belongs to, and its place there."""
        for meta in self._metadata.all("meta"):
            if meta.get("property") == "belongs-to-collection" and (
                self._of(meta, "collection-type") == "series"
            ):
                return meta.text, self._of(meta, "group-position")
        named = {m.get("name"): m.get("content") for m in self._metadata.all("meta")}
        return named.get("calibre:series", ""), named.get("calibre:series_index", "")

    def _of(self, element: Element, what: str) -> str:
        return (
            self._about.get((element.get("id"), what), "") if element.get("id") else ""
        )


def _unique(root: Element) -> str:
    package = root.first("package")
    return "" if package is None else package.get("unique-identifier")


def _names(people: Iterable[Element]) -> str:
    return ", ".join(dict.fromkeys(person.text for person in people if person.text))


def _first(elements: Iterable[Element]) -> str:
    return next((element.text for element in elements if element.text), "")


def _date(metadata: Element) -> str:
    """Return the day of publication, or the first date that is given."""

    def is_other(element: Element) -> bool:
        attributes = element.attributes.items()
        event = next((v for n, v in attributes if n.endswith(":event")), "")
        return event not in {"", "publication", "original-publication"}

    dates = sorted(metadata.all("date"), key=is_other)
    written = _first(dates)
    day = _DATE.match(written)
    return day.group() if day else written


def _unmarked(description: str) -> str:
    """Return a description without the HTML that many have in it."""
    return tree(description).text if "<" in description else description
