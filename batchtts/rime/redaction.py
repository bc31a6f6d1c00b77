"""What the other side said, made fit to be shown and kept."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from batchtts.secret import REDACTED, Secret, redact

__all__ = ["quoted"]

_MAX_SHOWN = 300
_UNSHOWABLE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def quoted(said: str | bytes, key: Secret | None) -> str:
    """Return what a server said: one short line without the key in any coding."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    text = redact(text, key)  # before it is cut: a cut key would not be found
    for coded in _codings(key):
        text = text.replace(coded, REDACTED)
    # Control characters could drive a terminal; line ends could fake log lines.
    text = _UNSHOWABLE.sub(" ", text).strip()
    text = text.encode("utf-8", "replace").decode()
    for coded in _codings(key):
        text = _without_parts(text, coded)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."


def _without_parts(text: str, coded: str) -> str:
    """Return ``text`` without a beginning of the key at its end, and the reverse.

    A message may hold one half of the key and the next the other; and the reason
    of a close is cut after 123 bytes.
    """
    for length in range(len(coded) - 1, _SHORTEST_PART - 1, -1):
        if text.endswith(coded[:length]):
            text = text[:-length] + REDACTED
        if text.startswith(coded[-length:]):
            text = REDACTED + text[length:]
    return text


def _codings(key: Secret | None) -> Iterator[str]:
    """Yield the key as it is, and as URLs, base64 and hexadecimal would carry it."""
    if key is None or not key.reveal():
        return
    yield key.reveal()
    raw = key.reveal().encode("utf-8", "replace")
    if len(raw) >= _SHORTEST_CORE:
        yield raw.hex()
        yield raw.hex().upper()
    yield quote(key.reveal(), safe="")
    yield quote_plus(key.reveal())
    for before in range(3):
        # Base64 codes three bytes at a time, so the key looks different after
        # one or two other bytes; only what depends on the key alone is taken.
        coded = base64.b64encode(b"\0" * before + raw).decode()
        first = -(-before * 8 // 6)
        last = (before + len(raw)) * 8 // 6
        core = coded[first:last]
        if len(core) >= _SHORTEST_CORE:
            yield core
            yield core.replace("+", "-").replace("/", "_")


_SHORTEST_CORE = 6  # shorter would blot out innocent words
_SHORTEST_PART = 4  # at an end, where few words happen to be such a part
