"""The service's faults, over real sockets, through the real client, pool and cache.

The server goes wrong as a plan says, and waiting takes no time (see `warp`), so
that deadlines, pauses and give-up times are tried as they are. Each test is named
after its row of the table in tests/README.md, which is made from what is said
here: the first line of a test tells the fault and what must happen.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.server import ServerConnection, serve

import batchtts
from batchtts.cache import Cache
from batchtts.clock import Chance
from batchtts.completeness import Judge
from batchtts.errors import (
    AuthError,
    Fault,
    JobError,
    ServiceError,
    TakeError,
)
from batchtts.events import Event, Held, Retrying, Warned
from batchtts.localserver import ServerSettings, tone
from batchtts.localserver.faultplan import parse_plan
from batchtts.localserver.server import LocalServer, Seen
from batchtts.localserver.warp import LoopClock, WarpLoop
from batchtts.model import Recording, Request
from batchtts.plan import readings, survey
from batchtts.pool import Effects, Outcome, Pool, Totals
from batchtts.report import RunReport
from batchtts.retry import Policy
from batchtts.rime.client import RimeClient
from batchtts.rime.limits import Deadlines, Limits
from batchtts.rime.plausible import duration_s
from batchtts.secret import Secret
from batchtts.texts import read_texts

if TYPE_CHECKING:
    from matrix import Secrecy

E = TypeVar("E")
Elsewhere = Callable[[], AbstractAsyncContextManager[str]]
"""Opens something other than the local server, on the test's loop; gives its URL."""

ENGINE = "local/tone+1"
TONE = ServerSettings(synthesiser="tone", first_byte_s=0.2)
FERRY = "The ferry leaves at nine."
TEXTS = (FERRY, "Bring a warm coat.", "It will rain on the quay.")
MANY = tuple(f"This is line {number} of the list." for number in range(40))
TLS = Path(__file__).parent / "data" / "tls"


def request(text: str, audio_format: str = "pcm") -> Request:
    """Make a request of a voice of the tone synthesiser."""
    parameters = {
        "audioFormat": audio_format,
        "lang": "eng",
        "modelId": "arcana",
        "samplingRate": "24000",
        "speaker": "astra",
    }
    return Request(ENGINE, tuple(parameters.items()), text)


def whole(text: str) -> bytes:
    """Return the speech of a text, to the last sample."""
    sentences = re.split(r"(?<=[.!?]) ", text)
    return b"".join(tone.speak(one, speaker="astra", lang="eng") for one in sentences)


@dataclass(kw_only=True)
class Result:
    """What came of some requests, and what the server saw of them."""

    ends: dict[str, Outcome | BaseException]
    takes: dict[str, Recording | None]
    totals: Totals
    events: list[Event]
    began_s: list[float]  # every attempt
    took_s: float
    seen: list[Seen]
    refusals: dict[int, int]

    def error(self, text: str = FERRY) -> TakeError:
        """Return why a text has failed."""
        end = self.ends[text]
        assert isinstance(end, Outcome), end
        assert end.error is not None
        return end.error

    def raised(self, kind: type[E]) -> E:
        """Return the error that ended the run for all."""
        found = [end for end in self.ends.values() if isinstance(end, kind)]
        assert found, self.ends
        return found[0]

    def told(self, kind: type[E]) -> list[E]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def failed(self) -> list[str]:
        """Return the texts that are reported as failed."""
        return [t for t, e in self.ends.items() if isinstance(e, Outcome) and e.error]

    @property
    def suspect(self) -> list[str]:
        """Return the texts whose takes are flagged."""
        return [t for t, e in self.ends.items() if isinstance(e, Outcome) and e.suspect]

    @property
    def made(self) -> list[str]:
        """Return the texts that have takes, each of which is their exact speech."""
        takes = {text: take for text, take in self.takes.items() if take is not None}
        for text, take in takes.items():
            assert take.encoding != "pcm" or take.data == whole(text)
        return list(takes)


