"""Audiobooks from tracks: exact, level, the same every time, whole or absent."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest
from numpy.typing import NDArray

from batchtts.audio.meter import Meter
from batchtts.audiobook import Spacing
from batchtts.errors import LocalError
from batchtts.metadata import Metadata
from batchtts.model import Boundary, Loudness, LoudnessMode, Pauses, Recording
from batchtts.outputs.audiobook.bookfile import BookFile, chapter_files, whole_book
from batchtts.outputs.audiobook.crew import Crew
from batchtts.outputs.audiobook.levelling import excerpts, measured
from batchtts.outputs.audiobook.program import Chapter
from batchtts.outputs.audiobook.write import write_book
from batchtts.outputs.files import Written
from batchtts.tracks import Piece, make_track

RATE_HZ = 8000
SUFFIXES = [".m4b", ".mp3", ".opus", ".flac"]
BOOK = Metadata(title="Harbour", author="A. Author", language="en")
PODCAST = Loudness("lufs", -19, -1)
SPACING = Spacing(head_s=0.5, gap_s=1.25, tail_s=0.75)


def speech(length_s: float, seed: int, level: float = 1.0) -> bytes:
    """Make a buzz in syllables, with a click now and then."""
    samples = round(length_s * RATE_HZ)
    rng = np.random.default_rng(seed)
    at_s = np.arange(samples) / RATE_HZ
    phase = np.cumsum(110 + 20 * np.sin(2 * np.pi * 0.7 * at_s)) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * phase * n) / n for n in range(1, 20))
    shape = np.clip(np.sin(2 * np.pi * 3.1 * at_s + seed), 0.001, 1)
    sound = (buzz + 0.1 * rng.standard_normal(samples)) * shape * 3000 * level
    sound[:: 2 * RATE_HZ] *= 3
    data: bytes = np.clip(np.rint(sound), -32768, 32767).astype("<i2").tobytes()
    return data


def _given(recording: Recording) -> Recording:
    return recording


@pytest.fixture(scope="module")
def chapters(tmp_path_factory: pytest.TempPathFactory) -> tuple[Chapter, ...]:
    """Give three chapters of a minute, each of several takes, one of them softer."""
    folder = tmp_path_factory.mktemp("tracks")
    made = []
    for number, (count, level) in enumerate([(6, 1.0), (6, 0.6), (5, 1.0)]):
        recordings = [
            Recording(
                "pcm", RATE_HZ, speech(9.13 + take / 10, 10 * number + take, level)
            )
            for take in range(count)
        ]
        pieces = [
            Piece(functools.partial(_given, recording), boundary)
            for recording, boundary in zip(
                recordings,
                itertools.cycle([Boundary.SENTENCE, Boundary.PARAGRAPH]),
                strict=False,
            )
        ]
        track = make_track(
            pieces, rate_hz=RATE_HZ, pauses=Pauses(), spool=folder / f"{number}.pcm"
        )
        made.append(Chapter(title=f"Chapter {number + 1}", track=track))
    return tuple(made)


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """Give two workers."""
    with Crew(2) as workers:
        yield workers


def write(
    book: Sequence[BookFile],
    crew: Crew,
    folder: Path,
    *,
    loudness: Loudness = PODCAST,
    check: Callable[[], None] = lambda: None,
    within: tuple[float, float] | None = None,
) -> list[Written]:
    """Write a book at the bit rates usual for it."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    written = write_book(
        book,
        loudness=loudness,
        bitrate=None,
        crew=crew,
        scratch=scratch,
        check=check,
        within=within,
    )
    assert list(scratch.iterdir()) == []
    return written


def decoded(path: Path) -> tuple[int, NDArray[np.float64]]:
    """Return the rate and the samples that FFmpeg plays; full scale is 1."""
    with av.open(str(path)) as container:
        frames = [*container.decode(audio=0)]
    wave = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
    scale = 1 / 32768 if wave.dtype.kind == "i" else 1
    return frames[0].sample_rate, wave.astype(np.float64) * scale


def heard(path: Path) -> tuple[float, float]:
    """Return loudness and true peak of a file as FFmpeg's own meter hears it."""
    graph = av.filter.Graph()
    found: dict[str, float] = {}
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        source = graph.add_abuffer(template=stream)
        meter = graph.add("ebur128", "metadata=1:peak=true")
        sink = graph.add("abuffersink")
        graph.link_nodes(source, meter, sink).configure()
        for frame in itertools.chain(container.decode(stream), [None]):
            graph.push(frame)
            while True:
                try:
                    out = graph.pull()
                except (av.error.BlockingIOError, av.error.EOFError):
                    break
                metadata = getattr(out, "metadata", None)
                if metadata is None:
                    pytest.skip("this PyAV does not show what a filter measured")
                found.update((key, float(value)) for key, value in metadata.items())
    return found["lavfi.r128.I"], 20 * np.log10(found["lavfi.r128.true_peak"])


