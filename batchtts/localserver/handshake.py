"""A handshake that goes wrong, as a plan says."""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Response

from batchtts.localserver.faults import Handshake
from batchtts.localserver.hangup import hang_up
from batchtts.localserver.trouble import filled

__all__ = ["replace_headers", "spoil"]

_SWITCHING = 101


async def spoil(
    connection: ServerConnection, fault: Handshake, key: str
) -> Response | None:
    """Carry out ``fault`` up to the answer; return the one that refuses, if any.

    None is returned as well when the connection has ended: then nobody is left
    to be answered. The headers of any answer are left to `replace_headers`.
    """
    if fault.delay_s:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(fault.delay_s):
                await connection.wait_closed()
    if fault.raw or fault.end is not None:
        connection.transport.write(filled(fault.raw, key).encode())
        await hang_up(connection, fault.end or "drop", "")
        return None
    return None if fault.status == _SWITCHING else _refusal(fault, key)


def replace_headers(headers: Headers, fault: Handshake, key: str) -> None:
    """Put the headers of ``fault`` in the place of those of the same name."""
    for name, value in fault.headers.items():
        if name in headers:
            del headers[name]
        headers[name] = filled(value, key)


def _refusal(fault: Handshake, key: str) -> Response:
    body = filled(fault.body, key).encode()
    headers = Headers(
        [
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
            ("Content-Type", "text/plain; charset=utf-8"),
        ]
    )
    phrases = {status.value: status.phrase for status in HTTPStatus}
    return Response(fault.status, phrases.get(fault.status, ""), headers, body)
