"""Faults on order: which requests they strike, and what a client then sees."""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from batchtts.errors import JobError
from batchtts.localserver import ServerSettings, tone
from batchtts.localserver.faultplan import parse_plan, read_plan
from batchtts.localserver.faults import (
    FaultPlan,
    Faults,
    Handshake,
    Numbers,
    Position,
    Reply,
    Request,
    Rule,
    When,
)
from batchtts.localserver.server import LocalServer
from batchtts.localserver.tone_reader import read

KEY = "canary/4d1f+7b2=9"
HEADERS = {"Authorization": f"Bearer {KEY}"}
QUERY = "?speaker=astra&modelId=arcana&audioFormat="
TEXT = "One. Two. Three."
WHOLE = b"".join(
    tone.speak(sentence, speaker="astra", lang="eng")
    for sentence in ("One.", "Two.", "Three.")
)


@dataclass
class Heard:
    """What a client got from a connection, and how that ended."""

    messages: list[bytes | str] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    code: int | None = None
    reason: str = ""

    @property
    def audio(self) -> bytes:
        """Return the binary messages in one."""
        return b"".join(m for m in self.messages if isinstance(m, bytes))


async def converse(url: str, frames: list[str], audio_format: str = "pcm") -> Heard:
    """Send the frames and take all that comes, however it ends."""
    heard = Heard()
    async with connect(
        url + QUERY + audio_format, additional_headers=HEADERS, max_size=None
    ) as client:
        for frame in frames:
            with suppress(ConnectionClosed):
                await client.send(frame)
        await _take_all(client, heard)
    heard.code, heard.reason = client.close_code, client.close_reason or ""
    return heard


async def _take_all(client: ClientConnection, heard: Heard) -> None:
    clock = asyncio.get_running_loop()
    with suppress(ConnectionClosed):
        while True:
            heard.messages.append(await client.recv())
            heard.times_s.append(clock.time())


def heard(plan: str, audio_format: str = "pcm", text: str = TEXT) -> Heard:
    """Return what comes of one request to a server with a fault."""

    async def main() -> Heard:
        faults = parse_plan(f"faults: [{{{plan}}}]")
        async with LocalServer(ServerSettings(synthesiser="tone"), faults=faults) as it:
            return await converse(it.url, [text, "<EOS>"], audio_format)

    return asyncio.run(main())


def said(samples: bytes) -> list[str]:
    """Return the whole utterances in samples."""
    return [u.text for u in read(samples, tone.RATE_HZ).utterances if u.whole]


# --- which requests ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        ("3", {3}, {2, 4, 30}),
        ("3, 7-9", {3, 7, 8, 9}, {1, 6, 10}),
        ("20-", {20, 10**9}, {1, 19}),
        ("1-1,5-", {1, 5, 6}, {2, 4}),
    ],
)
def test_numbers_and_spans(written: str, inside: set[int], outside: set[int]) -> None:
    """Single numbers, spans and spans without an end, with commas between them."""
    numbers = Numbers.of(written)
    assert {n for n in inside | outside if n in numbers} == inside


@pytest.mark.parametrize("written", ["0", "9-7", "-3", "a", "", "3,,4", "1.5"])
def test_what_is_no_number_is_refused(written: str) -> None:
    """Requests are counted from 1."""
    with pytest.raises(ValueError, match="number"):
        Numbers.of(written)


@pytest.mark.parametrize(
    ("written", "position"),
    [
        ("1.5", Position(1.5, 1.5)),
        ("50%", Position(0.5, 0.5, share=True)),
        ("0.5-2", Position(0.5, 2.0)),
        ("20%-80%", Position(0.2, 0.8, share=True)),
    ],
)
def test_positions(written: str, position: Position) -> None:
    """Seconds or a share of the whole, one of them or a range."""
    assert Position.of(written) == position


@pytest.mark.parametrize("written", ["", "x", "101%", "5-2", "10%-2", "10-20%", "-1"])
def test_what_is_no_position_is_refused(written: str) -> None:
    """A range is of one unit, and a share is at most the whole."""
    with pytest.raises(ValueError, match="place"):
        Position.of(written)