@pytest.fixture(scope="module")
def library(
    tmp_path_factory: pytest.TempPathFactory, chapters: tuple[Chapter, ...], crew: Crew
) -> Callable[[str], tuple[BookFile, Written]]:
    """Give the book in a format, made once."""
    folder = tmp_path_factory.mktemp("books")

    @functools.cache
    def made(suffix: str) -> tuple[BookFile, Written]:
        book = whole_book(folder / f"b{suffix}", chapters, BOOK, spacing=SPACING)
        return book, write([book], crew, folder)[0]

    return made


Library = Callable[[str], tuple[BookFile, Written]]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_book_is_as_long_as_takes_and_pauses(
    chapters: tuple[Chapter, ...], library: Library, suffix: str
) -> None:
    """To the sample; and each chapter is marked where its first word is heard."""
    book, written = library(suffix)
    pauses = round(0.5 * RATE_HZ) + 2 * round(1.25 * RATE_HZ) + round(0.75 * RATE_HZ)
    samples = sum(chapter.track.samples for chapter in chapters) + pauses
    assert written.samples == samples
    assert written.duration_s == Fraction(samples, RATE_HZ)
    rate_hz, wave = decoded(written.path)
    if suffix == ".m4b":
        assert samples <= len(wave) < samples + 1024
    else:
        assert len(wave) == samples * rate_hz // RATE_HZ
    with av.open(str(written.path)) as container:
        starts = [
            float(c["start"] * (c["time_base"] or 0)) for c in container.chapters()
        ]
    exact = [start / RATE_HZ for start in book.program.starts]
    assert starts == pytest.approx([0, *exact[1:]], abs=0.000501)
    for start, chapter in zip(book.program.starts, chapters, strict=True):
        take = np.frombuffer(chapter.track.spool.read_bytes()[:16000], "<i2")
        begin, times = start * rate_hz // RATE_HZ, rate_hz // RATE_HZ
        played = wave[begin : begin + len(take) * times : times]
        assert np.corrcoef(played, take)[0, 1] > 0.9
        before = wave[begin - rate_hz // 5 : begin - rate_hz // 50]
        assert np.abs(before).max() < 0.01


def is_loud(written: Written, target: float, ceiling: float) -> None:
    """Hold a file against a loudness with our meter and with FFmpeg's."""
    rate_hz, wave = decoded(written.path)
    meter = Meter(rate_hz)
    meter.feed_signal((wave * 32768).astype(np.float32))
    levels = meter.finish()
    lufs, true_peak_db = heard(written.path)
    assert lufs == pytest.approx(target, abs=0.1)
    assert levels.integrated_lufs == pytest.approx(target, abs=0.1)
    assert written.levels.integrated_lufs == pytest.approx(target, abs=0.1)
    assert max(levels.true_peak_db, true_peak_db) <= ceiling + 0.1
    assert written.levels.true_peak_db <= ceiling
    assert written.missed_db == 0


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_book_is_as_loud_as_asked(library: Library, suffix: str) -> None:
    """By our meter and by FFmpeg's the file has its loudness, and no peak too high."""
    is_loud(library(suffix)[1], -19, -1)


@pytest.mark.parametrize("suffix", [".m4b", ".mp3"])
def test_peaks_far_over_the_ceiling_are_lowered(
    tmp_path: Path, chapters: tuple[Chapter, ...], crew: Crew, suffix: str
) -> None:
    """Where many peaks are in the way the book still comes to its loudness."""
    book = whole_book(tmp_path / f"b{suffix}", chapters[:1], BOOK, spacing=SPACING)
    (written,) = write([book], crew, tmp_path, loudness=Loudness("lufs", -15, -2))
    is_loud(written, -15, -2)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_workers_make_no_difference(
    tmp_path: Path, chapters: tuple[Chapter, ...], library: Library, suffix: str
) -> None:
    """Without workers, and once more: the same bytes."""
    book = whole_book(tmp_path / f"b{suffix}", chapters, BOOK, spacing=SPACING)
    with Crew(0) as alone:
        (again,) = write([book], alone, tmp_path)
    _, written = library(suffix)
    assert again.path.read_bytes() == written.path.read_bytes()
    assert again.sha256 == written.sha256
    assert again.levels == written.levels


def test_book_is_level(library: Library, chapters: tuple[Chapter, ...]) -> None:
    """One gain for all: a soft chapter stays as soft beside the others as it was."""
    book, written = library(".flac")
    _, wave = decoded(written.path)
    gains_db = []
    for start, chapter in zip(book.program.starts, chapters, strict=True):
        take = np.frombuffer(chapter.track.spool.read_bytes(), "<i2") / 32768
        played = wave[start : start + len(take)]
        quiet = np.abs(take) < 0.05
        gains_db.append(20 * np.log10(played[quiet].std() / take[quiet].std()))
    assert max(gains_db) - min(gains_db) < 0.02


@pytest.mark.parametrize("mode", ["peak", "none", "rms"])
@pytest.mark.parametrize("suffix", [".mp3", ".flac"])
def test_other_kinds_of_loudness(
    tmp_path: Path,
    chapters: tuple[Chapter, ...],
    crew: Crew,
    suffix: str,
    mode: LoudnessMode,
) -> None:
    """A highest peak, an RMS, or nothing at all can be asked for as well."""
    book = whole_book(tmp_path / f"b{suffix}", chapters[1:2], BOOK, spacing=Spacing())
    loudness = Loudness(mode, -22, -4)
    (written,) = write([book], crew, tmp_path, loudness=loudness)
    before = chapters[1].track.levels
    if mode == "none":
        assert written.levels.rms_db == pytest.approx(before.rms_db, abs=0.2)
    elif mode == "peak":
        assert -4.2 <= written.levels.peak_db <= -3.9
    else:
        assert written.levels.rms_db == pytest.approx(-22, abs=0.1)
        assert written.levels.true_peak_db <= -4


def test_chapters_as_files(
    tmp_path: Path, chapters: tuple[Chapter, ...], crew: Crew
) -> None:
    """Each chapter is a file with its number, its title and the book's gain."""
    paths = [tmp_path / f"{number}.mp3" for number in range(3)]
    book = [*chapter_files(paths, chapters, BOOK, spacing=SPACING)]
    written = write(book, crew, tmp_path)
    levels = [one.levels.integrated_lufs for one in written]
    assert levels[0] - levels[1] > 3
    for number, (one, chapter) in enumerate(zip(written, chapters, strict=True), 1):
        assert one.path == paths[number - 1]
        assert one.samples == chapter.samples + round(1.25 * RATE_HZ)
        tags = mutagen.File(one.path).tags
        assert str(tags["TRCK"]) == f"{number}/3"
        assert str(tags["TIT2"]) == f"Chapter {number}"
        assert str(tags["TALB"]) == "Harbour"


def test_files_are_kept_within_limits(
    tmp_path: Path, chapters: tuple[Chapter, ...], crew: Crew
) -> None:
    """A chapter that one gain would leave too soft gets more of it."""
    paths = [tmp_path / f"{number}.flac" for number in range(3)]
    book = [*chapter_files(paths, chapters, BOOK, spacing=SPACING)]
    written = write(book, crew, tmp_path, within=(-20.5, -17.5))
    for one in written:
        assert -20.6 <= one.levels.integrated_lufs <= -17.4


def test_room_tone_is_under_all(
    tmp_path: Path, chapters: tuple[Chapter, ...], crew: Crew
) -> None:
    """Head, pauses and tail have the room tone's level, not digital silence."""
    spacing = Spacing(head_s=1, tail_s=2, room_tone_db=-65)
    book = whole_book(tmp_path / "b.flac", chapters[:1], BOOK, spacing=spacing)
    (written,) = write([book], crew, tmp_path)
    _, wave = decoded(written.path)
    for part in (wave[:RATE_HZ], wave[-2 * RATE_HZ :]):
        assert 20 * np.log10(part.std()) == pytest.approx(-65, abs=0.5)


def test_part_of_a_chapter(
    tmp_path: Path, chapters: tuple[Chapter, ...], crew: Crew
) -> None:
    """A file can hold a stretch of a track, as a sample of the book."""
    track = chapters[0].track
    start, end = track.spans[1].start, track.spans[2].end
    sample = Chapter(title="Sample", track=track, start=start, end=end)
    book = whole_book(tmp_path / "b.flac", [sample], BOOK, spacing=Spacing())
    write([book], crew, tmp_path, loudness=Loudness("none"))
    _, wave = decoded(book.path)
    take = np.frombuffer(track.spool.read_bytes(), "<i2")[start:end]
    assert np.array_equal(np.rint(wave * 32768), take)


def test_silent_book_stays_silent(tmp_path: Path, crew: Crew) -> None:
    """A book with nothing to say is as long as its pauses, and no error."""
    track = make_track(
        [Piece(None, Boundary.END)],
        rate_hz=RATE_HZ,
        pauses=Pauses(),
        spool=tmp_path / "0.pcm",
    )
    chapter = Chapter(title="Nothing", track=track)
    for suffix in SUFFIXES:
        book = whole_book(tmp_path / f"b{suffix}", [chapter], BOOK, spacing=SPACING)
        (written,) = write([book], crew, tmp_path)
        assert np.abs(decoded(written.path)[1]).max() < 0.0001
        assert written.levels.true_peak_db < -80


def test_lost_samples_are_an_error(
    tmp_path: Path, chapters: tuple[Chapter, ...], crew: Crew
) -> None:
    """A track whose file is gone or cut fails the book, and the old one stays."""
    spool = tmp_path / "0.pcm"
    track = dataclasses.replace(chapters[0].track, spool=spool)
    chapter = Chapter(title="One", track=track)
    book = whole_book(tmp_path / "b.mp3", [chapter], BOOK, spacing=SPACING)
    book.path.write_bytes(b"old")
    with Crew(1) as one, pytest.raises(LocalError, match=r"cannot write.*0\.pcm"):
        write([book], one, tmp_path)
    spool.write_bytes(bytes(10_000))
    with Crew(1) as one, pytest.raises(LocalError, match="have been cut short"):
        write([book], one, tmp_path)
    assert book.path.read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} == {"b.mp3", "0.pcm", "scratch"}


