"""EPUBs made for tests: small, and as right or wrong as a test wants them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

__all__ = ["CONTAINER", "Epub", "page"]

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OPS/book.opf"
 media-type="application/oebps-package+xml"/></rootfiles></container>"""

_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"
 {lang}><head><title>{title}</title></head>"""

Lines = Sequence[tuple[str, str]]
"""A contents list: titles, and where they lead; "> I" lies below "Part One"."""


def page(body: str, *, title: str = "", lang: str = "", role: str = "") -> str:
    """Return a page of XHTML with a body."""
    lang = lang and f'xml:lang="{lang}" lang="{lang}"'
    role = role and f' epub:type="{role}"'
    head = _HEAD.format(lang=lang, title=escape(title))
    return f"{head}\n<body{role}>{body}</body></html>"


@dataclass(kw_only=True)
class Epub:
    """What a book is made of; what is left empty is right, and as small as can be."""

    pages: Mapping[str, str]  # by their names below OPS
    nav: Lines | str | None = None  # a list, a whole file, or none
    ncx: Lines | str | None = None
    metadata: str = "<dc:title>Tale</dc:title><dc:language>en</dc:language>"
    spine: str | None = None  # in place of all pages in order
    manifest: str = ""  # further items
    hrefs: Mapping[str, str] = field(default_factory=dict)  # other than the names
    guide: str = ""
    files: Mapping[str, str | bytes] = field(default_factory=dict)  # of the archive
    package: str | None = None  # in place of the package document
    container: str | None = CONTAINER

    def write(self, path: Path) -> Path:
        """Write the book and return its path."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
            for name, content in self._contents().items():
                archive.writestr(name, content)
        return path

    def _contents(self) -> dict[str, str | bytes]:
        found: dict[str, str | bytes] = {}
        if self.container is not None:
            found["META-INF/container.xml"] = self.container
        found["OPS/book.opf"] = self.package or self._package()
        found |= {f"OPS/{name}": content for name, content in self.pages.items()}
        if self.nav is not None:
            found["OPS/nav.xhtml"] = _nav(self.nav)
        if self.ncx is not None:
            found["OPS/book.ncx"] = _ncx(self.ncx)
        return found | dict(self.files)

    def _package(self) -> str:
        items = "".join(
            f'<item id="p{n}" href="{escape(self.hrefs.get(name, name))}"'
            ' media-type="application/xhtml+xml"/>'
            for n, name in enumerate(self.pages)
        )
        if self.nav is not None:
            items += (
                '<item id="nav" href="nav.xhtml" properties="nav"'
                ' media-type="application/xhtml+xml"/>'
            )
        toc = ""
        if self.ncx is not None:
            toc = ' toc="ncx"'
            items += (
                '<item id="ncx" href="book.ncx" media-type="application/x-dtbncx+xml"/>'
            )
        spine = self.spine
        if spine is None:
            spine = "".join(f'<itemref idref="p{n}"/>' for n in range(len(self.pages)))
        return f"""<?xml version="1.0"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="uid"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">
<metadata>{self.metadata}</metadata><manifest>{items}{self.manifest}</manifest>
<spine{toc}>{spine}</spine>{self.guide}</package>"""


def _nav(lines: Lines | str) -> str:
    if isinstance(lines, str):
        return lines
    items = _nested(lines, "<ol>", '<li><a href="{1}">{0}</a>', "</li>", "</ol>")
    return page(f'<nav epub:type="toc"><h1>Contents</h1>{items}</nav>')


def _ncx(lines: Lines | str) -> str:
    if isinstance(lines, str):
        return lines
    point = (
        '<navPoint id="n{2}"><navLabel><text>{0}</text></navLabel><content src="{1}"/>',
        "</navPoint>",
    )
    return (
        '<?xml version="1.0"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"'
        ' version="2005-1"><head><meta name="dtb:uid" content="x"/></head>'
        "<docTitle><text>Tale</text></docTitle>"
        f"<navMap>{_nested(lines, '', *point, '')}</navMap></ncx>"
    )


def _nested(lines: Lines, above: str, before: str, after: str, below: str) -> str:
    """Write lines of two levels, the deeper ones inside the one before them."""
    written = [above]
    was_deep = False
    for number, (title, href) in enumerate(lines):
        deep = title.startswith("> ")
        if deep and not was_deep:
            written.append(above)
        elif number:
            written.append(after)
        if was_deep and not deep:
            written += [below, after]
        written.append(before.format(title.removeprefix("> "), escape(href), number))
        was_deep = deep
    return "".join([*written, after, *([below, after] if was_deep else []), below])
