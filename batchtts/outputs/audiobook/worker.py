"""A worker: does what it is told, one thing after the other, until told no more.

It runs in a process of its own, since the interpreter lets no two threads work
at samples at the same time. It ends when its stdin does, however that comes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from batchtts.audio.facts import facts_of
from batchtts.errors import LocalError
from batchtts.files import local_errors
from batchtts.outputs.audiobook.messages import (
    order_of,
    read_message,
    write_answer,
    write_error,
)
from batchtts.outputs.audiobook.passages import make

__all__ = ["main"]


def main() -> None:
    """Answer orders from stdin on stdout."""
    source = sys.stdin.buffer
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints must not get among the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    while (message := read_message(source)) is not None:
        order = order_of(message[0])
        try:
            with local_errors("cannot write the audiobook"):
                done = facts_of(order) if isinstance(order, Path) else make(order)
        except LocalError as exc:
            write_error(sink, str(exc))
        else:
            write_answer(sink, done)
