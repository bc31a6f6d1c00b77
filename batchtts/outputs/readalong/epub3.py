"""The package of an EPUB 2 as one of EPUB 3, with the navigation document it lacks."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from html import escape
from urllib.parse import quote

from batchtts.books.archive import Archive
from batchtts.books.epub.contents import Entry, read_contents
from batchtts.books.epub.package import Package
from batchtts.markup.tree import Element
from batchtts.outputs.readalong.html5 import as_html5, properties
from batchtts.outputs.readalong.overlay import declared_utf8

__all__ = ["old_page", "renewed"]

_DC = (
    "contributor coverage creator date description format identifier language"
    " publisher relation rights source subject title type"
)
_DAY_ONE = "1980-01-01"
_XHTML = "application/xhtml+xml"

Link = Callable[[str, str], str]
"""From a file of the archive, and from the file it stands in, to a link."""


def old_page(package: Package) -> str | None:
    """Return a page that no EPUB 3 can hold as it is, if there is one."""
    listed = {entry for entry, _ in package.spine}
    for item in package.items.values():
        if item.id in listed and item.is_page and item.media_type != _XHTML:
            return item.href
    return None


def renewed(
    archive: Archive, package: Package, pages: Mapping[str, str], nav: str, link: Link
) -> dict[str, str]:
    """Return the files of an EPUB 2 that are others in EPUB 3, by their names.

    These are its pages, of which some may be changed already in ``pages``, the
    package document and, under the name ``nav``, the navigation document. All that
    the book says of itself is kept, but for what EPUB 3 has no place for.
    """
    title = package.about.title or "-"
    made: dict[str, str] = {}
    features: dict[str, frozenset[str]] = {}
    for item in package.items.values():
        if item.name is not None and item.media_type == _XHTML:
            markup = pages.get(item.name) or archive.text(item.name)
            made[item.name] = declared_utf8(as_html5(markup, title))
            features[item.id] = properties(markup)
    entries = read_contents(archive, package, frozenset(made)) or [
        Entry(title, (next(iter(made)), ""), 0)
    ]
    listed = [package.items.get(entry) for entry, linear in package.spine if not linear]
    aside = [item.name for item in listed if item is not None and item.name in made]
    links = "".join(
        f'<a href="{escape(link(name, nav))}">\u2022</a>' for name in aside if name
    )
    made[nav] = _navigation(
        _nested(entries, nav, link),
        # What stands outside the reading order must be within reach.
        f'<p hidden="hidden">{links}</p>\n' if links else "",
        title=title,
        language=language_of(package),
    )
    made[package.name] = _package(archive, package, link(nav, package.name), features)
    return made


def _package(
    archive: Archive, package: Package, nav: str, features: Mapping[str, Iterable[str]]
) -> str:
    """Return the package document; ``nav`` links to the navigation document."""
    root = archive.tree(package.name).first("package")
    assert root is not None  # noqa: S101 - it was read before
    ids = {element.get("id") for element in _everything(root)}

    numbers: Counter[str] = Counter()

    def fresh(name: str) -> str:
        """Return an id that nothing has."""
        while True:
            numbers[name] += 1
            if (made := f"{name}{numbers[name]}") not in ids:
                return made

    unique, metadata = _metadata(root, package, fresh)
    items = "".join(_items(root, package, features))
    spine = root.first("spine")
    assert spine is not None  # noqa: S101 - as above
    entries = "".join(
        f"<itemref{_attributes(one, 'id', 'idref', 'linear')}/>\n"
        for one in spine.all("itemref")
    )
    guide = "".join(
        f"<reference{_attributes(one, 'type', 'title', 'href')}/>\n"
        for one in root.all("reference")
        if one.get("href") and one.get("type")
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"'
        f' unique-identifier="{escape(unique)}">\n'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n{metadata}</metadata>\n'
        f'<manifest>\n{items}<item id="{fresh("nav")}" href="{escape(nav)}"'
        f' media-type="{_XHTML}" properties="nav"/>\n</manifest>\n'
        f"<spine{_attributes(spine, 'toc', 'page-progression-direction')}>\n"
        f"{entries}</spine>\n"
        + (f"<guide>\n{guide}</guide>\n" if guide else "")
        + "</package>\n"
    )


def _navigation(contents: str, behind: str, *, title: str, language: str) -> str:
    lang = escape(language)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml"'
        f' xmlns:epub="http://www.idpf.org/2007/ops" lang="{lang}" xml:lang="{lang}">\n'
        f"<head><title>{escape(title)}</title></head>\n<body>\n"
        f'<nav epub:type="toc">\n{contents}\n</nav>\n{behind}</body>\n</html>\n'
    )


def _nested(entries: Sequence[Entry], nav: str, link: Link) -> str:
    """Return a contents list as lists in lists."""
    lines: list[str] = []
    depth = -1
    for entry in entries:
        level = min(entry.level, depth + 1)
        if level > depth:
            lines.append("<ol>")
        else:
            lines += ["</li>", *["</ol></li>"] * (depth - level)]
        file, fragment = entry.target
        href = link(file or "", nav) + (f"#{quote(fragment)}" if fragment else "")
        lines.append(f'\n<li><a href="{escape(href)}">{escape(entry.title)}</a>')
        depth = level
    return "".join([*lines, *["</li></ol>"] * (depth + 1)])


def _everything(element: Element) -> Iterator[Element]:
    yield element
    for inner in element.children:
        yield from _everything(inner)


def _attributes(element: Element, *names: str) -> str:
    return "".join(
        f' {name}="{escape(element.get(name))}"' for name in names if element.get(name)
    )


# --- metadata --------------------------------------------------------------------


def _metadata(
    root: Element, package: Package, fresh: Callable[[str], str]
) -> tuple[str, str]:
    """Return the id of the book's own identifier, and what stands in its metadata."""
    metadata = root.first("metadata") or root
    found = [one for one in metadata.all(*_DC.split()) if one.text]
    unique = root.get("unique-identifier")
    named = [one for one in found if one.name == "identifier"]
    is_known = any(one.get("id") == unique for one in named)
    lines: list[str] = []
    if not named:
        name = uuid.uuid5(uuid.NAMESPACE_OID, repr((package.about, package.spine)))
        unique, is_known = fresh("book"), True
        lines.append(_dc("identifier", f"urn:uuid:{name}", f' id="{unique}"'))
    given = {one.name for one in found}
    if "title" not in given:
        lines.append(_dc("title", package.about.title or "-"))
    if "language" not in given:
        lines.append(_dc("language", language_of(package)))
    has_date = False
    for one in found:
        if one.name == "date":
            if has_date:
                continue
            has_date = True
        identifier = one.get("id")
        if one.name == "identifier" and not is_known:
            unique, is_known = identifier or fresh("book"), True
            identifier = unique
        lines += _kept(one, identifier, package, fresh)
    lines += (
        f"<meta{_attributes(one, 'name', 'content')}/>"
        for one in metadata.all("meta")
        if one.get("name") and one.get("content")
    )
    lines.append(
        f'<meta property="dcterms:modified">{_modified(metadata, package)}</meta>'
    )
    return unique, "".join(f"{line}\n" for line in lines)