def test_other_chapters_are_not_left_behind(
    tmp_path: Path, chapters: tuple[Chapter, ...], crew: Crew
) -> None:
    """When one file of several fails, none is there."""
    lost = dataclasses.replace(chapters[2].track, spool=tmp_path / "gone.pcm")
    some = [chapters[0], Chapter(title="Lost", track=lost)]
    paths = [tmp_path / "1.flac", tmp_path / "2.flac"]
    book = [*chapter_files(paths, some, BOOK, spacing=SPACING)]
    with pytest.raises(LocalError, match="gone"):
        write(book, crew, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"scratch"}


class _EnoughError(Exception):
    pass


def test_writing_can_be_ended(tmp_path: Path, chapters: tuple[Chapter, ...]) -> None:
    """What ``check`` raises ends the writing at once, workers and all."""
    calls = itertools.count()

    def check() -> None:
        if next(calls) == 3:
            raise _EnoughError

    book = whole_book(tmp_path / "b.opus", chapters, BOOK, spacing=SPACING)
    for workers in (0, 2):
        calls = itertools.count()
        with pytest.raises(_EnoughError), Crew(workers) as crew:
            write([book], crew, tmp_path, check=check)
    assert {path.name for path in tmp_path.iterdir()} == {"scratch"}


def test_lost_worker_is_an_error(tmp_path: Path, chapters: tuple[Chapter, ...]) -> None:
    """A worker that is killed, as for want of memory, fails the book and says so."""
    book = whole_book(tmp_path / "b.mp3", chapters, BOOK, spacing=SPACING)
    with Crew(1) as crew:
        write([book], crew, tmp_path)
        worker = crew._processes._all[0]._process
        os.kill(worker.pid, signal.SIGTERM)
        worker.wait(10)
        with pytest.raises(LocalError, match="has ended; if memory was short"):
            write([book], crew, tmp_path)


