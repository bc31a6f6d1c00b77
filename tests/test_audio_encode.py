"""Encoded files: of exact length, the same every time, opened by other decoders."""

from __future__ import annotations

import hashlib
import io
import struct
import wave
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from batchtts.audio import mp3, mulaw
from batchtts.audio.codecs import bitrate_for, codec_versions
from batchtts.audio.encode import encode
from batchtts.errors import LocalError
from batchtts.formats import FORMATS

Signal = NDArray[np.float64]

LENGTHS = [60, 575, 1000, 10967, 21927, 52800]
"""Some of them leave MP3 and AAC a last frame of a few samples."""

RATES = [
    (suffix, rate_hz)
    for suffix, kind in FORMATS.items()
    for rate_hz in (kind.rates_hz or (8000, 22050, 24000, 96000))
    if kind.name != "mulaw" and suffix != ".m4b"  # which is an .m4a
]


def tone(samples: int, rate_hz: int, level: float = 0.25) -> Signal:
    """Make a sine of 440 Hz."""
    return level * np.sin(2 * np.pi * 440 * np.arange(samples) / rate_hz)


def write(
    path: Path,
    signal: Signal,
    rate_hz: int,
    *,
    bitrate: int | None = None,
    block: int = 5000,
    tags: dict[str, str] | None = None,
) -> Path:
    """Encode a signal of full scale 1 by the path's ending."""
    pcm = np.rint(signal * 32768).astype("<i2").tobytes()
    encode(
        [pcm[start : start + 2 * block] for start in range(0, len(pcm), 2 * block)],
        path=path,
        suffix=path.suffix,
        rate_hz=rate_hz,
        samples=len(signal),
        bitrate=bitrate,
        tags=tags,
    )
    return path


def decoded(path: Path) -> tuple[Signal, int, int]:
    """Decode with FFmpeg: the samples, their rate, and the length the file states."""
    with av.open(str(path), "r") as container:
        stream = container.streams.audio[0]
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(stream)]
        stated, rate_hz = stream.duration or 0, stream.rate
    signal = np.concatenate(frames)
    scale = 1 / 32768 if signal.dtype.kind == "i" else 1
    return signal.astype(np.float64) * scale, rate_hz, stated


@pytest.mark.parametrize(("suffix", "rate_hz"), RATES)
def test_decodes_to_the_same_length(tmp_path: Path, suffix: str, rate_hz: int) -> None:
    """Every format at every rate it holds gives back exactly the samples put in."""
    for samples in LENGTHS:
        path = write(tmp_path / f"a{suffix}", tone(samples, rate_hz), rate_hz)
        signal, found_hz, stated = decoded(path)
        if suffix == ".m4a":
            # FFmpeg before 9 plays the last frame to its end, whatever is stated.
            assert stated == samples
            assert samples <= len(signal) < samples + 1024
        else:
            assert len(signal) == samples * found_hz // rate_hz
            assert soundfile.info(str(path)).frames == samples


@pytest.mark.parametrize(("suffix", "rate_hz"), RATES)
def test_sound_is_in_its_place_at_its_level(
    tmp_path: Path, suffix: str, rate_hz: int
) -> None:
    """The wave comes back neither late nor early, louder nor softer."""
    signal = tone(rate_hz, rate_hz) * np.hanning(rate_hz)
    found, found_hz, _ = decoded(write(tmp_path / f"a{suffix}", signal, rate_hz))
    expected = tone(found_hz, found_hz) * np.hanning(found_hz)
    middle = slice(found_hz // 4, found_hz * 3 // 4)
    gain = np.dot(found[middle], expected[middle]) / np.dot(
        expected[middle], expected[middle]
    )
    assert 20 * np.log10(abs(gain)) == pytest.approx(0, abs=0.1)
    assert gain > 0


@pytest.mark.parametrize("suffix", FORMATS)
def test_same_samples_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    """Twice the same, however the PCM was cut into blocks, makes one file."""
    signal, tags = tone(40000, 24000), {"title": "Harbour", "artist": "Ågot"}
    digests = {
        hashlib.sha256(
            write(
                tmp_path / f"{block}{suffix}", signal, 24000, block=block, tags=tags
            ).read_bytes()
        ).hexdigest()
        for block in (999, 16384, 40000)
    }
    assert len(digests) == 1


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_lossless_formats_lose_nothing(tmp_path: Path, suffix: str) -> None:
    """A foreign decoder gives back every sample."""
    samples = np.random.default_rng(2).integers(-32768, 32768, 30000).astype("<i2")
    path = write(tmp_path / f"a{suffix}", samples / 32768, 24000)
    found, rate_hz = soundfile.read(str(path), dtype="int16")
    assert rate_hz == 24000
    assert np.array_equal(found, samples)


def test_wav_is_plain(tmp_path: Path) -> None:
    """Without tags a WAV is the classic 44 bytes and the samples."""
    path = write(tmp_path / "a.wav", tone(1000, 24000), 24000)
    assert path.stat().st_size == 44 + 2000
    with wave.open(str(path)) as file:
        assert file.getparams()[:4] == (1, 2, 24000, 1000)


def test_huge_wav_is_rf64(tmp_path: Path) -> None:
    """When more than 4 GiB are to come the file is made to hold them."""
    path = tmp_path / "a.wav"
    encode([bytes(2000)], path=path, suffix=".wav", rate_hz=24000, samples=3 * 2**30)
    assert path.read_bytes()[:4] == b"RF64"


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".opus", ".m4a"])
def test_tags_are_written(tmp_path: Path, suffix: str) -> None:
    """A tag reader of another project finds title and artist, whatever the script."""
    tags = {"title": "第一章 Ünïcode", "artist": "Åsa"}
    path = write(tmp_path / f"a{suffix}", tone(9000, 24000), 24000, tags=tags)
    found = mutagen.File(path, easy=True)
    assert found["title"] == ["第一章 Ünïcode"]
    assert found["artist"] == ["Åsa"]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".opus", ".m4a"])
