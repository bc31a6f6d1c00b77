"""Word documents: the text as it stands after all changes, one chapter a heading.

Styles make headings, by their outline levels. Contents lists, notes and what
was deleted or hidden is left out; headers and footers stand in other files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from batchtts.books.archive import Archive, opened
from batchtts.books.book import Book
from batchtts.books.outline import outline
from batchtts.books.pages.drafts import Draft, Page, counted
from batchtts.books.wordpage import Style, read_document
from batchtts.errors import JobError, Problem
from batchtts.files import local_errors
from batchtts.markup.tree import Element
from batchtts.model import Place

__all__ = ["read_docx"]

_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")  # of old and of encrypted documents
_MAIN = "/officedocument"
_MOST_PARENTS = 20


def read_docx(path: Path, shown: str) -> Book:
    """Read the chapters of a Word document.

    Raises JobError when it is damaged, encrypted or of the old kind.
    """
    with local_errors("cannot read"), path.open("rb") as file:
        if file.read(len(_COMPOUND)) == _COMPOUND:
            message = "it is protected by a password, or a .doc file"
            hint = "save it as .docx without one"
            raise JobError([Problem(Place(shown), message, hint)])
    with opened(path, shown) as archive:
        name = _document_name(archive)
        markup = archive.text(name)
        styles, language = _styles(archive, name)
        about = _about(archive)
    language = about.get("language", "") or language
    prose = read_document(markup, styles, language)
    page = Page("", markup, prose, [])
    divided = outline(prose.words, prose.headings)
    chapters = []
    for section in divided.sections:
        if prose.words[section.start : section.end].strip() == prose.title:
            continue
        draft = Draft(section.title, "", page.line(section.start))
        draft.add(page, section.start, section.end)
        chapters.append(draft.bound().chapter)
    return Book(
        chapters=tuple(chapters),
        title=about.get("title", "") or prose.title or divided.title,
        author=about.get("creator", ""),
        language=language,
        description=about.get("description", ""),
        omissions=counted(prose.omitted),
    )


def _document_name(archive: Archive) -> str:
    """Return the file with the text."""
    if (relations := archive.find("_rels/.rels")) is not None:
        for element in archive.tree(relations).all("relationship"):
            if element.get("type").lower().endswith(_MAIN):
                name, _ = archive.resolve("", element.get("target"))
                if name is not None:
                    return name
    if (name := archive.find("word/document.xml")) is not None:
        return name
    message = "it has no text in it"
    raise archive.problem("word/document.xml", message, "is it a Word document?")


def _about(archive: Archive) -> Mapping[str, str]:
    name = archive.find("docProps/core.xml")
    if name is None:
        return {}
    return {
        element.name: element.text
        for element in archive.tree(name).all(
            "title", "creator", "description", "language"
        )
    }


def _styles(archive: Archive, document: str) -> tuple[Mapping[str, Style], str]:
    """Return the styles by their ids, and the language of what has none."""
    name, _ = archive.resolve(document, "styles.xml")
    if name is None:
        return {}, ""
    root = archive.tree(name)
    elements = {e.get("w:styleid"): e for e in root.all("style")}
    styles = {
        style_id: Style(_name(element), _level(element, elements))
        for style_id, element in elements.items()
    }
    defaults = root.first("docdefaults")
    lang = defaults.first("lang") if defaults is not None else None
    return styles, "" if lang is None else lang.get("w:val")


def _name(style: Element) -> str:
    element = style.first("name")
    return "" if element is None else element.get("w:val").lower()


def _level(style: Element | None, styles: Mapping[str, Element]) -> int:
    """Return the level of the heading that a style makes; 0: none."""
    for _ in range(_MOST_PARENTS):
        if style is None:
            return 0
        name = _name(style)
        if name.startswith("heading ") and name[8:].isdecimal():
            return int(name[8:])
        level = style.first("outlinelvl")
        if level is not None and level.get("w:val").isdecimal():
            return (int(level.get("w:val")) + 1) % 10  # 9 is the text itself
        parent = style.first("basedon")
        style = None if parent is None else styles.get(parent.get("w:val"))
    return 0
