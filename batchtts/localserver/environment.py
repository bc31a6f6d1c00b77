"""Child processes: what they are told of ours, and that Ctrl-C passes them by."""

from __future__ import annotations

import os
import subprocess
import sys

__all__ = ["apart", "scrubbed"]

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


def apart() -> dict[str, int]:
    """Return the Popen arguments that keep a terminal's Ctrl-C from a child.

    A child ends when its stdin does; the one who asked for it decides when.
    """
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}
