"""`batchtts serve`: the local Rime-compatible server, until Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

import click

from batchtts.secret import Secret
from batchtts.text_safety import printable

if TYPE_CHECKING:
    from batchtts.localserver.faults import FaultPlan
    from batchtts.localserver.server import LocalServer, Seen
    from batchtts.localserver.settings import ServerSettings

__all__ = ["command"]

KEYS_VARIABLE = "BATCHTTS_SERVE_KEYS"


class _Flags(TypedDict):
    host: str
    port: int
    engine: Literal["espeak", "tone"]
    no_key: bool
    connections: int | None
    first_byte: float
    speed: float
    message_bytes: int
    odd_cuts: int | None
    wav_headers: Literal["connection", "sentence"]
    wav_lengths: Literal["ffffffff", "0"]
    text_limit: int


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Port; 0 takes a free one.",
)
@click.option(
    "--engine",
    type=click.Choice(["espeak", "tone"]),
    default="espeak",
    show_default=True,
    help="What speaks: a real voice, or tones that tests can read.",
)
@click.option("--no-key", is_flag=True, help="Let clients in without a bearer token.")
@click.option(
    "--connections",
    type=click.IntRange(min=1),
    help="Connections at the same time; beyond them 429. Default: any number.",
)
@click.option(
    "--first-byte",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="Time from a text to its first audio.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="FACTOR",
    help="Seconds of audio sent a second; 0 (the default) sends as fast as it can.",
)
@click.option(
    "--message-bytes",
    type=click.IntRange(1, 1 << 20),
    default=16_384,
    show_default=True,
    help="Size of an audio message at most.",
)
@click.option(
    "--odd-cuts",
    type=int,
    metavar="SEED",
    help="Cut messages at any byte, by chance with this seed.",
)
@click.option(
    "--wav-headers",
    type=click.Choice(["connection", "sentence"]),
    default="connection",
    show_default=True,
    help="Where WAV headers stand: one a connection or one a sentence.",
)
@click.option(
    "--wav-lengths",
    type=click.Choice(["ffffffff", "0"]),
    default="ffffffff",
    show_default=True,
    help="The placeholder lengths in WAV headers, hexadecimal.",
)
@click.option(
    "--text-limit",
    type=click.IntRange(min=0),
    default=500,
    show_default=True,
    help="Characters that may wait to be spoken; 0 is no limit.",
)
@click.option(
    "--faults",
    type=click.Path(path_type=Path),
    metavar="PLAN",
    help="Go wrong as this YAML file says, see above. Default: never.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the ready line as JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Log each request on stderr.")
def command(
    *, faults: Path | None, as_json: bool, verbose: bool, **flags: Unpack[_Flags]
) -> None:
    r"""Run a server that speaks Rime's plain WebSocket, offline.

    Any Rime client works with only its URL changed. Every answer carries the
    header X-Batchtts-Engine, so that this speech is not taken for Rime's. Any
    bearer token is accepted, or those of BATCHTTS_SERVE_KEYS (with commas
    between them). Ctrl-C ends it, with exit code 0.

    \b
    A plan of faults is a list; the first that holds is carried out:
      seed: 7
      faults:
        - {chance: 0.1, handshake: {status: 429, headers: {Retry-After: 2}}}
        - {text: "*ferry*", attempts: 1, reply: {at: 50%, end: drop}}
    When, all that is given: chance, requests (3, "7-9", "20-"), every,
      connections_above; of a reply also text, regex, attempts.
    What in the handshake: delay_s, then status, headers, body, or raw, end.
    What in the reply: say, parameters, audio (silence, noise);
      at (seconds, 50%, "20%-80%"): stall_s, skip_bytes, send (text, data,
      zeros, noise, wav), end (drop, reset, a close code), reason;
      from there on: message_bytes, every_s.
    "{key}" in what is sent stands for the client's key.
    """
    from batchtts.hosts import is_this_machine

    settings = _settings(flags)
    plan = _plan(faults)
    if not is_this_machine(settings.host):
        _talk(
            f'warning: "{settings.host}" can be reached from other machines, and '
            "the connection is not encrypted"
        )
    try:
        asyncio.run(_serve(settings, plan, as_json=as_json, verbose=verbose))
    except KeyboardInterrupt:
        _talk("stopped")


def _settings(flags: _Flags) -> ServerSettings:
    from batchtts.localserver.settings import ServerSettings

    listed = os.environ.get(KEYS_VARIABLE, "").split(",")
    keys = tuple(Secret(key.strip()) for key in listed if key.strip())
    return ServerSettings(
        host=flags["host"],
        port=flags["port"],
        synthesiser=flags["engine"],
        require_key=not flags["no_key"],
        keys=keys or None,
        connection_limit=flags["connections"],
        first_byte_s=flags["first_byte"],
        real_time_factor=flags["speed"] or None,
        message_bytes=flags["message_bytes"],
        odd_cuts=flags["odd_cuts"],
        wav_headers=flags["wav_headers"],
        wav_lengths=int(flags["wav_lengths"], 16),
        text_limit=flags["text_limit"] or None,
    )


def _plan(path: Path | None) -> FaultPlan | None:
    from batchtts.localserver.faultplan import read_plan

    if path is None:
        return None
    plan = read_plan(path)
    _talk(f'faults: {len(plan.rules)} of "{path}", with seed {plan.seed}')
    return plan


async def _serve(
    settings: ServerSettings, plan: FaultPlan | None, *, as_json: bool, verbose: bool
) -> None:
    from batchtts.localserver.server import LocalServer

    on_request = _log if verbose else None
    async with LocalServer(settings, faults=plan, on_request=on_request) as server:
        _say_ready(server, settings, as_json=as_json)
        await asyncio.Event().wait()


def _say_ready(server: LocalServer, settings: ServerSettings, *, as_json: bool) -> None:
    if as_json:
        ready = {"url": server.url, "engine": server.identity, "port": server.port}
        click.echo(json.dumps(ready))
    else:
        _talk(
            f"{server.identity} speaks at {server.url}: give a Rime client this URL "
            f"and {_welcome(settings)}; Ctrl-C ends it"
        )


def _welcome(settings: ServerSettings) -> str:
    if not settings.require_key:
        return "no key"
    return f"a key of {KEYS_VARIABLE}" if settings.keys else "any key"


def _log(seen: Seen) -> None:
    query = seen.query
    fault = f", fault {seen.fault}" if seen.fault else ""
    _talk(
        printable(
            f"{query.speaker} {query.model} {query.lang} {query.audio_format} "
            f"{query.rate_hz} Hz: {len(seen.text):,} characters, "
            f"{seen.audio_bytes:,} bytes, {seen.outcome}{fault}"
        )
    )


def _talk(line: str) -> None:
    click.echo(line, err=True)
