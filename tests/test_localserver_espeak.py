"""Real speech offline: repeatable, in many voices, and never in our process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import espeakng_loader
import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from batchtts import environment
from batchtts.errors import JobError, LocalError
from batchtts.localserver import ServerSettings, espeak_process, identity_of
from batchtts.localserver.espeak import Espeak
from batchtts.localserver.espeak_child import Order
from batchtts.localserver.espeak_process import EspeakProcess, short_data_path
from batchtts.localserver.languages import VOICES
from batchtts.localserver.server import LocalServer
from batchtts.localserver.synthesiser import require_synthesiser
from batchtts.model import Place

LINES = [
    "The harbour lay quiet.",
    "Nobody came down to the boats before the bell had rung twice.",
    "It costs $3.50, or 4!",
]


def _order(text: str = "Good morning.", voice: str = "en-us+f2") -> Order:
    return Order(text=text, voice=voice, pitch=50, rate_wpm=160)


@pytest.fixture
def process() -> Iterator[EspeakProcess]:
    """Give a living process."""
    with contextlib.ExitStack() as stack:
        process = EspeakProcess(short_data_path(stack))
        stack.callback(process.close)
        yield process


async def _speak(*lines: str, speaker: str = "astra", lang: str = "eng") -> list[bytes]:
    espeak = await Espeak.start()
    try:
        return [
            await espeak.speak(line, speaker=speaker, lang=lang, speed=1)
            for line in lines
        ]
    finally:
        await espeak.close()


def test_the_same_text_gives_the_same_bytes() -> None:
    """In any order, in any process, whatever was said before."""
    forth = asyncio.run(_speak(*LINES, *LINES))
    back = asyncio.run(_speak(*reversed(LINES)))
    assert forth[:3] == forth[3:] == back[::-1]


def test_it_is_speech() -> None:
    """Loud enough, of a plausible length, with silence at both ends."""
    (spoken,) = asyncio.run(_speak(LINES[1]))
    samples = np.frombuffer(spoken, "<i2").astype(int)
    seconds = len(samples) / 22_050
    assert 0.045 < seconds / len(LINES[1]) < 0.09
    assert 8_000 < np.abs(samples).max() < 32_767
    assert np.abs(samples[:1000]).max() < 200
    assert np.abs(samples[-4000:]).max() < 200


def test_speakers_sound_different() -> None:
    """Known ones and strangers: none has another's voice."""
    names = ["astra", "luna", "orion", "celeste", "cove", "someone", "someone else"]

    async def all_of_them() -> list[bytes]:
        espeak = await Espeak.start()
        try:
            return [
                await espeak.speak(LINES[0], speaker=name, lang="eng", speed=1)
                for name in names
            ]
        finally:
            await espeak.close()

    assert len(set(asyncio.run(all_of_them()))) == len(names)


def test_every_language_speaks(process: EspeakProcess) -> None:
    """No code of the table leaves the voice of another language speaking."""
    english = process.speak(_order("1 2 3", "en-us+f2"))
    foreign = {
        voice: process.speak(_order("1 2 3", f"{voice}+f2"))
        for voice in sorted(set(VOICES.values()) - {"en-us"})
    }
    assert [v for v, spoken in foreign.items() if len(spoken) < 10_000] == []
    assert english not in foreign.values()


def test_speed_is_honoured() -> None:
    """Twice as fast is half as long, nearly."""

    async def both() -> tuple[bytes, bytes]:
        espeak = await Espeak.start()
        try:
            return (
                await espeak.speak(LINES[1], speaker="astra", lang="eng", speed=1),
                await espeak.speak(LINES[1], speaker="astra", lang="eng", speed=2),
            )
        finally:
            await espeak.close()

    normal, fast = asyncio.run(both())
    assert 0.4 < len(fast) / len(normal) < 0.7


@pytest.mark.parametrize("voice", ["en-gb", "xx", ""])
def test_a_voice_that_does_not_exist_is_refused(
    process: EspeakProcess, voice: str
) -> None:
    """The one before does not speak in its place, and the process lives on."""
    with pytest.raises(LocalError, match=f'espeak-ng has no voice "{voice}"'):
        process.speak(_order(voice=voice))
    assert process.speak(_order())


def test_no_word_is_lost_to_a_nul(process: EspeakProcess) -> None:
    """It ends a C string, but not a text."""
    assert process.speak(_order("one\0two")) == process.speak(_order("one two"))


