"""One request and its reply: what is complete, and why the rest is not."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.errors import AuthError, BatchTTSError, Fault, TakeError
from batchtts.model import Recording, Request
from batchtts.rime.limits import Limits
from batchtts.rime.utterance import Ending, Utterance
from batchtts.secret import REDACTED, Secret

TEXT = "Hello there, world."
CLEAN = Ending(1000)
SECOND = bytes(range(250)) * 192  # one second of 16-bit samples at 24 kHz
WAV_HEAD = (
    b"RIFF\xff\xff\xff\xffWAVEfmt "
    + struct.pack("<IHHIIHH", 16, 1, 1, 24_000, 48_000, 2, 16)
    + b"data\xff\xff\xff\xff"
)
MP3_FRAME = b"\xff\xf3\x54\xc0" + bytes(116)  # 24 ms
MP3_STEREO = b"\xff\xf3\x54\x00" + bytes(116)


def ogg(rate_hz: int = 48_000, channels: int = 1, codec: str = "opus") -> bytes:
    """Make an Ogg stream of one second."""
    if codec == "opus":
        head = b"OpusHead\x01" + struct.pack("<BHIhB", channels, 0, 24_000, 0, 0)
    else:
        head = b"\x01vorbis" + struct.pack("<IBI", 0, channels, rate_hz) + bytes(14)
    pages = b""
    for number, (flags, granule, body) in enumerate(
        [(2, 0, head), (0, 0, b"tags"), (4, rate_hz, b"sound")]
    ):
        pages += struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, 7, number, 0)
        pages += bytes((1, len(body))) + body
    return pages


def request(
    audio_format: str = "pcm", text: str = TEXT, rate: str = "24000"
) -> Request:
    """Make a request for a kind of audio."""
    parameters = (("audioFormat", audio_format), ("samplingRate", rate))
    return Request("rime", parameters, text)


def spoken(
    *messages: bytes | str,
    audio_format: str = "pcm",
    ending: Ending = CLEAN,
    key: Secret | None = None,
    rate: str = "24000",
) -> Recording:
    """Go through a whole exchange."""
    utterance = Utterance(request(audio_format, rate=rate), key=key)
    for frame in utterance.frames:
        utterance.sent(frame)
    for message in messages:
        utterance.receive(message)
    return utterance.end(ending)


def failure(
    *messages: bytes | str, audio_format: str = "pcm", ending: Ending = CLEAN
) -> TakeError:
    """Go through an exchange that fails."""
    with pytest.raises(TakeError) as failed:
        spoken(*messages, audio_format=audio_format, ending=ending)
    return failed.value


def test_the_text_goes_first_and_then_the_end() -> None:
    """Two frames: the words as they are, and the command to speak and close."""
    assert Utterance(request()).frames == (TEXT, "<EOS>")


@pytest.mark.parametrize("code", [1000, 1001, 1005])
def test_a_clean_close_completes(code: int) -> None:
    """A close frame with 1000, 1001 or nothing in it ends a reply well."""
    assert spoken(SECOND, ending=Ending(code)) == Recording("pcm", 24_000, SECOND)


@given(st.lists(st.integers(0, len(SECOND)), max_size=8))
def test_messages_may_be_cut_anywhere(cuts: list[int]) -> None:
    """Odd and empty messages join to the same samples."""
    edges = [0, *sorted(cuts), len(SECOND)]
    pieces = [SECOND[a:b] for a, b in itertools.pairwise(edges)]
    assert spoken(*pieces).data == SECOND


def test_wav_becomes_samples() -> None:
    """Headers, cut over messages and repeated, do not come out."""
    whole = WAV_HEAD + SECOND + WAV_HEAD + SECOND
    pieces = [whole[i : i + 7] for i in range(0, 70, 7)]
    recording = spoken(*pieces, whole[70:], audio_format="wav")
    assert recording == Recording("pcm", 24_000, SECOND * 2)


def test_mulaw_is_kept_as_it_is() -> None:
    """Any number of bytes is whole."""
    recording = spoken(SECOND[:8001], audio_format="mulaw", rate="8000")
    assert recording == Recording("mulaw", 8_000, SECOND[:8001])


def test_mp3_is_kept_as_it_is() -> None:
    """Whole frames come out as they came."""
    recording = spoken(MP3_FRAME * 40, audio_format="mp3")
    assert recording == Recording("mp3", 24_000, MP3_FRAME * 40)


@pytest.mark.parametrize(("codec", "rate_hz"), [("opus", 48_000), ("vorbis", 24_000)])
def test_ogg_is_kept_as_it_is(codec: str, rate_hz: int) -> None:
    """Opus is said to have the rate at which it decodes."""
    data = ogg(rate_hz, codec=codec)
    assert spoken(data, audio_format="ogg") == Recording("ogg", rate_hz, data)


@pytest.mark.parametrize(
    ("ending", "fault"),
    [
        (Ending(), Fault.DROPPED),
        (Ending(1006), Fault.DROPPED),
        (Ending(1011), Fault.DROPPED),
        (Ending(1012, "restart"), Fault.DROPPED),
        (Ending(3000, "bye"), Fault.DROPPED),
        (Ending(1011, "engine failure"), Fault.SERVICE),
        (Ending(1011, "500 internal"), Fault.SERVICE),
        (Ending(1011, "400 text is too long"), Fault.REJECTED),
        (Ending(1008, "429 Currently at websocket limit"), Fault.THROTTLED),
        (Ending(complaint=1009), Fault.TOO_LARGE),
        (Ending(1009, complaint=1009), Fault.TOO_LARGE),
        (Ending(complaint=1002), Fault.PROTOCOL),
        (Ending(complaint=1007), Fault.PROTOCOL),
        (Ending(complaint=1011), Fault.DROPPED),
        (Ending(1000, complaint=1000), None),
    ],
)
def test_only_a_clean_close_counts(ending: Ending, fault: Fault | None) -> None:
    """However much audio came, another ending makes nothing of it."""
    if fault is None:
        assert spoken(SECOND, ending=ending).data == SECOND
        return
    error = failure(SECOND, ending=ending)
    assert (error.fault, error.received_bytes) == (fault, len(SECOND))
    assert error.status is None


def test_a_key_refused_in_the_close_stops_everything() -> None:
    """A 401 in the close's reason is not a matter of one request."""
    with pytest.raises(AuthError):
        spoken(SECOND, ending=Ending(1011, "401 expired"))