REQUEST = Request(number=6, open_now=3, text="The ferry leaves.", attempt=2)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        (When(), True),
        (When(requests=Numbers.of("6")), True),
        (When(requests=Numbers.of("7-")), False),
        (When(every=3), True),
        (When(every=4), False),
        (When(connections_above=2), True),
        (When(connections_above=3), False),
        (When(text="*ferry*"), True),
        (When(text="ferry"), False),
        (When(regex="l.aves"), True),
        (When(regex="^ferry"), False),
        (When(attempts=2), True),
        (When(attempts=1), False),
        (When(chance=0.6), True),
        (When(chance=0.5), False),
        (When(every=3, text="*bus*"), False),
    ],
)
def test_all_that_a_rule_says_must_hold(when: When, *, holds: bool) -> None:
    """Each condition alone, and two of which one fails."""
    assert when.holds(REQUEST, 0.5) is holds


def _struck(texts: list[str], seed: int = 3) -> dict[tuple[str, int], bool]:
    """Return which attempts at which texts are struck, asked for in this order."""
    rule = Rule(Reply(end="drop"), When(chance=0.4))
    faults = Faults(FaultPlan((rule,), seed))
    found: dict[tuple[str, int], bool] = {}
    for number, text in enumerate(texts, 1):
        attempt = sum(1 for one, _ in found if one == text) + 1
        found[text, attempt] = faults.at_reply(number, 1, text) is not None
    return found


def test_chance_follows_the_words_not_the_order() -> None:
    """Other orders strike the same attempts at the same words; other seeds others."""
    texts = [f"Text {n}." for n in range(200)] * 2
    found = _struck(texts)
    assert _struck(texts[::-1]) == found
    assert _struck(sorted(texts)) == found
    assert _struck(texts, seed=4) != found
    assert 100 < sum(found.values()) < 220
    again = [found[f"Text {n}.", 1] == found[f"Text {n}.", 2] for n in range(200)]
    assert not all(again)


def test_chance_at_the_handshake_follows_the_number() -> None:
    """There are no words yet: the same numbers are struck in every run."""
    rules = (Rule(Handshake(status=503), When(chance=0.5)),)
    runs = [Faults(FaultPlan(rules, seed)) for seed in (1, 1, 2)]
    found = [[run.at_handshake(n, 1) is not None for n in range(100)] for run in runs]
    assert found[0] == found[1] != found[2]
    assert 30 < sum(found[0]) < 70


def test_the_first_rule_that_holds_is_carried_out() -> None:
    """Of several; the moments are apart, so one request can meet two."""
    rules = (
        Rule(Handshake(delay_s=1), When(every=2)),
        Rule(Reply(end="drop"), When(every=3)),
        Rule(Reply(end=1000)),
    )
    faults = Faults(FaultPlan(rules))
    found = [faults.at_reply(n, 1, "x") for n in (1, 2, 3)]
    assert [one.rule if one else 0 for one in found] == [3, 3, 2]
    assert [faults.at_handshake(n, 1) is None for n in (5, 6)] == [True, False]
    assert faults.struck == {1: 1, 2: 1, 3: 2}


# --- the plan as YAML --------------------------------------------------------------


def test_a_plan_says_what_its_values_say() -> None:
    """YAML and Python make the same plan."""
    written = """
    seed: 7
    faults:
      - {chance: 0.1, handshake: {status: 429, headers: {Retry-After: 2}}}
      - {requests: [3, 7-9], every: 2, connections_above: 1, handshake: {raw: x}}
      - text: "*a*"
        regex: b
        attempts: 1
        reply: {at: 20%-80%, stall_s: 2, end: 1000, reason: why}
    """
    assert parse_plan(written) == FaultPlan(
        (
            Rule(Handshake(status=429, headers={"Retry-After": "2"}), When(chance=0.1)),
            Rule(
                Handshake(raw="x"),
                When(requests=Numbers.of("3,7-9"), every=2, connections_above=1),
            ),
            Rule(
                Reply(at=Position.of("20%-80%"), stall_s=2, end=1000, reason="why"),
                When(text="*a*", regex="b", attempts=1),
            ),
        ),
        seed=7,
    )


