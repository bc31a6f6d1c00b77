"""What in a book is not read aloud, by the roles that its author gave.

Roles come from ``epub:type``, ARIA's ``role``, the book's landmarks or guide,
and the few classes that all makers of e-books use alike. What an author wrote
to be read stays, dedications and appendices too: only what serves the eye or
the hand is left out, and listed by the words here.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["OPENING_ROLES", "omitted_element", "omitted_role", "roles"]

_PARTS = {
    "bibliography": "bibliography",
    "colophon": "colophon",
    "copyright-page": "copyright page",
    "cover": "cover",
    "coverpage": "cover",
    "halftitle": "half title",
    "halftitlepage": "half title",
    "imprimatur": "imprimatur",
    "imprint": "imprint",
    "index": "index",
    "landmarks": "contents list",
    "loa": "list of recordings",
    "loi": "list of illustrations",
    "lot": "list of tables",
    "lov": "list of videos",
    "page-list": "page list",
    "pagelist": "page list",
    "title-page": "title page",
    "titlepage": "title page",
    "toc": "contents list",
    "toc-brief": "contents list",
}
_NOTES = {
    "backlink": "note reference",
    "endnote": "note",
    "endnotes": "notes",
    "footnote": "note",
    "footnotes": "notes",
    "noteref": "note reference",
    "notes": "notes",
    "rearnote": "note",
    "rearnotes": "notes",
}
_PAGES = {"page-number": "page number", "pagebreak": "page number"}
_ROLES = _PARTS | _NOTES | _PAGES

_CLASSES = {
    "endnote": "note",
    "endnotes": "notes",
    "footnote": "note",
    "footnotes": "notes",
    "noteref": "note reference",
    "page-number": "page number",
    "pagebreak": "page number",
    "pageno": "page number",
    "pagenum": "page number",
    "pagenumber": "page number",
    "x-ebookmaker-pageno": "page number",
}

# Elements that are no words, or not those of the book. What is called nothing
# is not listed: nobody would take it for a part of the text.
_ELEMENTS = {
    "annotation": "",
    "annotation-xml": "",
    "audio": "recording",
    "button": "control",
    "canvas": "drawing",
    "case": "",
    "datalist": "control",
    "embed": "embedded object",
    "head": "",
    "iframe": "embedded object",
    "nav": "navigation",
    "object": "embedded object",
    "rp": "",
    "rt": "ruby reading",
    "rtc": "ruby reading",
    "script": "",
    "select": "control",
    "style": "",
    "svg": "drawing",
    "template": "",
    "textarea": "control",
    "title": "",
    "video": "video",
}

OPENING_ROLES = frozenset(
    {"bodymatter", "chapter", "part", "prologue", "start", "text", "volume"}
)
"""Roles of what must be read, whatever else it may be called."""


def roles(attributes: Mapping[str, str]) -> frozenset[str]:
    """Return the roles of an element, without the prefix that ARIA's have."""
    named = [
        value
        for name, value in attributes.items()
        if name == "role" or name.endswith(":type")
    ]
    return frozenset(
        role.removeprefix("doc-") for role in " ".join(named).lower().split()
    )


def omitted_role(names: frozenset[str]) -> str | None:
    """Return what something of these roles is called, if it is not read."""
    found = sorted(_ROLES[name] for name in names if name in _ROLES)
    return found[0] if found else None


def omitted_element(name: str, attributes: Mapping[str, str]) -> str | None:
    """Return what an element is called that is not read; empty: not even listed."""
    if not attributes:
        return _ELEMENTS.get(name)
    if (kind := omitted_role(roles(attributes))) is not None:
        return kind
    for word in attributes.get("class", "").lower().split():
        if word in _CLASSES:
            return _CLASSES[word]
    if _is_hidden(attributes):
        return "hidden passage"
    return _ELEMENTS.get(name)


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    if "hidden" in attributes:
        return attributes["hidden"].lower() != "until-found"
    style = "".join(attributes.get("style", "").lower().split())
    return attributes.get("aria-hidden") == "true" or "display:none" in style
