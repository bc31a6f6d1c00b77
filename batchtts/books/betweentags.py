"""The words between HTML tags, for the HTML that Markdown lets through."""

from __future__ import annotations

import re

from batchtts.markup.tokens import CHARACTER, character

__all__ = ["words_between_tags"]

# What may follow "<" in a tag, and the tags that end a line.
_TAG = re.compile(r"[A-Za-z/!?]")
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)")
_SPACES = re.compile(r"[ \t]+")
_INLINE = re.compile(
    "a|abbr|b|bdi|bdo|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small"
    "|span|strong|sub|sup|time|tt|u|var|wbr"
)
_HIDDEN = frozenset({"script", "style", "template"})


def words_between_tags(markup: str) -> str:
    """Return the words a browser would show, one block a line.

    Comments, tags and scripts are left out. It takes one pass, whatever is
    never closed.
    """
    pieces: list[str] = []
    at = 0
    while (start := markup.find("<", at)) >= 0:
        pieces.append(markup[at:start].replace("\n", " "))
        if _TAG.match(markup, start + 1):
            at, stands_for = _after_tag(markup, start)
            pieces.append(stands_for)
        else:
            pieces.append("<")
            at = start + 1
    pieces.append(markup[at:].replace("\n", " "))
    lines = CHARACTER.sub(character, "".join(pieces)).split("\n")
    lines = [_SPACES.sub(" ", line).strip() for line in lines]
    return "\n".join(line for line in lines if line)


def _after_tag(markup: str, start: int) -> tuple[int, str]:
    """Return where the words go on after a tag, and what the tag stands for."""
    if markup.startswith("<!--", start):
        return _behind(markup, "-->", start), ""
    found = _NAME.match(markup, start)
    name = found.group(1).lower() if found else ""
    end = _behind(markup, ">", start)
    if name in _HIDDEN and markup[start + 1] != "/":
        closing = re.compile(f"(?i)</{name}").search(markup, end)
        end = _behind(markup, ">", closing.start()) if closing else len(markup)
    return end, "" if _INLINE.fullmatch(name) else "\n"


def _behind(markup: str, what: str, start: int) -> int:
    found = markup.find(what, start)
    return len(markup) if found < 0 else found + len(what)