BAD = """\
sead: 3
faults:
  - {chance: 2, handshake: {status: 99, raw: x}}
  - {text: "*a*", handshake: {body: x}}
  - {reply: {}}
  - {regex: "(", requests: [3, 9-7], reply: {at: 80%-20%, end: dropp, reason: x}}
  - {replay: {}}
  - {handshake: {end: drop}, reply: {end: drop}}
  - {reply: {send: [{text: a, data: b}, {txt: c}], parameters: {lang: zz}}}
"""


def test_all_that_is_wrong_with_a_plan_is_told_at_once() -> None:
    """Each with its line and column."""
    with pytest.raises(JobError) as failed:
        parse_plan(BAD, "bad.yaml")
    places = [str(problem.place) for problem in failed.value.problems]
    assert places == [
        "bad.yaml:1:1",
        *("bad.yaml:3:14", "bad.yaml:3:37", "bad.yaml:3:46"),
        *("bad.yaml:4:6", "bad.yaml:4:37"),
        "bad.yaml:5:13",
        *("bad.yaml:6:13", "bad.yaml:6:28", "bad.yaml:6:50", "bad.yaml:6:64"),
        "bad.yaml:6:79",
        "bad.yaml:7:5",
        "bad.yaml:8:30",
        *("bad.yaml:9:31", "bad.yaml:9:41", "bad.yaml:9:64"),
    ]
    lines = str(failed.value).splitlines()
    assert lines[0].endswith('(did you mean "seed"?)')
    assert '"body" needs a "status"' in lines[5]
    assert "nothing goes wrong" in lines[6]
    assert "Language zz is not supported" in lines[-1]


@pytest.mark.parametrize("written", ["", "seed: 3", "faults: []", "[]", "{"])
def test_a_plan_without_faults_is_refused(written: str) -> None:
    """Whoever gives a plan wants something to go wrong."""
    with pytest.raises(JobError):
        parse_plan(written)


