"""Which machine is which: what the client and the local server agree on."""

from __future__ import annotations

import ipaddress

__all__ = ["ENGINE_HEADER", "is_this_machine"]

ENGINE_HEADER = "X-Batchtts-Engine"
"""The response header by which the local server names its engine."""


def is_this_machine(host: str) -> bool:
    """Tell if only this machine can be reached under ``host``, a name or address.

    Decides where a key and plain ``ws://`` may go: in doubt the answer is no.
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
