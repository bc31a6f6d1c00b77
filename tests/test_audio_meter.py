"""Loudness, peaks and RMS, against EBU's cases and FFmpeg's own meter."""

from __future__ import annotations

import math
from fractions import Fraction

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from batchtts.audio.levels import Levels
from batchtts.audio.meter import Meter
from batchtts.audio.oversample import oversampler

Signal = NDArray[np.float64]


def sine(
    level_db: float,
    length_s: float,
    rate_hz: int,
    *,
    hz: float = 1000,
    degrees: float = 0,
) -> Signal:
    """Make a sine of this peak level."""
    time = np.arange(round(length_s * rate_hz)) / rate_hz
    wave: Signal = np.sin(2 * np.pi * hz * time + np.radians(degrees))
    return wave * 10 ** (level_db / 20)


def pcm(signal: Signal) -> bytes:
    """Round a signal of full scale 1 to 16 bits."""
    return np.clip(np.rint(signal * 32768), -32768, 32767).astype("<i2").tobytes()


def measure(signal: Signal, rate_hz: int, part_bytes: int = 1 << 20) -> Levels:
    """Feed a signal to a meter in parts of this size."""
    meter, data = Meter(rate_hz), pcm(signal)
    for start in range(0, len(data), part_bytes):
        meter.feed(data[start : start + part_bytes])
    return meter.finish()


def speechlike(length_s: float, rate_hz: int) -> Signal:
    """Make noise that comes and goes as syllables and pauses do."""
    samples = round(length_s * rate_hz)
    noise = np.random.default_rng(7).standard_normal(samples)
    time = np.arange(samples) / rate_hz
    shape = np.clip(np.sin(2 * np.pi * 3 * time) + np.sin(2 * np.pi * 0.3 * time), 0, 2)
    signal: Signal = noise * shape * 0.05
    return signal


def ebur128(data: bytes, rate_hz: int) -> dict[str, float]:
    """Measure PCM with FFmpeg's ebur128 filter."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=rate_hz,
        format="s16",
        layout="mono",
        time_base=Fraction(1, rate_hz),
    )
    meter = graph.add("ebur128", "metadata=1:peak=sample+true")
    sink = graph.add("abuffersink")
    graph.link_nodes(source, meter, sink).configure()
    frame = av.AudioFrame("s16", "mono", len(data) // 2)
    frame.sample_rate, frame.pts = rate_hz, 0
    frame.planes[0].update(data)
    graph.push(frame)
    graph.push(None)
    found: dict[str, float] = {}
    while True:
        try:
            metadata = getattr(graph.pull(), "metadata", None)
        except (av.error.BlockingIOError, av.error.EOFError):
            return found
        if metadata is None:
            pytest.skip("this PyAV does not show what a filter measured")
        found.update(
            (key.removeprefix("lavfi.r128."), float(value))
            for key, value in metadata.items()
        )


@pytest.mark.parametrize("rate_hz", [8000, 11025, 24000, 48000])
@pytest.mark.parametrize(
    ("parts", "lufs"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
    ids=["case 1", "case 2", "case 3", "case 4", "case 5"],
)
def test_integrated_loudness_meets_ebu(
    rate_hz: int, parts: list[tuple[float, float]], lufs: float
) -> None:
    """The loudness cases of EBU Tech 3341 come out within 0.1 LU, at every rate."""
    signal = np.concatenate([sine(level, length, rate_hz) for level, length in parts])
    # The cases are stereo, two channels alike; one of them alone is 3.01 LU less.
    measured = measure(signal, rate_hz).integrated_lufs + 10 * math.log10(2)
    assert measured == pytest.approx(lufs, abs=0.1)


@pytest.mark.parametrize(
    ("divisor", "degrees", "level_db"),
    [(4, 0, -6), (4, 45, -6), (6, 60, -6), (8, 67.5, -6), (4, 45, 3)],
    ids=["case 15", "case 16", "case 17", "case 18", "case 19"],
)
@pytest.mark.parametrize("rate_hz", [24000, 48000])
def test_true_peak_meets_ebu(
    rate_hz: int, divisor: int, degrees: float, level_db: float
) -> None:
    """A sine whose crests fall between the samples shows its true peak."""
    signal = sine(level_db, 1, rate_hz, hz=rate_hz / divisor, degrees=degrees)
    ramp = np.minimum(1, np.arange(len(signal)) / 1000)
    found = measure(signal * ramp * ramp[::-1], rate_hz).true_peak_db
    assert level_db - 0.4 <= found <= level_db + 0.2


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 22050])
@pytest.mark.parametrize("share", [0.3, 0.4, 0.45])
def test_true_peak_is_seen_at_low_rates(rate_hz: int, share: float) -> None:
    """Up to 0.9 of the highest frequency no crest is under-read by over 0.2 dB."""
    shape = np.hanning(2000)
    found = [
        measure(
            sine(-6, 2000 / rate_hz, rate_hz, hz=share * rate_hz, degrees=degrees)
            * shape,
            rate_hz,
        ).true_peak_db
        for degrees in range(0, 180, 7)
    ]
    assert min(found) >= -6.2
    assert max(found) <= -5.9


@pytest.mark.parametrize("rate_hz", [8000, 24000])
@pytest.mark.parametrize("smooth", [1, 4, 30])
def test_no_peak_is_skipped(rate_hz: int, smooth: int) -> None:
    """What is not looked at for its bound holds no peak: noise to low rumble."""
    finder = oversampler(rate_hz)
    for seed in range(20):
        noise = np.random.default_rng(seed).standard_normal(3000 + smooth - 1)
        signal = np.convolve(noise, np.ones(smooth), "valid").astype(np.float32)
        every = finder.between(signal)
        highest = max(float(every.max()), float(np.abs(signal[7:-7]).max()))
        assert finder.highest(signal, 0.0) == pytest.approx(highest, rel=1e-5)
        rows = signal[:2976].reshape(-1, 32)
        expected = finder.between(rows.T).max(axis=0)
        above = float(np.median(expected))
        found = finder.peaks(rows, above)
        assert np.array_equal(found, np.where(expected > above, expected, 0))


@pytest.mark.parametrize(
    ("ranges", "expected_lu"),
    [
        ([-20, -30], 10),
        ([-20, -15], 5),
        ([-40, -20], 20),
        ([-50, -35, -20, -35, -50], 15),
    ],
)
def test_loudness_range_meets_ebu(ranges: list[float], expected_lu: float) -> None:
    """The cases of EBU Tech 3342 come out within 1 LU."""
    signal = np.concatenate([sine(level, 20, 8000) for level in ranges])
    assert measure(signal, 8000).range_lu == pytest.approx(expected_lu, abs=1)


@pytest.mark.parametrize("rate_hz", [8000, 24000, 48000])
def test_agrees_with_ffmpeg(rate_hz: int) -> None:
    """FFmpeg's ebur128 filter reads the same from the same speech."""
    signal = speechlike(30, rate_hz)
    oracle, levels = ebur128(pcm(signal), rate_hz), measure(signal, rate_hz)
    assert levels.integrated_lufs == pytest.approx(oracle["I"], abs=0.05)
    assert levels.range_lu == pytest.approx(oracle["LRA"], abs=0.1)
    # FFmpeg gives its peaks as ratios.
    true_peak_db = 20 * math.log10(oracle["true_peak"])
    assert levels.true_peak_db == pytest.approx(true_peak_db, abs=0.2)


