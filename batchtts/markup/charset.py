"""From the bytes of a file with markup to its characters."""

from __future__ import annotations

import codecs
import re

from batchtts.errors import JobError, Problem
from batchtts.model import Place

__all__ = ["decoded_markup"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]+)|"""
    rb"""<meta[^>]*?\scharset\s*=\s*["']?([^"'>\s;]+)|"""
    rb"""<meta[^>]*?\scontent\s*=\s*["'][^"'>]*?charset\s*=\s*([^"'>\s;]+)""",
    re.IGNORECASE,
)
_HEAD_BYTES = 2048  # a declaration stands in them
# What browsers know, by the names of Python's codecs. Latin-1 means
# Windows-1252 on every page that was ever made.
_LATIN = frozenset({"ascii", "iso8859-1", "cp1252"})
_KNOWN = re.compile(
    "utf-8|iso8859-[0-9]+|cp125[0-8]|cp866|cp874|koi8-[ru]|mac-(?:roman|cyrillic)"
    "|shift_jis|cp932|euc_jp|iso2022_jp|gb2312|gbk|gb18030|big5|euc_kr|cp949|tis-620"
)
MAX_MARKS = (
    500_000  # each takes up to 100 bytes and 40 microseconds; a novel has 50,000
)
_SIGNS = "<", "&", "\n", "\r", "\t", "\f", "  "
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)


def decoded_markup(data: bytes, shown: str) -> str:
    """Return the characters of a file with markup.

    Its encoding is what a byte order mark says, then what the file declares,
    then UTF-8. Raises JobError where that does not fit, for a file with more
    tags than any page has, and for one that declares entities: a few of them
    can stand for gigabytes, or for other files.
    """
    encoding = _encoding(data, shown)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as exc:
        offset = exc.start + len(data) - len(exc.object)
        name = encoding.removesuffix("-sig").upper()
        message = f"the byte 0x{data[offset]:02X} at offset {offset:,} is not {name}"
        line = data.count(b"\n", 0, offset) + 1
        raise _refused(Place(shown, line), message, "save it as UTF-8") from exc
    if found := _ENTITY.search(text):
        line = text.count("\n", 0, found.start()) + 1
        message = "it declares entities of its own, which are not read"
        raise _refused(Place(shown, line), message, "write out what they stand for")
    if sum(map(text.count, _SIGNS)) > MAX_MARKS:
        message = f"it has more than {MAX_MARKS:,} tags, entities and lines"
        raise _refused(Place(shown), message, "split it into several")
    return text


def _encoding(data: bytes, shown: str) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    declared = _DECLARED.search(data[:_HEAD_BYTES])
    if declared is None:
        return "utf-8"
    name = next(filter(None, declared.groups())).decode("ascii", "replace")
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        codec = ""
    if codec.startswith("utf-16"):
        return "utf-8"  # else its declaration could not have been read
    if codec in _LATIN:
        return "cp1252"
    if _KNOWN.fullmatch(codec):
        return codec
    message = f"it is written in an unknown encoding, {name!a}"
    raise _refused(Place(shown), message, "save it as UTF-8")


def _refused(place: Place, message: str, hint: str) -> JobError:
    return JobError([Problem(place, message, hint)])
