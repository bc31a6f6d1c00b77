"""Child processes: what they are told of ours, and that Ctrl-C passes them by."""

from __future__ import annotations

import os
import subprocess
import sys

__all__ = ["CREATION_FLAGS", "PROCESS_GROUP", "scrubbed"]

# For Popen: they keep a terminal's Ctrl-C from a child. A child ends when its
# stdin does, and the one who started it decides when.
if sys.platform == "win32":
    CREATION_FLAGS = subprocess.CREATE_NEW_PROCESS_GROUP
    PROCESS_GROUP: int | None = None
else:
    CREATION_FLAGS = 0
    PROCESS_GROUP = 0

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
