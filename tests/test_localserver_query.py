"""The query string: what is asked for, and what is refused with which words."""

from __future__ import annotations

import pytest

from batchtts.localserver.languages import VOICES, voice_of
from batchtts.localserver.query import Refusal, SpeechQuery, read_query
from batchtts.localserver.speakers import timbre_of


def _read(query: str) -> SpeechQuery:
    read = read_query(f"/ws?speaker=astra&modelId=arcana&{query}")
    assert isinstance(read, SpeechQuery), read
    return read


def _refused(query: str) -> str:
    read = read_query(f"/ws?{query}")
    assert isinstance(read, Refusal), read
    assert read.status == 400
    return read.sentence


def test_values_are_url_decoded() -> None:
    """Percent signs and plus signs mean what they mean in a query."""
    read = read_query("/ws?speaker=ana%20mar%C3%ADa&modelId=arcana&note=a+b%26c")
    assert isinstance(read, SpeechQuery)
    assert read.speaker == "ana mar\u00eda"
    assert read.parameters["note"] == "a b&c"


def test_defaults_are_those_of_arcana() -> None:
    """English at 24 kHz, sentence by sentence, at its own speed."""
    read = _read("")
    assert (read.lang, read.rate_hz, read.segment, read.speed) == (
        "eng",
        24000,
        "bySentence",
        1,
    )
    assert read.audio_format == "mp3"


@pytest.mark.parametrize("model", ["", "modelId=&", "modelId=arcanna&"])
def test_an_unknown_model_is_silently_another(model: str) -> None:
    """Its rate tells: the default model speaks at 22,050 Hz."""
    read = read_query(f"/ws?{model}speaker=astra")
    assert isinstance(read, SpeechQuery)
    assert (read.model, read.rate_hz) == ("mistv3", 22050)


@pytest.mark.parametrize("query", ["", "speaker=", "modelId=arcana"])
def test_a_speaker_is_required(query: str) -> None:
    """Nobody speaks by default."""
    assert _refused(query) == "speaker is required"


def test_an_unknown_language_is_refused() -> None:
    """The sentence names language and model."""
    expected = "Language xx is not supported for model coda"
    assert _refused("speaker=astra&modelId=coda&lang=xx") == expected


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 24000, 44100, 48000, 96000])
@pytest.mark.parametrize("model", ["arcana", "coda"])
def test_arcana_takes_the_listed_rates(model: str, rate_hz: int) -> None:
    """Each of them is accepted as it is."""
    read = read_query(f"/ws?speaker=a&modelId={model}&samplingRate={rate_hz}")
    assert isinstance(read, SpeechQuery)
    assert read.rate_hz == rate_hz


@pytest.mark.parametrize(
    "rate", ["4000", "11025", "0", "-1", "24000.0", "fast", "\u0662"]
)
def test_arcana_takes_no_other_rate(rate: str) -> None:
    """The refusal lists the rates there are."""
    sentence = _refused(f"speaker=a&modelId=arcana&samplingRate={rate}")
    assert sentence.startswith("samplingRate must be one of 8000, 16000, 22050")


@pytest.mark.parametrize("model", ["mist", "mistv2", "mistv3"])
def test_mist_takes_any_rate_in_its_range(model: str) -> None:
    """4,000 to 44,100 Hz, and nothing beyond."""
    for rate_hz in (4000, 12345, 44100):
        read = read_query(f"/ws?speaker=a&modelId={model}&samplingRate={rate_hz}")
        assert isinstance(read, SpeechQuery)
        assert read.rate_hz == rate_hz
    for rate_hz in (3999, 44101):
        sentence = _refused(f"speaker=a&modelId={model}&samplingRate={rate_hz}")
        assert sentence.startswith("samplingRate must be between 4000 and 44100")


@pytest.mark.parametrize(
    ("query", "segment"),
    [
        ("segment=never", "never"),
        ("segment=immediate", "immediate"),
        ("immediate=true", "immediate"),
        ("immediate=true&segment=never", "immediate"),
        ("immediate=false", "bySentence"),
        ("segment=bySentence", "bySentence"),
        ("segment=", "bySentence"),
        ("segment=null", "bySentence"),
        ("segment=whenever", "bySentence"),
    ],
)
def test_segment_is_read_as_rime_spells_it(query: str, segment: str) -> None:
    """Whatever is not known is the default."""
    assert _read(query).segment == segment


def test_an_unknown_format_is_refused() -> None:
    """The sentence names it."""
    query = "speaker=a&modelId=arcana&audioFormat=flac"
    assert _refused(query) == "Audio format flac is not supported"


@pytest.mark.parametrize(
    ("model", "query", "speed"),
    [
        ("arcana", "speedAlpha=2", 2),
        ("mistv3", "speedAlpha=2", 2),
        ("mistv2", "speedAlpha=2", 0.5),
        ("mist", "speedAlpha=0.5", 2),
        ("arcana", "timeScaleFactor=2", 0.5),
        ("arcana", "timeScaleFactor=100", 0.4),
        ("arcana", "timeScaleFactor=0.1", 2.5),
        ("arcana", "timeScaleFactor=2&speedAlpha=2", 1),
        ("arcana", "speedAlpha=1000", 4),
    ],
)
def test_speed_is_understood_by_model(model: str, query: str, speed: float) -> None:
    """The alpha turns round at Mist v2; a time scale is clamped."""
    read = read_query(f"/ws?speaker=a&modelId={model}&{query}")
    assert isinstance(read, SpeechQuery)
    assert read.speed == pytest.approx(speed)


@pytest.mark.parametrize("name", ["speedAlpha", "timeScaleFactor"])
@pytest.mark.parametrize("value", ["fast", "0", "-1", "nan", "inf"])
def test_a_speed_that_is_none_is_refused(name: str, value: str) -> None:
    """It must be a positive number."""
    sentence = _refused(f"speaker=a&modelId=arcana&{name}={value}")
    assert sentence == f"{name} must be a positive number"


def test_languages_have_two_and_three_letters() -> None:
    """Both spellings of a language are the same voice, in any case."""
    assert voice_of("de") == voice_of("ger") == voice_of("deu") == voice_of("DEU")
    assert voice_of("en") == voice_of("eng") == "en-us"
    assert voice_of("tlh") is None
    assert {len(code) for code in VOICES} == {2, 3}


def test_known_speakers_are_unlike_each_other() -> None:
    """No two of them share a timbre, and a name's case is no other speaker."""
    names = ["andromeda", "astra", "celeste", "cove", "estelle", "luna", "orion"]
    assert len({timbre_of(name) for name in names}) == len(names)
    assert timbre_of("Astra") == timbre_of("astra")


def test_other_speakers_are_spread_over_many_timbres() -> None:
    """A hundred strangers share few voices, and each keeps its own."""
    timbres = [timbre_of(f"stranger-{n}") for n in range(100)]
    assert len(set(timbres)) > 60
    assert timbres == [timbre_of(f"stranger-{n}") for n in range(100)]
