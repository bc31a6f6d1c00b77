"""The local server over real sockets, with clients as Rime's users write them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import io
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidStatus,
)

from batchtts.errors import LocalError
from batchtts.hosts import ENGINE_HEADER
from batchtts.localserver import ServerSettings, tone
from batchtts.localserver.server import LocalServer, Seen
from batchtts.localserver.tone_reader import Reading, read
from batchtts.secret import Secret

TEXT = "The harbour was quiet. Mr. Grey said no! Was it 3.50 or 4?"
SENTENCES = ["The harbour was quiet.", "Mr. Grey said no!", "Was it 3.50 or 4?"]
ARCANA = "speaker=astra&modelId=arcana"
KEY = {"Authorization": "Bearer a key"}


def _tone(
    *,
    require_key: bool = True,
    keys: tuple[Secret, ...] | None = None,
    connection_limit: int | None = None,
    first_byte_s: float = 0,
    real_time_factor: float | None = None,
    message_bytes: int = 16_384,
    odd_cuts: int | None = None,
    wav_headers: Literal["connection", "sentence"] = "connection",
    wav_lengths: int = 0xFFFFFFFF,
    text_limit: int | None = 500,
    port: int = 0,
) -> ServerSettings:
    return ServerSettings(
        synthesiser="tone",
        port=port,
        require_key=require_key,
        keys=keys,
        connection_limit=connection_limit,
        first_byte_s=first_byte_s,
        real_time_factor=real_time_factor,
        message_bytes=message_bytes,
        odd_cuts=odd_cuts,
        wav_headers=wav_headers,
        wav_lengths=wav_lengths,
        text_limit=text_limit,
    )


@contextlib.asynccontextmanager
async def _open(server: LocalServer, query: str) -> AsyncIterator[ClientConnection]:
    async with connect(f"{server.url}?{query}", additional_headers=KEY) as socket:
        yield socket


async def _messages(
    server: LocalServer, frames: Sequence[str], query: str = f"{ARCANA}&audioFormat=pcm"
) -> list[bytes]:
    """Send the frames and collect messages up to the proper close."""
    async with _open(server, query) as socket:
        for frame in frames:
            await socket.send(frame)
        return [message async for message in socket if isinstance(message, bytes)]


async def _audio(
    server: LocalServer, frames: Sequence[str], query: str = f"{ARCANA}&audioFormat=pcm"
) -> bytes:
    return b"".join(await _messages(server, frames, query))


def _decoded(data: bytes, audio_format: str, rate_hz: int) -> tuple[bytes, int]:
    """Decode with PyAV: samples and the rate they have."""
    if audio_format == "pcm":
        return data, rate_hz
    raw = audio_format == "mulaw"
    options = {"sample_rate": str(rate_hz)} if raw else {}
    resampler = av.AudioResampler(format="s16", layout="mono")
    parts: list[bytes] = []
    form = audio_format if raw else None
    with av.open(io.BytesIO(data), "r", format=form, options=options) as container:
        for frame in container.decode(audio=0):
            rate_hz = frame.sample_rate
            parts += [f.to_ndarray().tobytes() for f in resampler.resample(frame)]
    return b"".join(parts), rate_hz


def _said(samples: bytes, rate_hz: int = 24_000) -> list[str]:
    reading = read(samples, rate_hz)
    assert reading.whole
    return [utterance.text for utterance in reading.utterances]


@dataclass
class SampleClient:
    """A client in the manner of Rime's documentation: send, read until closed."""

    url: str
    tokens: list[str]
    audio: bytes = b""

    async def send_tokens(self, socket: ClientConnection) -> None:
        """Send token by token."""
        for token in self.tokens:
            await socket.send(token)

    async def read_audio(self, socket: ClientConnection) -> None:
        """Read until the library says that the connection was closed well."""
        while True:
            try:
                message = await socket.recv()
            except ConnectionClosedOK:
                break
            assert isinstance(message, bytes)
            self.audio += message

    async def run(self, path: Path) -> None:
        """Talk, then save what came, as it came."""
        async with connect(self.url, additional_headers=KEY) as socket:
            await asyncio.gather(self.send_tokens(socket), self.read_audio(socket))
        await asyncio.to_thread(path.write_bytes, self.audio)


