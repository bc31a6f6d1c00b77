"""What a speech recogniser of yours makes of an utterance, against its words.

A recogniser is any callable that takes the path of a WAV file and returns the
words. `CommandRecogniser` is one made of a command that runs on: it reads a path
a line and answers each with one line, so that its model is loaded once.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Self

from batchtts.environment import CREATION_FLAGS, PROCESS_GROUP
from batchtts.errors import LocalError
from batchtts.outputs.datasets.splits import words_of

__all__ = [
    "CommandRecogniser",
    "Recogniser",
    "entry_point",
    "error_rates",
]

Recogniser = Callable[[Path], str]

_OURS = ("RIME_", "BATCHTTS_")
_END_S = 5.0
_DIGITS = 4


def error_rates(said: str, heard: str) -> dict[str, float]:
    """Return how much of what was said was heard otherwise, word and letter errors.

    Both are insertions, deletions and replacements over the length of what was
    said; case and punctuation do not count.
    """
    words, others = words_of(said), words_of(heard)
    letters, heard_letters = "".join(words), "".join(others)
    return {
        "wer": round(_distance(words, others) / max(1, len(words)), _DIGITS),
        "cer": round(_distance(letters, heard_letters) / max(1, len(letters)), _DIGITS),
    }


def _distance(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the Levenshtein distance, a whole column at a time.

    After Myers (1999) as Hyyrö (2003) has it: a column's differences are the bits
    of two numbers, so that ten thousand characters take milliseconds.
    """
    if not first:
        return len(second)
    every = (1 << len(first)) - 1
    last = 1 << (len(first) - 1)
    places: dict[str, int] = {}
    for place, item in enumerate(first):
        places[item] = places.get(item, 0) | 1 << place
    up, down, distance = every, 0, len(first)
    for item in second:
        equal = places.get(item, 0)
        straight = equal | down
        along = (((equal & up) + up) ^ up) | equal
        right = down | (~(along | up) & every)
        left = up & along
        distance += bool(right & last) - bool(left & last)
        right = (right << 1 | 1) & every
        up = (left << 1 & every) | (~(straight | right) & every)
        down = right & straight
    return distance


def entry_point(name: str) -> Recogniser:
    """Return the function that ``package.module:function`` names.

    Runs the code of that module: only for names that the user gave himself.
    Raises LocalError when there is none.
    """
    module, _, function = name.partition(":")
    try:
        found: object = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as exc:
        raise LocalError(f'cannot load the recogniser "{name}": {exc}') from exc
    if not callable(found):
        raise LocalError(f'the recogniser "{name}" is not a function')
    return found


class CommandRecogniser:
    """A recogniser that is a command; a context manager, for several threads.

    For each path that it reads, it must write one line, be it empty. What it
    writes to stderr is shown as it is. Nothing of the speech service's key is
    in its environment.
    """

    def __init__(self, command: Sequence[str], *, patience_s: float = 300.0) -> None:
        """Start the command; it may take ``patience_s`` for each answer.

        Raises LocalError when it cannot be started.
        """
        self._name = command[0]
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user's own command
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_environment(),
                text=True,
                encoding="utf-8",
                errors="replace",
                creationflags=CREATION_FLAGS,
                process_group=PROCESS_GROUP,
            )
        except OSError as exc:
            raise LocalError(
                f'cannot start the recogniser "{self._name}": {exc.strerror or exc}'
            ) from exc
        reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), daemon=True
        )
        reader.start()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *failure: object) -> None:
        """End the command: its input ends, and a little later it is killed."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __call__(self, audio: Path) -> str:
        """Return the words that the command hears in a WAV file.

        Raises LocalError when it ends, or gives no answer in time.
        """
        with self._lock:
            try:
                heard = self._ask(audio)
            except queue.Empty:
                waited = f"for {self._patience_s:g} s"
                raise self._error(f"has given no answer {waited}") from None
            except OSError as exc:
                raise self._error("has ended") from exc
        if heard is None:
            raise self._error("has ended")
        return heard.strip()

    def _ask(self, audio: Path) -> str | None:
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        self._process.stdin.write(f"{audio.absolute()}\n")
        self._process.stdin.flush()
        return self._lines.get(timeout=self._patience_s)

    def _read(self, answers: IO[str] | None) -> None:
        if answers is not None:
            with answers:
                for line in answers:
                    self._lines.put(line)
        self._lines.put(None)

    def _error(self, what: str) -> LocalError:
        return LocalError(f'the recogniser "{self._name}" {what}; see what it says')


def _environment() -> dict[str, str]:
    """Return our environment without what is meant for us alone."""
    return {k: v for k, v in os.environ.items() if not k.upper().startswith(_OURS)}