@pytest.mark.parametrize("part_bytes", [2, 3, 1000, 65537])
def test_parts_make_no_difference(part_bytes: int) -> None:
    """The levels are the same to the last digit however the signal is cut."""
    signal = speechlike(3.37, 11025)
    assert measure(signal, 11025, part_bytes) == measure(signal, 11025)


def test_rms_and_peak_are_plain() -> None:
    """A sine has an RMS of 3 dB under its peak."""
    levels = measure(sine(-10, 1, 24000, hz=500), 24000)
    assert levels.rms_db == pytest.approx(-13.01, abs=0.01)
    assert levels.peak_db == pytest.approx(-10, abs=0.01)
    assert levels.samples == 24000


def test_short_track_is_measured_whole() -> None:
    """Under 400 ms there is no gating block: all of it counts."""
    assert measure(sine(-20, 0.3, 24000), 24000).integrated_lufs == pytest.approx(
        -23, abs=0.2
    )


@pytest.mark.parametrize("length_s", [0.0, 0.1, 5.0])
def test_silence_has_no_level(length_s: float) -> None:
    """Silence, and nothing at all, are minus infinity and never NaN."""
    levels = measure(np.zeros(round(length_s * 24000)), 24000)
    assert levels.integrated_lufs == levels.true_peak_db == levels.rms_db == -math.inf
    assert levels.peak_db == -math.inf
    assert levels.range_lu == 0


def test_peak_at_the_very_end_counts() -> None:
    """A last sample that stands alone is seen."""
    signal = np.zeros(24000)
    signal[-1] = 0.5
    assert measure(signal, 24000).true_peak_db == pytest.approx(-6.02, abs=0.01)


def test_raised_levels_are_those_of_the_raised_signal() -> None:
    """What a gain will do is known without measuring again."""
    signal = speechlike(5, 24000)
    foretold, found = measure(signal, 24000).raised(6), measure(signal * 2, 24000)
    assert foretold.integrated_lufs == pytest.approx(found.integrated_lufs, abs=0.03)
    assert foretold.true_peak_db == pytest.approx(found.true_peak_db, abs=0.03)
    assert foretold.rms_db == pytest.approx(found.rms_db, abs=0.03)
