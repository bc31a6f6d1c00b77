"""Finished files measured again: levels, noise floor, silence at the ends, format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from batchtts.audio.encode import encode
from batchtts.audio.facts import Facts, facts_of
from batchtts.audio.packets import encoded
from batchtts.errors import LocalError

RATE_HZ = 44100
Signal = NDArray[np.float64]


def noise(length_s: float, level_db: float) -> Signal:
    """Make noise of this RMS."""
    samples = round(length_s * RATE_HZ)
    return np.random.default_rng(4).standard_normal(samples) * 10 ** (level_db / 20)


def facts(path: Path, signal: Signal, bitrate: int | None = None) -> Facts:
    """Write a signal to a file and measure that."""
    pcm = np.clip(np.rint(signal * 32768), -32768, 32767).astype("<i2").tobytes()
    encode(
        [pcm],
        path=path,
        suffix=path.suffix,
        rate_hz=RATE_HZ,
        samples=len(signal),
        bitrate=bitrate,
    )
    return facts_of(path)


def book(floor_db: float, head_s: float = 0.75, tail_s: float = 2.5) -> Signal:
    """Make sound with pauses in it, over a noise of this level."""
    words = [noise(1.5, -18), np.zeros(RATE_HZ // 2)] * 3
    parts = [np.zeros(round(head_s * RATE_HZ)), *words[:-1]]
    signal = np.concatenate([*parts, np.zeros(round(tail_s * RATE_HZ))])
    return signal + noise(len(signal) / RATE_HZ, floor_db)[: len(signal)]


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".wav"])
def test_levels_are_those_played(tmp_path: Path, suffix: str) -> None:
    """Length, rate, channels and levels are those of the file."""
    signal = book(-70)
    found = facts(tmp_path / f"a{suffix}", signal, 192 if suffix == ".mp3" else None)
    assert found.levels.samples == len(signal)
    assert found.length_s == pytest.approx(len(signal) / RATE_HZ)
    assert (found.sample_rate_hz, found.channels) == (RATE_HZ, 1)
    rms_db = 10 * np.log10(np.square(signal).mean())
    # MP3 leaves the highest of the noise out.
    assert found.levels.rms_db == pytest.approx(rms_db, abs=0.5)


@pytest.mark.parametrize("floor_db", [-75.0, -62.0, -55.0])
def test_noise_floor_is_that_of_the_pauses(tmp_path: Path, floor_db: float) -> None:
    """What is heard between the words is measured, not the words."""
    found = facts(tmp_path / "a.flac", book(floor_db))
    assert found.noise_floor_db == pytest.approx(floor_db, abs=0.3)


def test_digital_silence_has_no_floor(tmp_path: Path) -> None:
    """Pauses with nothing in them are minus infinity."""
    assert facts(tmp_path / "a.flac", book(-200)).noise_floor_db == float("-inf")


def test_long_files_are_measured_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits on the disk says the same, wherever it is parted."""
    sounds = {"pauses": book(-62), "none": noise(4, -30), "silence": np.zeros(RATE_HZ)}
    whole = {
        name: facts(tmp_path / f"{name}.flac", one) for name, one in sounds.items()
    }
    monkeypatch.setattr("batchtts.audio.facts._HELD_BYTES", 4 * 13)
    for name, known in whole.items():
        found = facts_of(tmp_path / f"{name}.flac")
        assert (found.head_s, found.tail_s) == (known.head_s, known.tail_s)
        assert found.noise_floor_db == pytest.approx(known.noise_floor_db, abs=1e-9)


def test_noise_without_pauses_is_its_own_floor(tmp_path: Path) -> None:
    """Of sound that never pauses the softest stretch counts."""
    found = facts(tmp_path / "a.flac", noise(4, -30))
    assert found.noise_floor_db == pytest.approx(-30, abs=1)


@pytest.mark.parametrize("floor_db", [-200.0, -65.0])
def test_silence_at_the_ends_is_measured(tmp_path: Path, floor_db: float) -> None:
    """Head and tail are what is heard before the first and after the last word."""
    found = facts(tmp_path / "a.flac", book(floor_db))
    assert found.head_s == pytest.approx(0.75, abs=0.03)
    assert found.tail_s == pytest.approx(2.5, abs=0.03)


def test_all_silence_is_all_head(tmp_path: Path) -> None:
    """A file with no sound in it is a pause as long as it is."""
    found = facts(tmp_path / "a.flac", np.zeros(RATE_HZ))
    assert found.head_s == found.tail_s == pytest.approx(1)


@pytest.mark.parametrize("kbps", [64, 192])
def test_bit_rate_is_that_of_the_sound(tmp_path: Path, kbps: int) -> None:
    """A constant bit rate is seen to be one, and which."""
    found = facts(tmp_path / "a.mp3", book(-70), kbps)
    assert found.bitrates == 1
    assert kbps <= found.bitrate_kbps < kbps * 1.03


def test_changing_bit_rate_is_seen(tmp_path: Path) -> None:
    """Two constant bit rates one after the other are not constant."""
    path = tmp_path / "a.mp3"
    pcm = np.rint(book(-70) * 32768).astype("<i2").tobytes()
    with path.open("wb") as file:
        for kbps in (64, 192):
            packets = encoded([pcm], suffix=".mp3", rate_hz=RATE_HZ, bitrate=kbps)
            file.write(b"".join(packets))
    assert facts_of(path).bitrates == 2


def test_what_is_no_audio_is_an_error(tmp_path: Path) -> None:
    """A file that cannot be played is named."""
    path = tmp_path / "a.mp3"
    path.write_bytes(b"no sound" * 100)
    with pytest.raises(LocalError, match=r'cannot play ".*a\.mp3"'):
        facts_of(path)
