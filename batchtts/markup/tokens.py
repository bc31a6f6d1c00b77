"""Markup as a stream of tags and words, from XHTML, HTML or any XML.

Nothing is an error: what is never closed ends with the text, as in a browser.
The time is linear in the text whatever it holds, no entity but the named and
numbered characters of HTML is known, and every token says where it stands, so
that words can be found again in the file.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["CHARACTER", "Close", "Open", "Token", "Words", "character", "tokens"]

_NAME = re.compile(r"[A-Za-z_][^\s/>\"'=<]*")
_SIGN = re.compile("[>\"']")
_ATTRIBUTE = re.compile(
    r"""([^\s"'<>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'<>]+))?""",
)
# Their content is no markup.
_CLOSING = {name: re.compile(rf"(?i)</{name}\b") for name in ("script", "style")}

CHARACTER = re.compile(
    r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?"
)
"""A character that is written by its name or number."""


def character(reference: re.Match[str]) -> str:
    """Return what a match of `CHARACTER` stands for."""
    return html.unescape(reference.group())


@dataclass(frozen=True, slots=True)
class Open:
    """A start tag; ``name`` is in lower case, its prefix included."""

    name: str
    start: int
    end: int
    empty: bool  # it is its own end tag
    written: str  # what stands in it behind the name

    @property
    def local(self) -> str:
        """Return the name without its prefix."""
        return self.name.rpartition(":")[2]

    @property
    def attributes(self) -> Mapping[str, str]:
        """Return the attributes by their names in lower case; the first counts."""
        if not self.written:
            return {}
        found: dict[str, str] = {}
        for name, value in _ATTRIBUTE.findall(self.written):
            bare = value[1:-1] if value[:1] in {'"', "'"} else value
            plain = CHARACTER.sub(character, bare) if "&" in bare else bare
            found.setdefault(name.lower(), plain)
        return found


@dataclass(frozen=True, slots=True)
class Close:
    """An end tag; ``name`` is in lower case, its prefix included."""

    name: str
    start: int
    end: int

    @property
    def local(self) -> str:
        """Return the name without its prefix."""
        return self.name.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class Words:
    """Characters between tags, as they are written; ``literal``: & means nothing."""

    written: str
    start: int
    literal: bool = False

    @property
    def text(self) -> str:
        """Return the characters that are meant."""
        if self.literal or "&" not in self.written:
            return self.written
        return CHARACTER.sub(character, self.written)


Token = Open | Close | Words


def tokens(markup: str) -> Iterator[Token]:
    """Yield the tags of some markup, and the words between them, in order.

    Comments, processing instructions and declarations are passed over, and so
    are scripts and style sheets.
    """
    scanner = _Scanner(markup)
    begin = at = 0
    while (start := markup.find("<", at)) >= 0:
        at, token = scanner.look(start)
        if at == start:  # as in "5 < 6"
            at += 1
            continue
        if begin < start:
            yield Words(markup[begin:start], begin)
        if token is not None:
            yield token
        begin = at
    if begin < len(markup):
        yield Words(markup[begin:], begin)


class _Scanner:
    """Finds out what begins with a "<", never looking twice for what is missing."""

    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._quotes = {'"', "'"}  # of which there may be more

    def look(self, start: int) -> tuple[int, Token | None]:
        """Return where what stands at ``start`` ends, and its token, if any.

        It ends where it starts when it is no markup.
        """
        markup = self._markup
        following = markup[start + 1 : start + 2]
        if name := _NAME.match(markup, start + 1):
            tag = self._open(name)
            end = tag.end if tag.empty else self._behind_raw(tag)
            return end, tag
        if following == "/":
            end = self._behind(">", start)
            name = _NAME.match(markup, start + 2)
            token = Close(name.group().lower(), start, end) if name else None
            return end, token
        if markup.startswith("<![CDATA[", start):
            end = self._behind("]]>", start)
            inside = markup[start + 9 : end].removesuffix("]]>")
            return end, Words(inside, start + 9, literal=True)
        if markup.startswith("<!--", start):
            return self._behind("-->", start), None
        if following in {"!", "?"}:
            return self._behind_declaration(start), None
        return start, None

    def _open(self, name: re.Match[str]) -> Open:
        end = self._tag_end(name.end())
        written = self._markup[name.end() : end].removesuffix(">")
        empty = written.endswith("/")
        return Open(
            name=name.group().lower(),
            start=name.start() - 1,
            end=end,
            empty=empty,
            written=written.removesuffix("/").strip(),
        )

    def _tag_end(self, at: int) -> int:
        """Return the offset behind a tag; a ">" within quotes does not end it."""
        while sign := _SIGN.search(self._markup, at):
            at = sign.end()
            quote = sign.group()
            if quote == ">":
                return at
            if quote in self._quotes:
                closing = self._markup.find(quote, at)
                if closing < 0:
                    self._quotes.discard(quote)
                else:
                    at = closing + 1
        return len(self._markup)

    def _behind_raw(self, tag: Open) -> int:
        """Return where markup goes on: for scripts and styles at their end tags."""
        closing = _CLOSING.get(tag.name)
        if closing is None:
            return tag.end
        found = closing.search(self._markup, tag.end)
        return found.start() if found else len(self._markup)

    def _behind_declaration(self, start: int) -> int:
        end = self._behind(">", start)
        if "[" in self._markup[start:end]:  # a document type with rules of its own
            end = self._behind(">", self._behind("]", start) - 1)
        return end

    def _behind(self, what: str, start: int) -> int:
        found = self._markup.find(what, start)
        return len(self._markup) if found < 0 else found + len(what)