class Bench:
    """Makes attempts at a server that goes wrong, and notes what comes of them."""

    def __init__(self, folder: Path, secrecy: Secrecy) -> None:
        """Keep takes below ``folder``; all that is told is searched for the key."""
        self._folder = folder
        self._secrecy = secrecy
        self._runs = 0

    def __call__(
        self,
        *faults: str,
        texts: Sequence[str] = TEXTS,
        audio_format: str = "pcm",
        concurrency: int = 4,
        chance: Chance | None = None,
        deadlines: Deadlines | None = None,
        limits: Limits | None = None,
        policy: Policy | None = None,
        settings: ServerSettings = TONE,
        elsewhere: Elsewhere | None = None,
        beside: Callable[[], AbstractAsyncContextManager[None]] | None = None,
    ) -> Result:
        """Ask for ``texts``, all at once, of a server with these faults, in YAML."""
        plan = parse_plan(f"faults: [{', '.join(faults)}]") if faults else None
        self._runs += 1
        cache = Cache(self._folder / str(self._runs))
        began_s: list[float] = []
        events: list[Event] = []

        async def main() -> Result:
            loop = asyncio.get_running_loop()
            async with contextlib.AsyncExitStack() as stack:
                server = LocalServer(settings, faults=plan)
                await stack.enter_async_context(server)
                url = server.url
                if elsewhere is not None:
                    url = await stack.enter_async_context(elsewhere())
                if beside is not None:
                    await stack.enter_async_context(beside())
                client = RimeClient(
                    url,
                    key=Secret(self._secrecy.key),
                    engine=ENGINE,
                    deadlines=deadlines,
                    limits=limits,
                )

                async def speak(
                    one: Request, admitted: Callable[[], None]
                ) -> Recording:
                    began_s.append(loop.time())
                    return await client.speak(one, admitted)

                effects = Effects(
                    speak=speak,
                    clock=LoopClock(),
                    chance=chance or random.Random(self._runs).random,
                    on_event=events.append,
                )
                pool = Pool(
                    effects,
                    cache=cache,
                    concurrency=concurrency,
                    duration_s=duration_s,
                    judge=Judge(cache.load),
                    policy=policy,
                )
                asked = {text: request(text, audio_format) for text in texts}
                ends = await asyncio.gather(
                    *(pool.take(one) for one in asked.values()), return_exceptions=True
                )
                took_s = loop.time()
                await pool.close(0)
                return Result(
                    ends=dict(zip(texts, ends, strict=True)),
                    takes={t: cache.load(one.fingerprint) for t, one in asked.items()},
                    totals=pool.totals,
                    events=events,
                    began_s=began_s,
                    took_s=took_s,
                    seen=list(server.requests),
                    refusals=dict(server.refusals),
                )

        with asyncio.Runner(loop_factory=WarpLoop) as runner:
            result = runner.run(main())
        self._secrecy.told("the outcomes", repr(result.ends))
        self._secrecy.told("the events", repr(result.events))
        return result


@pytest.fixture
def bench(tmp_path: Path, secrecy: Secrecy) -> Bench:
    """Give a bench on which to try faults."""
    return Bench(tmp_path / "takes", secrecy)


# --- the connection breaks or falls silent ------------------------------------------


@pytest.mark.parametrize("end", ["drop", "reset"])
@pytest.mark.parametrize("at", ["0", "30%", "100%"])
def test_f01_drop(bench: Bench, at: str, end: str) -> None:
    """TCP drop or reset in mid-audio: nothing of it is used, and it is made again.

    After five attempts the text has failed, as `dropped`, and the others go on.
    """
    fault = f"reply: {{at: {at}, end: {end}}}"
    once = bench(f"{{text: '*ferry*', attempts: 1, {fault}}}")
    assert once.made == list(TEXTS)
    assert once.totals.retries == 1
    always = bench(f"{{text: '*ferry*', {fault}}}")
    assert always.failed == [FERRY]
    assert always.error().fault is Fault.DROPPED
    assert always.totals.attempts == len(TEXTS) + 4
    assert always.made == list(TEXTS[1:])


@pytest.mark.parametrize("code", [1000, 1001, 1005])
@pytest.mark.parametrize("at", ["10%", "30%", "50%", "70%", "90%"])
def test_f02_cut(bench: Bench, at: str, code: int) -> None:
    """A clean close in mid-audio: told by its length and its end, and made again."""
    fault = f"reply: {{at: {at}, end: {code}}}"
    once = bench(f"{{text: '*ferry*', attempts: 1, {fault}}}")
    assert once.made == list(TEXTS)
    assert [retry.fault for retry in once.told(Retrying)] == [Fault.INCOMPLETE]


def test_f02_cut_at_a_sentence(bench: Bench) -> None:
    """A clean close between two sentences, in silence: told by the length alone."""
    first = "It is the last one of the day."
    text = f"{FERRY} {first}"
    quiet_s = len(whole(FERRY)) / 2 / tone.RATE_HZ
    fault = f"{{text: '*ferry*', attempts: 1, reply: {{at: {quiet_s}, end: 1000}}}}"
    result = bench(fault, texts=(text, *MANY))
    assert result.made == [text, *MANY]
    assert result.totals.retries == 1


