"""The picture on the cover of an EPUB."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from batchtts.books.archive import Archive
from batchtts.books.book import Cover
from batchtts.books.epub.contents import page_roles
from batchtts.books.epub.package import Package
from batchtts.markup.charset import decoded_markup
from batchtts.markup.tree import tree

__all__ = ["cover_of"]

_MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
}
_COVER_ROLES = frozenset({"cover", "coverpage"})
_LINKS = ("src", "href", "xlink:href")
_DEEPEST = 2  # a page with a drawing with a picture in it


def cover_of(archive: Archive, package: Package) -> Cover | None:
    """Return the cover's picture; None where there is none that players show."""
    item = package.items.get(package.cover)
    names = [item.name] if item is not None and item.name is not None else []
    names += (
        name
        for name, roles in page_roles(archive, package).items()
        if roles & _COVER_ROLES
    )
    for name in names:
        for data in _within(archive, name, _DEEPEST):
            if media_type := _media_type(data):
                return Cover(data, media_type)
    return None


def _media_type(data: bytes) -> str:
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), "")


def _within(archive: Archive, name: str, depth: int) -> Iterator[bytes]:
    """Yield what a file holds and, if it is a page or a drawing, its pictures."""
    data = archive.read(name)
    yield data
    if not depth or not name.lower().endswith((".svg", ".xhtml", ".html", ".htm")):
        return
    root = tree(decoded_markup(data, f"{archive.shown}/{name}"))
    for element in root.all("image", "img"):
        link = next(filter(None, map(element.get, _LINKS)), "")
        if link.startswith("data:"):
            yield _data_of(link)
        elif (found := archive.resolve(name, link)[0]) is not None and found != name:
            yield from _within(archive, found, depth - 1)


def _data_of(link: str) -> bytes:
    """Return what a data: address holds; nothing if it is not well made."""
    kind, _, written = link.partition(",")
    data = unquote_to_bytes(written)
    if not kind.endswith(";base64"):
        return data
    try:
        return base64.b64decode(data)
    except binascii.Error:
        return b""