def language_of(package: Package) -> str:
    """Return the language of a book as EPUB 3 writes it."""
    return package.about.language.replace("_", "-") or "und"


def _kept(
    one: Element, identifier: str, package: Package, fresh: Callable[[str], str]
) -> Iterator[str]:
    """Yield an element of the metadata, and what EPUB 2 has as its attributes."""
    by = {name.rpartition(":")[2]: value for name, value in one.attributes.items()}
    more = {
        "role": by.get("role", "").strip(),
        "file-as": by.get("file-as", "").strip(),
    }
    if any(more.values()) and not identifier:
        identifier = fresh(one.name)
    words = one.text
    if one.name == "date":
        words = package.about.date or words
    elif one.name == "language":
        words = words.replace("_", "-")
    written = f' id="{escape(identifier)}"' if identifier else ""
    yield _dc(one.name, words, written + _attributes(one, "xml:lang"))
    scheme = {"role": ' scheme="marc:relators"'}
    for name, value in more.items():
        if value:
            yield (
                f'<meta refines="#{escape(identifier)}" property="{name}"'
                f"{scheme.get(name, '')}>{escape(value)}</meta>"
            )


def _dc(name: str, words: str, attributes: str = "") -> str:
    return f"<dc:{name}{attributes}>{escape(words)}</dc:{name}>"


def _modified(metadata: Element, package: Package) -> str:
    """Return when the book was changed last, by what it says, or when it came out."""
    days = [package.about.date]
    for one in metadata.all("date"):
        if "modification" in one.attributes.values():
            days.insert(0, one.text)
    for written in [*days, _DAY_ONE]:
        day = f"{written}-01-01"[: len(_DAY_ONE)]
        try:
            return f"{date.fromisoformat(day)}T00:00:00Z"
        except ValueError:
            continue
    raise AssertionError  # the last one is a date


# --- items -----------------------------------------------------------------------


def _items(
    root: Element, package: Package, features: Mapping[str, Iterable[str]]
) -> Iterator[str]:
    manifest = root.first("manifest")
    assert manifest is not None  # noqa: S101 - it was read before
    for one in manifest.all("item"):
        said = set(features.get(one.get("id"), ()))
        is_picture = one.get("media-type").startswith("image/")
        if one.get("id") == package.cover and is_picture:
            said.add("cover-image")
        properties = f' properties="{" ".join(sorted(said))}"' if said else ""
        yield (
            f"<item{_attributes(one, 'id', 'href', 'media-type', 'fallback')}"
            f"{properties}/>\n"
        )