def test_f02_cut_always(bench: Bench) -> None:
    """A clean close in mid-audio each time: failed; in the same place: suspect."""
    somewhere = bench("{text: '*ferry*', reply: {at: 20%-80%, end: 1000}}")
    assert somewhere.failed == [FERRY]
    assert somewhere.error().fault is Fault.INCOMPLETE
    assert somewhere.made == list(TEXTS[1:])
    same = bench("{text: '*ferry*', reply: {at: 60%, end: 1000}}")
    assert same.failed == []
    assert same.suspect == [FERRY]
    assert same.totals.attempts == len(TEXTS) + 1


@pytest.mark.parametrize("audio_format", ["pcm", "wav", "mp3", "ogg", "mulaw"])
def test_f03_no_audio(bench: Bench, audio_format: str) -> None:
    """A normal close without audio: three attempts, then the text has failed."""
    fault = "reply: {end: 1000}"
    once = bench(f"{{attempts: 1, {fault}}}", audio_format=audio_format)
    assert once.made == list(TEXTS)
    assert once.totals.retries == len(TEXTS)
    always = bench(f"{{text: '*ferry*', {fault}}}", audio_format=audio_format)
    assert always.failed == [FERRY]
    assert always.error().fault is Fault.NO_AUDIO
    assert always.totals.attempts == len(TEXTS) + 2


@pytest.mark.parametrize(
    ("at", "deadline_s", "reason"),
    [("0", 20, "no audio within 20 s"), ("40%", 10, "no more audio for 10 s")],
)
def test_f04_stall(bench: Bench, at: str, deadline_s: int, reason: str) -> None:
    """A stall before or between frames: ended at its deadline, and made again.

    Pings that are answered meanwhile are no sign of life.
    """
    fault = f"reply: {{at: {at}, stall_s: 3600}}"
    once = bench(f"{{text: '*ferry*', attempts: 1, {fault}}}")
    assert once.made == list(TEXTS)
    [retry] = once.told(Retrying)
    assert (retry.fault, retry.reason) == (Fault.STALLED, reason)
    assert deadline_s <= once.took_s - retry.delay_s <= deadline_s + 1
    patient = Deadlines(first_audio_s=65, between_s=65)
    pinged = bench(f"{{text: '*ferry*', {fault}}}", deadlines=patient)
    assert pinged.error().fault is Fault.STALLED
    waits_s = sum(retry.delay_s for retry in pinged.told(Retrying))
    assert 5 * 65 <= pinged.took_s - waits_s <= 5 * (65 + 1)


@pytest.mark.parametrize("every_s", [1, 9.9])
def test_f05_trickle(bench: Bench, every_s: float) -> None:
    """A trickle just below the stall limit: a whole attempt has a deadline too."""
    fault = f"reply: {{at: 10%, message_bytes: 100, every_s: {every_s}}}"
    once = bench(f"{{text: '*ferry*', attempts: 1, {fault}}}")
    assert once.made == list(TEXTS)
    [retry] = once.told(Retrying)
    assert (retry.fault, retry.reason) == (Fault.STALLED, "not complete after 90 s")
    assert 90 <= once.took_s - retry.delay_s <= 91


# --- refusals ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "least_s", "most_s"),
    [
        ("30", 30, 32),
        ("1000000000", 120, 122),
        ("in a minute", 58, 62),
        ("'Wed, 21 Oct 2015 07:28:00 GMT'", 0, 2),
        ("0", 0, 2),
        ("soon", 0, 2),
        ("-5", 0, 2),
        (None, 0, 2),
    ],
)
def test_f06_throttle(
    bench: Bench, after: str | None, least_s: float, most_s: float
) -> None:
    """429: all wait as Retry-After asks, at most 120 s, and no attempt is lost.

    What makes no sense is ignored.
    """
    if after == "in a minute":
        moment = datetime.now(UTC) + timedelta(minutes=1)
        after = f"'{format_datetime(moment, usegmt=True)}'"
    headers = f", headers: {{Retry-After: {after}}}" if after else ""
    result = bench(
        f"{{requests: 1, handshake: {{status: 429{headers}}}}}",
        concurrency=1,
        policy=Policy(attempts=1),
    )
    assert result.made == list(TEXTS)
    assert (result.totals.throttles, result.totals.retries) == (1, 0)
    assert least_s <= result.began_s[1] - result.began_s[0] <= most_s
    said = [warning.message for warning in result.told(Warned)]
    assert len(said) == (after == "1000000000")