def test_marks_alone_are_silence(process: EspeakProcess) -> None:
    """Short, and without a sound."""
    samples = np.frombuffer(process.speak(_order("...")), "<i2")
    assert not np.abs(samples.astype(int)).max(initial=0) > 200


def test_commands_and_tags_are_words(process: EspeakProcess) -> None:
    """Text is no SSML: nothing between angle brackets is obeyed."""
    silent = process.speak(_order('a <break time="20s"/> b'))
    assert len(silent) < 10 * 44_100


def test_a_child_that_crashed_is_replaced() -> None:
    """The text that was lost is spoken by the next one, with the same sound."""

    async def crash() -> tuple[bytes, bytes]:
        espeak = await Espeak.start()
        try:
            before = await espeak.speak(LINES[0], speaker="a", lang="eng", speed=1)
            espeak._process._process.kill()
            espeak._process._process.wait()
            after = await espeak.speak(LINES[0], speaker="a", lang="eng", speed=1)
        finally:
            await espeak.close()
        return before, after

    before, after = asyncio.run(crash())
    assert before == after


def test_a_child_that_hangs_is_ended(process: EspeakProcess) -> None:
    """It is killed when its time is over, and the process counts as lost."""
    with pytest.raises(BrokenPipeError):
        process.speak(_order("word " * 20_000), within_s=0.02)
    assert process._process.wait(5) != 0


def test_a_text_that_crashes_twice_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is named; the synthesiser can still speak others."""
    monkeypatch.setattr(espeak_process, "_SPEAK_S", 0.05)
    monkeypatch.setattr(espeak_process, "_SPEAK_PER_CHARACTER_S", 0)
    endless = "word " * 40_000

    async def crash() -> bytes:
        espeak = await Espeak.start()
        try:
            with pytest.raises(LocalError, match='crashed or hung twice at "word word'):
                await espeak.speak(endless, speaker="a", lang="eng", speed=1)
            monkeypatch.undo()
            return await espeak.speak("Still.", speaker="a", lang="eng", speed=1)
        finally:
            await espeak.close()

    assert asyncio.run(crash())


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a signal")
def test_a_child_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given its time, and no more."""
    monkeypatch.setattr(environment, "_END_S", 0.05)
    process = EspeakProcess(espeakng_loader.get_data_path())
    os.kill(process.pid, signal.SIGSTOP)
    process.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_a_server_whose_speech_is_lost_does_not_look_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its close is an error, and the record says why."""
    monkeypatch.setattr(espeak_process, "_SPEAK_S", 0.05)
    monkeypatch.setattr(espeak_process, "_SPEAK_PER_CHARACTER_S", 0)

    async def talk() -> tuple[int | None, str]:
        settings = ServerSettings(text_limit=None, require_key=False)
        async with LocalServer(settings) as server:
            url = f"{server.url}?speaker=a&modelId=arcana&audioFormat=pcm"
            async with connect(url) as socket:
                await socket.send("word " * 40_000)
                await socket.send("<EOS>")
                with pytest.raises(ConnectionClosedError):
                    await socket.recv()
                return socket.close_code, server.requests[0].outcome

    code, outcome = asyncio.run(talk())
    assert code == 1011
    assert outcome.startswith('espeak-ng crashed or hung twice at "word word')


def test_where_speech_cannot_be_repeated_a_process_speaks_once() -> None:
    """Each utterance has a new one, as on systems that never unload a library."""

    async def twice() -> tuple[set[int], set[bytes]]:
        espeak = await Espeak.start()
        pids, spoken = set(), set()
        try:
            for _ in range(3):
                espeak._process._repeatable = False
                pids.add(espeak._process.pid)
                spoken.add(
                    await espeak.speak(LINES[0], speaker="a", lang="eng", speed=1)
                )
        finally:
            await espeak.close()
        return pids, spoken

    pids, spoken = asyncio.run(twice())
    assert len(pids) > 1
    assert len(spoken) == 1


def test_a_library_that_cannot_be_loaded_is_a_clear_error() -> None:
    """The last thing that the process said is passed on."""
    with pytest.raises(LocalError, match=r"does not start: .*no-such-data"):
        EspeakProcess("/no-such-data")


def test_a_long_path_to_the_data_is_shortened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond 160 bytes espeak-ng would not find its data."""
    deep = tmp_path / ("deep" * 20) / ("er" * 40) / "espeak-ng-data"
    deep.parent.mkdir(parents=True)
    deep.symlink_to(espeakng_loader.get_data_path(), target_is_directory=True)
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(deep))
    with contextlib.ExitStack() as stack:
        short = short_data_path(stack)
        assert len(short) < 140 < len(str(deep))
        process = EspeakProcess(short)
        stack.callback(process.close)
        assert process.speak(_order())
    assert not Path(short).exists()
    assert deep.exists()


