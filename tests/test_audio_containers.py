"""Audiobook files: what other projects' readers find in them."""

from __future__ import annotations

import hashlib
import io
from array import array
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from batchtts.audio.container import Stream, write_container
from batchtts.audio.mp4 import Sound, _Layout, write_mp4
from batchtts.audio.mp4tracks import chapter_text
from batchtts.audio.packets import encoded
from batchtts.errors import LocalError
from batchtts.metadata import Label, Mark, Metadata, Picture, picture_type

RATE_HZ = 24000
SUFFIXES = [".m4a", ".m4b", ".mp3", ".opus", ".flac"]
SAMPLES = 7 * RATE_HZ + 77
MARKS = (Mark("One", 0), Mark("Zwölf", 2 * RATE_HZ + 13), Mark("第三章", 99_999))
BOOK = Metadata(
    title="Die Hügel",
    author="Åsa Author, B. Author",
    narrator="N. Narrator",
    series="Hills",
    series_index="2.5",
    description="First line.\nSecond: 第二.",
    date="2024-03-02",
    publisher="House",
    language="de-AT",
)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0:~\x9bU"


def sound(samples: int = SAMPLES) -> bytes:
    """Make a wave that changes, so that no two places are alike."""
    at_s = np.arange(samples) / RATE_HZ
    wave = 8000 * np.sin(2 * np.pi * (200 + 40 * at_s) * at_s)
    data: bytes = np.rint(wave).astype("<i2").tobytes()
    return data