@pytest.mark.parametrize("after", ["5", "1000000000"])
def test_f06_throttle_for_ever(bench: Bench, after: str) -> None:
    """429 for 15 minutes on end: the run stops, and nothing is called failed."""
    refusal = f"{{status: 429, headers: {{Retry-After: {after}}}}}"
    result = bench(f"{{requests: 3-, handshake: {refusal}}}", texts=MANY)
    error = result.raised(ServiceError)
    assert error.exit_code == 5
    assert "15 minutes" in str(error)
    assert 900 <= result.took_s <= 900 + 2 * 125
    assert result.failed == []
    assert len(result.made) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_f07_service_error(bench: Bench, status: int) -> None:
    """500, 502, 503, 504: made again."""
    result = bench(f"{{requests: 1-2, handshake: {{status: {status}}}}}")
    assert result.made == list(TEXTS)
    assert result.totals.retries == 2
    assert result.refusals == {status: 2}


def test_f07_unavailable(bench: Bench) -> None:
    """503 with Retry-After: waited for like 429, and no attempt is lost."""
    refusal = "{status: 503, headers: {Retry-After: 7}}"
    result = bench(
        f"{{requests: 1, handshake: {refusal}}}",
        concurrency=1,
        policy=Policy(attempts=1),
    )
    assert result.made == list(TEXTS)
    assert 7 <= result.began_s[1] <= 8


def test_f07_outage(bench: Bench) -> None:
    """5xx for everything: all is held back but probes, then the run stops.

    If the service comes back in between, everything is made after all.
    """
    down = "handshake: {status: 500}"
    lasting = bench(f"{{requests: 6-, {down}}}", texts=MANY)
    assert lasting.raised(ServiceError).exit_code == 5
    assert lasting.failed == []
    assert 90 <= lasting.took_s <= 130
    assert lasting.refusals[500] <= 60
    # Its last probe but one succeeds.
    up = 5 + lasting.refusals[500] - 2
    passing = bench(f"{{requests: 6-{up}, {down}}}", texts=MANY)
    assert passing.made == list(MANY)
    assert passing.told(Held)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("first", [1, 12])
def test_f08_refused_key(bench: Bench, first: int, status: int) -> None:
    """401 or 403, also in mid-run: stop, say what was said, keep what is there.

    The key that the service repeats is not told.
    """
    body = "invalid subscription {key} {key_base64} {key_quoted}"
    refusal = f"{{status: {status}, body: '{body}'}}"
    result = bench(
        f"{{requests: {first}-, handshake: {refusal}}}", texts=MANY, concurrency=2
    )
    error = result.raised(AuthError)
    assert error.exit_code == 4
    assert f'HTTP {status}: "invalid subscription' in str(error)
    assert len(result.began_s) <= first + 1
    assert result.failed == []
    assert len(result.made) == len(result.seen)


@pytest.mark.parametrize("status", [400, 404, 422])
def test_f09_rejected(bench: Bench, status: int) -> None:
    """400, 404: this text fails at once and alone, with what the service said."""
    refusal = f"{{status: {status}, body: 'text is too long for {{key}}'}}"
    result = bench(f"{{requests: 1, handshake: {refusal}}}", concurrency=1)
    assert result.failed == [FERRY]
    assert result.error().fault is Fault.REJECTED
    assert result.error().reason.startswith(f'HTTP {status}: "text is too long for')
    assert result.totals.attempts == len(TEXTS)


def test_f09_rejected_again_and_again(bench: Bench) -> None:
    """400 in the same words five times: the run stops, for the job must change."""
    refusal = "{status: 400, body: Language xyz is not supported}"
    result = bench(f"{{handshake: {refusal}}}", texts=MANY)
    error = result.raised(JobError)
    assert error.exit_code == 2
    assert "Language xyz is not supported" in str(error)
    assert len(result.began_s) <= 5 + 4


def test_f09_internal_error(bench: Bench) -> None:
    """A close with 1011 and a reason: three attempts, and the reason is told."""
    reason = "the model of {key} is being loaded, please wait"
    result = bench(
        f"{{text: '*ferry*', reply: {{at: 50%, end: 1011, reason: '{reason}'}}}}"
    )
    assert result.failed == [FERRY]
    assert result.totals.attempts == len(TEXTS) + 2
    assert result.error().reason.startswith('closed with code 1011: "the model of')
    assert "is being loaded, please wait" in result.error().reason


