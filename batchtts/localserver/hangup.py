"""The ways in which a connection can end, those that no library offers included."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

from websockets.asyncio.server import ServerConnection
from websockets.frames import EXTERNAL_CLOSE_CODES

from batchtts.localserver.faults import End

__all__ = ["hang_up"]

_MOST_REASON_BYTES = 123  # of a control frame's 125 the code takes two
_NO_CODE = 1005  # stands for a close frame without a code
_FREE_CODES = range(3000, 5000)
_CLOSE_FRAME = 0x88  # the last of its message, and a close
# On, and no time to send what waits: the end is a reset.
_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


async def hang_up(connection: ServerConnection, end: End | int, reason: str) -> None:
    """End a connection: ``drop``, ``reset`` or with a close frame of any code.

    Returns when it is closed. A dropped one sends what waits to be sent first;
    code 1005 makes an empty frame.
    """
    if isinstance(end, int):
        await _close(connection, end, reason)
        return
    transport = connection.transport
    if end == "drop":
        transport.close()
    else:
        _reset(transport)
    await connection.wait_closed()


async def _close(connection: ServerConnection, code: int, reason: str) -> None:
    said = reason.encode()[:_MOST_REASON_BYTES].decode(errors="ignore")
    if code in EXTERNAL_CLOSE_CODES or code in _FREE_CODES:
        await connection.close(code, said)
        return
    payload = b"" if code == _NO_CODE else struct.pack("!H", code) + said.encode()
    connection.transport.write(bytes((_CLOSE_FRAME, len(payload))) + payload)
    await connection.wait_closed()


def _reset(transport: asyncio.Transport) -> None:
    end = transport.get_extra_info("socket")
    if end is not None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    transport.abort()