@pytest.mark.parametrize("sent", [[], [TEXT]])
def test_a_close_before_the_end_was_sent_is_incomplete(sent: list[str]) -> None:
    """A service that closes before it has all words cannot have spoken them."""
    utterance = Utterance(request())
    for frame in sent:
        utterance.sent(frame)
    utterance.receive(SECOND)
    with pytest.raises(TakeError) as failed:
        utterance.end(CLEAN)
    assert failed.value.fault is Fault.INCOMPLETE
    assert failed.value.reason == "the connection was closed before <EOS> was sent"


@pytest.mark.parametrize("audio_format", ["pcm", "wav", "mp3", "mulaw", "ogg"])
def test_nothing_at_all_is_no_audio(audio_format: str) -> None:
    """A clean close alone is what an error looks like."""
    for messages in ((), (b"", b"")):
        error = failure(*messages, audio_format=audio_format)
        assert error.fault is Fault.NO_AUDIO


def test_a_header_alone_is_no_audio() -> None:
    """A WAV without samples holds nothing."""
    assert failure(WAV_HEAD, audio_format="wav").fault is Fault.NO_AUDIO


@pytest.mark.parametrize(
    ("audio_format", "data", "fault"),
    [
        ("pcm", SECOND[:-1], Fault.INCOMPLETE),
        ("pcm", SECOND[:200], Fault.INCOMPLETE),
        ("pcm", SECOND * 15, Fault.INCOMPLETE),
        ("pcm", WAV_HEAD + SECOND, Fault.WRONG_FORMAT),
        ("pcm", b"OggS" + SECOND, Fault.WRONG_FORMAT),
        ("mulaw", b"ID3\x04" + SECOND, Fault.WRONG_FORMAT),
        ("wav", WAV_HEAD + SECOND[:-1], Fault.INCOMPLETE),
        ("wav", SECOND, Fault.NOT_AUDIO),
        ("mp3", MP3_FRAME * 40 + MP3_FRAME[:-1], Fault.INCOMPLETE),
        ("mp3", MP3_FRAME, Fault.INCOMPLETE),
        ("mp3", SECOND, Fault.NOT_AUDIO),
        ("mp3", MP3_STEREO * 40, Fault.WRONG_FORMAT),
        ("mp3", b"\xff\xf3\x50\xc0" + bytes(126), Fault.WRONG_FORMAT),
        ("ogg", ogg()[:-1], Fault.INCOMPLETE),
        ("ogg", ogg(channels=2), Fault.WRONG_FORMAT),
        ("ogg", ogg(22_050, codec="vorbis"), Fault.WRONG_FORMAT),
        ("ogg", SECOND, Fault.NOT_AUDIO),
    ],
)
def test_what_is_not_whole_or_not_as_asked_is_refused(
    audio_format: str, data: bytes, fault: Fault
) -> None:
    """Cut, foreign, too short, too long or of another format: no recording."""
    error = failure(data, audio_format=audio_format)
    assert (error.fault, error.received_bytes) == (fault, len(data))