JOB = """
engine: rime
rime: {{url: "{url}"}}
concurrency: 1
voices: {{narrator: {{speaker: astra}}}}
texts:
  - {{id: ferry, text: The ferry leaves at nine.}}
  - {{id: coat, text: Bring a warm coat.}}
  - {{id: rain, text: It will rain on the quay.}}
outputs: [{{kind: files, path: "out/{{id}}.wav"}}]
"""
AS_RIME = "{handshake: {headers: {X-Batchtts-Engine: rime}}}"


def _run(folder: Path, url: str) -> RunReport:
    """Run a job with the key in the environment at a server that passes for Rime."""
    path = folder / "job.yaml"
    path.write_text(JOB.format(url=url), encoding="utf-8")
    return batchtts.run(batchtts.load_job(path))


@pytest.mark.parametrize(
    ("fault", "code", "made"),
    [
        ("{requests: 2, handshake: {status: 401, body: '{key}'}}", 4, 1),
        ("{requests: 2, handshake: {status: 307, headers: {Location: /}}}", 4, 1),
        ("{requests: 2, handshake: {status: 400, body: '{key}'}}", 3, 2),
        ("{text: '*coat*', reply: {send: [{text: 'no {key}'}]}}", 3, 2),
    ],
)
def test_f09_in_a_run(
    tmp_path: Path, serve: Callable[..., LocalServer], fault: str, code: int, made: int
) -> None:
    """401, 3xx, 400 and a text frame in a whole run: its exit code, the others' files.

    A later run makes what is missing, and asks for nothing else.
    """
    report = _run(tmp_path, serve(f"[{fault}, {AS_RIME}]").url)
    assert (report.exit_code, report.made) == (code, made)
    assert len(list((tmp_path / "out").iterdir())) == made
    server = serve(f"[{AS_RIME}]")
    again = _run(tmp_path, server.url)
    assert (again.exit_code, again.made, again.unchanged) == (0, 3 - made, made)
    assert server.connections == 3 - made


@contextlib.contextmanager
def untouched() -> Iterator[int]:
    """Give the port of a listener, at which nobody may knock."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("scheme", ["ws", "wss", "http"])
def test_f10_redirect(bench: Bench, scheme: str, status: int) -> None:
    """A redirect: the run stops, and the other host hears nothing."""
    with untouched() as port:
        location = f"{scheme}://127.0.0.1:{port}/ws"
        refusal = f"{{status: {status}, headers: {{Location: '{location}'}}}}"
        result = bench(f"{{handshake: {refusal}}}")
    error = result.raised(AuthError)
    assert error.exit_code == 4
    assert 'redirects to "127.0.0.1"' in str(error)


@pytest.mark.parametrize("host", ["192.0.2.1", "rime.example", "127.0.0.1.example"])
def test_f10_plain_address(host: str, secrecy: Secrecy) -> None:
    """ws:// to any other machine: refused before anything is sent."""
    with pytest.raises(AuthError, match="use wss://"):
        RimeClient(f"ws://{host}/ws", key=Secret(secrecy.key))


@pytest.mark.parametrize(
    "handshake",
    [
        "raw: 'SSH-2.0-OpenSSH_9.9'",
        "raw: 'HTTP/1.1 101 Switching Protocols {key}'",
        "headers: {Sec-WebSocket-Accept: '{key}'}",
        "headers: {Upgrade: h2c}",
        "end: drop",
        "end: reset",
        "status: 200, body: welcome",
    ],
)
def test_f11_broken_handshake(bench: Bench, handshake: str) -> None:
    """A garbled or cut handshake, or a wrong accept key: made again.

    If no handshake succeeds, the run stops, and nothing is called failed.
    """
    fault = f"handshake: {{{handshake}}}"
    result = bench(f"{{requests: 2-3, {fault}}}", concurrency=1)
    assert result.made == list(TEXTS)
    assert result.totals.retries == 2
    always = bench(f"{{requests: 1-, {fault}}}")
    assert always.raised(ServiceError).exit_code == 5
    assert always.failed == []
    assert always.totals.attempts <= 5 * len(TEXTS)


@contextlib.asynccontextmanager
async def tls_server(certificate: str) -> AsyncIterator[str]:
    """Serve over TLS; nobody may get so far as to ask for anything."""

    async def handler(connection: ServerConnection) -> None:
        raise AssertionError(connection.request)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / f"{certificate}.pem", TLS / "test.key")
    async with serve(handler, "127.0.0.1", 0, ssl=context) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"wss://127.0.0.1:{port}/ws"


