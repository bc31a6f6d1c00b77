"""Rime's public list of speakers: which model speaks in which language with whom.

It is worth a look before anything is paid for, since Rime may accept a speaker
that does not fit the model or the language, and speak in another voice.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import IO
from urllib.parse import urlsplit

from batchtts.errors import ServiceError
from batchtts.hosts import is_this_machine

__all__ = ["PUBLIC_LIST", "Speakers", "fetch_speakers", "list_for", "parse_speakers"]

PUBLIC_LIST = "https://users.rime.ai/data/voices/all-v2.json"

Speakers = Mapping[str, Mapping[str, frozenset[str]]]
"""Names by model and, within it, by language (three letters)."""

_CLOUD = ".rime.ai"
_SILENCE_S = 10.0
_WHOLE_S = 20.0
_MOST_BYTES = 8 << 20
_PART_BYTES = 1 << 16


def list_for(url: str) -> str | None:
    """Return where the list for a WebSocket address is; None: no list is known."""
    host = urlsplit(url).hostname or ""
    return PUBLIC_LIST if host.endswith(_CLOUD) else None


def fetch_speakers(url: str) -> Speakers:
    """Get the list at ``url``; no key is sent, no redirect followed.

    Raises ServiceError when it cannot be had within 20 s or is no such list.
    """
    where = urlsplit(url)
    encrypted = where.scheme == "https"
    if not encrypted and not is_this_machine(where.hostname or ""):
        raise ServiceError("the list of voices must be at an https:// address")
    try:
        return parse_speakers(_body(url))
    except (OSError, http.client.HTTPException, ValueError) as exc:
        reason = str(exc)[:200]
        raise ServiceError(
            f'no list of voices from "{where.hostname}": {reason}'
        ) from (None)


def parse_speakers(data: bytes) -> Speakers:
    """Read a list: models that hold languages that hold names.

    Raises ValueError when it is anything else.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(found, dict) or not found:
        raise ValueError("it names no models")
    return {model: _languages(held) for model, held in found.items()}


def _languages(held: object) -> dict[str, frozenset[str]]:
    languages = held.items() if isinstance(held, dict) else ()
    speakers = {language: _names(names) for language, names in languages}
    if not speakers or not all(speakers.values()):
        raise ValueError("a model in it has no languages, or one of them no names")
    return speakers


def _names(held: object) -> frozenset[str]:
    names = held if isinstance(held, list) else ()
    return frozenset(name for name in names if isinstance(name, str))


class _Here(urllib.request.HTTPRedirectHandler):
    """Goes where it was told to and nowhere else."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        """Follow no redirect."""
        del req, fp, code, msg, headers, newurl


def _body(url: str) -> bytes:
    context = ssl.create_default_context()
    opener = urllib.request.build_opener(
        _Here, urllib.request.HTTPSHandler(context=context)
    )
    request = urllib.request.Request(  # noqa: S310 - http(s) only, checked above
        url, headers={"Accept": "application/json", "User-Agent": "batchtts"}
    )
    end_s = time.monotonic() + _WHOLE_S
    parts: list[bytes] = []
    size = 0
    with opener.open(request, timeout=_SILENCE_S) as reply:
        if reply.status != HTTPStatus.OK:
            raise ValueError(f"status {reply.status}")
        while part := reply.read1(_PART_BYTES):
            parts.append(part)
            size += len(part)
            if size > _MOST_BYTES:
                raise ValueError("it is too large")
            if time.monotonic() > end_s:
                raise ValueError("it takes too long")
    return b"".join(parts)