def _tokens(text: str) -> list[str]:
    *words, last = text.split()
    return [*(f"{word} " for word in words), last]


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("", SENTENCES),
        ("&segment=bySentence", SENTENCES),
        ("&segment=", SENTENCES),
        ("&segment=null", SENTENCES),
        ("&segment=never", SENTENCES),
        ("&segment=immediate", TEXT.split()),
        ("&immediate=true", TEXT.split()),
    ],
)
def test_rimes_sample_client_saves_a_wav_of_the_right_length(
    tmp_path: Path, segment: str, expected: list[str]
) -> None:
    """With only its URL changed, under each segment mode and after a clear."""
    saved = tmp_path / "saved.wav"
    tokens = ["Not ", "this ", "<CLEAR>", *_tokens(TEXT), "<EOS>"]
    if "immediate" in segment:
        tokens = tokens[3:]

    async def talk() -> None:
        async with LocalServer(_tone()) as server:
            url = f"{server.url}?speaker=astra&modelId=arcana&audioFormat=wav{segment}"
            await SampleClient(url, tokens).run(saved)

    asyncio.run(talk())
    samples, rate_hz = soundfile.read(saved, dtype="int16")
    spoken = b"".join(
        tone.speak(sentence, speaker="astra", lang="eng") for sentence in expected
    )
    assert rate_hz == 24_000
    assert samples.tobytes() == spoken
    assert _said(samples.tobytes()) == expected


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 24000, 44100, 48000, 96000])
@pytest.mark.parametrize("audio_format", ["pcm", "wav", "mp3", "mulaw", "ogg"])
def test_every_format_at_every_rate_can_be_decoded(
    audio_format: str, rate_hz: int
) -> None:
    """To the right length, with every word whole and in its place."""

    async def talk() -> bytes:
        async with LocalServer(_tone()) as server:
            query = f"{ARCANA}&audioFormat={audio_format}&samplingRate={rate_hz}"
            return await _audio(server, [TEXT, "<EOS>"], query)

    samples, found_hz = _decoded(asyncio.run(talk()), audio_format, rate_hz)
    # Opus always decodes at 48 kHz, and MP3 has no higher rate than that.
    highest = 48_000 if audio_format == "mp3" else rate_hz
    assert found_hz == (48_000 if audio_format == "ogg" else min(rate_hz, highest))
    assert _said(samples, found_hz) == SENTENCES
    seconds = len(samples) / 2 / found_hz
    exact = sum(len(tone.speak(s)) / 2 / tone.RATE_HZ for s in SENTENCES)
    # A live MP3 stream keeps the encoder's delay and its last padding.
    allowed = 0.2 if audio_format == "mp3" else 2 / rate_hz
    assert exact - 2 / rate_hz <= seconds <= exact + allowed


@pytest.mark.parametrize("audio_format", ["pcm", "wav", "mp3", "mulaw", "ogg"])
def test_the_same_request_gives_the_same_bytes(audio_format: str) -> None:
    """Compressed or not, there is no chance and no clock in the stream."""

    async def talk() -> set[bytes]:
        async with LocalServer(_tone()) as server:
            query = f"{ARCANA}&audioFormat={audio_format}"
            return {await _audio(server, [TEXT, "<EOS>"], query) for _ in range(2)}

    assert len(asyncio.run(talk())) == 1


def test_flush_speaks_and_stays_open() -> None:
    """Its audio comes without a close, and nothing says where it ends."""

    async def talk() -> tuple[bytes, list[bytes]]:
        async with (
            LocalServer(_tone()) as server,
            _open(server, f"{ARCANA}&audioFormat=pcm&segment=never") as socket,
        ):
            await socket.send("First part")
            await socket.send("<FLUSH>")
            first = await socket.recv()
            assert isinstance(first, bytes)
            while len(first) < len(tone.speak("First part")):
                more = await socket.recv()
                assert isinstance(more, bytes)
                first += more
            await socket.send("second part")
            await socket.send("<EOS>")
            return first, [m async for m in socket if isinstance(m, bytes)]

    first, rest = asyncio.run(talk())
    assert _said(first) == ["First part"]
    assert _said(b"".join(rest)) == ["second part"]


