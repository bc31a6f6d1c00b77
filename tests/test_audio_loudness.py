"""Gain and limiter: the level asked for, under the ceiling, nothing else changed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from batchtts.audio.levels import Levels
from batchtts.audio.limiter import amplified, limited
from batchtts.audio.loudness import levelled, missed_db
from batchtts.audio.meter import Meter
from batchtts.model import Loudness, LoudnessMode

RATE_HZ = 16000


def measure(pcm: bytes) -> Levels:
    """Measure PCM."""
    meter = Meter(RATE_HZ)
    meter.feed(pcm)
    return meter.finish()


def pcm_of(signal: NDArray[np.float64]) -> bytes:
    """Round a signal of full scale 1 to 16 bits."""
    return np.clip(np.rint(signal * 32768), -32768, 32767).astype("<i2").tobytes()


def spiky(length_s: float, level: float = 0.03) -> bytes:
    """Make noise in syllables, with crests 20 dB over its RMS like a rough voice."""
    rng = np.random.default_rng(3)
    samples = round(length_s * RATE_HZ)
    time = np.arange(samples) / RATE_HZ
    noise = rng.standard_normal(samples) * np.clip(np.sin(2 * np.pi * 2 * time), 0, 1)
    for at in rng.integers(0, samples - 8, samples // 2000):
        noise[at : at + 8] += rng.choice([-1, 1]) * 6 * np.hanning(8)
    return pcm_of(noise * level)


def cut(pcm: bytes, samples: int) -> Iterator[bytes]:
    """Cut PCM into blocks."""
    for start in range(0, len(pcm), 2 * samples):
        yield pcm[start : start + 2 * samples]


def level(tmp_path: Path, pcm: bytes, loudness: Loudness) -> tuple[bytes, Levels]:
    """Level PCM; return what came out and the levels that are said to be its own."""
    spool = tmp_path / "track.pcm"
    spool.write_bytes(pcm)
    with levelled(
        spool, rate_hz=RATE_HZ, levels=measure(pcm), loudness=loudness
    ) as ready:
        out = b"".join(ready.blocks())
    assert [path.name for path in tmp_path.iterdir()] == ["track.pcm"]
    return out, ready.levels


@pytest.mark.parametrize("gain_db", [15.0, 25.0, 40.0])
@pytest.mark.parametrize("ceiling_db", [-1.0, -3.5])
def test_limiter_holds_the_ceiling(gain_db: float, ceiling_db: float) -> None:
    """However hard it is driven, the true peak stays under the ceiling."""
    pcm = spiky(5)
    out = b"".join(
        limited([pcm], rate_hz=RATE_HZ, gain_db=gain_db, ceiling_db=ceiling_db)
    )
    found = measure(out).true_peak_db
    assert len(out) == len(pcm)
    assert found <= ceiling_db
    assert found > ceiling_db - 0.3


@pytest.mark.parametrize("samples", [1, 7, 1000, 16384, 16385])
def test_limiter_does_not_see_blocks(samples: int) -> None:
    """Every cut of the input gives the same bytes."""
    pcm = spiky(2.6)[: 2 * 2 * 16384 + 4000]
    if samples < 10:
        pcm = pcm[:20000]
    whole = b"".join(limited([pcm], rate_hz=RATE_HZ, gain_db=12, ceiling_db=-1))
    parts = cut(pcm, samples)
    assert whole == b"".join(limited(parts, rate_hz=RATE_HZ, gain_db=12, ceiling_db=-1))


@pytest.mark.parametrize("samples", [0, 1, 5, 331, 16384, 16385, 32769])
def test_limiter_keeps_the_length(samples: int) -> None:
    """As many samples come out as went in, at any length."""
    pcm = np.full(samples, 9000, "<i2").tobytes()
    out = b"".join(limited([pcm], rate_hz=RATE_HZ, gain_db=20, ceiling_db=-1))
    assert len(out) == len(pcm)


def test_limiter_leaves_the_rest_alone() -> None:
    """Where no peak is near, the samples are those of the gain alone."""
    signal = np.random.default_rng(0).normal(0, 0.01, 3 * RATE_HZ)
    signal[RATE_HZ] = 0.9
    pcm = pcm_of(signal)
    out = b"".join(limited([pcm], rate_hz=RATE_HZ, gain_db=6, ceiling_db=-1))
    gained = b"".join(amplified([pcm], 6))
    assert out[: 2 * (RATE_HZ - 400)] == gained[: 2 * (RATE_HZ - 400)]
    assert out[2 * (RATE_HZ + 400) :] == gained[2 * (RATE_HZ + 400) :]
    assert out != gained


def test_limiter_does_not_delay() -> None:
    """The highest sample stays where it was."""
    signal = np.zeros(20000)
    signal[12345] = 0.9
    out = b"".join(limited([pcm_of(signal)], rate_hz=RATE_HZ, gain_db=9, ceiling_db=-3))
    assert int(np.argmax(np.frombuffer(out, "<i2"))) == 12345


def test_gain_of_nothing_changes_nothing() -> None:
    """A gain of 0 dB is the very same bytes."""
    pcm = spiky(0.5)
    assert b"".join(amplified(cut(pcm, 999), 0)) == pcm


def test_gain_clips_rather_than_wraps() -> None:
    """Too much gain gives the highest sample there is, of the right sign."""
    pcm = np.array([30000, -30000], "<i2").tobytes()
    out = np.frombuffer(b"".join(amplified([pcm], 6)), "<i2")
    assert out.tolist() == [32767, -32768]


@pytest.mark.parametrize("target", [-30.0, -19.0, -16.0])
def test_loudness_is_met(tmp_path: Path, target: float) -> None:
    """The integrated loudness is within 0.1 LU of the target, limited or not."""
    out, said = level(tmp_path, spiky(12), Loudness("lufs", target, -1))
    found = measure(out)
    assert found.integrated_lufs == pytest.approx(target, abs=0.1)
    assert found.true_peak_db <= -1
    assert said.integrated_lufs == pytest.approx(found.integrated_lufs, abs=0.03)
    assert said.true_peak_db == pytest.approx(found.true_peak_db, abs=0.03)


@pytest.mark.parametrize("target", [-26.0, -20.0])
def test_rms_is_met(tmp_path: Path, target: float) -> None:
    """The RMS is within 0.1 dB of the target and the peak under the ceiling."""
    out, _ = level(tmp_path, spiky(12), Loudness("rms", target, -3.5))
    found = measure(out)
    assert found.rms_db == pytest.approx(target, abs=0.1)
    assert found.peak_db <= -3.5


def test_peak_is_met(tmp_path: Path) -> None:
    """The highest sample is at the ceiling, and the shape is what it was."""
    pcm = spiky(3)
    out, said = level(tmp_path, pcm, Loudness("peak", 0, -2))
    assert measure(out).peak_db == pytest.approx(-2, abs=0.01)
    assert said.peak_db == pytest.approx(-2, abs=0.01)
    before, after = np.frombuffer(pcm, "<i2"), np.frombuffer(out, "<i2")
    assert np.abs(after - before * 10 ** ((-2 - measure(pcm).peak_db) / 20)).max() < 1


def test_none_leaves_every_bit(tmp_path: Path) -> None:
    """With no loudness asked for, the samples are untouched, full scale or not."""
    pcm = np.random.default_rng(1).integers(-32768, 32768, 9000).astype("<i2").tobytes()
    out, said = level(tmp_path, pcm, Loudness("none"))
    assert out == pcm
    assert said == measure(pcm)


@pytest.mark.parametrize("mode", ["lufs", "rms", "peak", "none"])
def test_silence_stays_silence(tmp_path: Path, mode: str) -> None:
    """There is nothing to raise in digital silence."""
    match mode:
        case "lufs" | "rms" | "peak" | "none":
            loudness = Loudness(mode, -19, -1)
    out, said = level(tmp_path, bytes(2 * RATE_HZ), loudness)
    assert out == bytes(2 * RATE_HZ)
    assert said.integrated_lufs == -math.inf


def test_hiss_is_not_raised_without_end(tmp_path: Path) -> None:
    """A track that is next to silent is raised by 40 dB and no more."""
    quiet = np.tile(np.array([30, 0, -30, 0], "<i2"), RATE_HZ).tobytes()
    out, _ = level(tmp_path, quiet, Loudness("lufs", -10, -1))
    assert np.frombuffer(out, "<i2").max() == 3000


@pytest.mark.parametrize("target", [-12.345, -6.0, -1.0])
def test_what_cannot_be_reached_is_approached(tmp_path: Path, target: float) -> None:
    """A target over what the ceiling allows gives what it allows, and no error."""
    out, said = level(tmp_path, spiky(3), Loudness("lufs", target, -12))
    assert measure(out).true_peak_db <= -12
    assert said.integrated_lufs < target


@pytest.mark.parametrize("target", [-23.0, -19.0, -16.0])
@pytest.mark.parametrize("pops", [1, 5])
def test_pop_in_quiet_speech_is_no_obstacle(
    tmp_path: Path, target: float, pops: int
) -> None:
    """Clicks 50 dB over the voice are limited, and the voice is at the target."""
    rng = np.random.default_rng(5)
    time = np.arange(20 * RATE_HZ) / RATE_HZ
    shape = np.clip(np.sin(2 * np.pi * 3 * time), 0, 1) * (np.sin(time) > -0.5)
    signal = rng.standard_normal(len(time)) * shape * 0.003
    for pop in range(pops):
        at = (3 + 3 * pop) * RATE_HZ
        signal[at : at + 40] += 0.95 * np.sin(np.arange(40) / 3)
    out, _ = level(tmp_path, pcm_of(signal), Loudness("lufs", target, -1))
    found = measure(out)
    assert found.integrated_lufs == pytest.approx(target, abs=0.1)
    assert found.true_peak_db <= -1


@pytest.mark.parametrize("mode", ["lufs", "rms", "peak", "none"])
def test_what_is_under_the_gate_is_silence(tmp_path: Path, mode: LoudnessMode) -> None:
    """A track that nowhere reaches -70 LUFS is left alone, and its levels are told."""
    quiet = np.tile(np.array([3, 0, -3, 0], "<i2"), RATE_HZ).tobytes()
    out, said = level(tmp_path, quiet, Loudness(mode, -19, -1))
    assert out == quiet
    assert -90 < said.integrated_lufs < -70
    assert missed_db(said, Loudness(mode, -19, -1)) == 0


@pytest.mark.parametrize(
    ("loudness", "missed"),
    [
        (Loudness("lufs", -20), 0.0),
        (Loudness("lufs", -19.95), 0.0),
        (Loudness("lufs", -18), 2.0),
        (Loudness("rms", -25), 3.0),
        (Loudness("peak", 0, -9), 1.0),
        (Loudness("none"), 0.0),
    ],
    ids=str,
)
def test_distance_from_the_target_is_told(loudness: Loudness, missed: float) -> None:
    """A track is as far off as its level is from the one asked for."""
    levels = Levels(
        samples=9,
        integrated_lufs=-20,
        range_lu=0,
        true_peak_db=-9,
        peak_db=-10,
        rms_db=-22,
    )
    assert missed_db(levels, loudness) == pytest.approx(missed)


def test_very_short_track_is_levelled(tmp_path: Path) -> None:
    """A tenth of a second has a loudness too."""
    out, _ = level(tmp_path, spiky(0.1), Loudness("lufs", -25, -1))
    assert measure(out).integrated_lufs == pytest.approx(-25, abs=0.1)
