"""The tone synthesiser: what it says can be read again, and damage is seen."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from batchtts.localserver import tone
from batchtts.localserver.formats import resample
from batchtts.localserver.tone_reader import read

TEXT = (
    "The harbour: \u201cgrey\u201d \u2014 3.50 \u20ac, na\u00efve \u03a9 "
    "\u65e5\u672c\u8a9e \U0001f600! aaa ll  x\n\ny."
)


def _samples(text: str = TEXT) -> NDArray[np.int16]:
    return np.frombuffer(tone.speak(text, speaker="astra", lang="eng"), "<i2")


@settings(max_examples=50)
@given(st.text(min_size=1, max_size=40))
def test_any_text_can_be_read_again(text: str) -> None:
    """Character for character, white space and emoji included."""
    reading = read(tone.speak(text), tone.RATE_HZ)
    assert reading.whole
    assert reading.text == text


def test_the_voice_can_be_read() -> None:
    """Another speaker or language is another voice."""
    voices = set()
    for speaker in ("astra", "luna"):
        for lang in ("eng", "fra"):
            spoken = tone.speak("Hello.", speaker=speaker, lang=lang)
            (utterance,) = read(spoken, tone.RATE_HZ).utterances
            assert utterance.voice == tone.voice_symbol(speaker, lang)
            voices.add(utterance.voice)
    assert len(voices) == 4


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 44100, 48000, 96000])
def test_resampling_does_no_harm(rate_hz: int) -> None:
    """From the telephone's rate to the highest."""
    samples = resample(_samples().tobytes(), tone.RATE_HZ, rate_hz)
    reading = read(samples, rate_hz)
    assert reading.text == TEXT
    assert reading.whole


@pytest.mark.parametrize("gain", [0.005, 0.1, 2.5])
def test_gain_does_no_harm(gain: float) -> None:
    """Neither a whisper nor a shout."""
    scaled = np.clip(np.rint(_samples() * gain), -32768, 32767).astype(np.int16)
    assert read(scaled, tone.RATE_HZ).whole


def test_edge_silence_and_fades_do_not_matter() -> None:
    """Trimmed, faded in and out, or padded: the words are all there."""
    loud = np.flatnonzero(np.abs(_samples()) > 300)
    trimmed = _samples()[loud[0] : loud[-1]].astype(float)
    fade = np.linspace(0, 1, 120)
    trimmed[:120] *= fade
    trimmed[-120:] *= fade[::-1]
    assert read(trimmed.astype(np.int16), tone.RATE_HZ).whole
    padded = np.concatenate((np.zeros(9999), trimmed, np.zeros(9999)))
    assert read(padded.astype(np.int16), tone.RATE_HZ).whole


def test_utterances_are_read_in_their_order() -> None:
    """With a pause between them, or with none."""
    trimmed = [_samples(text)[1920:-2880] for text in ("One.", "Two.", "Three.")]
    for pause in (0, 4800):
        joined = np.concatenate([np.pad(part, (0, pause)) for part in trimmed])
        reading = read(joined, tone.RATE_HZ)
        assert [u.text for u in reading.utterances] == ["One.", "Two.", "Three."]
        assert reading.whole
        assert reading.text == "One. Two. Three."


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        (slice(20_000, None), "the beginning is lost"),
        (slice(None, -20_000), "the end is lost"),
        (slice(None, -4000), "the check sum is lost"),
        (np.r_[0:40_000, 41_200:93_600], "a symbol is lost"),
        (np.r_[0:40_000, 43_600:93_600], "three symbols are lost"),
        (np.r_[0:40_000, 40_800:93_600], "33 ms are lost"),
        (np.r_[0:40_000, 38_800:93_600], "50 ms are heard twice"),
    ],
)
def test_damage_is_seen(kept: slice | NDArray[np.int_], why: str) -> None:
    """A piece that is cut, has a hole or stutters is not whole."""
    assert not read(_samples()[kept], tone.RATE_HZ).whole, why


def test_foreign_audio_is_seen() -> None:
    """The end of one text does not complete the beginning of another."""
    one, other = _samples("The first text is here."), _samples("A second text is here.")
    length = 1920 + 1200 * 12
    spliced = np.concatenate((one[:length], other[length:]))
    assert not read(spliced, tone.RATE_HZ).whole


@pytest.mark.parametrize("samples", [b"", bytes(48_000)])
def test_silence_says_nothing(samples: bytes) -> None:
    """No utterance, and so nothing that is whole."""
    reading = read(samples, tone.RATE_HZ)
    assert reading.utterances == ()
    assert not reading.whole


def test_the_same_text_gives_the_same_bytes() -> None:
    """Whatever was said in between."""
    first = tone.speak("Again.", speaker="astra", lang="eng")
    tone.speak("Something else.", speed=1.5)
    assert tone.speak("Again.", speaker="astra", lang="eng") == first


def test_it_is_as_long_as_speech() -> None:
    """About 0.06 s a character, at half the speed nearly twice that."""
    text = "The harbour lay still in the morning, and nobody came down to the boats."
    seconds = len(tone.speak(text)) / 2 / tone.RATE_HZ
    assert 0.045 < seconds / len(text) < 0.08
    slow = tone.speak(text, speed=0.5)
    assert len(slow) / 2 / tone.RATE_HZ == pytest.approx(2 * seconds - 0.2)
    assert read(slow, tone.RATE_HZ, speed=0.5).whole


def test_it_sounds_where_a_telephone_hears() -> None:
    """Nearly all of its power lies between 300 and 3,400 Hz, with headroom."""
    samples = _samples()
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / tone.RATE_HZ)
    band = power[(hertz > 300) & (hertz < 3400)].sum()
    assert band / power.sum() > 0.999
    assert 3000 < np.abs(samples).max() < 16_384
    assert not samples[:1500].any()
    assert not samples[-2500:].any()


def test_it_is_fast() -> None:
    """Thousands of times real time, even here."""
    tone.speak("warm")
    text = "word " * 100
    begun = time.perf_counter()
    seconds = sum(len(tone.speak(text)) for _ in range(40)) / 2 / tone.RATE_HZ
    assert seconds / (time.perf_counter() - begun) > 2_000
