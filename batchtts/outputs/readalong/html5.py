"""Pages of an EPUB 2 as an EPUB 3 holds them: XHTML 1.1 written as XHTML5.

Words and white space stay as they are. What HTML has no more, elements and
attributes for looks, becomes a style where there is one for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from html.entities import html5

from batchtts.markup import Close, Open, tokens

__all__ = ["as_html5", "properties"]

_Edit = tuple[int, int, str]
_Style = Callable[[str, str], str]  # from an element's name and a value

_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>", re.IGNORECASE)
_PROLOG_CHARACTERS = 4096
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_LITERAL, _LITERAL_END = "<![CDATA[", "]]>"
_XML = frozenset({"amp", "apos", "gt", "lt", "quot"})
_ATTRIBUTE = re.compile(r"""(?<!\s)\s++([^\s"'<>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'))?""")
_LENGTH = re.compile(r"\d+(?:\.\d+)?%?")
_NOTHING = re.compile(r"\s*</")
_FOREIGN = {"math": "mathml", "svg": "svg"}
_SCRIPTED = frozenset({"form", "script"})

_RENAMED = {
    "acronym": ("abbr", ""),
    "big": ("span", "font-size: larger"),
    "center": ("div", "text-align: center"),
    "font": ("span", ""),
    "strike": ("s", ""),
    "tt": ("span", "font-family: monospace"),
}
_CELLS = frozenset({"col", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"})
_FLOATING = frozenset({"img", "object", "table"})
_SIZES = {
    "+1": "larger", "-1": "smaller", "1": "x-small", "2": "small", "3": "medium",
    "4": "large", "5": "x-large", "6": "xx-large",
}  # fmt: skip
_NUMBERS = {
    "1": "decimal", "A": "upper-alpha", "I": "upper-roman", "a": "lower-alpha",
    "i": "lower-roman",
}  # fmt: skip
_DROPPED: Mapping[str, frozenset[str]] = {
    name: frozenset(elements.split())
    for name, elements in {
        "abbr": "td th", "alink": "body", "archive": "object", "axis": "td th",
        "background": "body", "cellpadding": "table", "char": " ".join(_CELLS),
        "charoff": " ".join(_CELLS), "charset": "a link", "classid": "object",
        "codebase": "object", "codetype": "object", "compact": "dl ol ul",
        "coords": "a", "declare": "object", "frame": "table", "language": "script",
        "link": "body", "longdesc": "img", "name": "a img", "noshade": "hr",
        "profile": "head", "rev": "a link", "rules": "table", "scheme": "meta",
        "scope": "td", "shape": "a", "size": "hr", "standby": "object",
        "summary": "table",
        "valuetype": "param", "version": "html", "vlink": "body",
    }.items()
}  # fmt: skip


def _length(value: str) -> str:
    found = _LENGTH.fullmatch(value.strip())
    return "" if found is None else value if value.endswith("%") else f"{value}px"


def _sized(prop: str) -> _Style:
    def style(_: str, value: str) -> str:
        length = _length(value)
        return f"{prop}: {length}" if length else ""

    return style


def _aligned(element: str, value: str) -> str:
    if element in _FLOATING and value in {"left", "right"}:
        return f"float: {value}"
    if element in {"hr", "table"}:
        return "margin-left: auto; margin-right: auto" if value == "center" else ""
    prop = "vertical-align" if element in _FLOATING else "text-align"
    return f"{prop}: {value}" if value.isalpha() else ""


def _bordered(_: str, value: str) -> str:
    width = _length(value)
    return f"border: {width} solid" if width and value != "0" else ""


def _stated(prop: str, values: Mapping[str, str] | None = None) -> _Style:
    def style(_: str, value: str) -> str:
        stated = (values or {}).get(value, value)
        return f"{prop}: {stated}" if re.fullmatch(r"[#\w ,-]+", stated) else ""

    return style


_ALIGNED = "caption col colgroup div h1 h2 h3 h4 h5 h6 hr img legend object p table"
_ALL_CELLS = " ".join(_CELLS)
_STYLED: Mapping[str, tuple[frozenset[str], _Style]] = {
    name: (frozenset(elements.split()), style)
    for name, elements, style in [
        ("align", f"{_ALIGNED} {_ALL_CELLS}", _aligned),
        ("bgcolor", f"body table {_ALL_CELLS}", _stated("background-color")),
        ("border", "img object table", _bordered),
        ("cellspacing", "table", _sized("border-spacing")),
        ("clear", "br", _stated("clear", {"all": "both"})),
        ("color", "font", _stated("color")),
        ("face", "font", _stated("font-family")),
        ("height", "img table td th tr", _sized("height")),
        ("hspace", "img object", _sized("margin-right")),
        ("nowrap", "td th", _stated("white-space")),
        ("size", "font", _stated("font-size", _SIZES)),
        ("text", "body", _stated("color")),
        ("type", "li ul", _stated("list-style-type", _NUMBERS)),
        ("valign", _ALL_CELLS, _stated("vertical-align")),
        ("vspace", "img object", _sized("margin-bottom")),
        ("width", f"hr img pre table {_ALL_CELLS}", _sized("width")),
    ]
}


def as_html5(markup: str, title: str) -> str:
    """Return a page as XHTML5; ``title`` is its title where it has none."""
    edits = [(0, 0, "")]
    found = _DOCTYPE.search(markup, 0, _PROLOG_CHARACTERS)
    if found is not None:
        edits.append((*found.span(), "<!DOCTYPE html>"))
    edits += _edits(markup, title)
    parts: list[str] = []
    at = 0
    for start, end, written in sorted(edits):
        parts += markup[at:start], written
        at = end
    return "".join(_without_names("".join([*parts, markup[at:]])))


def properties(markup: str) -> frozenset[str]:
    """Return what a package must say of a page: that it has drawings, scripts ..."""
    found: set[str] = set()
    for token in tokens(markup):
        if isinstance(token, Open):
            if token.local in _FOREIGN:
                found.add(_FOREIGN[token.local])
            if token.local in _SCRIPTED or any(n[:2] == "on" for n in token.attributes):
                found.add("scripted")
    return frozenset(found)


def _without_names(markup: str) -> Iterator[str]:
    """Yield markup without names of characters that only a document type gives."""
    first, *others = markup.split(_LITERAL)
    yield _ENTITY.sub(_numbered, first)
    for other in others:
        literal, end, behind = other.partition(_LITERAL_END)
        yield f"{_LITERAL}{literal}{end}{_ENTITY.sub(_numbered, behind)}"


def _numbered(entity: re.Match[str]) -> str:
    """Return a character by its number."""
    name = entity.group(1)
    characters = html5.get(f"{name};")
    if name in _XML or characters is None:
        return entity.group()
    return "".join(f"&#{ord(one)};" for one in characters)


def _edits(markup: str, title: str) -> Iterator[_Edit]:
    depth, head, prefix, has_title = 0, -1, "", False
    for token in tokens(markup):
        if not isinstance(token, Open | Close):
            continue
        if token.local in _FOREIGN and not (isinstance(token, Open) and token.empty):
            depth += 1 if isinstance(token, Open) else -1
        elif depth:
            continue
        elif token.local == "head":
            head = token.start if isinstance(token, Close) else token.end
            prefix = token.name.removesuffix("head")
        elif token.local == "title" and isinstance(token, Open):
            has_title = True
            if _NOTHING.match(markup, token.end):
                yield token.end, token.end, escape(title, quote=False)
            elif token.empty:
                name = f"{token.name}>"
                words = f"<{name}{escape(title, quote=False)}</{name}"
                yield token.start, token.end, words
        yield from _tag_edits(markup, token)
    if head >= 0 and not has_title:
        yield head, head, f"<{prefix}title>{escape(title, quote=False)}</{prefix}title>"


def _tag_edits(markup: str, token: Open | Close) -> Iterator[_Edit]:
    """Yield what is written otherwise in a tag."""
    name, style = _RENAMED.get(token.local, ("", ""))
    if isinstance(token, Close):
        if name:
            yield (*_name_span(token, 2), name)
        return
    attributes = token.attributes
    if "content-type" in attributes.get("http-equiv", "").lower():
        yield token.start, token.end, f'<{token.name} charset="UTF-8"/>'
        return
    if name:
        yield (*_name_span(token, 1), name)
    styles, inline = [style], None
    begin = token.start + 1 + len(token.name)
    for found in _ATTRIBUTE.finditer(markup, begin, token.end):
        name = found.group(1).lower()
        if name == "style":
            inline = found
            continue
        style_instead = _style(token.local, name, attributes[name].strip())
        if style_instead is not None:
            styles.append(style_instead)
            yield (*found.span(), "")
        elif token.local in _DROPPED.get(name, ()):
            yield (*found.span(), _instead(token.local, name, attributes))
    if styles := [style for style in styles if style]:
        yield _styled(token, inline, styles, attributes.get("style", ""))


def _style(element: str, name: str, value: str) -> str | None:
    """Return the style that stands for an attribute; None: it may stay."""
    elements, style_of = _STYLED.get(name, (frozenset[str](), None))
    is_size = element == "img" and name in {"height", "width"} and value.isdecimal()
    if style_of is None or element not in elements or is_size:
        return None
    return style_of(element, value)


def _instead(element: str, name: str, attributes: Mapping[str, str]) -> str:
    """Return the attribute that says now what another one said, if one does."""
    value = attributes[name].strip()
    if name == "summary" and value:
        return f' aria-label="{escape(value)}"'
    if name == "name" and element == "a" and "id" not in attributes:
        return f' id="{escape(value)}"'
    return ""


def _styled(
    token: Open, inline: re.Match[str] | None, styles: list[str], before: str
) -> _Edit:
    """Return the edit that gives a tag some styles, behind which stand its own."""
    written = escape("; ".join([*styles, before] if before else styles))
    if inline is not None:
        return (*inline.span(), f' style="{written}"')
    end = token.end - (2 if token.empty else 1)
    return end, end, f' style="{written}"'


def _name_span(token: Open | Close, skipped: int) -> tuple[int, int]:
    """Return where the name of a tag stands, without its prefix."""
    end = token.start + skipped + len(token.name)
    return end - len(token.local), end
