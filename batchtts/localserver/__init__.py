"""The local server: Rime's ``/ws`` spoken offline, for runs and for tests.

`server.LocalServer` serves inside this process, `spawn` in a child process,
`tone` and `espeak` are what they speak with. The synthesiser's identity is part
of everything a server says of itself, so that offline speech is never taken for
Rime's. What goes wrong, and when, is a plan; without one nothing does:

    plan = faultplan.parse_plan("faults: [{every: 3, reply: {end: drop}}]")
    async with LocalServer(ServerSettings(), faults=plan) as server: ...
"""

from batchtts.localserver.child import Spawned, spawn
from batchtts.localserver.identity import identity_at
from batchtts.localserver.settings import ServerSettings
from batchtts.localserver.synthesiser import identity_of

__all__ = ["ServerSettings", "Spawned", "identity_at", "identity_of", "spawn"]
