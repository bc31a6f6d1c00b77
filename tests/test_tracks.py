"""A track is its takes and its pauses, exact to the sample."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from batchtts.audio.meter import Meter
from batchtts.errors import LocalError
from batchtts.model import Boundary, Pauses, Recording
from batchtts.tracks import Piece, Span, Track, make_track

RATE_HZ = 24000
GUARD = 720  # 30 ms
PAUSES = Pauses(clause=0.1, sentence=0.25, paragraph=0.6, section=1.5)
PAUSE_SAMPLES = {
    Boundary.CLAUSE: 2400,
    Boundary.SENTENCE: 6000,
    Boundary.LINE: 6000,
    Boundary.PARAGRAPH: 14400,
    Boundary.SECTION: 36000,
}


def recording(samples: int, before: int = 0, after: int = 0) -> Recording:
    """Make a take: a square wave with silence around it."""
    square = np.where(np.arange(samples) // 20 % 2, -8000, 8000)
    take = np.concatenate((np.zeros(before), square, np.zeros(after)))
    return Recording("pcm", RATE_HZ, take.astype("<i2").tobytes())


def piece(
    boundary: Boundary, samples: int = 12000, before: int = 0, after: int = 0
) -> Piece:
    """Make a piece that is spoken."""
    return Piece(lambda: recording(samples, before, after), boundary)


def join(folder: Path, *pieces: Piece, pauses: Pauses = PAUSES) -> Track:
    """Make a track and check what must hold for any."""
    track = make_track(
        pieces, rate_hz=RATE_HZ, pauses=pauses, spool=folder / "track.pcm"
    )
    pcm = track.spool.read_bytes()
    assert len(pcm) == 2 * track.samples
    assert len(track.spans) == len(pieces)
    meter = Meter(RATE_HZ)
    meter.feed(pcm)
    assert meter.finish() == track.levels
    return track


def silences(track: Track) -> list[int]:
    """Return the lengths of the silences between sounds of a track, in samples."""
    signal = np.frombuffer(track.spool.read_bytes(), "<i2")
    heard = np.flatnonzero(signal)
    gaps = np.diff(heard) - 1
    return [int(gap) for gap in gaps if gap > 100]


@pytest.mark.parametrize(("boundary", "expected"), PAUSE_SAMPLES.items())
@pytest.mark.parametrize(("after", "before"), [(0, 0), (300, 500), (9000, 40000)])
def test_silence_at_a_cut_is_the_pause(
    tmp_path: Path, boundary: Boundary, expected: int, after: int, before: int
) -> None:
    """Whatever silence the takes bring, what is heard at the cut is the pause."""
    track = join(
        tmp_path,
        piece(boundary, after=after),
        piece(Boundary.END, before=before),
    )
    # A fade may make the very first or last sample of a sound 0 too.
    assert silences(track) == [pytest.approx(expected, abs=2)]
    assert track.spans[1].end == track.samples


@pytest.mark.parametrize("boundary", [Boundary.WORD, Boundary.GRAPHEME])
def test_cut_in_a_sentence_has_no_pause(tmp_path: Path, boundary: Boundary) -> None:
    """Inside a sentence only a breath of the takes' own silence is left."""
    track = join(
        tmp_path,
        piece(boundary, after=9000),
        piece(Boundary.END, before=200),
    )
    assert silences(track) == [pytest.approx(GUARD + 200, abs=2)]


def test_spans_are_exact(tmp_path: Path) -> None:
    """Each piece is where its span says, its guards included."""
    track = join(
        tmp_path,
        piece(Boundary.SENTENCE, 12000, before=5000, after=5000),
        piece(Boundary.WORD, 7001),
        piece(Boundary.END, 4000, after=100),
    )
    first = Span(0, GUARD + 12000 + GUARD)
    second = Span(first.end + 6000 - GUARD, first.end + 6000 - GUARD + 7001)
    third = Span(second.end, second.end + 4100)
    assert track.spans == (first, second, third)
    assert track.samples == third.end


def test_unspoken_piece_gives_the_longer_pause(tmp_path: Path) -> None:
    """Stars between two scenes are heard as one silence, the longest around them."""
    track = join(
        tmp_path,
        piece(Boundary.PARAGRAPH),
        Piece(None, Boundary.SECTION),
        Piece(None, Boundary.LINE),
        piece(Boundary.END),
    )
    assert silences(track) == [pytest.approx(36000, abs=2)]
    assert track.spans[1] == track.spans[2] == Span(12000, 12000)


