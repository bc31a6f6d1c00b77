"""The process that holds espeak-ng: start, ask, give up on."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import threading
from pathlib import Path

from batchtts.environment import Child
from batchtts.errors import LocalError
from batchtts.localserver.espeak_child import Order

__all__ = ["EspeakProcess", "short_data_path"]

_CHILD = Path(__file__).with_name("espeak_child.py")
_START_S = 30.0
_SPEAK_S = 20.0  # for a text as long as the server accepts ...
_SPEAK_PER_CHARACTER_S = 0.01  # ... and more for more: 100 times what it takes
_LONGEST_DATA_PATH_BYTES = 140  # espeak-ng 1.52 keeps it in a buffer of 160


def short_data_path(stack: contextlib.ExitStack) -> str:
    """Return a path to espeak-ng's data that fits the buffer it has for it.

    Where the real one is too long that is a link, or a copy where there are no
    links; ``stack`` removes it.
    """
    import espeakng_loader  # noqa: PLC0415 (an optional extra)

    path = str(espeakng_loader.get_data_path())
    if len(os.fsencode(path)) <= _LONGEST_DATA_PATH_BYTES:
        return path
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tts-"))
    short = Path(folder, "data")
    try:
        short.symlink_to(path, target_is_directory=True)
    except OSError:  # Windows, without the right to make links
        shutil.copytree(path, short)
    return str(short)


class EspeakProcess(Child):
    """One child process, from its greeting to its end.

    BrokenPipeError says that it is lost: crashed, or ended because it hung.
    """

    def __init__(self, data_path: str, *, start_s: float = _START_S) -> None:
        """Start it and wait for its greeting.

        Raises LocalError when it does not come.
        """
        import espeakng_loader  # noqa: PLC0415 (an optional extra)

        self.data_path = data_path
        library = str(espeakng_loader.get_library_path())
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        super().__init__(["-I", str(_CHILD), library, data_path], stderr=self._words)
        try:
            greeting = json.loads(self._answer(start_s))
        except BrokenPipeError as exc:
            message = f"espeak-ng does not start: {self._last_words()}"
            self.close()
            raise LocalError(message) from exc
        self.version = str(greeting["version"])
        self.rate_hz = int(greeting["rate_hz"])
        self._repeatable = bool(greeting["repeatable"])
        self._used = False

    @property
    def fresh(self) -> bool:
        """Tell if the next utterance will sound as it would from a new process."""
        return self._repeatable or not self._used

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def speak(self, order: Order, *, within_s: float | None = None) -> bytes:
        """Return the samples of ``order``.

        Raises LocalError when espeak-ng refuses it, BrokenPipeError when the
        process is lost or takes longer than ``within_s``.
        """
        if within_s is None:
            within_s = _SPEAK_S + _SPEAK_PER_CHARACTER_S * len(order["text"])
        self._used = True
        message = json.dumps(order).encode()
        try:
            self._stdin.write(len(message).to_bytes(4, "big") + message)
            self._stdin.flush()
        except OSError as exc:  # on Windows a lost pipe is not a BrokenPipeError
            raise BrokenPipeError from exc
        return self._answer(within_s)

    def close(self) -> None:
        """End the process: ask, then kill."""
        self.end()
        self._words.close()

    def _answer(self, within_s: float) -> bytes:
        """Read one answer; a process that takes too long is killed."""
        watchdog = threading.Timer(within_s, self._process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            head = self._stdout.read(4)
            length = int.from_bytes(head, "big")
            answer = self._stdout.read(length)
        finally:
            watchdog.cancel()
        if len(answer) < max(length, 1):
            raise BrokenPipeError
        if answer[:1] != b"+":
            raise LocalError(answer[1:].decode(errors="replace"))
        return answer[1:]

    def _last_words(self) -> str:
        """Return the last line the process wrote before it died."""
        self._process.kill()
        self._process.wait()
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with {self._process.returncode}"
