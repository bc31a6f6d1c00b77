"""What a client asks for when it connects: the query string, read and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from batchtts.localserver.languages import voice_of

__all__ = [
    "AudioFormat",
    "Refusal",
    "Segment",
    "SpeechQuery",
    "as_if",
    "read_query",
]

AudioFormat = Literal["pcm", "wav", "mp3", "mulaw", "ogg"]
Segment = Literal["bySentence", "immediate", "never"]

_FORMATS = ("pcm", "wav", "mp3", "mulaw", "ogg")
_CLOUD_HZ = (8000, 16000, 22050, 24000, 44100, 48000, 96000)
_MIST_HZ = (4000, 44100)
_MODELS = ("arcana", "coda", "mist", "mistv2", "mistv3")
_DEFAULT_MODEL = "mistv3"  # what a missing or unknown modelId is served by
_SLOWER_ABOVE_ONE = ("mist", "mistv2")  # speedAlpha counts the other way there
_TIME_SCALE = (0.4, 2.5)  # values outside are clamped, not refused
_SPEEDS = (0.25, 4.0)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer instead of a connection: HTTP status and plain text."""

    status: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechQuery:
    """The parameters of one connection as the server understands them."""

    speaker: str
    model: str
    lang: str
    audio_format: AudioFormat
    rate_hz: int
    segment: Segment
    speed: float  # 2: twice as fast
    parameters: Mapping[str, str]  # as they came, decoded


def read_query(target: str) -> SpeechQuery | Refusal:
    """Read a request target such as ``/ws?speaker=astra&modelId=arcana``."""
    given = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
    speaker = given.get("speaker", "")
    if not speaker:
        return Refusal(400, "speaker is required")
    asked = given.get("modelId", "")
    model = asked if asked in _MODELS else _DEFAULT_MODEL
    lang = given.get("lang") or "eng"
    if voice_of(lang) is None:
        return Refusal(400, f"Language {lang} is not supported for model {model}")
    audio_format = given.get("audioFormat") or "mp3"
    if audio_format not in _FORMATS:
        return Refusal(400, f"Audio format {audio_format} is not supported")
    rate_hz = _rate(given.get("samplingRate", ""), model)
    if isinstance(rate_hz, Refusal):
        return rate_hz
    speed = _speed(given, model)
    if isinstance(speed, Refusal):
        return speed
    return SpeechQuery(
        speaker=speaker,
        model=model,
        lang=lang,
        audio_format=cast("AudioFormat", audio_format),
        rate_hz=rate_hz,
        segment=_segment(given),
        speed=speed,
        parameters=given,
    )


def as_if(query: SpeechQuery, parameters: Mapping[str, str]) -> SpeechQuery | Refusal:
    """Return ``query`` as if ``parameters`` had been asked for too, of some model.

    What only another model can do is done all the same.
    """
    answer: SpeechQuery | Refusal = query
    for model in (query.model, "arcana", _DEFAULT_MODEL):
        asked = {**query.parameters, "modelId": model, **parameters}
        answer = read_query("?" + urlencode(asked))
        if isinstance(answer, SpeechQuery):
            return answer
    return answer


def _segment(given: Mapping[str, str]) -> Segment:
    if given.get("immediate") == "true" or given.get("segment") == "immediate":
        return "immediate"
    # "null", an empty value and one that nobody knows are the default.
    return "never" if given.get("segment") == "never" else "bySentence"


def _rate(asked: str, model: str) -> int | Refusal:
    mist = model.startswith("mist")
    if not asked:
        return 22050 if mist else 24000
    rate_hz = int(asked) if asked.isascii() and asked.isdigit() else 0
    lowest, highest = _MIST_HZ
    if mist and not lowest <= rate_hz <= highest:
        sentence = f"samplingRate must be between {lowest} and {highest}"
        return Refusal(400, f"{sentence} for model {model}")
    if not mist and rate_hz not in _CLOUD_HZ:
        choices = ", ".join(map(str, _CLOUD_HZ))
        sentence = f"samplingRate must be one of {choices}"
        return Refusal(400, f"{sentence} for model {model}")
    return rate_hz


def _speed(given: Mapping[str, str], model: str) -> float | Refusal:
    alpha = _number(given, "speedAlpha")
    scale = _number(given, "timeScaleFactor")
    if isinstance(alpha, Refusal):
        return alpha
    if isinstance(scale, Refusal):
        return scale
    if model in _SLOWER_ABOVE_ONE:
        alpha = 1 / alpha
    lowest, highest = _TIME_SCALE
    # A time scale stretches: 2 takes twice as long.
    speed = alpha / min(max(scale, lowest), highest)
    return min(max(speed, _SPEEDS[0]), _SPEEDS[1])


def _number(given: Mapping[str, str], name: str) -> float | Refusal:
    try:
        value = float(given.get(name) or 1)
    except ValueError:
        value = math.nan
    if not (value > 0 and math.isfinite(value)):
        return Refusal(400, f"{name} must be a positive number")
    return value
