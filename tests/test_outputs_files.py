"""Tracks as files: levelled, encoded, whole or absent, and a key for all of it."""

from __future__ import annotations

import hashlib
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from batchtts.audio.decode import decode
from batchtts.audio.meter import Meter
from batchtts.errors import LocalError
from batchtts.formats import FORMATS
from batchtts.model import Boundary, Encoding, Loudness, LoudnessMode, Pauses, Recording
from batchtts.outputs.files import Written, write_file
from batchtts.tracks import Piece, Track, make_track

RATE_HZ = 24000
CONTAINERS: dict[str, Encoding] = {".mp3": "mp3", ".opus": "ogg", ".ulaw": "mulaw"}
PODCAST = Loudness("lufs", -19, -1)


def speech(length_s: float) -> bytes:
    """Make noise in syllables with a click a second."""
    samples = round(length_s * RATE_HZ)
    rng = np.random.default_rng(5)
    time_s = np.arange(samples) / RATE_HZ
    noise = rng.standard_normal(samples) * np.clip(np.sin(2 * np.pi * 3 * time_s), 0, 1)
    noise[::RATE_HZ] += 10
    data: bytes = np.rint(noise * 1500).astype("<i2").tobytes()
    return data


@pytest.fixture
def track(tmp_path: Path) -> Track:
    """Give a track of two sentences."""
    spool = tmp_path / "spool" / "track.pcm"
    spool.parent.mkdir()
    pieces = [
        Piece(lambda: Recording("pcm", RATE_HZ, speech(2.5)), Boundary.SENTENCE),
        Piece(lambda: Recording("pcm", RATE_HZ, speech(1.3)), Boundary.END),
    ]
    return make_track(pieces, rate_hz=RATE_HZ, pauses=Pauses(), spool=spool)


def write(
    track: Track, path: Path, loudness: Loudness = PODCAST, title: str = "Harbour"
) -> Written:
    """Write a track with a title."""
    return write_file(
        track, path, loudness=loudness, bitrate=None, tags={"title": title}
    )


@pytest.mark.parametrize("suffix", FORMATS)
def test_written_file_is_described_exactly(
    tmp_path: Path, track: Track, suffix: str
) -> None:
    """Path, hash, size and length are those of the file on disk."""
    path = tmp_path / "out" / f"a{suffix}"
    written = write(track, path)
    data = path.read_bytes()
    assert written.path == path
    assert written.sha256 == hashlib.sha256(data).hexdigest()
    assert written.size_bytes == len(data)
    assert (written.samples, written.rate_hz) == (track.samples, RATE_HZ)
    assert written.duration_s == Fraction(track.samples, RATE_HZ)
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    assert [item.name for item in track.spool.parent.iterdir()] == [track.spool.name]


@pytest.mark.parametrize(
    ("suffix", "target"),
    [
        (".wav", -30.0),
        (".wav", -14.0),
        (".flac", -19.0),
        (".flac", -14.0),
        (".mp3", -30.0),
        (".mp3", -23.0),
    ],
)
def test_decoded_file_is_as_loud_as_asked(
    tmp_path: Path, track: Track, suffix: str, target: float
) -> None:
    """What another project's decoder hears has the loudness asked for."""
    loudness = Loudness("lufs", target, -1.5)
    written = write(track, tmp_path / f"a{suffix}", loudness)
    samples, rate_hz = soundfile.read(str(written.path), dtype="int16")
    meter = Meter(rate_hz)
    meter.feed(samples.astype("<i2").tobytes())
    levels = meter.finish()
    assert levels.integrated_lufs == pytest.approx(target, abs=0.1)
    assert written.levels.integrated_lufs == pytest.approx(target, abs=0.1)
    assert levels.true_peak_db <= -1.4
    assert written.levels.true_peak_db == pytest.approx(levels.true_peak_db, abs=0.05)