def test_pause_before_and_after_everything(tmp_path: Path) -> None:
    """Unspoken pieces at the ends of a text are heard as their pauses."""
    track = join(
        tmp_path,
        Piece(None, Boundary.PARAGRAPH),
        piece(Boundary.CLAUSE),
        Piece(None, Boundary.END),
    )
    assert track.spans[1] == Span(14400, 26400)
    assert track.samples == 26400 + 2400


def test_track_ends_with_its_sound(tmp_path: Path) -> None:
    """Nothing is put after the last take."""
    track = join(tmp_path, piece(Boundary.END, after=20000))
    assert track.samples == 12000 + GUARD


@pytest.mark.parametrize("pauses", [PAUSES, Pauses(sentence=0)])
def test_nothing_to_speak_is_a_pause(tmp_path: Path, pauses: Pauses) -> None:
    """A text of signs only is a short silence that can be played."""
    track = join(tmp_path, Piece(None, Boundary.END), pauses=pauses)
    assert track.samples == max(1, round(pauses.sentence * RATE_HZ))
    assert track.spool.read_bytes() == bytes(2 * track.samples)


def test_no_pauses_leave_the_guards(tmp_path: Path) -> None:
    """Pauses of 0 never cut into the sound."""
    track = join(
        tmp_path,
        piece(Boundary.SENTENCE, after=9000),
        piece(Boundary.END, before=9000),
        pauses=Pauses(0, 0, 0, 0),
    )
    assert silences(track) == [pytest.approx(2 * GUARD, abs=2)]


def test_quiet_take_is_kept_whole(tmp_path: Path) -> None:
    """A whisper beside a shout loses nothing."""
    whisper = np.where(np.arange(12000) // 20 % 2, -6, 6).astype("<i2").tobytes()
    track = join(
        tmp_path,
        piece(Boundary.SENTENCE),
        Piece(lambda: Recording("pcm", RATE_HZ, whisper), Boundary.END),
    )
    assert track.spans[1].end - track.spans[1].start == 12000


def test_takes_of_other_rates_are_brought_to_one(tmp_path: Path) -> None:
    """Takes of several rates and encodings make one track."""
    square = np.where(np.arange(8000) // 10 % 2, -8000, 8000).astype("<i2")
    track = join(
        tmp_path,
        Piece(lambda: Recording("pcm", 8000, square.tobytes()), Boundary.WORD),
        Piece(lambda: Recording("mulaw", 16000, b"\x00\x80" * 4000), Boundary.WORD),
        piece(Boundary.END, 24000),
    )
    lengths = [span.end - span.start for span in track.spans]
    assert lengths == [24000, 12000, 24000]


def test_same_takes_give_the_same_bytes(tmp_path: Path) -> None:
    """Made twice, a track is the same to the last bit."""
    pieces = [piece(Boundary.SENTENCE, after=100), piece(Boundary.END, before=3000)]
    first = join(tmp_path, *pieces).spool.read_bytes()
    assert join(tmp_path, *pieces).spool.read_bytes() == first


def test_one_take_at_a_time_is_in_memory(tmp_path: Path) -> None:
    """Before a take is loaded, the one before it is gone."""
    alive: list[int] = []

    def loader(number: int) -> Callable[[], Recording]:
        def load() -> Recording:
            take = recording(24000 + number)
            alive.append(_takes_alive())
            return take

        return load

    def pieces() -> Iterator[Piece]:
        for number in range(5):
            yield Piece(loader(number), Boundary.SENTENCE)

    before = _takes_alive()  # other tests' takes
    make_track(pieces(), rate_hz=RATE_HZ, pauses=PAUSES, spool=tmp_path / "t.pcm")
    assert max(alive) <= before + 1


def _takes_alive() -> int:
    gc.collect()
    return sum(isinstance(kept, Recording) for kept in gc.get_objects())


def test_damaged_take_is_an_error(tmp_path: Path) -> None:
    """A take that cannot be decoded stops the track."""
    broken = Piece(lambda: Recording("mp3", RATE_HZ, b"broken"), Boundary.END)
    with pytest.raises(LocalError, match="cannot decode 6 bytes of mp3"):
        join(tmp_path, broken)


def test_missing_spool_folder_is_an_error(tmp_path: Path) -> None:
    """What the disk refuses is said with the file's name."""
    with pytest.raises(LocalError, match=r'cannot write a track ".*t\.pcm"'):
        make_track([], rate_hz=RATE_HZ, pauses=PAUSES, spool=tmp_path / "no" / "t.pcm")
