"""Read-along EPUBs taken apart by another parser than ours."""

from __future__ import annotations

import posixpath
import zipfile
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

__all__ = ["OPF", "OPS", "SMIL", "XHTML", "Made", "resolved"]

XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"
SMIL = "{http://www.w3.org/ns/SMIL}"
OPS = "{http://www.idpf.org/2007/ops}"


class Made:
    """A read-along EPUB, taken apart by another parser."""

    def __init__(self, path: Path) -> None:
        """Read all of it."""
        with zipfile.ZipFile(path) as archive:
            self.infos = archive.infolist()
            self.files = {info.filename: archive.read(info) for info in self.infos}
        self.package = ET.fromstring(self.files["OPS/book.opf"])
        self.items = {
            item.get("id", ""): item for item in self.package.iter(f"{OPF}item")
        }

    def name(self, item: ET.Element) -> str:
        """Return the file of an entry of the manifest."""
        return resolved("OPS/book.opf", item.get("href", ""))

    def overlays(self) -> dict[str, tuple[str, ET.Element]]:
        """Return the overlays by their ids, each with the file of its page."""
        return {
            overlay: (
                self.name(item),
                ET.fromstring(self.files[self.name(self.items[overlay])]),
            )
            for item in self.items.values()
            if (overlay := item.get("media-overlay"))
        }

    def metas(self, name: str) -> list[tuple[str, str]]:
        """Return what the package says under a name: about what, and what."""
        return [
            (meta.get("refines", ""), meta.text or "")
            for meta in self.package.iter(f"{OPF}meta")
            if meta.get("property") == name
        ]

    def said(self, file: str) -> list[str]:
        """Return the words of each element that is read along in a page."""
        root = ET.fromstring(self.files[file])
        return [
            "".join(span.itertext())
            for span in root.iter(f"{XHTML}span")
            if span.get("id", "").startswith("said")
        ]


def resolved(base: str, link: str) -> str:
    """Return the file that a link in another one leads to."""
    folder = posixpath.dirname(base)
    return posixpath.normpath(posixpath.join(folder, unquote(link)))