@contextlib.asynccontextmanager
async def answering(answer: bytes, scheme: str) -> AsyncIterator[str]:
    """Give the same answer to whatever is sent first."""

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(4096)
        writer.write(answer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"


TOO_OLD = b"\x15\x03\x01\0\x02\x02\x46"
"""TLS's alert of a server that knows no version as new as those of the client."""


@pytest.mark.parametrize(
    ("certificate", "trusted", "cause"),
    [
        ("loopback", "elsewhere", "self"),
        ("expired", "expired", "expired"),
        ("elsewhere", "elsewhere", "mismatch"),
        (None, "loopback", "PROTOCOL_VERSION"),
    ],
)
def test_f12_tls(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    certificate: str | None,
    trusted: str,
    cause: str,
) -> None:
    """An expired, self-signed or other's certificate, or too old TLS: stop at once.

    The cause is named, and what to do about a certificate of one's own.
    """
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / f"{trusted}.pem"))

    def elsewhere() -> AbstractAsyncContextManager[str]:
        return tls_server(certificate) if certificate else answering(TOO_OLD, "wss")

    result = bench(elsewhere=elsewhere, concurrency=1)
    error = result.raised(ServiceError)
    assert error.exit_code == 5
    assert cause in str(error)
    assert "SSL_CERT_FILE" in str(error)
    assert result.totals.attempts == 1
    assert result.failed == []


@contextlib.asynccontextmanager
async def at(url: str) -> AsyncIterator[str]:
    """Open nothing: give an address."""
    yield url


@pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_AGAIN])
def test_f13_no_such_host(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """DNS failure, offline: the run stops, and nothing is called failed."""
    asked = socket.getaddrinfo

    def offline(host: str, *rest: object, **more: object) -> object:
        if host == "rime.invalid":
            raise socket.gaierror(code, "Name or service not known")
        return asked(host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    result = bench(elsewhere=lambda: at("wss://rime.invalid/ws"), texts=MANY)
    error = result.raised(ServiceError)
    assert error.exit_code == 5
    assert '"rime.invalid" cannot be reached: no such host' in str(error)
    assert result.failed == []
    assert result.totals.attempts <= 2 * len(MANY)


def test_f14_connection_refused(bench: Bench) -> None:
    """Nobody listens: the run stops, and nothing is called failed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = bench(elsewhere=lambda: at(f"ws://127.0.0.1:{port}/ws"), texts=MANY)
    error = result.raised(ServiceError)
    assert error.exit_code == 5
    assert '"127.0.0.1" cannot be reached' in str(error)
    assert result.failed == []


@contextlib.asynccontextmanager
async def behind_proxy(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | None
) -> AsyncIterator[str]:
    """Put a proxy that answers so before an address; without an answer it is down."""
    for name in ("wss_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with answering(answer or b"", "http") as url:
        port = urlsplit(url).port
        monkeypatch.setenv("https_proxy", f"http://user:hunter2@127.0.0.1:{port}")
        if answer is not None:
            yield "wss://rime.example/ws"
    if answer is None:
        yield "wss://rime.example/ws"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "HTTP 407"),
        (b"HTTP/1.1 502 hunter2\r\n\r\n", "HTTP 502"),
        (None, "cannot be reached"),
    ],
)
def test_f14_proxy(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, answer: bytes | None, said: str
) -> None:
    """A proxy that refuses or is down: the run stops, and its password is not told."""
    result = bench(elsewhere=lambda: behind_proxy(monkeypatch, answer))
    error = result.raised(ServiceError)
    assert error.exit_code == 5
    assert said in str(error)
    assert "hunter2" not in repr(result.ends) + repr(result.events)
    assert result.failed == []


# --- what comes is no take -----------------------------------------------------------


@pytest.mark.parametrize(
    "send",
    ["[{zeros: 17000000}]", "[{zeros: 900000}, {zeros: 900000}, {zeros: 900000}]"],
)
def test_f15_flood(bench: Bench, send: str) -> None:
    """A frame or a take beyond its limit: cut off, made once more, then failed.

    Not more is taken in than the limits allow.
    """
    result = bench(f"{{text: '*ferry*', reply: {{at: 50%, send: {send}}}}}")
    assert result.failed == [FERRY]
    assert result.error().fault is Fault.TOO_LARGE
    assert result.error().received_bytes < 4 * 2**20
    assert result.totals.attempts == len(TEXTS) + 1
    assert result.made == list(TEXTS[1:])


def test_f15_compression(bench: Bench) -> None:
    """Compression that nobody asked for: refused, so no bomb can come."""
    headers = "{Sec-WebSocket-Extensions: permessage-deflate}"
    result = bench(f"{{requests: 1, handshake: {{headers: {headers}}}}}")
    assert result.made == list(TEXTS)
    assert result.totals.retries == 1


@pytest.mark.parametrize("at", ["0", "50%", "100%"])
def test_f16_text_frame(bench: Bench, at: str) -> None:
    """A text frame among the audio: never part of it; made once more, then failed.

    What it said is told, without the key.
    """
    words = '{"type": "error", "message": "no voice for {key} or {key_base64}"}'
    fault = f"reply: {{at: {at}, send: [{{text: '{words}'}}]}}"
    once = bench(f"{{text: '*ferry*', attempts: 1, {fault}}}")
    assert once.made == list(TEXTS)
    always = bench(f"{{text: '*ferry*', {fault}}}")
    assert always.failed == [FERRY]
    assert always.error().fault is Fault.PROTOCOL
    assert '"message": "no voice for' in always.error().reason
    assert always.totals.attempts == len(TEXTS) + 1


@pytest.mark.parametrize(
    ("audio_format", "reply"),
    [
        ("pcm", "at: 60%, send: [{zeros: 1}]"),
        ("pcm", "at: 60%, skip_bytes: 1"),
        ("wav", "at: 60%, skip_bytes: 1"),
        ("wav", "at: 100%, send: [{data: RIFF}]"),
        ("wav", "skip_bytes: 44, send: [{wav: {length: 10000000}}]"),
        ("mp3", "at: 97.3%, end: 1000"),
        ("ogg", "at: 97.3%, end: 1000"),
        ("ogg", "at: 60%, skip_bytes: 1"),
    ],
)
def test_f17_cut_audio(bench: Bench, audio_format: str, reply: str) -> None:
    """Half a sample or a cut frame, or less than declared: made again, never padded."""
    fault = f"{{text: '*ferry*', attempts: 1, reply: {{{reply}}}}}"
    result = bench(fault, audio_format=audio_format)
    assert result.made == list(TEXTS)
    [retry] = result.told(Retrying)
    assert retry.fault in {Fault.INCOMPLETE, Fault.NOT_AUDIO}


@pytest.mark.parametrize(
    "reply",
    [
        *(
            f"skip_bytes: 44, send: [{{wav: {{length: {length}}}}}]"
            for length in (0, 36, 0x7FFFFFFF, 0xFFFFFFFF)
        ),
        "at: 50%, send: [{wav: {}}]",
        "at: 50%, send: [{wav: {length: 0}}], message_bytes: 31",
    ],
)
def test_f18_wav_headers(bench: Bench, reply: str) -> None:
    """WAV headers with any length, or in mid-stream: none is taken for sound."""
    result = bench(f"{{reply: {{{reply}}}}}", audio_format="wav")
    assert result.made == list(TEXTS)
    assert result.totals.retries == 0


@pytest.mark.parametrize("audio_format", ["pcm", "wav", "mp3", "ogg", "mulaw"])
@pytest.mark.parametrize(
    "body", ["data: '<html><body>{key}: Bad gateway</body></html>'", "noise: 200000"]
)
def test_f18_foreign_body(bench: Bench, body: str, audio_format: str) -> None:
    """HTML or garbage in the place of audio: made again."""
    fault = f"reply: {{send: [{{{body}}}], end: 1000}}"
    result = bench(
        f"{{text: '*ferry*', attempts: 1, {fault}}}", audio_format=audio_format
    )
    assert result.made == list(TEXTS)
    [retry] = result.told(Retrying)
    assert retry.fault in {Fault.NOT_AUDIO, Fault.INCOMPLETE}


@pytest.mark.parametrize(
    "reply",
    [
        "parameters: {samplingRate: 8000}",
        "skip_bytes: 44, send: [{wav: {channels: 2}}]",
    ],
)
def test_f19_wrong_format(bench: Bench, reply: str) -> None:
    """Another rate or channel count than asked for: the run stops, the job is wrong."""
    result = bench(f"{{reply: {{{reply}}}}}", audio_format="wav")
    error = result.raised(JobError)
    assert error.exit_code == 2
    assert "asked for 1 x 16 bit PCM at 24000 Hz, got" in str(error)
    assert result.made == []


@pytest.mark.parametrize("audio_format", ["pcm", "wav", "mp3", "ogg", "mulaw"])
@pytest.mark.parametrize("sound", ["silence", "noise"])
def test_f19_no_speech(bench: Bench, sound: str, audio_format: str) -> None:
    """All silence, or noise at full scale: made again; if always so, failed."""
    fault = f"reply: {{audio: {sound}}}"
    once = bench(
        f"{{text: '*ferry*', attempts: 1, {fault}}}", audio_format=audio_format
    )
    assert once.made == list(TEXTS)
    assert once.totals.retries == 1
    always = bench(f"{{text: '*ferry*', {fault}}}", audio_format=audio_format)
    assert always.failed + always.suspect == [FERRY]


# --- whose audio it is, and whose voice ----------------------------------------------


def test_f20_one_request_a_socket(bench: Bench) -> None:
    """Audio of another request on a socket that is used again: none is used again."""
    faults = "{chance: 0.3, attempts: 2, reply: {at: 10%-90%, end: drop}}"
    result = bench(faults, texts=MANY)
    assert result.made == list(MANY)
    assert len(result.seen) == result.totals.attempts > len(MANY)
    for seen in result.seen:
        assert seen.frames[1:] == ["<EOS>"]
        assert seen.frames[0] in MANY


@pytest.mark.parametrize("say", ["No.", "Quite another text that is longer. " * 9])
def test_f20_foreign_audio(bench: Bench, say: str) -> None:
    """Audio that cannot be of the text, by its length: made again."""
    result = bench(f"{{text: '*ferry*', attempts: 1, reply: {{say: '{say}'}}}}")
    assert result.made == list(TEXTS)


def test_f21_parameters(tmp_path: Path) -> None:
    """A voice spoken by another model or in another language: all is spelt out.

    Nothing that decides the sound is left to what the service takes for granted.
    """
    path = tmp_path / "job.yaml"
    path.write_text(JOB.format(url="wss://users.rime.ai/ws"))
    job = batchtts.load_job(path)
    size = survey(job, read_texts)
    planned = readings(job, read_texts, engine="rime", texts=size.texts)
    asked = [piece.request for reading in planned for piece in reading.pieces]
    names = {"speaker", "modelId", "lang", "audioFormat", "samplingRate"}
    names |= {"temperature", "top_p", "repetition_penalty"}
    assert all(one and names <= dict(one.parameters).keys() for one in asked)


@pytest.mark.parametrize(
    ("voice", "words"),
    [
        ("{speaker: astar}", 'did you mean "astra"?'),
        ("{speaker: sol}", 'does not speak "eng" (lang: spa)'),
        ("{speaker: cove}", "is no speaker of arcana (model: mistv2)"),
    ],
)
def test_f21_wrong_pairing(
    tmp_path: Path,
    site: Callable[..., str],
    serve: Callable[..., LocalServer],
    voice: str,
    words: str,
) -> None:
    """A speaker that is not listed for its model and language: 2, nothing sent."""
    listed = b'{"coda":{"eng":["astra"],"spa":["sol"]},"mistv2":{"eng":["cove"]}}'
    path = tmp_path / "job.yaml"
    path.write_text(
        f"engine: rime\nrime: {{url: '{serve().url}', voices: '{site(listed)}'}}\n"
        f"voices: {{one: {voice}}}\ntexts: [{{id: a, text: Good morning.}}]\n"
        "outputs: [{kind: files, path: 'out/{id}.wav'}]\n"
    )
    report = batchtts.run(batchtts.load_job(path))
    assert (report.exit_code, report.totals.characters_sent) == (2, 0)
    assert words in str(report.error)


@pytest.mark.parametrize("hours", [-24, 24])
def test_f22_sleep(bench: Bench, monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    """The machine sleeps and its clock jumps: what was in flight is made again.

    Waits are not of the clock on the wall, and a night's sleep is no failure.
    """
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + 3600 * hours)

    @contextlib.asynccontextmanager
    async def night() -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, WarpLoop)
        falling_asleep = loop.call_later(1.1, loop.jump, 8 * 3600)
        yield
        falling_asleep.cancel()

    result = bench("{attempts: 1, reply: {at: 50%, stall_s: 2}}", beside=night)
    assert result.made == list(TEXTS)
    assert result.totals.retries == len(TEXTS)
    assert 8 * 3600 < result.took_s < 8 * 3600 + 60
