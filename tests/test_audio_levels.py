"""Parts measured each by itself, and what that says of the whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from batchtts.audio.levels import Measured, levels_of
from batchtts.audio.meter import Meter

RATE_HZ = 8000


def speech(length_s: float, level: float, seed: int) -> NDArray[np.int16]:
    """Make noise in syllables."""
    samples = round(length_s * RATE_HZ)
    noise = np.random.default_rng(seed).standard_normal(samples)
    shape = np.clip(np.sin(2 * np.pi * 3 * np.arange(samples) / RATE_HZ), 0, 1)
    rounded: NDArray[np.int16] = np.rint(noise * shape * level).astype("<i2")
    return rounded


def measured(*signals: NDArray[np.int16]) -> Measured:
    """Measure signals as one."""
    meter = Meter(RATE_HZ)
    for signal in signals:
        meter.feed(signal.tobytes())
    return meter.measured()


CHAPTERS = [speech(20, 1500, 1), speech(31.23, 2500, 2), speech(17.77, 700, 3)]
PAUSE = np.zeros(3 * RATE_HZ, "<i2")


def test_parts_make_the_levels_of_the_whole() -> None:
    """Chapters with pauses between, measured apart, are as loud as measured in one."""
    sounds = [signal for chapter in CHAPTERS for signal in (chapter, PAUSE)]
    whole = levels_of([measured(*sounds)])
    parts = levels_of([measured(signal) for signal in sounds])
    assert parts.integrated_lufs == pytest.approx(whole.integrated_lufs, abs=0.03)
    assert parts.range_lu == pytest.approx(whole.range_lu, abs=0.5)
    assert parts.rms_db == pytest.approx(whole.rms_db, abs=1e-6)
    assert parts.true_peak_db == pytest.approx(whole.true_peak_db, abs=0.01)
    assert parts.peak_db == whole.peak_db
    assert parts.samples == whole.samples


def test_long_parts_are_worked_on_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stretch at a time makes the levels of the whole."""
    part = measured(*CHAPTERS)
    whole = levels_of([part])
    monkeypatch.setattr("batchtts.audio.levels._AT_ONCE", 70)
    found = levels_of([part])
    assert found.integrated_lufs == pytest.approx(whole.integrated_lufs, abs=1e-9)
    assert found.range_lu == pytest.approx(whole.range_lu, abs=1e-9)


def test_loudness_of_parts_is_gated_as_one() -> None:
    """A soft part counts less beside a loud one than by itself."""
    loud, soft = measured(speech(20, 5000, 1)), measured(speech(20, 250, 2))
    both = levels_of([loud, soft]).integrated_lufs
    assert both == pytest.approx(levels_of([loud]).integrated_lufs, abs=0.05)


def test_gain_is_foretold() -> None:
    """What a meter would find after a gain is known without it."""
    signal = CHAPTERS[0]
    foretold = levels_of([measured(signal).raised(6.0206)])
    found = levels_of([measured(signal * 2)])
    assert foretold.integrated_lufs == pytest.approx(found.integrated_lufs, abs=1e-3)
    assert foretold.rms_db == pytest.approx(found.rms_db, abs=1e-3)
    assert foretold.true_peak_db == pytest.approx(found.true_peak_db, abs=1e-3)
    assert foretold.range_lu == pytest.approx(found.range_lu, abs=1e-3)


def test_many_short_parts_are_measured() -> None:
    """Parts too short for a window by themselves have the level of what they hold."""
    parts = [measured(speech(0.3, 2000, seed)) for seed in range(5)]
    levels = levels_of(parts)
    assert levels.integrated_lufs > -40
    assert levels.range_lu == 0


@pytest.mark.parametrize("parts", [0, 1, 3])
def test_nothing_is_silent(parts: int) -> None:
    """No parts, and parts of silence, have no level and are no error."""
    levels = levels_of([measured(PAUSE)] * parts)
    assert levels.integrated_lufs == levels.true_peak_db == levels.rms_db == -math.inf
    assert levels.range_lu == 0
