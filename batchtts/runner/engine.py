"""Who speaks in a run: Rime, or the local server that batchtts starts for it.

Both go through the same client and real sockets. Nothing is started, and no
key is asked for, before the first request that the cache cannot serve.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

from batchtts.errors import AuthError, ServiceError
from batchtts.localserver import ServerSettings, identity_at, identity_of, spawn
from batchtts.model import Job, Recording, Request
from batchtts.rime.client import RimeClient, is_loopback
from batchtts.rime.key import find_key
from batchtts.runner.ledger import Ledger
from batchtts.runner.speakers import require_speakers
from batchtts.secret import Secret

__all__ = ["Engine", "engine_for", "engine_of"]

RIME = "rime"

_Connect = Callable[[], RimeClient]


class Engine:
    """An engine's identity, known at once, and its client, made when needed."""

    def __init__(self, identity: str, host: str, connect: _Connect) -> None:
        """Hold what every fingerprint carries and how to get a client."""
        self.identity = identity
        self.host = host
        self._connect = connect
        self._client: RimeClient | None = None
        self._lock = asyncio.Lock()
        self._prepare: Callable[[], None] = lambda: None

    def before_speaking(self, prepare: Callable[[], None]) -> None:
        """Have ``prepare`` called once before the first request; it may raise."""
        self._prepare = prepare

    async def speak(self, request: Request, admitted: Callable[[], None]) -> Recording:
        """Make one attempt at a request; see `batchtts.pool.Speak`."""
        if self._client is None:
            async with self._lock:
                if self._client is None:
                    await asyncio.to_thread(self._prepare)
                    self._client = await asyncio.to_thread(self._connect)
        return await self._client.speak(request, admitted)


@contextlib.contextmanager
def engine_for(
    job: Job, *, warn: Callable[[str], None] = lambda _: None
) -> Iterator[Engine]:
    """Give the job's engine for the length of a run.

    What a person should know of it is told to ``warn``.

    Raises JobError when the local engine's extra is missing and ServiceError
    when a local server named by its address does not answer.
    """
    with ExitStack() as started:
        if job.engine == "rime":
            connect = functools.partial(_rime, job, warn)
            yield Engine(RIME, _host(job.rime.url), connect)
        elif job.local.url is not None:
            url = job.local.url
            identity = identity_at(url)
            if identity is None:
                raise ServiceError(
                    f'no local server answers at "{url}"; start one with '
                    "`batchtts serve`, or leave the address out"
                )
            connect = functools.partial(_running, url, identity)
            yield Engine(identity, _host(url), connect)
        else:
            synthesiser = job.local.synthesiser
            identity = identity_of(synthesiser)
            connect = functools.partial(_local, job, identity, started)
            yield Engine(identity, ServerSettings().host, connect)


def engine_of(job: Job, ledger: Ledger) -> str:
    """Return the identity of a job's engine without asking it.

    A local server with an address of its own is taken for that of the lock.
    """
    if job.engine == "rime":
        return RIME
    if job.local.url is not None:
        query = "select line from notes where kind = 'speech' order by id"
        with ledger.lock:
            rows = ledger.database.execute(query).fetchall()
        engines = (str(json.loads(line).get("engine", "")) for (line,) in rows)
        for engine in engines:
            if engine.startswith("local/"):
                return engine
    return identity_of(job.local.synthesiser)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _rime(job: Job, warn: Callable[[str], None]) -> RimeClient:
    key = find_key(job.path.parent)
    rime = job.rime
    if key is None and not rime.on_prem and not is_loopback(rime.url):
        raise AuthError(
            "no key for Rime: put RIME_API_KEY into the environment or into a .env "
            "file beside the job, or speak offline with `--engine local`"
        )
    require_speakers(job, warn)
    return RimeClient(
        rime.url, key=key, header=rime.header, on_prem=rime.on_prem, engine=RIME
    )


def _local_key() -> Secret:
    """Return a key that a local server accepts; never the one for Rime."""
    accepted = os.environ.get("BATCHTTS_SERVE_KEYS", "").replace(",", " ").split()
    return Secret(accepted[0] if accepted else "local")


def _running(url: str, identity: str) -> RimeClient:
    return RimeClient(url, key=_local_key(), engine=identity)


def _local(job: Job, identity: str, started: ExitStack) -> RimeClient:
    settings = ServerSettings(synthesiser=job.local.synthesiser, port=0)
    server = started.enter_context(spawn(settings))
    return RimeClient(server.url, key=server.key, engine=identity)