def test_no_time_and_no_machine_in_it(tmp_path: Path, suffix: str) -> None:
    """Neither the encoder's version nor a date is in the file."""
    data = write(tmp_path / f"a{suffix}", tone(9000, 24000), 24000).read_bytes()
    assert b"Lavf6" not in data
    assert b"Lavc6" not in data
    if suffix == ".m4a":
        at = data.index(b"mvhd")
        assert data[at + 8 : at + 16] == bytes(8)


def test_m4a_starts_playing_at_once(tmp_path: Path) -> None:
    """The index stands before the sound, and the brand is Apple's for audio."""
    data = write(tmp_path / "a.m4a", tone(90000, 24000), 24000).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert data[8:12] == b"M4A "


def test_opus_says_where_the_sound_came_from(tmp_path: Path) -> None:
    """The header carries the pre-skip at 48 kHz and the rate put in."""
    data = write(tmp_path / "a.opus", tone(9000, 24000), 24000).read_bytes()
    head = data[data.index(b"OpusHead") :]
    version, channels, pre_skip, rate_hz = struct.unpack_from("<BBHI", head, 8)
    assert (version, channels, rate_hz) == (1, 1, 24000)
    assert pre_skip > 0


@pytest.mark.parametrize("kbps", [40, 64, 128, 160, 192, 224, 256, 320])
def test_mp3_keeps_its_level_at_every_bitrate(tmp_path: Path, kbps: int) -> None:
    """What LAME takes off, it is given beforehand."""
    signal = tone(44100, 44100)
    found, _, _ = decoded(write(tmp_path / "a.mp3", signal, 44100, bitrate=kbps))
    middle = slice(10000, 30000)
    gain = np.dot(found[middle], signal[middle]) / np.dot(
        signal[middle], signal[middle]
    )
    assert 20 * np.log10(gain) == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize(
    ("suffix", "kbps"), [(".mp3", 48), (".m4a", 96), (".opus", 24)]
)
def test_bitrate_is_heeded(tmp_path: Path, suffix: str, kbps: int) -> None:
    """A minute of noise takes about as many bytes as the bit rate says."""
    noise = np.random.default_rng(0).normal(0, 0.1, 240000)
    path = write(tmp_path / f"a{suffix}", noise, 24000, bitrate=kbps)
    assert path.stat().st_size * 8 / 10 == pytest.approx(kbps * 1000, rel=0.25)


@pytest.mark.parametrize("kbps", [16, 32, 48])
def test_opus_keeps_its_bitrate(tmp_path: Path, kbps: int) -> None:
    """Chords, on which a free encoder spends more, take what was asked for."""
    time = np.arange(240000) / 24000
    chord = sum(np.sin(2 * np.pi * hz * time) for hz in (500, 1300, 2100, 3000)) / 12
    path = write(tmp_path / "a.opus", np.asarray(chord), 24000, bitrate=kbps)
    assert path.stat().st_size * 8 / 10 == pytest.approx(kbps * 1000, rel=0.1)