@pytest.mark.parametrize("audio_format", ["pcm", "wav", "mp3", "mulaw", "ogg"])
def test_a_page_in_place_of_audio_is_told(audio_format: str) -> None:
    """Text in binary messages is no sound, and is shown as the reason."""
    page = b"<!DOCTYPE html>\n<title>Bad gateway</title>" * 300
    error = failure(page, audio_format=audio_format)
    assert error.fault is Fault.NOT_AUDIO
    assert error.reason.startswith(
        'got text instead of audio: "<!DOCTYPE html> <title>'
    )


def test_a_text_message_is_never_audio() -> None:
    """It ends the exchange at once and is the reason, on one line."""
    error = failure(SECOND, "error:\nno such voice")
    assert error.fault is Fault.PROTOCOL
    assert error.reason == 'got text where only audio may come: "error: no such voice"'
    assert error.received_bytes == len(SECOND)


@pytest.mark.parametrize(
    ("messages", "ending"),
    [
        (["your key canary-4d1f7b2 is bad"], CLEAN),
        ([b"your key canary-4d1f7b2 is bad"], CLEAN),
        ([], Ending(1011, "key canary-4d1f7b2")),
        ([], Ending(1011, "401 key canary-4d1f7b2")),
    ],
)
def test_an_echo_of_the_key_is_redacted(
    messages: list[bytes | str], ending: Ending
) -> None:
    """Whatever the service sends back, the key is in no reason."""
    key = Secret("canary-4d1f7b2")
    with pytest.raises(BatchTTSError) as failed:
        spoken(*messages, ending=ending, key=key)
    assert REDACTED in str(failed.value)
    assert "canary" not in repr(failed.value)


def test_a_flood_is_stopped_while_it_comes() -> None:
    """More bytes than any reading of the text: refused at that message."""
    utterance = Utterance(request(text="Hi"))
    for _ in range(20):
        utterance.receive(SECOND)
    with pytest.raises(TakeError) as failed:
        utterance.receive(SECOND * 20)
    assert failed.value.fault is Fault.TOO_LARGE
    assert failed.value.received_bytes < 50 * len(SECOND)


def test_the_cap_is_the_callers() -> None:
    """A smaller cap on a take is kept to the byte."""
    utterance = Utterance(request(), limits=Limits(take_bytes=1000))
    utterance.receive(bytes(1000))
    with pytest.raises(TakeError) as failed:
        utterance.receive(b"x")
    assert str(failed.value) == "too_large: more than 1000 bytes for 19 characters"


@pytest.mark.parametrize("text", ["<EOS>", "a <clear> b", "...", ""])
def test_what_may_not_be_sent_makes_no_utterance(text: str) -> None:
    """Commands and texts without words stop before a socket is opened."""
    with pytest.raises(TakeError) as refused:
        Utterance(request(text=text))
    assert refused.value.fault is Fault.REJECTED


@pytest.mark.parametrize(
    "parameters",
    [
        (),
        (("audioFormat", "pcm"),),
        (("samplingRate", "24000"),),
        (("audioFormat", "flac"), ("samplingRate", "24000")),
        (("audioFormat", "pcm"), ("samplingRate", "-1")),
    ],
)
def test_a_request_must_say_what_it_asks_for(
    parameters: tuple[tuple[str, str], ...],
) -> None:
    """Without format and rate nothing could tell wrong audio from right."""
    with pytest.raises(ValueError, match="needs the parameters audioFormat"):
        Utterance(Request("rime", parameters, TEXT))