def jpeg() -> bytes:
    """Have FFmpeg draw a picture."""
    file = io.BytesIO()
    with av.open(file, "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        frame = av.VideoFrame(64, 64, "yuvj420p")
        for plane in frame.planes:
            plane.update(bytes([90]) * plane.buffer_size)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def label(**changes: object) -> Label:
    """Give a file everything it can say."""
    usual = {
        "metadata": BOOK,
        "album": "Die Hügel",
        "language": "deu",
        "track": (3, 12),
        "picture": Picture(jpeg(), "image/jpeg"),
        "marks": MARKS,
    }
    return Label(**{**usual, **changes})  # type: ignore[arg-type]


def write(path: Path, said: Label, pcm: bytes | None = None) -> Path:
    """Encode a wave into a file that says so much."""
    pcm = sound() if pcm is None else pcm
    stream = Stream(
        suffix=path.suffix, rate_hz=RATE_HZ, bitrate=None, samples=len(pcm) // 2
    )
    packets = encoded([pcm], suffix=path.suffix, rate_hz=RATE_HZ, bitrate=None)
    write_container(path, packets, stream, said, md5=lambda: hashlib.md5(pcm).digest())
    return path


def chapters(path: Path) -> list[tuple[float, str]]:
    """Return where FFmpeg finds chapters, in seconds, and their titles."""
    with av.open(str(path)) as container:
        return [
            (float(one["start"] * (one["time_base"] or 0)), one["metadata"]["title"])
            for one in container.chapters()
        ]


def decoded(path: Path) -> NDArray[np.float64]:
    """Return the samples that FFmpeg plays."""
    with av.open(str(path)) as container:
        parts = [f.to_ndarray().reshape(-1) for f in container.decode(audio=0)]
    return np.concatenate(parts).astype(np.float64)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_chapters_are_where_they_were_put(tmp_path: Path, suffix: str) -> None:
    """FFmpeg finds every chapter under its title, exact to the unit of the format."""
    path = write(tmp_path / f"a{suffix}", label())
    found = chapters(path)
    assert [title for _, title in found] == [mark.title for mark in MARKS]
    exact = [mark.start / RATE_HZ for mark in MARKS]
    if suffix in {".m4a", ".m4b"}:
        assert [start for start, _ in found] == exact
    else:
        assert [start for start, _ in found] == [round(one, 3) for one in exact]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sound_is_exactly_as_long(tmp_path: Path, suffix: str) -> None:
    """Cover, tags and chapters change nothing about the sound or its length."""
    path = write(tmp_path / f"a{suffix}", label())
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        stated_s = stream.duration * stream.time_base
    signal = decoded(path)
    if suffix in {".m4a", ".m4b"}:
        assert stated_s == Fraction(SAMPLES, RATE_HZ)
        assert SAMPLES <= len(signal) < SAMPLES + 1024
    else:
        rate_hz = 48000 if suffix == ".opus" else RATE_HZ
        assert len(signal) == SAMPLES * rate_hz // RATE_HZ
        assert soundfile.info(str(path)).frames == SAMPLES
    given = np.frombuffer(sound(), "<i2").astype(np.float64)
    played = signal[:: 2 if suffix == ".opus" else 1][:SAMPLES]
    assert np.corrcoef(played, given)[0, 1] > 0.99


def test_flac_knows_its_samples(tmp_path: Path) -> None:
    """The header has the length, the checksum of the samples and the frames' sizes."""
    path = write(tmp_path / "a.flac", label())
    head = path.read_bytes()[8:42]
    assert head[18:] == hashlib.md5(sound()).digest()
    assert int.from_bytes(head[10:18], "big") & (2**36 - 1) == SAMPLES
    smallest, largest = head[4:7], head[7:10]
    assert b"\0\0\0" < smallest <= largest
    samples, _ = soundfile.read(str(path), dtype="int16")
    assert samples.tobytes() == sound()


def test_mp4_says_all(tmp_path: Path) -> None:
    """A reader of iTunes' tags finds each under its name."""
    file = mutagen.File(write(tmp_path / "a.m4b", label()))
    expected = {
        "\xa9nam": ["Die Hügel"],
        "\xa9ART": ["Åsa Author, B. Author"],
        "aART": ["Åsa Author, B. Author"],
        "\xa9alb": ["Die Hügel"],
        "\xa9wrt": ["N. Narrator"],
        "\xa9nrt": ["N. Narrator"],
        "\xa9gen": ["Audiobook"],
        "\xa9day": ["2024-03-02"],
        "\xa9pub": ["House"],
        "\xa9mvn": ["Hills"],
        "desc": [BOOK.description],
        "ldes": [BOOK.description],
        "trkn": [(3, 12)],
        "stik": [2],
        "pgap": True,
        "----:com.apple.iTunes:SERIES": [b"Hills"],
        "----:com.apple.iTunes:SERIES-PART": [b"2.5"],
        "----:com.apple.iTunes:LANGUAGE": [b"de-AT"],
        "----:com.apple.iTunes:PUBLISHER": [b"House"],
    }
    assert {key: value for key, value in file.tags.items() if key != "covr"} == expected
    assert bytes(file.tags["covr"][0]) == jpeg()
    assert [(one.title, round(one.start * RATE_HZ)) for one in file.chapters] == [
        (mark.title, mark.start) for mark in MARKS
    ]


def test_mp3_says_all(tmp_path: Path) -> None:
    """A reader of ID3 finds each tag under its name."""
    tags = mutagen.File(write(tmp_path / "a.mp3", label())).tags
    expected = {
        "TIT2": "Die Hügel",
        "TPE1": "Åsa Author, B. Author",
        "TPE2": "Åsa Author, B. Author",
        "TALB": "Die Hügel",
        "TCOM": "N. Narrator",
        "TCON": "Audiobook",
        "TDRC": "2024-03-02",
        "TPUB": "House",
        "TLAN": "deu",
        "TRCK": "3/12",
        "MVNM": "Hills",
        "TXXX:NARRATOR": "N. Narrator",
        "TXXX:SERIES": "Hills",
        "TXXX:SERIES-PART": "2.5",
        "COMM::deu": BOOK.description,
    }
    assert {key: str(tags[key]) for key in expected} == expected
    assert tags["APIC:"].data == jpeg()
    assert (tags["APIC:"].mime, tags["APIC:"].type) == ("image/jpeg", 3)
    ends = [tags[f"CHAP:ch{number}"].end_time for number in range(3)]
    assert ends == [2001, 4167, 7003]


@pytest.mark.parametrize("suffix", [".opus", ".flac"])
def test_comments_say_all(tmp_path: Path, suffix: str) -> None:
    """A reader of Vorbis comments finds each under its name, and the cover."""
    file = mutagen.File(write(tmp_path / f"a{suffix}", label()))
    expected = {
        "title": "Die Hügel",
        "artist": "Åsa Author, B. Author",
        "albumartist": "Åsa Author, B. Author",
        "album": "Die Hügel",
        "composer": "N. Narrator",
        "narrator": "N. Narrator",
        "genre": "Audiobook",
        "date": "2024-03-02",
        "publisher": "House",
        "language": "de-AT",
        "series": "Hills",
        "series-part": "2.5",
        "description": BOOK.description,
        "tracknumber": "3",
        "tracktotal": "12",
        "chapter001": "00:00:00.000",
        "chapter001name": "One",
        "chapter002": "00:00:02.001",
        "chapter002name": "Zwölf",
        "chapter003": "00:00:04.167",
        "chapter003name": "第三章",
    }
    assert {name: file.tags[name][0] for name in expected} == expected
    with av.open(str(tmp_path / f"a{suffix}")) as container:
        pictures = [bytes(p) for p in container.demux(container.streams.video[0])]
    assert jpeg() in pictures


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_png_cover_is_seen(tmp_path: Path, suffix: str) -> None:
    """A PNG is a cover as well as a JPEG."""
    assert picture_type(PNG) == "image/png"
    path = write(tmp_path / f"a{suffix}", label(picture=Picture(PNG, "image/png")))
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "png"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_is_said_of_what_is_not_known(tmp_path: Path, suffix: str) -> None:
    """A book with only a title has no empty tags, no chapters and no cover."""
    bare = Label(metadata=Metadata(title="Bare", genre=""), album="Bare")
    file = mutagen.File(write(tmp_path / f"a{suffix}", bare))
    known = {"\xa9nam", "\xa9alb", "stik", "pgap", "TIT2", "TALB", "title", "album"}
    assert set(file.tags.keys()) <= known
    assert chapters(tmp_path / f"a{suffix}") == []


@pytest.mark.parametrize("suffix", [".m4b", ".mp3", ".opus", ".flac"])
def test_many_chapters(tmp_path: Path, suffix: str) -> None:
    """What holds 255 in a list elsewhere holds 999 here."""
    marks = tuple(Mark(f"Chapter {n + 1}", n * 100) for n in range(999))
    path = write(tmp_path / f"a{suffix}", label(marks=marks), sound(100_000))
    found = chapters(path)
    assert [title for _, title in found] == [mark.title for mark in marks]
    assert [start for start, _ in found] == pytest.approx(
        [mark.start / RATE_HZ for mark in marks], abs=0.000501
    )


@pytest.mark.parametrize("suffix", [".opus", ".flac"])
def test_too_many_chapters_are_refused(tmp_path: Path, suffix: str) -> None:
    """Where the chapters' numbers end the message says what to do."""
    marks = tuple(Mark("x", n) for n in range(1000))
    with pytest.raises(LocalError, match=r"at most 999 chapters.*1,000; write an M4B"):
        write(tmp_path / f"a{suffix}", label(marks=marks))


@pytest.mark.parametrize("suffix", [".opus", ".flac"])
def test_huge_cover_is_refused(tmp_path: Path, suffix: str) -> None:
    """A cover larger than a block of FLAC cannot be held."""
    huge = Picture(bytes(1 << 24), "image/jpeg")
    with pytest.raises(LocalError, match=r"the cover has 16,777,216 bytes"):
        write(tmp_path / f"a{suffix}", label(picture=huge))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_same_input_same_bytes(tmp_path: Path, suffix: str) -> None:
    """A file made twice is the same to the last byte."""
    one = write(tmp_path / f"1{suffix}", label())
    two = write(tmp_path / f"2{suffix}", label())
    assert one.read_bytes() == two.read_bytes()


def test_long_titles_are_kept(tmp_path: Path) -> None:
    """A title longer than Nero's list allows is cut there, between characters."""
    title = "第" * 200
    path = write(tmp_path / "a.m4b", label(marks=(Mark(title, 0),)))
    assert chapters(path) == [(0.0, title)]
    assert mutagen.File(path).chapters[0].title == "第" * 85


def test_index_comes_first(tmp_path: Path) -> None:
    """A player that gets the file over a network can begin at once."""
    data = write(tmp_path / "a.m4b", label()).read_bytes()
    assert data[4:12] == b"ftypM4B "
    assert data.index(b"moov") < data.index(b"mdat")


def silent_packets(count: int) -> Iterator[bytes]:
    """Give AAC packets as small as they come."""
    packets = [*encoded([bytes(8192)], suffix=".m4b", rate_hz=8000, bitrate=None)]
    for _ in range(count):
        yield packets[-1]


def test_file_of_more_than_a_few_days(tmp_path: Path) -> None:
    """Lengths and places beyond 32 bits are written in 64."""
    samples = 5_600_000 * 1024
    long = Sound(rate_hz=48000, samples=samples, kbps=64, config=b"\x11\x88\x56\xe5\0")
    path = tmp_path / "a.m4b"
    marks = [Mark("First", 0), Mark("Second", samples // 2)]
    head = _Layout(long, marks, b"M4B ", b"").head(array("I", [6]) * long.packets)
    texts = b"".join(map(chapter_text, marks))
    with path.open("wb") as file:
        file.write(head + texts)
        file.truncate(len(head + texts) + 6 * long.packets)
    with av.open(str(path)) as container:
        assert container.streams.audio[0].duration == samples
        found = [
            (one["start"], one["metadata"]["title"]) for one in container.chapters()
        ]
    assert found == [(0, "First"), (samples // 2, "Second")]
    assert b"co64" in head
    assert b"stco" not in head
    kind, size = head[-16:-8], int.from_bytes(head[-8:], "big")
    assert kind == b"\0\0\0\1mdat"
    assert len(head) - 16 + size == path.stat().st_size


def test_wrong_number_of_packets_is_an_error(tmp_path: Path) -> None:
    """An encoder that loses a packet is found out."""
    sound = Sound(rate_hz=8000, samples=10_000, kbps=64, config=b"\x15\x88")
    with (
        (tmp_path / "a.m4b").open("wb") as file,
        pytest.raises(LocalError, match="made 4 packets of AAC, not 11"),
    ):
        write_mp4(
            file,
            silent_packets(4),
            sound=sound,
            brand=b"M4B ",
            marks=[],
            user_data=b"",
        )
