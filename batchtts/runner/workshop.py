"""Where a run makes its files."""

from __future__ import annotations

import threading
from pathlib import Path

from batchtts.cache import Cache
from batchtts.files import sweep
from batchtts.runner.arrivals import NotComing

__all__ = ["Workshop"]


class Workshop:
    """Where a run makes its files: the cache, scratch space, and its own name.

    ``owner`` marks the run's temporary files. The run guard makes sure that no
    other process uses the same, so leftovers are swept from each output folder
    before the first file is written there.
    """

    def __init__(self, cache: Cache, scratch: Path, *, owner: str) -> None:
        """Use an empty ``scratch`` folder for samples while they are joined."""
        self.cache = cache
        self.scratch = scratch
        self.owner = owner
        self._swept: set[Path] = set()
        self._abandoned = False
        self._lock = threading.Lock()

    def enter(self, folder: Path) -> None:
        """Sweep an output folder, before any thread writes its first file there."""
        with self._lock:
            if folder not in self._swept:
                sweep(folder, owner=self.owner)
                self._swept.add(folder)

    def abandon(self) -> None:
        """Have every thread that makes a file leave it: the run is ending."""
        self._abandoned = True

    def check(self) -> None:
        """Raise NotComing once the work has been abandoned."""
        if self._abandoned:
            raise NotComing
