"""Client and local server together: each attempt over a real socket."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import numpy as np
import pytest

from batchtts.errors import AuthError, BatchTTSError, Fault, TakeError
from batchtts.localserver import tone_reader
from batchtts.localserver.faults import Cut, Outgoing
from batchtts.localserver.query import Refusal, SpeechQuery
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


@dataclass
class Spoiler:
    """Breaks the server's promises: one answer, or the message of one number."""

    refusal: Refusal | None = None
    at: int = -1
    what: bytes | Cut | None = None

    async def at_handshake(self, query: SpeechQuery) -> Refusal | None:
        """Refuse, if that is what to do."""
        return self.refusal

    async def at_message(self, outgoing: Outgoing) -> bytes | None:
        """Spoil one message."""
        if outgoing.number != self.at:
            return outgoing.data
        if isinstance(self.what, Cut):
            raise self.what
        return self.what


async def attempt(
    asked: Request,
    settings: ServerSettings = TONE,
    *,
    spoiler: Spoiler | None = None,
    key: Secret | None = KEY,
    engine: str = IDENTITY,
) -> Recording:
    """Make one attempt at a server of its own."""
    async with LocalServer(settings, faults=spoiler) as server:
        deadlines = Deadlines(first_audio_s=5, between_s=5)
        client = RimeClient(server.url, key=key, engine=engine, deadlines=deadlines)
        return await client.speak(asked)


def spoken(asked: Request, settings: ServerSettings = TONE) -> Recording:
    """Return the recording of one attempt."""
    return asyncio.run(attempt(asked, settings))


def failure(spoiler: Spoiler, audio_format: str = "pcm") -> TakeError:
    """Return how an attempt at a spoiled server fails."""
    with pytest.raises(TakeError) as failed:
        asyncio.run(attempt(request(audio_format), spoiler=spoiler))
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
    ("what", "fault"),
    [
        (Cut(), Fault.DROPPED),
        (Cut(1006), Fault.DROPPED),
        (Cut(1011, "engine failure"), Fault.SERVICE),
        (Cut(1012, "restart"), Fault.DROPPED),
        (b"x", Fault.INCOMPLETE),
    ],
)
def test_a_reply_that_breaks_is_no_take(what: bytes | Cut, fault: Fault) -> None:
    """Drops, closes and cut samples in mid-audio each have their fault."""
    if isinstance(what, Cut) and what.code == 1006:
        what = Cut()  # 1006 is what a drop looks like; it is never sent
    assert failure(Spoiler(at=3, what=what)).fault is fault


@pytest.mark.parametrize("audio_format", ["wav", "mp3", "ogg"])
def test_a_reply_of_something_else_is_no_take(audio_format: str) -> None:
    """A first message that is no audio spoils the whole."""
    page = b"<html><body>Bad gateway</body></html>" * 20
    assert failure(Spoiler(at=0, what=page), audio_format).fault is Fault.NOT_AUDIO


@pytest.mark.parametrize(
    ("refusal", "fault"),
    [
        (Refusal(429, "Currently at websocket limit"), Fault.THROTTLED),
        (Refusal(400, "speaker is required"), Fault.REJECTED),
        (Refusal(502, "Bad gateway"), Fault.SERVICE),
    ],
)
def test_a_refusal_is_understood(refusal: Refusal, fault: Fault) -> None:
    """The server's own words come with the fault."""
    error = failure(Spoiler(refusal=refusal))
    assert error.fault is fault
    assert str(refusal.status) in error.reason


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
