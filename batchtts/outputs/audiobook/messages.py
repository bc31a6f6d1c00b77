"""What this process and its workers say to one another, as JSON can hold it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from batchtts.audio.facts import Facts
from batchtts.audio.levels import Levels, Measured
from batchtts.outputs.audiobook.passages import Made, Passage, Source
from batchtts.workers import Message

__all__ = ["Answer", "Order", "answer_of", "message_of", "order_of", "told"]

Order = Passage | Path
"""A passage to be made, or a finished file to be measured."""

Answer = Made | Facts

_NO_HOPS = b""


def told(order: Order) -> dict[str, object]:
    """Return an order as it is sent."""
    return {"file": order} if isinstance(order, Path) else asdict(order)


def order_of(values: dict[str, Any]) -> Order:
    """Return what was ordered."""
    if "file" in values:
        return Path(values["file"])
    values["packets"] = Path(values["packets"])
    values["sources"] = tuple(
        Source(one["spool"] and Path(one["spool"]), one["start"], one["samples"])
        for one in values["sources"]
    )
    return Passage(**values)


def message_of(answer: Answer) -> Message:
    """Return what an order has led to, as it is sent."""
    if isinstance(answer, Facts):
        return {"facts": asdict(answer)}, b""
    heard, hops = None, _NO_HOPS
    if answer.heard:
        heard, hops = asdict(replace(answer.heard, hops=_NO_HOPS)), answer.heard.hops
        del heard["hops"]
    made = {"packets": answer.packets, "md5": answer.md5.hex(), "heard": heard}
    return made, hops


def answer_of(values: dict[str, Any], data: bytes) -> Answer:
    """Return what an order has led to."""
    if "facts" in values:
        facts = values["facts"]
        return Facts(**{**facts, "levels": Levels(**facts["levels"])})
    heard = Measured(**values["heard"], hops=data) if values["heard"] else None
    return Made(Path(values["packets"]), bytes.fromhex(values["md5"]), heard)
