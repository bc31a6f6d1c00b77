"""What a check says of an output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from batchtts.runner.differences import Reason

__all__ = ["Finding", "State"]

State = Literal["new", "changed", "missing", "altered", "stale", "orphan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An output that is not what it should be, and why.

    ``new``: never made; ``changed``: what it is to be made of has; ``missing``
    and ``altered``: the file; ``stale``: part of an audiobook or a dataset;
    ``orphan``: nothing asks for it any more.
    """

    state: State
    path: str  # from the job's folder, with slashes
    text: str | None
    voice: str | None
    reasons: tuple[Reason, ...]
