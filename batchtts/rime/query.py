"""The address of a request: all of its parameters in the query."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

__all__ = ["connect_url"]


def connect_url(url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return ``url`` with ``parameters`` in its query, in the order given.

    The path and a query that ``url`` has already are kept. Whatever could mean
    something in a URL is percent-encoded, a space as ``%20``: "+" is a space to
    some servers and a plus sign to others.
    """
    parts = urlsplit(url)
    encoded = urlencode(list(parameters), quote_via=quote, safe="")
    query = "&".join(part for part in (parts.query, encoded) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