def test_nothing_to_speak_closes_cleanly_without_audio() -> None:
    """As Rime does: there is no error on `/ws`."""

    async def talk() -> tuple[list[bytes], list[bytes]]:
        async with LocalServer(_tone()) as server:
            wav = f"{ARCANA}&audioFormat=wav"
            mp3 = f"{ARCANA}&audioFormat=mp3"
            return (
                await _messages(server, ["... ", "<EOS>"], wav),
                await _messages(server, ["<EOS>"], mp3),
            )

    assert asyncio.run(talk()) == ([], [])


def test_a_text_that_is_too_long_ends_in_nothing_but_a_close() -> None:
    """501 characters are too many by default; the record says why."""

    async def talk() -> tuple[list[bytes], list[str]]:
        async with LocalServer(_tone()) as server:
            messages = await _messages(server, ["x" * 501, "<EOS>"])
            await _audio(server, ["x" * 500, "<EOS>"])
            return messages, [seen.outcome for seen in server.requests]

    messages, outcomes = asyncio.run(talk())
    assert messages == []
    assert outcomes == ["text too long: 501 characters", "finished"]


async def _refusal(
    url: str, headers: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """Return status, body and content type of a handshake that is refused."""
    with pytest.raises(InvalidStatus) as caught:
        await connect(url, additional_headers=KEY if headers is None else headers)
    response = caught.value.response
    assert response.body is not None
    assert ENGINE_HEADER in response.headers
    body = bytes(response.body).decode()
    return response.status_code, body, response.headers["Content-Type"]


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/ws?modelId=arcana", 400, "speaker is required"),
        (
            f"/ws?{ARCANA}&lang=xyz",
            400,
            "Language xyz is not supported for model arcana",
        ),
        (f"/ws?{ARCANA}&audioFormat=flac", 400, "Audio format flac is not supported"),
        (f"/ws2?{ARCANA}", 404, "Not Found"),
        (f"/?{ARCANA}", 404, "Not Found"),
        (f"/ws/?{ARCANA}", 404, "Not Found"),
    ],
)
def test_refusals_are_plain_sentences(path: str, status: int, sentence: str) -> None:
    """HTTP status and text, no JSON."""

    async def talk() -> None:
        async with LocalServer(_tone()) as server:
            answer = await _refusal(server.url.removesuffix("/ws") + path)
            assert answer == (status, sentence, "text/plain; charset=utf-8")
            assert server.refusals == {status: 1}
            assert server.connections == 0

    asyncio.run(talk())


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer other", "Basic one", "one", "Bearer one x"],
)
def test_a_wrong_key_is_refused(header: str | None) -> None:
    """401 without a hint of what would be right."""

    async def talk() -> tuple[int, str, str]:
        keys = (Secret("one"), Secret("two"))
        async with LocalServer(_tone(keys=keys)) as server:
            headers = {} if header is None else {"Authorization": header}
            return await _refusal(f"{server.url}?{ARCANA}", headers)

    status, sentence, _ = asyncio.run(talk())
    assert status == 401
    assert "one" not in sentence
    assert "two" not in sentence


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        (_tone(keys=(Secret("one"), Secret("two"))), {"Authorization": "Bearer two"}),
        (_tone(keys=(Secret("one"),)), {"Authorization": "bearer one"}),
        (_tone(), {"Authorization": "Bearer anything"}),
        (_tone(require_key=False), {}),
    ],
)
def test_a_right_key_is_let_in(
    settings: ServerSettings, headers: dict[str, str]
) -> None:
    """One of those given; any one when none are; none when none is asked for."""

    async def talk() -> None:
        async with (
            LocalServer(settings) as server,
            connect(f"{server.url}?{ARCANA}", additional_headers=headers) as socket,
        ):
            assert socket.response is not None
            assert socket.response.headers[ENGINE_HEADER] == "local/tone+1"

    asyncio.run(talk())