def test_a_plan_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the path as it was given."""
    with pytest.raises(JobError, match=r"none\.yaml: there is no such file"):
        read_plan(tmp_path / "none.yaml")


# --- what a client sees of the handshake -------------------------------------------


def refused(plan: str) -> Exception:
    """Return why a connection to a server with a fault cannot be opened."""
    with pytest.raises((InvalidHandshake, OSError, EOFError)) as failed:
        heard(plan)
    return failed.value


def test_a_refusal_has_the_status_headers_and_body_asked_for() -> None:
    """Any of them, and the key where the plan asks for it."""
    error = refused(
        "handshake: {status: 429, body: '{key}', "
        "headers: {Retry-After: 2, Content-Type: text/html, X-Key: '{key_quoted}'}}"
    )
    assert isinstance(error, InvalidStatus)
    response = error.response
    assert (response.status_code, response.reason_phrase) == (429, "Too Many Requests")
    assert response.body == KEY.encode()
    assert response.headers["Retry-After"] == "2"
    assert response.headers.get_all("Content-Type") == ["text/html"]
    assert response.headers["X-Key"] == "canary%2F4d1f%2B7b2%3D9"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("status: 302, headers: {Location: 'ws://192.0.2.1/ws'}", "302"),
        ("status: 599", "599"),
        ("headers: {Sec-WebSocket-Accept: nonsense}", "Sec-WebSocket-Accept"),
        ("headers: {Upgrade: h2c}", "Upgrade"),
        ("raw: 'banana'", ""),
        ("raw: 'HTTP/1.1 101 Swi'", ""),
        ("end: drop", ""),
        ("end: reset", ""),
        ("raw: 'HTTP/1.1 101 Yes', end: reset", ""),
    ],
)
def test_a_handshake_can_go_wrong_in_any_way(fault: str, error: str) -> None:
    """Redirects, headers that do not fit, garbage, half an answer, none."""

    class Direct(connect):
        def process_redirect(self, exc: Exception) -> Exception | str:
            """Follow nothing."""
            return exc

    async def main() -> Exception:
        plan = parse_plan(f"faults: [{{requests: 1, handshake: {{{fault}}}}}]")
        async with LocalServer(ServerSettings(synthesiser="tone"), faults=plan) as it:
            with pytest.raises((InvalidHandshake, OSError, EOFError)) as failed:
                await Direct(f"{it.url}{QUERY}pcm", additional_headers=HEADERS)
            # The next one is let in: nothing of the first is left.
            assert (await converse(it.url, [TEXT, "<EOS>"])).audio == WHOLE
            assert it.struck == {1: 1}
            assert it.concurrent_most <= 2
        return failed.value

    assert error in str(asyncio.run(main()))


def test_a_handshake_can_come_late() -> None:
    """And is then a good one."""

    async def main() -> float:
        plan = parse_plan("faults: [{handshake: {delay_s: 0.05}}]")
        clock = asyncio.get_running_loop()
        async with LocalServer(ServerSettings(synthesiser="tone"), faults=plan) as it:
            began_s = clock.time()
            async with connect(f"{it.url}{QUERY}pcm", additional_headers=HEADERS):
                return clock.time() - began_s

    assert asyncio.run(main()) >= 0.045


def test_whoever_does_not_wait_holds_nothing_up() -> None:
    """Neither a client that leaves nor a server that ends waits for a delay."""

    async def knock(url: str) -> None:
        with suppress(InvalidHandshake, OSError, EOFError):
            await connect(url, additional_headers=HEADERS)

    async def main() -> tuple[int, int]:
        plan = parse_plan("faults: [{handshake: {delay_s: 3600}}]")
        async with LocalServer(ServerSettings(synthesiser="tone"), faults=plan) as it:
            url = f"{it.url}{QUERY}pcm"
            with pytest.raises(TimeoutError):
                await connect(url, additional_headers=HEADERS, open_timeout=0.05)
            waiting = asyncio.create_task(knock(url))
            while it.struck != {1: 2}:  # noqa: ASYNC110 - has no event
                await asyncio.sleep(0.001)
        await waiting
        return it.connections, it.concurrent_most

    async def bounded() -> tuple[int, int]:
        async with asyncio.timeout(20):
            return await main()

    assert asyncio.run(bounded())[0] == 0


def test_beyond_so_many_connections_a_rule_can_hold() -> None:
    """A limit with an answer of one's own, while others are open."""

    async def main() -> tuple[str, int]:
        plan = parse_plan(
            "faults: [{connections_above: 1, handshake: "
            "{status: 503, headers: {Retry-After: soon}}}]"
        )
        async with LocalServer(ServerSettings(synthesiser="tone"), faults=plan) as it:
            url = f"{it.url}{QUERY}pcm"
            async with connect(url, additional_headers=HEADERS):
                with pytest.raises(InvalidStatus) as failed:
                    await connect(url, additional_headers=HEADERS)
            after = failed.value.response.headers["Retry-After"]
            assert (await converse(it.url, [TEXT, "<EOS>"])).audio == WHOLE
            return after, it.refusals[503]

    assert asyncio.run(main()) == ("soon", 1)


# --- what a client sees of the reply -----------------------------------------------


@pytest.mark.parametrize(
    ("end", "code", "reason"),
    [
        ("end: drop", 1006, ""),
        ("end: reset", 1006, ""),
        ("end: 1000", 1000, ""),
        ("end: 1005", 1005, ""),
        ("end: 1011, reason: '500 {key}'", 1011, f"500 {KEY}"),
        ("end: 4321, reason: private", 4321, "private"),
    ],
)
@pytest.mark.parametrize("at", ["0", "50%", "100%"])
def test_a_reply_can_end_anywhere_in_any_way(
    at: str, end: str, code: int, reason: str
) -> None:
    """With nothing, half-way or after all of it."""
    got = heard(f"reply: {{at: {at}, {end}}}")
    assert (got.code, got.reason) == (code, reason)
    share = {"0": 0.0, "50%": 0.5, "100%": 1.0}[at]
    length = round(share * len(WHOLE) / 2) * 2
    # What is reset may be lost on the way.
    assert got.audio == WHOLE[: len(got.audio)]
    assert len(got.audio) == length or "reset" in end