@pytest.mark.parametrize("suffix", [".mp3", ".opus", ".ulaw"])
@pytest.mark.parametrize("mode", ["lufs", "rms", "peak"])
def test_lossy_file_plays_as_was_asked(
    tmp_path: Path, track: Track, suffix: str, mode: LoudnessMode
) -> None:
    """Played back, a lossy file keeps the ceiling, and the level where it can."""
    loudness = Loudness(mode, -23, -6)
    written = write(track, tmp_path / f"a{suffix}", loudness)
    data = written.path.read_bytes()
    rate_hz = 48000 if suffix == ".opus" else RATE_HZ
    encoding = CONTAINERS[suffix]
    meter = Meter(rate_hz)
    meter.feed(decode(Recording(encoding, RATE_HZ, data), rate_hz))
    found = meter.finish()
    peak_db = found.peak_db if mode == "peak" else found.true_peak_db
    assert peak_db <= -6 + (0.6 if suffix == ".opus" else 0.2)
    assert written.levels.samples == track.samples
    assert written.levels.integrated_lufs == pytest.approx(
        found.integrated_lufs, abs=0.05
    )
    if mode != "peak":
        level_db = found.integrated_lufs if mode == "lufs" else found.rms_db
        assert level_db == pytest.approx(-23, abs=0.15)


def test_untouched_when_no_loudness_is_asked(tmp_path: Path, track: Track) -> None:
    """With loudness none a WAV holds the track's very samples."""
    written = write(track, tmp_path / "a.wav", Loudness("none"))
    samples, _ = soundfile.read(str(written.path), dtype="int16")
    assert samples.astype("<i2").tobytes() == track.spool.read_bytes()
    assert written.levels == track.levels


@pytest.mark.parametrize(("target", "is_missed"), [(-32.0, False), (-2.0, True)])
def test_missed_loudness_is_told(
    tmp_path: Path,
    track: Track,
    target: float,
    is_missed: bool,  # noqa: FBT001 - a table
) -> None:
    """A target over what the ceiling allows is missed by as much as is said."""
    written = write(track, tmp_path / "a.wav", Loudness("lufs", target, -9))
    off_db = abs(written.levels.integrated_lufs - target)
    assert written.missed_db == (pytest.approx(off_db) if is_missed else 0)
    assert (written.missed_db > 0.5) is is_missed


def test_ending_may_be_in_capitals(tmp_path: Path, track: Track) -> None:
    """``A.WAV`` is a WAV."""
    written = write(track, tmp_path / "A.WAV")
    assert soundfile.info(str(written.path)).frames == track.samples


@pytest.mark.parametrize("suffix", FORMATS)
def test_written_again_is_the_same(tmp_path: Path, track: Track, suffix: str) -> None:
    """The same track gives the same bytes, in as many threads as you like."""
    written: list[Written] = []
    threads = [
        threading.Thread(
            target=lambda number=number: written.append(
                write(track, tmp_path / f"{number}{suffix}", Loudness("lufs", -9, -3))
            )
        )
        for number in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({item.sha256 for item in written}) == 1
    assert len(written) == 3


def test_failed_write_leaves_what_was_there(tmp_path: Path, track: Track) -> None:
    """A codec's refusal neither destroys the old file nor leaves half a new one."""
    path = tmp_path / "a.opus"
    path.write_bytes(b"old")
    odd = Track(
        spool=track.spool,
        rate_hz=11025,
        samples=track.samples,
        measured=track.measured,
        spans=track.spans,
    )
    with pytest.raises(LocalError, match=r'cannot encode "\.opus" at 11025 Hz'):
        write(odd, path)
    assert path.read_bytes() == b"old"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.opus", "spool"]


def test_lost_spool_is_an_error(tmp_path: Path, track: Track) -> None:
    """A track whose samples are gone is said to be the matter."""
    track.spool.unlink()
    with pytest.raises(LocalError, match=r'cannot write ".*a\.wav"'):
        write(track, tmp_path / "a.wav")


def test_other_threads_go_on(tmp_path: Path, track: Track) -> None:
    """While a file is made, another thread is never kept waiting for long."""
    done = threading.Event()

    def work() -> None:
        for number in range(3):
            write(track, tmp_path / f"{number}.m4a", Loudness("lufs", -9, -3))
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    waits = []
    while not done.is_set():
        before = time.perf_counter()
        time.sleep(0.001)
        waits.append(time.perf_counter() - before)
    thread.join()
    # A busy machine makes single waits long; starvation makes them all so.
    assert float(np.median(waits)) < 0.02