def test_beyond_the_connection_limit_nobody_is_let_in() -> None:
    """429 in Rime's words, until a place is free; the end of one frees it."""

    async def talk() -> None:
        async with LocalServer(_tone(connection_limit=2)) as server:
            url = f"{server.url}?{ARCANA}&audioFormat=pcm"
            async with _open(server, ARCANA), _open(server, ARCANA):
                status, sentence, _ = await _refusal(url)
                assert (status, sentence) == (429, "Currently at websocket limit")
                # A request that is wrong anyway is told so.
                assert (await _refusal(f"{server.url}?speaker="))[0] == 400
            for _ in range(20):  # each comes the moment the one before has ended
                await asyncio.gather(
                    _audio(server, ["One.", "<EOS>"]), _audio(server, ["Two.", "<EOS>"])
                )
            assert server.refusals == {429: 1, 400: 1}
            assert server.concurrent_most == 2
            assert server.connections == 42

    asyncio.run(talk())


def test_a_handshake_that_fails_takes_no_place() -> None:
    """A client that breaks off is forgotten."""

    async def talk() -> None:
        async with LocalServer(_tone(connection_limit=1)) as server:
            for _ in range(3):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                lines = [
                    f"GET /ws?{ARCANA} HTTP/1.1",
                    "Host: localhost",
                    "Authorization: Bearer k",
                    "Connection: Upgrade",
                    "Upgrade: websocket",
                    "Sec-WebSocket-Key: not one",
                ]
                writer.write("\r\n".join([*lines, "", ""]).encode())
                assert (await reader.read()).startswith(b"HTTP/1.1 400")
                writer.close()
                await writer.wait_closed()
            assert await _audio(server, ["Free.", "<EOS>"])

    asyncio.run(talk())


def _get(server: LocalServer, path: str) -> tuple[int, dict[str, str], bytes]:
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    ) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()


def test_it_says_what_it_is() -> None:
    """Plain HTTP: JSON at the root, and no WebSocket without an upgrade."""

    async def talk() -> None:
        async with LocalServer(_tone()) as server:
            status, headers, body = await asyncio.to_thread(_get, server, "/")
            assert status == 200
            assert headers["Content-Type"] == "application/json"
            assert headers[ENGINE_HEADER] == server.identity == "local/tone+1"
            assert json.loads(body)["server"] == "batchtts"
            assert json.loads(body)["engine"] == "local/tone+1"
            assert (await asyncio.to_thread(_get, server, f"/ws?{ARCANA}"))[0] == 426
            assert (await asyncio.to_thread(_get, server, "/other"))[0] == 404
            assert server.connections == 0

    asyncio.run(talk())


def test_many_talk_at_once_and_hear_only_their_own() -> None:
    """Forty connections, each with its own text and voice."""

    async def talk() -> None:
        async with LocalServer(_tone(odd_cuts=1, message_bytes=3000)) as server:
            texts = [f"Client {n} says {n * 7919}. And goes." for n in range(40)]
            queries = [
                f"speaker=s{n}&modelId=arcana&audioFormat=pcm" for n in range(40)
            ]
            heard = await asyncio.gather(
                *(
                    _audio(server, [text, "<EOS>"], query)
                    for text, query in zip(texts, queries, strict=True)
                )
            )
            for n, samples in enumerate(heard):
                reading: Reading = read(samples, 24_000)
                assert reading.whole
                assert reading.text == texts[n]
                voices = {utterance.voice for utterance in reading.utterances}
                assert voices == {tone.voice_symbol(f"s{n}", "eng")}
            assert server.connections == 40
            assert server.concurrent_most > 1

    asyncio.run(talk())