def test_chapters_have_one_rate(tmp_path: Path, chapters: tuple[Chapter, ...]) -> None:
    """Chapters of two rates cannot be one sound."""
    other = dataclasses.replace(chapters[1].track, rate_hz=16000)
    some = [chapters[0], Chapter(title="Other", track=other)]
    with pytest.raises(ValueError, match=r"one rate, not \[8000, 16000\]"):
        whole_book(tmp_path / "b.mp3", some, BOOK, spacing=SPACING)


def test_excerpts_are_as_loud_and_soft_as_the_book(tmp_path: Path) -> None:
    """Where loud and soft come in turns, excerpts have the share of each."""
    parts = []
    for number, amplitude in enumerate([200, 6000] * 6):
        noise = np.random.default_rng(number).standard_normal(40 * RATE_HZ)
        pcm = np.rint(noise * amplitude).astype("<i2").tobytes()
        spool = tmp_path / f"{number}.pcm"
        piece = Piece(
            functools.partial(_given, Recording("pcm", RATE_HZ, pcm)), Boundary.END
        )
        track = make_track([piece], rate_hz=RATE_HZ, pauses=Pauses(), spool=spool)
        parts.append(Chapter(title="", track=track))
    book = whole_book(tmp_path / "a.flac", parts, BOOK, spacing=SPACING)
    chosen = [measured(source, RATE_HZ) for _, source in excerpts([book.program])]
    loud = [one for one in chosen if one.peak > 0.2]
    assert (len(chosen), len(loud)) == (8, 4)
    assert [
        *excerpts(
            [whole_book(tmp_path / "a.flac", parts[:2], BOOK, spacing=SPACING).program]
        )
    ] == []
