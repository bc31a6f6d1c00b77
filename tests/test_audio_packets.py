"""Packets without a file: how many, how they play, and that passages join unheard."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from batchtts.audio.packets import (
    encoded,
    packet_samples,
    padding_samples,
    played,
    settling_packets,
    stream_head,
)
from batchtts.errors import LocalError

RATE_HZ = 24000
LOSSY = [".m4b", ".mp3", ".opus"]
Signal = NDArray[np.float64]


def speech(length_s: float, seed: int = 3) -> NDArray[np.int16]:
    """Make a buzz in syllables, a little different every time."""
    samples = round(length_s * RATE_HZ)
    rng = np.random.default_rng(seed)
    at_s = np.arange(samples) / RATE_HZ
    phase = np.cumsum(110 + 20 * np.sin(2 * np.pi * 0.7 * at_s)) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * phase * n) / n for n in range(1, 25))
    shape = np.clip(np.sin(2 * np.pi * 3.1 * at_s), 0, 1)
    signal = (buzz + 0.1 * rng.standard_normal(samples)) * shape * 6000
    rounded: NDArray[np.int16] = np.rint(signal).astype("<i2")
    return rounded


def encode(suffix: str, samples: NDArray[np.int16]) -> list[bytes]:
    """Encode samples with the defaults of a format."""
    parts = [
        samples[start : start + 5000].tobytes()
        for start in range(0, len(samples), 5000)
    ]
    return [*encoded(parts, suffix=suffix, rate_hz=RATE_HZ, bitrate=None)]


def play(suffix: str, packets: list[bytes]) -> Signal:
    """Decode packets; full scale is 1."""
    parts = [
        s for _, s in played(packets, suffix=suffix, rate_hz=RATE_HZ, bitrate=None)
    ]
    return np.concatenate(parts).astype(np.float64) / 32768


def error_db(found: Signal, given: NDArray[np.int16], suffix: str) -> float:
    """Return how far under the sound that was put in the codec's error is."""
    # Opus's decoder leaves the padding out, and plays at twice the rate.
    begin = 0 if suffix == ".opus" else padding_samples(suffix, RATE_HZ)
    wave = given / 32768
    played = found[begin :: 2 if suffix == ".opus" else 1][: len(wave)]
    error = float(np.square(played - wave).mean())
    return 10 * math.log10(error / float(np.square(wave).mean()))


@pytest.mark.parametrize("suffix", [*LOSSY, ".flac"])
@pytest.mark.parametrize("rate_hz", [8000, 24000, 48000])
def test_number_of_packets_is_known(suffix: str, rate_hz: int) -> None:
    """So much sound makes so many packets; MP3 may add one."""
    head = stream_head(suffix, rate_hz, None)
    length = packet_samples(suffix, rate_hz, head)
    padding = padding_samples(suffix, rate_hz)
    for samples in (1, length - 1, length, 9 * length + 7, 10 * length - 1):
        made = [
            *encoded([bytes(2 * samples)], suffix=suffix, rate_hz=rate_hz, bitrate=None)
        ]
        least = -(-(samples + padding) // length)
        assert least <= len(made) <= least + (suffix == ".mp3")


@pytest.mark.parametrize("suffix", LOSSY)
def test_sound_comes_after_the_padding(suffix: str) -> None:
    """What is played, but for the padding, is what was encoded, in its place."""
    samples = speech(3)
    assert error_db(play(suffix, encode(suffix, samples)), samples, suffix) < -8


@pytest.mark.parametrize("suffix", LOSSY)
@pytest.mark.parametrize("pause_s", [0.4, 1.5])
def test_passages_join_unheard(suffix: str, pause_s: float) -> None:
    """Cut in a pause, a stream plays as well as one made in one go, and on time."""
    before, after = speech(4), speech(4, seed=9)
    pause = np.zeros(round(pause_s * RATE_HZ), "<i2")
    whole = np.concatenate((before, pause, after))
    length = packet_samples(suffix, RATE_HZ, stream_head(suffix, RATE_HZ, None))
    skip = settling_packets(suffix)
    back = padding_samples(suffix, RATE_HZ) + (skip + 2) * length
    cut = -(-(len(before) + back) // length) * length
    assert cut + 2 * length <= len(before) + len(pause)
    first = encode(suffix, whole[:cut])[: cut // length]
    second = encode(suffix, whole[cut - skip * length :])[skip:]
    in_one = encode(suffix, whole)
    assert len(first) + len(second) == len(in_one)
    joined, alone = play(suffix, first + second), play(suffix, in_one)
    assert len(joined) == len(alone)
    assert error_db(joined, whole, suffix) < error_db(alone, whole, suffix) + 1
    step = 2 if suffix == ".opus" else 1
    at = cut * step
    around = joined[at - length * step : at + length * step]
    assert np.abs(around).max() < 0.001


def test_refusal_says_which_rate() -> None:
    """A rate that a codec does not know is an error that says so."""
    with pytest.raises(LocalError, match=r'cannot encode "\.opus" at 11025 Hz'):
        list(encoded([bytes(100)], suffix=".opus", rate_hz=11025, bitrate=None))


@pytest.mark.parametrize("suffix", LOSSY)
def test_broken_packets_are_an_error(suffix: str) -> None:
    """What cannot be decoded is not taken for silence."""
    with pytest.raises(LocalError, match="cannot play what was encoded"):
        play(suffix, [b"\xff\xff\xff\xff" * 50] * 3)
