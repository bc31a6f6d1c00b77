"""Where the service is, and whether a key may go there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from batchtts.errors import AuthError
from batchtts.hosts import is_this_machine
from batchtts.secret import Secret

__all__ = ["Endpoint", "is_loopback"]

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_KEY = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A checked address with the key for it."""

    url: str
    host: str
    secure: bool
    loopback: bool
    key: Secret | None
    header: str

    @classmethod
    def checked(
        cls, url: str, *, key: Secret | None, header: str, on_prem: bool
    ) -> Endpoint:
        """Check that ``key`` may be sent to ``url``; raise AuthError if not.

        Only over TLS, unless the host is this machine or on the premises; and
        only there may the key be missing.
        """
        scheme, host = _split(url)
        loopback = is_this_machine(host)
        if scheme != "wss" and not (loopback or on_prem):
            raise AuthError(
                f'no key is sent to "{host}" over ws://: use wss://, or say '
                "`on_prem: true` if the host is on your premises"
            )
        if key is None and not (loopback or on_prem):
            raise AuthError(f'no key for "{host}": set RIME_API_KEY')
        if key is not None and not _KEY.fullmatch(key.reveal()):
            raise AuthError("the key holds a character that no key can hold")
        if not _HEADER_NAME.fullmatch(header):
            raise AuthError(f'"{header}" is no name of a header')
        return cls(
            url=url,
            host=host,
            secure=scheme == "wss",
            loopback=loopback,
            key=key,
            header=header,
        )

    def headers(self) -> dict[str, str]:
        """Return the one header that carries the key, or none."""
        if self.key is None:
            return {}
        if self.header.lower() == "authorization":
            return {self.header: f"Bearer {self.key.reveal()}"}
        return {self.header: self.key.reveal()}


def is_loopback(url: str) -> bool:
    """Return whether ``url`` leads to this very machine; raise AuthError if nowhere."""
    return is_this_machine(_split(url)[1])


def _split(url: str) -> tuple[str, str]:
    """Return the scheme and host of ``url``; raise AuthError where none stand."""
    try:
        parts = urlsplit(url)
        scheme, host, _ = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, parts = "", None, urlsplit("")
    if parts.username is not None or parts.password is not None:
        # Not shown: the part before the "@" is as secret as a key.
        raise AuthError("the address may hold no user or password")
    if scheme not in {"ws", "wss"} or not host:
        raise AuthError(f'"{url}" is no address of a WebSocket: ws:// or wss://')
    return scheme, host
