"""Room tone: as soft as asked, everywhere, the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from batchtts.audio.roomtone import with_room_tone


def toned(
    signal: NDArray[np.int16], block: int, level_db: float = -60
) -> NDArray[np.int16]:
    """Lay room tone under a signal that comes in blocks."""
    blocks = [signal[at : at + block].tobytes() for at in range(0, len(signal), block)]
    found = b"".join(with_room_tone(blocks, rate_hz=44100, level_db=level_db))
    return np.frombuffer(found, "<i2")


@pytest.mark.parametrize("level_db", [-50.0, -60.0, -68.0])
def test_silence_has_the_level_asked_for(level_db: float) -> None:
    """A long silence comes out at the RMS asked for, without an offset."""
    tone = toned(np.zeros(700_000, "<i2"), 65536, level_db).astype(np.float64)
    rms_db = 10 * np.log10(np.square(tone / 32768).mean())
    assert rms_db == pytest.approx(level_db, abs=0.15)
    assert abs(tone.mean()) < 0.1


def test_blocks_make_no_difference() -> None:
    """However the sound is cut, the tone under it is the same."""
    signal = np.random.default_rng(1).integers(-9000, 9000, 30_000).astype("<i2")
    assert np.array_equal(toned(signal, 30_000), toned(signal, 777))


def test_sound_stays() -> None:
    """Under the tone the sound is what it was, but for the tone."""
    signal = np.random.default_rng(1).integers(-9000, 9000, 30_000).astype("<i2")
    tone = toned(np.zeros(30_000, "<i2"), 30_000)
    assert np.abs(toned(signal, 30_000) - signal - tone).max() <= 1


def test_no_pitch_is_heard() -> None:
    """The tone falls evenly from low to high and has no line in it."""
    tone = toned(np.zeros(1 << 18, "<i2"), 65536).astype(np.float64)
    power = np.square(np.abs(np.fft.rfft(tone))).reshape(-1)[: 1 << 17]
    bands = power.reshape(256, -1).mean(axis=1)
    smooth = np.convolve(bands, np.ones(9) / 9, "same")
    assert (bands[8:-8] / smooth[8:-8]).max() < 1.5
    assert bands[2:10].mean() > 5 * bands[-20:].mean()