def test_a_request_is_recorded_without_its_key() -> None:
    """Frames, words, parameters and headers are kept for a test to see."""
    records: list[Seen] = []

    async def talk() -> LocalServer:
        async with LocalServer(_tone(), on_request=records.append) as server:
            await _audio(server, ["One. ", "Two", "<EOS>"])
        return server

    server = asyncio.run(talk())
    (seen,) = server.requests
    assert records == [seen]
    assert seen.frames == ["One. ", "Two", "<EOS>"]
    assert seen.text == "One. Two"
    assert seen.query.parameters["modelId"] == "arcana"
    assert seen.outcome == "finished"
    assert seen.audio_bytes == len(tone.speak("One.") + tone.speak("Two"))
    assert seen.headers["authorization"] == "**redacted**"
    assert "a key" not in repr(seen)


def test_the_key_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Not even where everything is logged."""
    for name in (None, "batchtts", "websockets", "websockets.server"):
        caplog.set_level(logging.DEBUG, name)
    quiet = logging.getLogger("a client's own log")
    quiet.setLevel(logging.CRITICAL)
    settings = _tone(keys=(Secret("canary-7731"),))

    async def talk() -> None:
        async with LocalServer(settings) as server:
            url = f"{server.url}?{ARCANA}"
            headers = {"Authorization": "Bearer canary-7731"}
            async with connect(url, additional_headers=headers, logger=quiet) as socket:
                await socket.send("<EOS>")
                await socket.wait_closed()

    asyncio.run(talk())
    assert "canary" not in caplog.text
    assert base64.b64encode(b"canary-7731").decode() not in caplog.text
    assert "canary" not in repr(settings)


# --- how the audio comes ---------------------------------------------------------


def test_messages_are_of_the_size_asked_for() -> None:
    """All but the last one of a sentence are full."""

    async def talk() -> list[bytes]:
        async with LocalServer(_tone(message_bytes=1000)) as server:
            return await _messages(server, ["A sentence.", "<EOS>"])

    messages = asyncio.run(talk())
    assert {len(message) for message in messages[:-1]} == {1000}
    assert _said(b"".join(messages)) == ["A sentence."]


def test_odd_cuts_fall_at_any_byte_but_always_the_same() -> None:
    """The seed and the text decide, not the order of connections."""

    async def talk(seed: int, texts: Iterable[str]) -> dict[str, list[int]]:
        settings = _tone(odd_cuts=seed, message_bytes=500)
        async with LocalServer(settings) as server:
            return {
                text: [len(m) for m in await _messages(server, [text, "<EOS>"])]
                for text in texts
            }

    cuts = asyncio.run(talk(7, ["One.", "Two."]))
    assert sum(length % 2 for length in cuts["One."]) > 10
    assert max(cuts["One."]) <= 500
    assert asyncio.run(talk(7, ["Two.", "One."])) == cuts
    assert asyncio.run(talk(8, ["One."]))["One."] != cuts["One."]


def test_wav_headers_can_stand_before_each_sentence() -> None:
    """With any placeholder for the lengths."""

    async def talk() -> bytes:
        settings = _tone(wav_headers="sentence", wav_lengths=0)
        async with LocalServer(settings) as server:
            return await _audio(server, [TEXT, "<EOS>"], f"{ARCANA}&audioFormat=wav")

    header, *parts = asyncio.run(talk()).split(b"RIFF")
    assert header == b""
    assert [part[:4] + part[36:40] for part in parts] == [bytes(8)] * 3
    assert [_said(part[40:]) for part in parts] == [[s] for s in SENTENCES]


def test_audio_keeps_to_its_schedule() -> None:
    """The first byte not before its time, the close not before the last one's."""
    text = "Long enough to be timed."

    async def talk() -> tuple[float, float]:
        settings = _tone(first_byte_s=0.04, real_time_factor=20, message_bytes=5000)
        async with (
            LocalServer(settings) as server,
            _open(server, f"{ARCANA}&audioFormat=pcm") as socket,
        ):
            begun = time.perf_counter()
            await socket.send(text)
            await socket.send("<EOS>")
            await socket.recv()
            first_s = time.perf_counter() - begun
            await _drained(socket)
            return first_s, time.perf_counter() - begun

    first_s, whole_s = asyncio.run(talk())
    seconds = len(tone.speak(text)) / 2 / tone.RATE_HZ
    assert first_s >= 0.039
    assert whole_s >= 0.039 + seconds / 20