@pytest.mark.parametrize(
    ("suffix", "rate_hz", "asked", "expected"),
    [
        (".mp3", 44100, None, 96),
        (".mp3", 24000, None, 64),
        (".mp3", 8000, None, 40),
        (".mp3", 24000, 320, 160),
        (".mp3", 8000, 320, 64),
        (".mp3", 44100, 8, 32),
        (".m4a", 24000, None, 64),
        (".m4a", 24000, 48, 48),
        (".opus", 48000, None, 48),
        (".wav", 24000, None, None),
        (".ulaw", 8000, None, None),
    ],
)
def test_bitrate_for(
    suffix: str, rate_hz: int, asked: int | None, expected: int | None
) -> None:
    """A file gets the bit rate asked for, or the nearest MP3 has, or the default."""
    assert bitrate_for(suffix, rate_hz, asked) == expected


@pytest.mark.parametrize("suffix", [".ulaw", ".mulaw", ".ul"])
def test_mulaw_is_headerless(tmp_path: Path, suffix: str) -> None:
    """A byte a sample and nothing else, as soundfile reads it too."""
    signal = tone(8000, 8000)
    data = write(tmp_path / f"a{suffix}", signal, 8000).read_bytes()
    assert len(data) == 8000
    found, _ = soundfile.read(
        io.BytesIO(data),
        format="RAW",
        subtype="ULAW",
        samplerate=8000,
        channels=1,
        dtype="int16",
    )
    assert found.tobytes() == mulaw.decode(data)
    assert np.abs(found / 32768 - signal).max() < 0.01


def test_mulaw_of_every_sample_is_the_standards() -> None:
    """All 65,536 samples and all 256 codes are as libsndfile has them."""
    every = np.arange(-32768, 32768).astype("<i2")
    buffer = io.BytesIO()
    soundfile.write(buffer, every, 8000, format="RAW", subtype="ULAW")
    ours, theirs = mulaw.encode(every.tobytes()), buffer.getvalue()
    near = np.frombuffer(mulaw.decode(ours), "<i2").astype(int)
    other = np.frombuffer(mulaw.decode(theirs), "<i2").astype(int)
    # On the border of two codes either is right; neither may be worse.
    assert np.abs(near - every).max() <= np.abs(other - every).max()
    assert np.mean(np.abs(near - every) <= np.abs(other - every)) > 0.99
    codes = bytes(range(256))
    assert mulaw.encode(mulaw.decode(codes)) == codes.replace(b"\x7f", b"\xff")


def test_nothing_cannot_be_written(tmp_path: Path) -> None:
    """A file of no samples is refused: many players choke on one."""
    with pytest.raises(LocalError, match="there is no sound to write"):
        encode([], path=tmp_path / "a.mp3", suffix=".mp3", rate_hz=24000, samples=0)


def test_refused_rate_is_a_clear_error(tmp_path: Path) -> None:
    """A rate that the codec does not have is said to be the matter."""
    with pytest.raises(LocalError, match=r'cannot encode "\.opus" at 11025 Hz: '):
        write(tmp_path / "a.opus", tone(1000, 11025), 11025)


@pytest.mark.parametrize("suffix", FORMATS)
def test_missing_folder_is_an_os_error(tmp_path: Path, suffix: str) -> None:
    """What the disk refuses reaches the caller as the disk's error."""
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "nowhere" / f"a{suffix}", tone(1000, 24000), 24000)


def test_length_tag_is_found_behind_id3(tmp_path: Path) -> None:
    """Our own files have the tag; a bare frame has none."""
    tags = {"title": "Info " * 40}
    data = write(tmp_path / "a.mp3", tone(9000, 24000), 24000, tags=tags).read_bytes()
    assert mp3.has_length_tag(data)
    first = data.index(b"Info\0\0\0")
    assert not mp3.has_length_tag(data[:first] + b"????" + data[first + 4 :])
    assert not mp3.has_length_tag(b"")
    assert not mp3.has_length_tag(b"RIFF1234")


def test_length_is_left_alone_where_there_is_no_tag(tmp_path: Path) -> None:
    """A file without the tag is not touched."""
    path = tmp_path / "a.mp3"
    path.write_bytes(b"\xff\xf3" + bytes(500))
    mp3.set_length(path, frames=3, rate_hz=24000, samples=1000)
    assert path.read_bytes() == b"\xff\xf3" + bytes(500)
    write(path, tone(9000, 24000), 24000)
    before = path.read_bytes()
    mp3.set_length(path, frames=1, rate_hz=24000, samples=9000)
    assert path.read_bytes() == before


def test_versions_are_named() -> None:
    """What decides the bytes is in the text: PyAV, numpy and FFmpeg's libraries."""
    versions = codec_versions()
    assert f"av-{av.__version__}" in versions
    assert f"numpy-{np.__version__}" in versions
    assert "libavcodec-" in versions
