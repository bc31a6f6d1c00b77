"""Real speech, whole and cut, in several languages and all encodings."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

import pytest

from batchtts.completeness import Judge
from batchtts.localserver.espeak import Espeak
from batchtts.localserver.formats import encoder
from batchtts.localserver.query import SpeechQuery, read_query
from batchtts.localserver.settings import ServerSettings
from batchtts.model import Recording, Request
from batchtts.rime.reply import Asked, read_reply

PHRASES = tomllib.loads(
    Path(__file__).with_name("benchmarks").joinpath("sentences.toml").read_text("utf-8")
)
TAKES = 18


@dataclass(frozen=True, slots=True)
class Speech:
    """What espeak has said in one language: sentences of each text, as samples."""

    lang: str
    rate_hz: int
    texts: list[str]
    spoken: list[list[bytes]]


def _texts(lang: str) -> Iterator[tuple[str, str]]:
    """Yield texts of two sentences, all unlike."""
    phrases = PHRASES[lang]
    space = "" if lang == "cmn" else " "
    stop = {"hin": "\u0964", "cmn": "\u3002"}.get(lang, ".")
    words = product(phrases["when"], phrases["why"], phrases["speech"])
    for number, (when, why, speech) in enumerate(list(words)[::37]):
        did = phrases["did"][number % 12] + space + phrases["where"][number % 10]
        yield f"{when}{space}{did}{space}{why}{stop}", speech


async def _spoken(lang: str) -> Speech:
    espeak = await Espeak.start()
    try:
        texts = list(islice(_texts(lang), TAKES))
        spoken = [
            [
                await espeak.speak(part, speaker="astra", lang=lang, speed=1)
                for part in text
            ]
            for text in texts
        ]
        return Speech(lang, espeak.rate_hz, [" ".join(text) for text in texts], spoken)
    finally:
        await espeak.close()


@pytest.fixture(scope="module")
def english() -> Speech:
    """Give some English."""
    return asyncio.run(_spoken("eng"))


def _request(speech: Speech, number: int) -> Request:
    return Request("test", (("lang", speech.lang),), speech.texts[number])


def _recording(speech: Speech, pcm: bytes, audio_format: str) -> Recording:
    """Return samples as they come from a server in a format."""
    target = f"/ws?speaker=astra&audioFormat={audio_format}&samplingRate=24000"
    query = read_query(f"{target}&modelId=arcana&lang={speech.lang}")
    assert isinstance(query, SpeechQuery)
    coder = encoder(query, speech.rate_hz, ServerSettings())
    data = coder.encode(pcm) + coder.finish()
    return read_reply(Asked(query.audio_format, query.rate_hz), data)


def _judge(speech: Speech, audio_format: str = "pcm", *, cut: int = TAKES) -> None:
    """Check that no whole take is doubted, and that the first ones are when cut."""
    judge = Judge()
    whole = [
        _recording(speech, b"".join(parts), audio_format) for parts in speech.spoken
    ]
    for number, recording in enumerate(whole):
        assert judge.judge(_request(speech, number), recording) is None
    for number in range(TAKES):
        assert judge.review(_request(speech, number)) is None
    for number, parts in enumerate(speech.spoken[:cut]):
        pcm = b"".join(parts)
        for left in (
            parts[0],
            pcm[: len(pcm) // 5 * 3 & ~1],
            pcm[: len(pcm) // 2 & ~1],
        ):
            lost = 1 - len(left) / len(pcm)
            rest = _recording(speech, left, audio_format)
            doubt = judge.judge(_request(speech, number), rest)
            assert doubt is not None or lost < 0.25, (speech.texts[number], lost)


@pytest.mark.parametrize("audio_format", ["pcm", "wav", "mulaw", "mp3", "ogg"])
def test_cut_speech_is_told_in_every_encoding(
    english: Speech, audio_format: str
) -> None:
    """What an encoder adds at the ends neither hides a cut nor looks like one."""
    _judge(english, audio_format, cut=5)


@pytest.mark.parametrize("lang", ["deu", "rus", "hin", "cmn"])
def test_cut_speech_is_told_in_every_script(lang: str) -> None:
    """Words need not be Latin, nor parted by spaces."""
    _judge(asyncio.run(_spoken(lang)))


def test_prompts_are_believed() -> None:
    """Words, numbers and names by themselves are no reason to doubt."""

    async def spoken() -> list[bytes]:
        espeak = await Espeak.start()
        try:
            return [
                await espeak.speak(text, speaker="luna", lang="eng", speed=1)
                for text in texts
            ]
        finally:
            await espeak.close()

    texts = PHRASES["prompts"]["texts"]
    judge = Judge()
    for text, pcm in zip(texts, asyncio.run(spoken()), strict=True):
        request = Request("test", (), text)
        doubt = judge.judge(request, Recording("pcm", 22_050, pcm))
        assert (doubt or judge.review(request)) is None, text
