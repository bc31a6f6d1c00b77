"""A worker for an audiobook: makes passages and measures files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from batchtts.audio.facts import facts_of
from batchtts.files import local_errors
from batchtts.outputs.audiobook.messages import message_of, order_of
from batchtts.outputs.audiobook.passages import make
from batchtts.workers import Message, serve

__all__ = ["main"]


def main() -> None:
    """Carry out orders."""
    serve(_carry_out)


def _carry_out(values: dict[str, Any]) -> Message:
    order = order_of(values)
    with local_errors("cannot write the audiobook"):
        done = facts_of(order) if isinstance(order, Path) else make(order)
    return message_of(done)
