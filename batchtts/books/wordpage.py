"""Reading the text of a Word document: from its tags to its prose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batchtts.books.pages.layout import LINE, PARAGRAPH, SECTION, Layout
from batchtts.books.pages.prose import Heading, Omitted, Prose
from batchtts.markup.tokens import Close, Open, Words, tokens

__all__ = ["Style", "read_document"]

_NO = frozenset({"0", "false", "none", "off"})
# Elements in which nothing is read, by what is listed of them.
_LEFT_OUT = {
    "mc:fallback": "",  # the same again, for old programs
    "w:del": "",
    "w:instrtext": "",
    "w:movefrom": "",
    "w:rt": "ruby reading",
    "w:txbxcontent": "text box",
}
_NOTES = frozenset({"w:endnotereference", "w:footnotereference"})
_SAID = {"w:nobreakhyphen": "-", "w:tab": " "}


@dataclass(frozen=True, slots=True)
class Style:
    """A style of paragraphs: its name in lower case and its level as a heading."""

    name: str
    level: int  # 0: no heading


def read_document(markup: str, styles: Mapping[str, Style], language: str) -> Prose:
    """Return the prose of a document; its title is the paragraph of that style."""
    reader = _Reader(styles, language)
    for token in tokens(markup):
        if isinstance(token, Words):
            reader.words(token)
        elif isinstance(token, Close):
            reader.close(token.name)
        else:
            reader.open(token)
            if token.empty:
                reader.close(token.name)
    return reader.finish()


@dataclass(slots=True)
class _Paragraph:
    """What is known of the present paragraph."""

    level: int = 0
    style: str = ""
    listed: bool = False  # it is an item of a list
    begun: bool = False  # it has words


@dataclass(slots=True)
class _Run:
    """What is known of the present run of characters, which are alike."""

    lang: str = ""
    hidden: bool = False


@dataclass(slots=True)
class _Omission:
    """What is being left out, until ``element`` has ended as often as it began."""

    element: str
    kind: str
    depth: int = 1
    characters: int = 0


class _Reader:
    """Takes the tokens of a document one by one."""

    def __init__(self, styles: Mapping[str, Style], language: str) -> None:
        self._styles = styles
        self._base = language.partition("-")[0].lower()
        self._layout = Layout()
        self._paragraph = _Paragraph()
        self._run: _Run | None = None
        self._in_text = False
        self._rows = 0  # in one another
        self._was_listed = self._was_heading = False  # of the paragraph before
        self._alternative: str | None = None
        self._headings: list[tuple[int, str, str]] = []
        self._heading = 0  # the parts of the layout before it
        self._title = ""
        self._omitted: list[Omitted] = []
        self._omission: _Omission | None = None

    def words(self, token: Words) -> None:
        """Say some characters, if they stand in a run's text."""
        if self._omission is not None:
            self._omission.characters += len(token.text.strip())
        elif self._run is None or not self._in_text:
            return
        elif self._run.hidden:
            self._leave_out("hidden passage", token.text)
        elif self._paragraph.style.startswith("toc "):
            self._leave_out("line of a contents list", token.text)
        else:
            self._begin()
            at = None if token.literal else token.start
            self._layout.say(token.written, self._run.lang, at)

    def open(self, token: Open) -> None:
        """Take a start tag."""
        name = token.name
        if self._omission is not None:
            self._omission.depth += name == self._omission.element
        elif (kind := _LEFT_OUT.get(name)) is not None:
            self._omission = _Omission(name, kind)
        elif self._run is not None:
            self._open_in_run(self._run, name, token.attributes)
        else:
            self._open(name, token.attributes)

    def close(self, name: str) -> None:
        """Take an end tag."""
        if (omission := self._omission) is not None:
            omission.depth -= name == omission.element
            if not omission.depth:
                self._omission = None
                if omission.kind and omission.characters:
                    self._note(omission.kind, omission.characters)
        elif name == "w:t":
            self._in_text = False
        elif name == "w:r":
            self._run = None
        elif name == "w:p":
            self._end_paragraph()
        elif name == "w:tr":
            self._rows = max(0, self._rows - 1)
            self._layout.block(LINE)
        elif name == "w:tbl":
            self._layout.block(PARAGRAPH)

    def finish(self) -> Prose:
        """Return what was read."""
        words, passages = self._layout.finish()
        marks = self._layout.marks
        return Prose(
            words=words,
            passages=passages,
            headings=tuple(
                Heading(level, title, marks[mark])
                for level, title, mark in self._headings
            ),
            omitted=tuple(self._omitted),
            origins=tuple(self._layout.origins),
            title=self._title,
        )

    # --- start tags ------------------------------------------------------------------

    def _open(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take a start tag outside of runs."""
        paragraph, value = self._paragraph, attributes.get("w:val", "")
        match name:
            case "w:p":
                self._open_paragraph()
            case "w:pstyle":
                style = self._styles.get(value, Style(value.lower(), 0))
                paragraph.style, paragraph.level = style.name, style.level
            case "w:outlinelvl" if value.isdecimal():
                paragraph.level = (int(value) + 1) % 10
            case "w:numpr":
                paragraph.listed = True
            case "w:r":
                self._run = _Run()
            case "w:tbl":
                self._layout.block(PARAGRAPH)
            case "w:tr":
                self._rows += 1
                self._layout.block(LINE)
            case "w:tc":
                self._layout.join(", ")

    def _open_in_run(self, run: _Run, name: str, attributes: Mapping[str, str]) -> None:
        """Take a start tag in a run of characters."""
        value = attributes.get("w:val", "")
        match name:
            case "w:r":  # as in the base of a ruby
                self._run = _Run()
            case "w:t":
                self._in_text = True
            case "w:br" | "w:cr":
                self._break()
            case "w:tab" | "w:nobreakhyphen":
                self._layout.say(_SAID[name], run.lang)
            case "w:lang":
                primary = value.partition("-")[0].lower()
                run.lang = "" if primary == self._base else value
            case "w:vanish":
                run.hidden = value.lower() not in _NO
            case "wp:docpr":
                self._alternative = attributes.get("descr")
            case "pic:pic":
                self._picture()
            case _ if name in _NOTES:
                self._note("note", 0)

    # --- paragraphs ------------------------------------------------------------------

    def _open_paragraph(self) -> None:
        self._paragraph = _Paragraph()
        self._heading = self._layout.parts
        self._run = None

    def _begin(self) -> None:
        """Begin the paragraph with its first words, now that its style is known."""
        paragraph = self._paragraph
        if paragraph.begun:
            return
        paragraph.begun = True
        if self._rows:
            self._layout.join(" ")
            return
        gap = LINE if paragraph.listed and self._was_listed else PARAGRAPH
        self._was_listed = paragraph.listed
        if paragraph.level:
            self._layout.mark(f"{len(self._headings)}")
            gap = PARAGRAPH if self._was_heading else SECTION
        self._was_heading = bool(paragraph.level)
        self._layout.block(gap)

    def _end_paragraph(self) -> None:
        paragraph = self._paragraph
        words = " ".join(self._layout.since(self._heading).split())
        if self._rows:
            self._layout.join(" ")
            return
        self._layout.block(0)
        if not paragraph.begun:
            return
        if paragraph.style == "title" and not self._title:
            self._title = words
        elif paragraph.level:
            mark = f"{len(self._headings)}"
            self._headings.append((paragraph.level, words, mark))

    def _break(self) -> None:
        if self._rows:
            self._layout.join(" ")
        else:
            self._layout.line()

    def _picture(self) -> None:
        words = (self._alternative or "").strip()
        self._alternative = None
        if words and self._run is not None:
            self._begin()
            self._layout.say(f" {words} ", self._run.lang)
        else:
            self._note("picture without a text alternative", 0)

    # --- what is left out -----------------------------------------------------------

    def _leave_out(self, kind: str, words: str) -> None:
        if words := words.strip():
            self._note(kind, len(words))

    def _note(self, kind: str, characters: int) -> None:
        self._omitted.append(Omitted(kind, self._layout.length, characters))
