"""Who is let in, who is sent away, and who only asks what this is."""

from __future__ import annotations

import hmac
import json
from urllib.parse import urlsplit

from websockets.datastructures import Headers

from batchtts.localserver.query import Refusal, SpeechQuery, read_query
from batchtts.localserver.settings import ServerSettings
from batchtts.secret import REDACTED

__all__ = ["PATH", "Greet", "admit", "greeting", "key_of", "shown"]

PATH = "/ws"

_NOT_FOUND = Refusal(404, "Not Found")


class Greet:
    """The answer to a plain ``GET /``."""


def admit(
    target: str, headers: Headers, settings: ServerSettings, open_now: int
) -> SpeechQuery | Refusal | Greet:
    """Decide about a request, with ``open_now`` connections open already."""
    path = urlsplit(target).path
    upgrade = headers.get("Upgrade", "").lower() == "websocket"
    if not upgrade:
        return _plain(path)
    if path != PATH:
        return _NOT_FOUND
    if settings.require_key and not _known(headers, settings):
        return Refusal(401, "Unauthorized: missing or invalid API key")
    query = read_query(target)
    if isinstance(query, Refusal):
        return query
    if settings.connection_limit is not None and open_now >= settings.connection_limit:
        return Refusal(429, "Currently at websocket limit")
    return query


def _plain(path: str) -> Refusal | Greet:
    """Answer a request that asks for no WebSocket."""
    if path == "/":
        return Greet()
    return Refusal(426, "Upgrade Required") if path == PATH else _NOT_FOUND


def greeting(identity: str) -> str:
    """Say in JSON what this server is: not Rime, and which voice it has."""
    return json.dumps({"server": "batchtts", "engine": identity, "path": PATH}) + "\n"


def shown(headers: Headers) -> dict[str, str]:
    """Return the headers as they may be kept: without the key."""
    hidden = {"authorization", "proxy-authorization", "cookie"}
    return {
        name.lower(): REDACTED if name.lower() in hidden else value
        for name, value in headers.raw_items()
    }


def key_of(headers: Headers) -> str:
    """Return the bearer token that a request carries; empty if it has none."""
    given = headers.get_all("Authorization")
    scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _known(headers: Headers, settings: ServerSettings) -> bool:
    token = key_of(headers)
    if not token or settings.keys is None:
        return bool(token)
    # Every key is compared, so that the time tells nothing.
    sent = token.encode()
    return (
        sum(hmac.compare_digest(k.reveal().encode(), sent) for k in settings.keys) > 0
    )