# --- when something goes wrong -----------------------------------------------------


def test_a_client_that_leaves_is_forgotten() -> None:
    """Its speech is not finished, and its place is free."""

    async def talk() -> None:
        settings = _tone(connection_limit=1, real_time_factor=1)
        gone = asyncio.Event()
        async with LocalServer(settings, on_request=lambda _: gone.set()) as server:
            async with _open(server, f"{ARCANA}&audioFormat=pcm") as socket:
                await socket.send("This takes a while to be said. ")
                await socket.recv()
                socket.transport.abort()
            await asyncio.wait_for(gone.wait(), 10)
            assert server.requests[0].outcome == "client gone"
            async with _open(server, ARCANA):
                pass

    asyncio.run(talk())


def test_binary_frames_are_not_understood() -> None:
    """Bare text is all that `/ws` takes."""

    async def talk() -> tuple[int | None, str]:
        async with LocalServer(_tone()) as server, _open(server, ARCANA) as socket:
            await socket.send(b"Text?")
            await socket.wait_closed()
            return socket.close_code, server.requests[0].outcome

    assert asyncio.run(talk()) == (1003, "binary frame")


async def _drained(socket: ClientConnection) -> None:
    async for _ in socket:
        pass


def test_a_server_that_stops_does_not_look_complete() -> None:
    """The close code in the middle of audio is no clean one."""

    async def talk() -> int | None:
        async with contextlib.AsyncExitStack() as stack:
            server = LocalServer(_tone(real_time_factor=1))
            await server.__aenter__()
            socket = await stack.enter_async_context(
                _open(server, f"{ARCANA}&audioFormat=pcm")
            )
            await socket.send("This takes a while to be said. ")
            await socket.recv()
            await server.__aexit__(None, None, None)
            with pytest.raises(ConnectionClosedError):
                await _drained(socket)
            return socket.close_code

    assert asyncio.run(talk()) == 1012


def test_a_taken_port_is_a_clear_error() -> None:
    """Host, port and cause are named."""

    async def talk() -> str:
        async with LocalServer(_tone()) as server:
            with pytest.raises(LocalError) as caught:
                async with LocalServer(_tone(port=server.port)):
                    pass
            assert str(server.port) in str(caught.value)
        return str(caught.value)

    assert asyncio.run(talk()).startswith('cannot listen on "127.0.0.1", port ')


def _ulaw_to_linear(data: bytes) -> NDArray[np.int16]:
    samples, _ = _decoded(data, "mulaw", 8000)
    return np.frombuffer(samples, "<i2")


def test_mulaw_is_that_of_the_standard() -> None:
    """Decoded by FFmpeg, every sample is the nearest that mu-law has."""

    async def talk() -> tuple[bytes, bytes]:
        async with LocalServer(_tone()) as server:
            query = f"{ARCANA}&samplingRate=8000&audioFormat="
            return (
                await _audio(server, ["Alike.", "<EOS>"], query + "mulaw"),
                await _audio(server, ["Alike.", "<EOS>"], query + "pcm"),
            )

    coded, plain = asyncio.run(talk())
    linear = np.frombuffer(plain, "<i2").astype(int)
    error = np.abs(_ulaw_to_linear(coded).astype(int) - linear)
    # Half a step: there are 16 in each octave above the bias of 132.
    assert (error <= (np.abs(linear) + 132) / 32).all()


def test_environment_is_left_alone() -> None:
    """A server in this process changes nothing of it."""
    before = dict(os.environ)

    async def talk() -> None:
        async with LocalServer(_tone()):
            pass

    asyncio.run(talk())
    assert dict(os.environ) == before
