"""From parsed Markdown to words: what is said, and how far apart it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from markdown_it.token import Token

from batchtts.books.betweentags import words_between_tags
from batchtts.books.lineends import between_lines

__all__ = ["inline_words", "spoken"]

# What stands between two pieces, in newlines.
_LINE = 1
_PARAGRAPH = 2
_SECTION = 3

_SPACES = re.compile(r"[ \t]+")
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_SOFT = "\0"  # the end of a line; Markdown itself knows no such character
_SOFT_BREAK = re.compile(rf"[ \t]*{_SOFT}[ \t]*")
_LINE_BREAK = re.compile(r"(?i)<br[\s/>]")


def spoken(tokens: Sequence[Token]) -> str:
    """Return the words of some blocks.

    Paragraphs stand one empty line apart, sections two; the items of a list
    and the rows of a table stand on lines of their own.
    """
    speaker = _Speaker()
    for token in tokens:
        speaker.take(token)
    return "".join(speaker.parts)


def inline_words(tokens: Sequence[Token]) -> str:
    """Return the words of a run of text: link texts, but no targets and no tags."""
    words = _SOFT_BREAK.sub(_soft_break, "".join(map(_inline, tokens)))
    return _SPACES.sub(" ", words).replace(" \n", "\n").replace("\n ", "\n").strip()


def _soft_break(found: re.Match[str]) -> str:
    words, (start, end) = found.string, found.span()
    return between_lines(words[start - 1 : start], words[end : end + 1])


# A service's commands look like tags. In a text they are words, made harmless
# when the text is cleaned: here they must only not get lost.
_COMMAND = re.compile(r"<\s*(eos|clear|flush)\s*>", re.IGNORECASE)


def _inline(token: Token) -> str:
    match token.type:
        case "softbreak":
            return _SOFT
        case "hardbreak":
            return "\n"
        case "image":
            return inline_words(token.children or [])
        case "html_inline":
            if _COMMAND.fullmatch(token.content):
                return token.content
            return "\n" if _LINE_BREAK.match(token.content) else ""
        case _:
            return token.content


class _Speaker:
    """Takes the tokens of blocks one by one and lays out their words."""

    def __init__(self) -> None:
        """Have said nothing yet."""
        self.parts: list[str] = []
        self._gap = 0
        self._lists = 0  # how many are open
        self._mark = ""  # the number of an item that has said nothing yet
        self._row: list[str] | None = None
        self._steps: dict[str, Callable[[Token], None]] = {
            "blockquote_close": self._paragraph,
            "blockquote_open": self._paragraph,
            "bullet_list_close": self._close_list,
            "bullet_list_open": self._open_list,
            "code_block": self._code,
            "fence": self._code,
            "heading_open": self._section,
            "hr": self._section,
            "html_block": self._html,
            "inline": self._inline,
            "list_item_close": self._close_item,
            "list_item_open": self._open_item,
            "ordered_list_close": self._close_list,
            "ordered_list_open": self._open_list,
            "table_close": self._paragraph,
            "table_open": self._paragraph,
            "tr_close": self._close_row,
            "tr_open": self._open_row,
        }

    def take(self, token: Token) -> None:
        """Say what the token says, if anything."""
        if step := self._steps.get(token.type):
            step(token)

    def _say(self, words: str, gap: int) -> None:
        if not words:
            return
        if self.parts:
            self.parts.append("\n" * max(self._gap, gap))
        self.parts.append(self._mark + words)
        self._gap = 0
        self._mark = ""

    def _section(self, _: Token) -> None:
        self._gap = _SECTION

    def _paragraph(self, _: Token) -> None:
        self._gap = max(self._gap, _PARAGRAPH)

    def _open_list(self, token: Token) -> None:
        if not self._lists:
            self._paragraph(token)
        self._lists += 1

    def _close_list(self, token: Token) -> None:
        self._lists -= 1
        if not self._lists:
            self._paragraph(token)

    def _open_item(self, token: Token) -> None:
        # "1984. A year." is a list to CommonMark: its number is a word.
        self._mark += f"{token.info}{token.markup} " if token.info else ""

    def _close_item(self, _: Token) -> None:
        mark, self._mark = self._mark.strip(), ""
        self._say(mark, _LINE)

    def _inline(self, token: Token) -> None:
        words = inline_words(token.children or [])
        if self._row is None:
            self._say(words, _LINE if self._lists else _PARAGRAPH)
        elif words:
            self._row.append(words)

    def _open_row(self, _: Token) -> None:
        self._row = []

    def _close_row(self, _: Token) -> None:
        row, self._row = self._row or [], None
        self._say(", ".join(row), _LINE)

    def _code(self, token: Token) -> None:
        words = _EMPTY_LINES.sub("\n\n", token.content.strip("\n"))
        self._say(words.strip(), _LINE if self._lists else _PARAGRAPH)

    def _html(self, token: Token) -> None:
        # Written out, what looks like a command is no tag to be passed over.
        words = words_between_tags(_COMMAND.sub(r"&lt;\1&gt;", token.content))
        self._say(words, _LINE if self._lists else _PARAGRAPH)