def test_a_code_that_no_frame_may_have_is_sent_all_the_same() -> None:
    """The client calls it what it is: a breach of the protocol."""
    assert heard("reply: {end: 1006}").code == 1006


def test_a_stall_is_in_its_place_and_then_all_is_well() -> None:
    """Nothing is lost by it, and pings are answered meanwhile."""

    async def main() -> Heard:
        plan = parse_plan("faults: [{reply: {at: 50%, stall_s: 0.2}}]")
        async with (
            LocalServer(ServerSettings(synthesiser="tone"), faults=plan) as server,
            connect(f"{server.url}{QUERY}pcm", additional_headers=HEADERS) as client,
        ):
            await client.send(TEXT)
            await client.send("<EOS>")
            got = Heard(messages=[await client.recv()])
            await asyncio.wait_for(await client.ping(), 0.15)
            await _take_all(client, got)
        return got

    got = asyncio.run(main())
    assert got.audio == WHOLE


def test_a_trickle_is_small_messages_with_time_between_them() -> None:
    """From the place on; before it messages are as large as ever."""
    got = heard("reply: {at: 99%, message_bytes: 301, every_s: 0.01}")
    assert got.audio == WHOLE
    sizes = [len(message) for message in got.messages]
    first = sizes.index(301)
    assert max(sizes[first:]) == 301
    assert sizes[0] == 16_384
    assert got.times_s[-1] - got.times_s[first] >= 0.01 * (len(sizes) - first - 1)


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("{text: 'an error: {key}'}", f"an error: {KEY}"),
        ("{data: <html>}", b"<html>"),
        ("{data: '{key_base64}'}", base64.b64encode(KEY.encode())),
        ("{zeros: 20000000}", bytes(20_000_000)),
        ("{wav: {rate_hz: 8000, channels: 2, length: 5}}", None),
        ("{noise: 1001}", None),
    ],
)
def test_messages_of_other_kinds_stand_between_the_audio(
    message: str, found: bytes | str | None
) -> None:
    """Text, words in place of audio, floods, headers that lie, garbage."""
    got = heard(f"reply: {{at: 50%, send: [{message}]}}")
    at = next(
        n
        for n, one in enumerate(got.messages)
        if isinstance(one, str) or one not in WHOLE
    )
    strange = got.messages.pop(at)
    assert got.audio == WHOLE
    assert got.code == 1000
    if found is not None:
        assert strange == found
    elif "wav" in message:
        assert isinstance(strange, bytes)
        assert strange[:4] + strange[8:16] == b"RIFFWAVEfmt "
        assert strange[22:28] == b"\x02\0\x40\x1f\0\0"
        assert strange[40:] == b"\x05\0\0\0"
    else:
        assert len(strange) == 1001


def test_bytes_can_get_lost_in_any_place() -> None:
    """One, and more than a sentence has."""
    half = len(WHOLE) // 4 * 2
    lost = heard("reply: {at: 50%, skip_bytes: 1}").audio
    assert lost == WHOLE[:half] + WHOLE[half + 1 :]
    lost = heard("reply: {at: 0.1, skip_bytes: 40001}").audio
    assert lost == WHOLE[:4800] + WHOLE[44801:]


def test_a_header_can_be_replaced() -> None:
    """By one that lies: bytes are left out and others stand there."""
    plan = "reply: {skip_bytes: 44, send: [{wav: {rate_hz: 8000}}]}"
    lie, truth = heard(plan, "wav").audio, heard("reply: {at: 0, stall_s: 0}", "wav")
    assert lie[44:] == truth.audio[44:] == WHOLE
    assert lie[:44] != truth.audio[:44]