def test_where_there_are_no_links_the_data_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for most users on Windows."""
    deep = tmp_path / ("deep" * 20) / ("er" * 40)
    deep.mkdir(parents=True)
    (deep / "phondata").write_bytes(b"x")

    def no_links(self: Path, target: str, *, target_is_directory: bool) -> None:
        raise OSError("a required privilege is not held")

    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(deep))
    monkeypatch.setattr(Path, "symlink_to", no_links)
    with contextlib.ExitStack() as stack:
        short = short_data_path(stack)
        assert Path(short, "phondata").read_bytes() == b"x"
    assert not Path(short).exists()


def test_the_library_is_never_in_our_process() -> None:
    """It is loaded by the child alone."""
    asyncio.run(_speak("Hello."))
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("no list of loaded libraries here")
    assert "libespeak" not in maps.read_text(encoding="utf-8")


def test_no_key_reaches_the_child(
    monkeypatch: pytest.MonkeyPatch, process: EspeakProcess
) -> None:
    """Neither in its environment nor on its command line."""
    monkeypatch.setenv("RIME_API_KEY", "canary-1")
    monkeypatch.setenv("BATCHTTS_SERVE_KEYS", "canary-2")
    with contextlib.closing(EspeakProcess(process.data_path)) as child:
        folder = Path("/proc", str(child.pid))
        if not folder.exists():
            pytest.skip("no way to see another process's environment here")
        seen = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
    assert b"PATH=" in seen
    assert b"canary" not in seen
    assert b"KEY" not in seen


def test_the_identity_names_library_and_mapping() -> None:
    """The same whether asked of a server or beforehand."""

    async def identity() -> str:
        espeak = await Espeak.start()
        await espeak.close()
        return espeak.identity

    assert asyncio.run(identity()) == identity_of("espeak")
    assert identity_of("espeak").startswith("local/espeak-1.")
    assert identity_of("espeak").endswith("+1")


def test_a_missing_extra_names_its_install_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Found before anything starts."""
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(JobError) as caught:
        require_synthesiser("espeak", Place("job.yaml", 3))
    assert str(caught.value) == (
        'job.yaml:3: the speech engine "espeak" is not installed '
        "(install it with: pip install 'batchtts[local]')"
    )
    with pytest.raises(JobError):
        identity_of("espeak")
    require_synthesiser("tone", Place("job.yaml"))


def test_many_at_once_are_spoken_one_after_the_other() -> None:
    """The library is not thread-safe, and so has but one thread."""

    async def all_at_once() -> list[bytes]:
        espeak = await Espeak.start()
        try:
            return await asyncio.gather(
                *(
                    espeak.speak(line, speaker="astra", lang="eng", speed=1)
                    for line in LINES * 5
                )
            )
        finally:
            await espeak.close()

    spoken = asyncio.run(all_at_once())
    assert spoken[:3] * 5 == spoken
    assert not [t for t in threading.enumerate() if t.name.startswith("espeak")]


def test_the_child_needs_only_the_standard_library() -> None:
    """Run by hand it greets, answers, and ends with its stdin."""
    order = json.dumps(_order()).encode()
    child = Path(espeak_process.__file__).with_name("espeak_child.py")
    paths = [espeakng_loader.get_library_path(), espeakng_loader.get_data_path()]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(child), *paths],
        input=len(order).to_bytes(4, "big") + order,
        capture_output=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
        timeout=30,
    )
    length = int.from_bytes(done.stdout[:4], "big")
    greeting = json.loads(done.stdout[5 : 4 + length])
    assert greeting == {"version": "1.52.0", "rate_hz": 22050, "repeatable": True}
    answer = done.stdout[4 + length :]
    assert int.from_bytes(answer[:4], "big") == len(answer) - 4
    assert answer[4:5] == b"+"
