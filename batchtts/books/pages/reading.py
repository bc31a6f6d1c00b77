"""Reading a page: from its tags and characters to its prose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from batchtts.books.pages.layout import LINE, PARAGRAPH, SECTION, Layout
from batchtts.books.pages.nesting import (
    BLOCKS,
    CELLS,
    LISTS,
    SECTIONS,
    VOID,
    Inside,
    Nesting,
)
from batchtts.books.pages.prose import Heading, Omitted, Prose, Target, Wanted
from batchtts.books.pages.roles import omitted_element, roles
from batchtts.markup.tokens import Open, Words, tokens

__all__ = ["read_page"]

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_ROWS = frozenset({"tbody", "tfoot", "thead", "tr"})
_REFERENCE = re.compile(
    r"[\[(\uff08\u3010\u3014]?"
    r"(?:(?:\u203b|[\u8a33\u811a]?\u6ce8|\u8a3b)?\d{1,4}|[a-z]|[ivxlc]{1,6}"
    r"|[*\u2020\u2021\u00a7\u00b6\u203b]{1,3}|[\u2460-\u2473\u3251-\u325f\u32b1-\u32bf])"
    r"[\])\uff09\u3011\u3015]?"
)
_BRACKETED = re.compile(r"[\[\u3010\u3014].+[\]\u3011\u3015]|[*†‡§¶]+")
_NOTE_BLOCKS = frozenset({"aside", "dd", "div", "li", "p", "td"})
_PARAGRAPHS = _NOTE_BLOCKS - {"aside", "div"}
_FILE_NAME = re.compile(r"\S+\.(?:bmp|gif|jpe?g|png|svg|webp)", re.IGNORECASE)
_NO_LANGUAGE = frozenset({"", "mis", "mul", "und", "zxx"})
_DRAWING = "drawing"
_NO_ALTERNATIVE = "picture without a text alternative"
# These are listed even if they have no characters.
_SILENT = frozenset(
    {_DRAWING, _NO_ALTERNATIVE, "embedded object", "recording", "video"}
)


def read_page(markup: str, wanted: Wanted) -> Prose:
    """Return the prose of a page; ``wanted`` says what is asked of it."""
    reader = _Reader(wanted)
    for token in tokens(markup):
        if isinstance(token, Words):
            reader.words(token)
        elif isinstance(token, Open):
            reader.open(token)
        else:
            reader.close(token.local)
    return reader.finish()


@dataclass(slots=True)
class _Omission:
    """What is being left out, as long as more than ``depth`` elements are open."""

    kind: str
    depth: int
    label: str = ""  # what stands for it
    title: str = ""  # what stands for it if it has no label
    characters: int = 0


@dataclass(slots=True)
class _Link:
    """A link whose words may turn out to be the mark of a note."""

    target: Target
    raised: bool  # above the line
    words: list[Words] = field(default_factory=list)


class _Reader:
    """Takes the tokens of a page one by one."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._layout = Layout()
        self._nesting = Nesting()
        self._omission: _Omission | None = None
        self._link: _Link | None = None
        self._heading: tuple[int, int, str] | None = None  # level, parts before, mark
        self._heading_end = -1
        self._headings: list[tuple[int, str, str]] = []
        self._omitted: list[Omitted] = []
        self._unmarked: dict[str, int] = {}
        self._language = ""
        self._title = ""
        self._links = self._linked = self._pictured = 0

    # --- tokens --------------------------------------------------------------------

    def words(self, token: Words) -> None:
        """Say some characters, unless they are left out."""
        if self._omission is not None:
            self._leave_out(self._omission, token)
        elif self._link is not None:
            self._link.words.append(token)
        else:
            self._say(token)

    def open(self, token: Open) -> None:
        """Take a start tag."""
        name = token.local
        self._end(self._nesting.ended_by_start(name))
        attributes = token.attributes
        inside = Inside(name, self._lang(name, attributes))
        if self._omission is None:
            inside = self._begin(inside, attributes)
        else:
            self._mark(name, attributes)
        if not token.empty and name not in VOID:
            self._nesting.push(inside)
        else:
            self._leave(inside)

    def close(self, name: str) -> None:
        """Take an end tag."""
        depth = self._nesting.ended_by_end(name)
        self._end(depth)
        if depth is None and name in BLOCKS and self._omission is None:
            self._gap(name)

    def finish(self) -> Prose:
        """Return what was read."""
        self._end(0)
        words, passages = self._layout.finish()
        marks = self._layout.marks
        headings = [
            Heading(level, title, marks[m]) for level, title, m in self._headings
        ]
        return Prose(
            words=words,
            passages=passages,
            marks=marks,
            unmarked=self._unmarked,
            headings=tuple(headings),
            omitted=tuple(self._omitted),
            origins=tuple(self._layout.origins),
            language=self._language,
            title=" ".join(self._title.split()),
            links=self._links,
            linked=self._linked,
            pictured=self._pictured,
        )

    # --- elements ------------------------------------------------------------------

    def _mark(self, name: str, attributes: Mapping[str, str]) -> None:
        known = attributes.get("id", ""), attributes.get("name", "")
        for one in known if name == "a" else known[:1]:
            if not one or one not in self._wanted.ids:
                continue
            if self._omission is None:
                self._layout.mark(one)
            else:
                self._unmarked[one] = len(self._omitted)

    def _lang(self, name: str, attributes: Mapping[str, str]) -> str:
        """Return the language in an element, if it is not the book's."""
        written = attributes.get("xml:lang", attributes.get("lang"))
        if written is None:
            return self._nesting.lang
        written = written.strip()
        if name in {"body", "html"}:
            self._language = written or self._language
        base = (self._wanted.language or self._language).partition("-")[0].lower()
        primary = written.partition("-")[0].lower()
        return "" if primary in _NO_LANGUAGE or primary == base else written

    def _begin(self, inside: Inside, attributes: Mapping[str, str]) -> Inside:
        """Take an element that begins where nothing is left out."""
        name = inside.name
        if name in BLOCKS:
            self._gap(name)
        depth = self._note_depth(name, attributes)
        kind = omitted_element(name, attributes) if depth is None else "note"
        if kind is not None:
            self._release()
            depth = len(self._nesting) if depth is None else depth
            label = attributes.get("aria-label", "") if kind == _DRAWING else ""
            self._omission = _Omission(kind, depth, label)
        self._mark(name, attributes)
        return inside if kind is not None else self._begin_said(inside, attributes)

    def _begin_said(self, inside: Inside, attributes: Mapping[str, str]) -> Inside:
        name = inside.name
        match name:
            case "a":
                self._begin_link(attributes)
            case "br":
                self._break()
            case "hr":
                self._layout.block(SECTION)
            case "image" | "img":
                self._picture(attributes, inside.lang)
            case "math" if attributes.get("alttext"):
                self._say_words(attributes["alttext"], inside.lang)
                self._omission = _Omission("", len(self._nesting))
            case "q":
                self._say_words("“", inside.lang)
                return Inside(name, inside.lang, behind="”")
            case "sup" if self._link is not None:
                self._link.raised = True
            case "td" | "th" if self._nesting.within("tr"):
                self._release()
                self._layout.join(", ")
            case _ if name in _HEADINGS:
                mark = f"\0{len(self._headings)}"
                self._layout.mark(mark)
                self._heading = int(name[1]), self._layout.parts, mark
        return inside

    def _end(self, depth: int | None) -> None:
        """Close all elements but the ``depth`` outermost."""
        while depth is not None and len(self._nesting) > depth:
            self._leave(self._nesting.pop())

    def _leave(self, inside: Inside) -> None:
        """Take the end of an element."""
        omission = self._omission
        if omission is not None:
            if len(self._nesting) > omission.depth:
                return
            self._omission = None
            self._note_omission(omission)
        if inside.name == "a":
            self._end_link()
        if inside.behind:
            self._say_words(inside.behind, inside.lang)
        if inside.name in BLOCKS:
            if inside.name in _HEADINGS:
                self._end_heading()
            self._gap(inside.name)

    def _gap(self, name: str) -> None:
        """End the block here, and keep the next one as far away as is due."""
        self._release()
        if self._nesting.within("tr"):
            self._layout.join(" ")
        elif name in SECTIONS:
            self._layout.block(SECTION)
        elif name in _HEADINGS:
            follows = self._heading_end == self._layout.length
            self._layout.block(PARAGRAPH if follows else SECTION)
        elif name in _ROWS or self._nesting.within_any(LISTS):
            self._layout.block(LINE)
        else:
            self._layout.block(PARAGRAPH)

    def _break(self) -> None:
        self._release()
        if self._nesting.within("tr"):
            self._layout.join(" ")
        else:
            self._layout.line()

    def _end_heading(self) -> None:
        if self._heading is None:
            return
        level, before, mark = self._heading
        self._heading = None
        self._release()
        if title := " ".join(self._layout.since(before).split()):
            self._headings.append((level, title, mark))
            self._heading_end = self._layout.length

    # --- notes and links -----------------------------------------------------------

    def _note_depth(self, name: str, attributes: Mapping[str, str]) -> int | None:
        """Return how many elements a note lies in that begins here, if one does."""
        file = self._wanted.file
        known = attributes.get("id", ""), attributes.get("name", "")
        if not any((file, one) in self._wanted.notes for one in known if one):
            return None
        if name in _NOTE_BLOCKS:
            return len(self._nesting)
        around = self._nesting.innermost(BLOCKS | CELLS)
        if around is None or self._layout.in_block:
            return None
        return around if self._nesting.path[around].name in _PARAGRAPHS else None

    def _begin_link(self, attributes: Mapping[str, str]) -> None:
        target = self._wanted.resolve(attributes.get("href", ""))
        if "href" in attributes and target[0] is not None:
            self._links += 1
            self._link = _Link(target, raised=self._nesting.within("sup"))

    def _end_link(self) -> None:
        """Say the words of a link, or leave them out: they mark a note."""
        link = self._link
        if link is None:
            return
        mark = "".join(token.text for token in link.words).strip()
        is_raised = link.raised or _BRACKETED.fullmatch(mark)
        if is_raised and link.target[1] and _REFERENCE.fullmatch(mark):
            link.words.clear()
            self._wanted.notes.add(link.target)
            self._omitted.append(
                Omitted("note reference", self._layout.length, len(mark))
            )
        self._release()
        self._link = None

    def _release(self) -> None:
        """Say the words of an open link that have been kept back."""
        if self._link is None:
            return
        held, self._link.words = self._link.words, []
        for token in held:
            self._linked += len(token.text.strip())
            self._say(token)

    # --- words ---------------------------------------------------------------------

    def _say(self, token: Words) -> None:
        at = None if token.literal else token.start
        lang = self._nesting.lang
        if not self._nesting.within("pre"):
            self._layout.say(token.written, lang, at)
            return
        for line in token.written.splitlines(keepends=True):
            self._layout.say(line, lang, at)
            if line.rstrip("\r\n") != line:
                self._layout.line()
            if at is not None:
                at += len(line)

    def _say_words(self, words: str, lang: str) -> None:
        """Say what does not stand between tags."""
        self._release()
        self._layout.say(words, lang)

    def _picture(self, attributes: Mapping[str, str], lang: str) -> None:
        words = attributes.get("aria-label") or attributes.get("alt")
        if words is None or _FILE_NAME.fullmatch(words.strip()):
            if roles(attributes).isdisjoint({"none", "presentation"}):
                self._omitted.append(Omitted(_NO_ALTERNATIVE, self._layout.length, 0))
            return
        # A single word may be a letter, drawn, at the beginning of another.
        several = len(words.split()) > 1
        self._say_picture(f" {words} " if several else words.strip(), lang)

    def _say_picture(self, words: str, lang: str) -> None:
        self._pictured += len(words.strip())
        self._say_words(words, lang)

    def _leave_out(self, omission: _Omission, token: Words) -> None:
        if self._nesting.path and self._nesting.path[-1].name == "title":
            if omission.kind == _DRAWING:
                omission.title += token.text
            else:
                self._title += token.text
        else:
            omission.characters += len(token.text.strip())

    def _note_omission(self, omission: _Omission) -> None:
        words = (omission.label or omission.title).strip()
        if omission.kind == _DRAWING and words:
            self._say_picture(f" {words} ", self._nesting.lang)
        elif omission.kind and (omission.characters or omission.kind in _SILENT):
            self._omitted.append(
                Omitted(omission.kind, self._layout.length, omission.characters)
            )
