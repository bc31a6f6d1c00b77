"""A speech recogniser of the user's own, begun when it is first needed."""

from __future__ import annotations

import contextlib
import re
import shlex
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from batchtts.errors import LocalError

if TYPE_CHECKING:
    from batchtts.outputs.datasets.recognition import Recogniser

__all__ = ["Ears"]

_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class Ears:
    """Hears what utterances say, one at a time; for several threads.

    Never made of what a job file says, which may be a stranger's.
    """

    def __init__(self, name: str | None) -> None:
        """Hear with a command line, or with the function ``package.module:name``.

        Without a name there is nobody to hear.
        """
        self.are_there = name is not None
        self._name = name or ""
        self._lock = threading.Lock()
        self._closing = contextlib.ExitStack()
        self._recogniser: Recogniser | None = None

    def hear(self, wav: Path) -> str:
        """Return the words in a WAV file. Raises LocalError when that fails."""
        with self._lock:
            if self._recogniser is None:
                self._recogniser = self._begun()
            return self._recogniser(wav)

    def close(self) -> None:
        """End the command."""
        self._closing.close()

    def _begun(self) -> Recogniser:
        from batchtts.outputs.datasets.recognition import CommandRecogniser, entry_point

        if _FUNCTION.fullmatch(self._name):
            return entry_point(self._name)
        try:
            command = shlex.split(self._name)
        except ValueError as exc:
            raise LocalError(f'"{self._name}" is no command: {exc}') from exc
        return self._closing.enter_context(CommandRecogniser(command))
