"""Where a run makes its files."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from batchtts.cache import Cache
from batchtts.errors import LocalError
from batchtts.files import local_errors, sweep
from batchtts.runner.arrivals import NotComing
from batchtts.runner.ears import Ears
from batchtts.workers import Message, Workers, hands

if TYPE_CHECKING:
    from batchtts.outputs.datasets.finishing import Finished, Finishing
    from batchtts.outputs.files import Written
    from batchtts.outputs.rendering import Rendering
    from batchtts.tracks import Track

__all__ = ["Workshop"]

_RENDERER = "batchtts.outputs.rendering"
_FINISHER = "batchtts.outputs.datasets.finishing"
_BY_OURSELVES = 48  # tracks
_LOOK_S = 0.2


class Workshop:
    """Where a run makes its files: the cache, scratch space, and its own name.

    ``owner`` marks the run's temporary files. The run guard makes sure that no
    other process uses the same, so leftovers are swept from each output folder
    before the first file is written there.
    """

    def __init__(self, cache: Cache, scratch: Path, *, owner: str, ears: Ears) -> None:
        """Use an empty ``scratch`` folder for samples while they are joined."""
        self.ears = ears
        self.cache = cache
        self.scratch = scratch
        self.owner = owner
        self._swept: set[Path] = set()
        self._asked = 0  # renderings
        self._workers = Workers(_RENDERER, "the outputs") if hands() else None
        self._finishers = Workers(_FINISHER, "a dataset") if hands() else None
        self._abandoned = False
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def enter(self, folder: Path) -> None:
        """Sweep an output folder, before any thread writes its first file there."""
        with self._lock:
            if folder not in self._swept:
                sweep(folder, owner=self.owner)
                self._swept.add(folder)

    def keep(self, track: Track) -> Track:
        """Return the same track with a spool that stays until the run ends."""
        spool = self.scratch / f"{secrets.token_hex(8)}.pcm"
        with local_errors("cannot keep a track"):
            try:
                os.link(track.spool, spool)
            except OSError:  # a file system without links
                shutil.copyfile(track.spool, spool)
        return replace(track, spool=spool)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait to be the only one at work, as one is who needs all processors.

        Raises NotComing if the work is abandoned meanwhile.
        """
        while not self._turn.acquire(timeout=_LOOK_S):
            self.check()
        try:
            yield
        finally:
            self._turn.release()

    def has_hands(self) -> bool:
        """Tell whether a track is to be rendered by another process.

        These take a while to begin: the first few are made here meanwhile.
        """
        with self._lock:
            self._asked += 1
            return self._workers is not None and self._asked > _BY_OURSELVES

    def have_rendered(
        self, rendering: Rendering
    ) -> tuple[list[Written], dict[int, str]]:
        """Have a rendering made by another process; see `carried_out`.

        Raises LocalError, and NotComing if the work is abandoned meanwhile.
        """
        from batchtts.outputs.rendering import carried_out

        return carried_out(self._answer(self._workers, rendering.told()))

    def have_finished(self, finishing: Finishing) -> Finished:
        """Have the sound of an utterance measured and encoded by another process.

        Raises what `have_rendered` does.
        """
        from batchtts.outputs.datasets.finishing import carried_out

        return carried_out(self._answer(self._finishers, finishing.told()))

    def _answer(self, workers: Workers | None, order: dict[str, object]) -> Message:
        assert workers is not None  # noqa: S101 - has_hands() said so
        try:
            return workers.ask(order)
        except (LocalError, ValueError):  # a process that was ended, a closed pipe
            self.check()
            raise

    def close(self) -> None:
        """End the processes that work for us, and leave nothing half made."""
        for workers in (self._workers, self._finishers):
            if workers is not None:
                workers.close(at_once=self._abandoned)
        if self._abandoned:
            for folder in self._swept:
                with suppress(LocalError):
                    sweep(folder, owner=self.owner)

    def abandon(self) -> None:
        """Have all that makes files leave them, other processes too: the run ends."""
        self._abandoned = True
        for workers in (self._workers, self._finishers):
            if workers is not None:
                workers.close(at_once=True)

    def check(self) -> None:
        """Raise NotComing once the work has been abandoned."""
        if self._abandoned:
            raise NotComing