@pytest.mark.parametrize("at", ["0", "50%", "0.4"])
def test_silence_and_noise_are_as_long_as_the_speech(at: str) -> None:
    """From their place on; what was before is as it would be."""
    place = {"0": 0, "50%": round(len(WHOLE) / 4) * 2, "0.4": 19_200}[at]
    silence = heard(f"reply: {{at: {at}, audio: silence}}").audio
    assert silence == WHOLE[:place] + bytes(len(WHOLE) - place)
    noise = heard(f"reply: {{at: {at}, audio: noise}}").audio
    assert (noise[:place], len(noise)) == (WHOLE[:place], len(WHOLE))
    assert noise == heard(f"reply: {{at: {at}, audio: noise}}").audio
    loudest = max(
        int.from_bytes(noise[n : n + 2], "little", signed=True)
        for n in range(place, len(noise), 2)
    )
    assert loudest > 32_000


def test_other_words_can_be_said() -> None:
    """Once, in place of all that was asked for."""
    got = heard("reply: {say: Somebody else.}")
    assert said(got.audio) == ["Somebody else."]


@pytest.mark.parametrize(
    ("parameters", "same"),
    [
        ("{speaker: luna}", tone.speak("One.", speaker="luna", lang="eng")),
        ("{lang: ger}", tone.speak("One.", speaker="astra", lang="ger")),
        ("{speedAlpha: 2}", tone.speak("One.", speaker="astra", lang="eng", speed=2)),
    ],
)
def test_a_reply_can_be_as_if_something_else_were_asked_for(
    parameters: str, same: bytes
) -> None:
    """Another voice, language or speed, and nobody says so."""
    got = heard(f"reply: {{parameters: {parameters}}}", text="One.")
    assert got.audio == same


def test_a_reply_can_have_another_rate_or_format() -> None:
    """Even one that the model asked for does not have."""
    rate = heard("reply: {parameters: {samplingRate: 11025}}", "wav").audio
    assert int.from_bytes(rate[24:28], "little") == 11_025
    assert heard("reply: {parameters: {audioFormat: wav}}").audio[:4] == b"RIFF"


def test_a_streaming_client_hears_what_comes_before_the_fault() -> None:
    """A place in seconds does not wait for the end of the words."""

    async def main() -> tuple[bytes, list[str]]:
        plan = parse_plan("faults: [{text: 'One.*', reply: {at: 3, end: drop}}]")
        async with (
            LocalServer(ServerSettings(synthesiser="tone"), faults=plan) as server,
            connect(f"{server.url}{QUERY}pcm", additional_headers=HEADERS) as client,
        ):
            got = Heard()
            await client.send("Not this one.")
            await client.send("<CLEAR>")
            await client.send("One. ")
            got.messages.append(await client.recv())
            for frame in ("Two. ", "Three. ", "<EOS>"):
                await client.send(frame)
            await _take_all(client, got)
            return got.audio, server.requests[0].spoken

    audio, spoken = asyncio.run(main())
    assert audio == WHOLE[: 3 * 2 * tone.RATE_HZ]
    assert spoken[0] == "One."


@pytest.mark.parametrize("audio_format", ["mp3", "ogg", "mulaw"])
def test_faults_know_every_format(audio_format: str) -> None:
    """Half of an encoded reply is half of its bytes, give or take a frame."""
    whole = heard("reply: {at: 100%, stall_s: 0}", audio_format).audio
    half = heard("reply: {at: 50%, end: drop}", audio_format).audio
    assert whole.startswith(half)
    assert 0.3 < len(half) / len(whole) < 0.7


def test_a_request_records_its_fault() -> None:
    """By the rule's place in the plan; those without one record none."""

    async def main() -> list[int | None]:
        plan = parse_plan(
            "faults: [{text: x, reply: {end: drop}}, {every: 2, reply: {end: drop}}]"
        )
        async with LocalServer(ServerSettings(synthesiser="tone"), faults=plan) as it:
            for _ in range(3):
                await converse(it.url, [TEXT, "<EOS>"])
            return [seen.fault for seen in it.requests]

    assert asyncio.run(main()) == [None, 2, None]
