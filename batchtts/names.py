"""Names that come from strangers: ids, and path templates filled with them.

What stands in a table, a book or an id may be put into a path but can never
lead out of a folder, hide in it or clash with a device of the system: ids are
refused when they are not plain names, other values are made plain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

__all__ = ["fields", "fill", "fold", "id_problem", "plain", "template_problem"]

MAX_BYTES = 200  # of UTF-8 in one name; file systems stop at 255 with our temp suffix

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f/\\<>:"|?*]')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")
_SIMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,99}")  # what most names are
_FIELD = re.compile(r"\{([^{}]*)\}")


def id_problem(name: str) -> str | None:
    """Say why ``name`` cannot be an id, or return None when it can."""
    if not name.strip():
        return "an id cannot be empty"
    for character in name:
        hidden = unicodedata.category(character) in _INVISIBLE
        if hidden or _FORBIDDEN.match(character):
            return f"an id cannot contain {_shown(character)}"
    if name != name.strip() or name.endswith("."):
        return "an id cannot begin or end with a space or end with a full stop"
    if name.startswith((".", "~", "-")) or _DEVICES.fullmatch(name):
        return f'"{name}" cannot be an id: it would be a special file name'
    if len(name.encode()) > MAX_BYTES:
        return f"an id can be at most {MAX_BYTES} bytes long"
    return None


def plain(value: str) -> str:
    """Return ``value`` as one plain file name part, changed as little as can be."""
    if _SIMPLE.fullmatch(value) and not _DEVICES.fullmatch(value):
        return value
    kept = "".join(
        " " if unicodedata.category(c) in _INVISIBLE else c
        for c in unicodedata.normalize("NFC", value[: 4 * MAX_BYTES])
    )
    kept = _FORBIDDEN.sub("-", kept)
    kept = " ".join(kept.split()).strip(". ~").lstrip("-")
    kept = kept.encode()[:MAX_BYTES].decode(errors="ignore")
    kept = kept.strip(". ")
    return f"{kept}_" if _DEVICES.fullmatch(kept) else kept


def fields(template: str) -> list[str]:
    """Return the names of the template's ``{fields}`` in order."""
    return _FIELD.findall(template)


def template_problem(template: str) -> str | None:
    """Say why ``template`` cannot be filled, or return None when it can."""
    rest = _FIELD.sub("", template)
    if "{" in rest or "}" in rest:
        return "a brace stands alone: fields are written {id}"
    for name in fields(template):
        if not name.strip():
            return "a field has no name: write {id}, {voice}, {title} or a column"
    return None


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill the template's fields with plain values.

    Raises KeyError, with the field's name, for a field without a value, and
    ValueError, with the field's name, when nothing of a value can be kept.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        made = plain(values[name])
        if not made:
            raise ValueError(name)
        return made

    return _FIELD.sub(value, template)


def fold(path: str) -> str:
    """Return the form in which two paths are the same file on any file system."""
    folded = unicodedata.normalize("NFC", path).casefold()
    return unicodedata.normalize("NFC", folded)


def _shown(character: str) -> str:
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    return f'"{character}"' if character.isprintable() else name
