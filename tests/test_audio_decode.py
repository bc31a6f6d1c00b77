"""Recordings become PCM of the right length, at the right rate, or a clear error."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from batchtts.audio import mulaw
from batchtts.audio.decode import decode, resampled
from batchtts.audio.encode import encode
from batchtts.errors import LocalError
from batchtts.model import Encoding, Recording

Signal = NDArray[np.float64]


def tone(samples: int, rate_hz: int, hz: float = 440) -> Signal:
    """Make a sine of a quarter of full scale that swells and fades."""
    wave: Signal = np.sin(2 * np.pi * hz * np.arange(samples) / rate_hz)
    return wave * np.hanning(samples) / 4


def pcm_of(signal: Signal) -> bytes:
    """Round a signal of full scale 1 to 16 bits."""
    return np.rint(signal * 32768).astype("<i2").tobytes()


def signal_of(pcm: bytes) -> Signal:
    """Turn PCM into a signal of full scale 1."""
    return np.frombuffer(pcm, "<i2") / 32768


def encoded(folder: Path, suffix: str, signal: Signal, rate_hz: int) -> bytes:
    """Encode a signal with our own writer."""
    path = folder / f"take{suffix}"
    pcm = pcm_of(signal)
    encode([pcm], path=path, suffix=suffix, rate_hz=rate_hz, samples=len(signal))
    return path.read_bytes()


def untagged(mp3: bytes) -> bytes:
    """Take the first frame, which holds the length tag, off an MP3."""
    start = mp3.index(b"\xff\xf3")
    return mp3[mp3.index(b"\xff\xf3", start + 4) :]


def test_pcm_at_its_own_rate_is_untouched() -> None:
    """PCM that needs no conversion comes back bit for bit."""
    pcm = np.random.default_rng(0).integers(-32768, 32768, 999).astype("<i2").tobytes()
    assert decode(Recording("pcm", 24000, pcm), 24000) == pcm


def test_mulaw_is_expanded() -> None:
    """A byte becomes a sample, as the table says."""
    pcm = decode(Recording("mulaw", 8000, b"\xff\x00\x80"), 8000)
    assert np.frombuffer(pcm, "<i2").tolist() == [0, -32124, 32124]


@pytest.mark.parametrize("rate_hz", [16000, 22050, 24000, 44100])
def test_mp3_has_its_exact_length(tmp_path: Path, rate_hz: int) -> None:
    """An MP3 that says how much of it is padding gives back the samples put in."""
    signal = tone(30011, rate_hz)
    recording = Recording("mp3", rate_hz, encoded(tmp_path, ".mp3", signal, rate_hz))
    found = signal_of(decode(recording, rate_hz))
    assert len(found) == len(signal)
    assert np.abs(found - signal).max() < 0.01


def test_mp3_without_a_length_loses_its_lead_in(tmp_path: Path) -> None:
    """Without the tag the sound still begins where it did, to the sample."""
    signal = tone(30011, 24000)
    data = untagged(encoded(tmp_path, ".mp3", signal, 24000))
    found = signal_of(decode(Recording("mp3", 24000, data), 24000))
    assert 0 <= len(found) - len(signal) < 2000
    assert np.abs(found[: len(signal)] - signal).max() < 0.01


def test_opus_comes_at_the_rate_asked(tmp_path: Path) -> None:
    """Opus always decodes at 48 kHz; the result is at our rate and length."""
    signal = tone(30000, 24000)
    data = encoded(tmp_path, ".opus", signal, 24000)
    found = signal_of(decode(Recording("ogg", 24000, data), 24000))
    assert len(found) == len(signal)
    assert np.dot(found, signal) / np.dot(signal, signal) == pytest.approx(1, abs=0.02)


def test_vorbis_is_read_too() -> None:
    """An Ogg stream may hold Vorbis as well, which FFmpeg ends a block early."""
    signal, buffer = tone(30000, 24000), io.BytesIO()
    soundfile.write(buffer, signal, 24000, format="OGG", subtype="VORBIS")
    found = signal_of(decode(Recording("ogg", 24000, buffer.getvalue()), 24000))
    assert 0 <= len(signal) - len(found) <= 256
    assert np.abs(found - signal[: len(found)]).max() < 0.02


def test_stereo_is_mixed_down() -> None:
    """Two channels become one of their mean."""
    buffer = io.BytesIO()
    one = tone(30000, 24000)
    both = np.stack([one, np.zeros(30000)], axis=1)
    soundfile.write(buffer, both, 24000, format="OGG", subtype="VORBIS")
    found = signal_of(decode(Recording("ogg", 24000, buffer.getvalue()), 24000))
    assert np.abs(found - one[: len(found)] / 2).max() < 0.02


@settings(max_examples=25, deadline=None)
@given(
    samples=st.integers(0, 5000),
    from_hz=st.sampled_from([4000, 8000, 11025, 16000, 22050, 24000, 44100, 48000]),
    to_hz=st.sampled_from([8000, 16000, 22050, 24000, 44100, 48000]),
)
def test_resampled_length_is_exact(samples: int, from_hz: int, to_hz: int) -> None:
    """Of n samples come n * to / from, rounded, however few they are."""
    found = len(resampled(bytes(2 * samples), from_hz, to_hz)) // 2
    assert abs(found * from_hz - samples * to_hz) <= from_hz / 2


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(24000, 44100), (24000, 8000), (22050, 24000), (8000, 48000)]
)
def test_resampling_keeps_the_sound(from_hz: int, to_hz: int) -> None:
    """A tone keeps its place, pitch and level."""
    pcm = pcm_of(tone(from_hz, from_hz, 1000))
    found, expected = (
        signal_of(resampled(pcm, from_hz, to_hz)),
        tone(to_hz, to_hz, 1000),
    )
    assert np.abs(found - expected).max() < 0.002


def test_resampling_does_not_fold() -> None:
    """What the lower rate cannot hold is gone, not heard as another tone."""
    pcm = pcm_of(tone(48000, 48000, 6000))
    assert np.abs(signal_of(resampled(pcm, 48000, 8000))).max() < 0.001


@pytest.mark.parametrize(
    ("share", "least_db", "most_db"),
    [
        (0.93, -0.1, 0.1),
        (1.01, -200, -60),
        (1.02, -200, -90),
    ],
)
def test_resampling_filter_is_steep(
    share: float, least_db: float, most_db: float
) -> None:
    """Nothing is lost up to 0.93 of the highest frequency, and nothing folds."""
    wave = np.sin(2 * np.pi * 4000 * share * np.arange(48000) / 24000) / 2
    found = signal_of(resampled(pcm_of(wave), 24000, 8000))[4000:12000]
    level_db = 20 * np.log10(np.sqrt(np.mean(found**2) * 8) + 1e-10)
    assert least_db <= level_db <= most_db


def test_mulaw_goes_through_the_resampler() -> None:
    """A mu-law take can be used at another rate."""
    signal = tone(8000, 8000)
    recording = Recording("mulaw", 8000, mulaw.encode(pcm_of(signal)))
    found = signal_of(decode(recording, 16000))
    assert np.abs(found - tone(16000, 16000)).max() < 0.02


@pytest.mark.parametrize("encoding", ["mp3", "ogg"])
@pytest.mark.parametrize("data", [b"", b"not sound at all" * 50, bytes(5000)])
def test_what_is_not_sound_is_refused(encoding: Encoding, data: bytes) -> None:
    """Bytes that no decoder takes are an error that says what to do."""
    with pytest.raises(LocalError) as caught:
        decode(Recording(encoding, 24000, data), 24000)
    message = str(caught.value)
    assert message.startswith(f"cannot decode {len(data):,} bytes of {encoding}: ")
    assert message.endswith("run `batchtts cache verify` to find damaged takes")


def test_half_a_sample_is_refused() -> None:
    """PCM of an odd number of bytes has lost something."""
    with pytest.raises(LocalError, match="half a sample at its end"):
        decode(Recording("pcm", 24000, b"abc"), 24000)


def test_ogg_without_sound_is_refused(tmp_path: Path) -> None:
    """A stream that stops after its headers holds no take."""
    data = encoded(tmp_path, ".opus", tone(3000, 24000), 24000)
    third_page = data.index(b"OggS", data.index(b"OggS", 4) + 4)
    with pytest.raises(LocalError, match="cannot decode"):
        decode(Recording("ogg", 24000, data[:third_page]), 24000)
