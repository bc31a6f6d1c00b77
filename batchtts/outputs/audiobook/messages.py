"""What this process and its workers say to one another.

A message is a line, a number of bytes and JSON, and after it so many bytes.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO

from batchtts.audio.facts import Facts
from batchtts.audio.levels import Levels, Measured
from batchtts.errors import LocalError
from batchtts.outputs.audiobook.passages import Made, Passage, Source

__all__ = [
    "Answer",
    "Order",
    "answer_of",
    "order_of",
    "read_message",
    "write_answer",
    "write_error",
    "write_order",
]

Order = Passage | Path
"""A passage to be made, or a finished file to be measured."""

Answer = Made | Facts

_NO_HOPS = b""


def read_message(pipe: IO[bytes]) -> tuple[str, bytes] | None:
    """Wait for a message; None: no more will come."""
    line = pipe.readline()
    if not line.endswith(b"\n"):
        return None
    size, _, text = line.decode().partition(" ")
    data = pipe.read(int(size))
    return (text, data) if len(data) == int(size) else None


def write_order(pipe: IO[bytes], order: Order) -> None:
    """Send an order."""
    _write(pipe, {"file": order} if isinstance(order, Path) else asdict(order))


def order_of(text: str) -> Order:
    """Return what was ordered."""
    values = json.loads(text)
    if "file" in values:
        return Path(values["file"])
    values["packets"] = Path(values["packets"])
    values["sources"] = tuple(
        Source(one["spool"] and Path(one["spool"]), one["start"], one["samples"])
        for one in values["sources"]
    )
    return Passage(**values)


def write_answer(pipe: IO[bytes], answer: Answer) -> None:
    """Send what an order has led to."""
    if isinstance(answer, Facts):
        _write(pipe, {"facts": asdict(answer)})
        return
    heard, hops = None, _NO_HOPS
    if answer.heard:
        heard, hops = asdict(replace(answer.heard, hops=_NO_HOPS)), answer.heard.hops
        del heard["hops"]
    made = {"packets": answer.packets, "md5": answer.md5.hex(), "heard": heard}
    _write(pipe, made, hops)


def write_error(pipe: IO[bytes], message: str) -> None:
    """Say why an order cannot be carried out."""
    _write(pipe, {"error": message})


def answer_of(text: str, data: bytes) -> Answer:
    """Return what an order has led to. Raises LocalError when to nothing."""
    values = json.loads(text)
    if "error" in values:
        raise LocalError(values["error"])
    if "facts" in values:
        facts = values["facts"]
        return Facts(**{**facts, "levels": Levels(**facts["levels"])})
    heard = Measured(**values["heard"], hops=data) if values["heard"] else None
    return Made(Path(values["packets"]), bytes.fromhex(values["md5"]), heard)


def _write(pipe: IO[bytes], values: dict[str, object], data: bytes = b"") -> None:
    text = json.dumps(values, default=os.fspath)
    pipe.write(f"{len(data)} {text}\n".encode() + data)
    pipe.flush()
