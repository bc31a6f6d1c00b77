"""Where a job finds its engine, and whether a key may be sent there."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from batchtts.hosts import is_this_machine
from batchtts.jobfile.fields import Fields
from batchtts.jobfile.nodes import Node
from batchtts.jobfile.problems import Problems, quoted
from batchtts.model import LocalSettings, RimeSettings

__all__ = ["local_settings", "note_url", "rime_settings"]

_TAKEN_HEADERS = frozenset(
    {"connection", "content-length", "host", "origin", "transfer-encoding", "upgrade"}
)


def rime_settings(fields: Fields, problems: Problems) -> RimeSettings:
    """Return how to reach Rime, as the section says."""
    on_prem = fields.flag("on_prem")
    plain = RimeSettings()
    url, node = fields.text("url"), fields.value("url")
    if url is not None and node is not None:
        note_url(url, node, problems, on_prem=on_prem)
    header, node = fields.text("header"), fields.value("header")
    if header is not None and _is_taken(header):
        message = f"the header {quoted(header)} is needed for the connection itself"
        problems.add(node, message, "name the header that carries the key")
    return RimeSettings(
        url=url or plain.url,
        on_prem=on_prem,
        header=header or plain.header,
        voices=fields.text("voices"),
    )


def local_settings(fields: Fields, problems: Problems) -> LocalSettings:
    """Return how the local server is to speak, as the section says."""
    url, node = fields.text("url"), fields.value("url")
    if url is not None and node is not None:
        note_url(url, node, problems, on_prem=False)
    return LocalSettings(
        synthesiser=synthesiser_of(fields.text("synthesiser")), url=url
    )


def synthesiser_of(name: str | None) -> Literal["espeak", "tone"]:
    """Return the synthesiser of that name, the default for none."""
    return "tone" if name == "tone" else "espeak"


def _is_taken(header: str) -> bool:
    name = header.lower()
    return name in _TAKEN_HEADERS or name.startswith("sec-websocket-")


def note_url(url: str, node: Node | None, problems: Problems, *, on_prem: bool) -> None:
    """Note in ``problems`` why no key may be sent to ``url``, if it may not.

    The address is never repeated, since it may hold a password.
    """
    if not url.startswith(("ws://", "wss://")):
        return  # the shape of the file says that
    if re.search(r"[^\x21-\x7e]|\\", url):
        problems.add(node, "the url holds a space or a character not used in addresses")
        return
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        problems.add(node, "the url has no host, or a port that is none")
        return
    _note_parts(url, parts, node, problems)
    if (
        parts.scheme == "ws"
        and not on_prem
        and not is_this_machine(parts.hostname or "")
    ):
        problems.add(
            node,
            "ws:// would send the key and the texts in the clear",
            "use wss://, or say on_prem: true for a server in your own network",
        )


def _note_parts(
    url: str, parts: SplitResult, node: Node | None, problems: Problems
) -> None:
    if "@" in parts.netloc:
        problems.add(
            node,
            "the url holds a user name or a password",
            "put the key into the environment variable RIME_API_KEY",
        )
    if "?" in url:
        problems.add(node, "the url holds a query", "put parameters into the voice")
    if "#" in url:
        problems.add(node, 'the url holds a "#" part', "remove it")
