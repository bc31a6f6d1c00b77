"""Client and local server together: each attempt over a real socket."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from batchtts.errors import AuthError, BatchTTSError, Fault, TakeError
from batchtts.localserver import tone_reader
from batchtts.localserver.faultplan import parse_plan
from batchtts.localserver.server import LocalServer
from batchtts.localserver.settings import ServerSettings
from batchtts.model import Recording, Request
from batchtts.rime.client import RimeClient
from batchtts.rime.limits import Deadlines
from batchtts.rime.plausible import duration_s
from batchtts.secret import Secret

KEY = Secret("canary-4d1f7b2")
TEXT = "The ferry leaves at nine. Be on the quay by half past eight, please."
TONE = ServerSettings(synthesiser="tone", keys=(KEY,))
IDENTITY = "local/tone+1"


def request(audio_format: str = "pcm", rate: str = "24000") -> Request:
    """Make a request for the tone synthesiser."""
    parameters = {
        "audioFormat": audio_format,
        "lang": "eng",
        "modelId": "arcana",
        "samplingRate": rate,
        "speaker": "astra",
    }
    return Request(IDENTITY, tuple(parameters.items()), TEXT)


async def attempt(
    asked: Request,
    settings: ServerSettings = TONE,
    *,
    faults: str = "",
    key: Secret | None = KEY,
    engine: str = IDENTITY,
) -> Recording:
    """Make one attempt at a server of its own, with these faults."""
    plan = parse_plan(f"faults: [{{{faults}}}]") if faults else None
    async with LocalServer(settings, faults=plan) as server:
        deadlines = Deadlines(first_audio_s=5, between_s=5)
        client = RimeClient(server.url, key=key, engine=engine, deadlines=deadlines)
        return await client.speak(asked)


def spoken(asked: Request, settings: ServerSettings = TONE) -> Recording:
    """Return the recording of one attempt."""
    return asyncio.run(attempt(asked, settings))


def failure(faults: str, audio_format: str = "pcm") -> TakeError:
    """Return how an attempt at a server with a fault fails."""
    with pytest.raises(TakeError) as failed:
        asyncio.run(attempt(request(audio_format), faults=faults))
    return failed.value


def heard(recording: Recording) -> tone_reader.Reading:
    """Return what a recording of samples says."""
    samples = np.frombuffer(recording.data, "<i2")
    return tone_reader.read(samples, recording.sampling_rate)


@pytest.mark.parametrize("audio_format", ["pcm", "wav"])
@pytest.mark.parametrize("rate", ["8000", "24000", "48000"])
def test_every_word_comes(audio_format: str, rate: str) -> None:
    """The recording says the text, whole, at any rate."""
    recording = spoken(request(audio_format, rate))
    assert (recording.encoding, recording.sampling_rate) == ("pcm", int(rate))
    reading = heard(recording)
    assert (reading.text, reading.whole) == (TEXT, True)


@pytest.mark.parametrize(
    ("audio_format", "rate"),
    [("mulaw", "8000"), ("mp3", "24000"), ("mp3", "44100"), ("ogg", "24000")],
)
def test_every_format_comes_whole(audio_format: str, rate: str) -> None:
    """Compressed replies are kept as they are and last as long as the samples."""
    recording = spoken(request(audio_format, rate))
    assert recording.encoding == audio_format
    plain = spoken(request())
    assert duration_s(recording) == pytest.approx(duration_s(plain), abs=0.15)


@pytest.mark.parametrize("headers", ["connection", "sentence"])
@pytest.mark.parametrize("lengths", [0, 0xFFFFFFFF, 0x7FFFFFFF, 36])
def test_wav_headers_never_come_out(headers: str, lengths: int) -> None:
    """One header or one a sentence, cut anywhere, whatever lengths they lie."""
    settings = replace(
        TONE,
        wav_headers="sentence" if headers == "sentence" else "connection",
        wav_lengths=lengths,
        message_bytes=97,
        odd_cuts=lengths + 5,
    )
    assert spoken(request("wav"), settings) == spoken(request("pcm"))


@pytest.mark.parametrize("seed", range(4))
def test_odd_messages_change_nothing(seed: int) -> None:
    """Wherever the bytes are cut, the recording is the same."""
    settings = replace(TONE, message_bytes=701, odd_cuts=seed)
    assert spoken(request(), settings) == spoken(request())


@pytest.mark.parametrize(
    ("end", "fault"),
    [
        ("end: drop", Fault.DROPPED),
        ("end: reset", Fault.DROPPED),
        ("end: 1011, reason: engine failure", Fault.SERVICE),
        ("end: 1012, reason: restart", Fault.DROPPED),
        ("end: 1006", Fault.PROTOCOL),
        ("send: [{zeros: 1}]", Fault.INCOMPLETE),
    ],
)
def test_a_reply_that_breaks_is_no_take(end: str, fault: Fault) -> None:
    """Drops, closes and cut samples in mid-audio each have their fault."""
    assert failure(f"reply: {{at: 50%, {end}}}").fault is fault


@pytest.mark.parametrize("audio_format", ["wav", "mp3", "ogg"])
def test_a_reply_of_something_else_is_no_take(audio_format: str) -> None:
    """A page of HTML in place of audio is seen for what it is."""
    page = "<html><body>Bad gateway</body></html>"
    error = failure(f"reply: {{send: [{{data: {page}}}], end: 1000}}", audio_format)
    assert error.fault is Fault.NOT_AUDIO


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (429, "Currently at websocket limit", Fault.THROTTLED),
        (400, "speaker is required", Fault.REJECTED),
        (502, "Bad gateway", Fault.SERVICE),
    ],
)
def test_a_refusal_is_understood(status: int, body: str, fault: Fault) -> None:
    """The server's own words come with the fault."""
    error = failure(f"handshake: {{status: {status}, body: {body}}}")
    assert error.fault is fault
    assert error.reason == f'HTTP {status}: "{body}"'


@pytest.mark.parametrize("key", [None, Secret("wrong")])
def test_a_wrong_key_is_refused(key: Secret | None) -> None:
    """The local server checks keys as Rime does."""
    with pytest.raises(AuthError, match="HTTP 401"):
        asyncio.run(attempt(request(), key=key))


@pytest.mark.parametrize("engine", ["rime", "local/espeak-1.52.0+1"])
def test_the_local_server_is_not_taken_for_another(engine: str) -> None:
    """Its speech is never another engine's."""
    with pytest.raises(BatchTTSError, match=r"local server \"local/tone\+1\""):
        asyncio.run(attempt(request(), engine=engine))


def test_a_request_given_up_is_cleared() -> None:
    """The server has it noted as cleared, not as finished."""

    async def main() -> list[str]:
        slow = replace(TONE, first_byte_s=30)
        async with LocalServer(slow) as server:
            client = RimeClient(server.url, key=KEY, engine=IDENTITY)
            task = asyncio.create_task(client.speak(request()))
            # The server tells of a connection's end, not of its frames.
            while not [r for r in server.requests if "<EOS>" in r.frames]:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        return server.requests[0].frames

    assert asyncio.run(main()) == [TEXT, "<EOS>", "<CLEAR>"]
