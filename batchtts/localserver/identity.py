"""Ask a running server what it speaks with."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

from batchtts.hosts import is_this_machine

__all__ = ["identity_at"]

_MOST_BYTES = 65_536
_ANSWER_S = 3.0


def identity_at(url: str) -> str | None:
    """Return the identity of the local server at ``url``, if one answers there.

    ``url`` is its WebSocket address. Only this machine is ever asked: for any
    other host the answer is None, and nothing is sent.
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        return None
    if parts.scheme != "ws" or not is_this_machine(host):
        return None
    connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_S)
    try:
        connection.request("GET", "/")
        answer = json.loads(connection.getresponse().read(_MOST_BYTES))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return _identity(answer)


def _identity(answer: object) -> str | None:
    if not isinstance(answer, dict) or answer.get("server") != "batchtts":
        return None
    identity = answer.get("engine")
    known = isinstance(identity, str) and identity.startswith("local/")
    return identity if known else None
