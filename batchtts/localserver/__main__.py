"""The local server as a child process: told what to do on stdin, ends with it.

stdin holds one line of JSON (``settings``, ``key``) and then stays open for as
long as the server is wanted. stdout gets one line of JSON when it is ready.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from typing import TypedDict

from batchtts.errors import BatchTTSError
from batchtts.localserver.server import LocalServer
from batchtts.localserver.settings import ServerSettings
from batchtts.secret import Secret

__all__ = ["main"]


class Start(TypedDict):
    """The line on stdin."""

    settings: dict[str, object]
    key: str


def main(start: Start) -> int:
    """Serve until stdin ends; return the exit code."""
    keys = (Secret(start["key"]),)
    settings = ServerSettings(**{**start["settings"], "keys": keys})  # type: ignore[arg-type]
    try:
        asyncio.run(_serve(settings))
    except BatchTTSError as exc:
        _say({"error": str(exc)})
        return exc.exit_code
    return 0


async def _serve(settings: ServerSettings) -> None:
    async with LocalServer(settings) as server:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()

        def watch() -> None:
            # Not through sys.stdin: its lock would be held at the very end.
            while os.read(0, 4096):
                pass
            loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=watch, daemon=True).start()
        _say({"url": server.url, "engine": server.identity})
        await ended.wait()


def _say(answer: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.stdin.readline())))
