"""Child processes: what they are told of ours, how they end; Ctrl-C passes them by."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO

__all__ = ["CREATION_FLAGS", "PROCESS_GROUP", "Child", "scrubbed"]

# For Popen: they keep a terminal's Ctrl-C from a child. A child ends when its
# stdin does, and the one who started it decides when.
if sys.platform == "win32":
    CREATION_FLAGS = subprocess.CREATE_NEW_PROCESS_GROUP
    PROCESS_GROUP: int | None = None
else:
    CREATION_FLAGS = 0
    PROCESS_GROUP = 0

_END_S = 2.0
_NEEDED = frozenset(
    {
        "COMSPEC",
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "PATH",
        "PATHEXT",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "TMPDIR",
        "TZ",
        "USERPROFILE",
        "WINDIR",
        # Libraries of an unusual place, as on NixOS.
        "DYLD_LIBRARY_PATH",
        "LD_LIBRARY_PATH",
    }
)


def scrubbed() -> dict[str, str]:
    """Return the few environment variables a child needs: no key is among them."""
    return {k: v for k, v in os.environ.items() if k.upper() in _NEEDED}


class Child:
    """A process of our own, spoken to through its stdin and stdout; it ends with us."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        stderr: IO[bytes] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start our interpreter with ``arguments``; ``environment`` is told beside."""
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter)
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**scrubbed(), **(environment or {})},
            creationflags=CREATION_FLAGS,
            process_group=PROCESS_GROUP,
        )

    def end(self, *, at_once: bool = False) -> None:
        """End the process: ask, then kill."""
        if at_once:
            self._process.kill()
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stdout.close()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None  # noqa: S101 (for the type checker)
        return self._process.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None  # noqa: S101 (for the type checker)
        return self._process.stdout
