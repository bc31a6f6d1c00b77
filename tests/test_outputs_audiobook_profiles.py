"""Profiles: real speech made to a norm, and its files held against every figure."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from batchtts.audio.facts import Facts, facts_of
from batchtts.audio.levels import Levels
from batchtts.audio.meter import Meter
from batchtts.audiobook import Spacing
from batchtts.localserver.espeak import Espeak
from batchtts.metadata import Metadata
from batchtts.model import Boundary, Pauses, Recording
from batchtts.outputs.audiobook.bookfile import chapter_files, whole_book
from batchtts.outputs.audiobook.crew import Crew
from batchtts.outputs.audiobook.program import Chapter
from batchtts.outputs.audiobook.sample import sample_of
from batchtts.outputs.audiobook.verdicts import verdicts
from batchtts.outputs.audiobook.write import write_book
from batchtts.profiles import PROFILES, Figure, Limit, Profile
from batchtts.tracks import Piece, Span, Track, make_track

ACX = PROFILES["acx-levels"]
BOOK = Metadata(title="Harbour")
SENTENCES = [
    "The harbour lay still that morning, and nobody had yet come down to the boats.",
    "Far out, where the grey of the water met the grey of the sky, a light went on.",
    "She counted to ten, as her father had taught her, and then she counted again.",
    "It was not the lighthouse; it was lower, and it moved, and it was coming in!",
]


async def _spoken() -> list[list[Recording]]:
    """Have three voices read the sentences."""
    engine = await Espeak.start()
    try:
        return [
            [
                Recording(
                    "pcm",
                    engine.rate_hz,
                    await engine.speak(text, speaker=speaker, lang="eng", speed=1.0),
                )
                for text in SENTENCES
            ]
            for speaker in ("astra", "luna", "cove")
        ]
    finally:
        await engine.close()


def _given(recording: Recording) -> Recording:
    return recording


@pytest.fixture(scope="module")
def chapters(tmp_path_factory: pytest.TempPathFactory) -> tuple[Chapter, ...]:
    """Give a chapter of real speech in each of three voices, at the rate of ACX."""
    pytest.importorskip("espeakng_loader")
    folder = tmp_path_factory.mktemp("tracks")
    made = []
    for number, takes in enumerate(asyncio.run(_spoken())):
        pieces = [
            Piece(functools.partial(_given, take), Boundary.PARAGRAPH) for take in takes
        ]
        track = make_track(
            pieces, rate_hz=44100, pauses=Pauses(), spool=folder / f"{number}.pcm"
        )
        made.append(Chapter(title=f"Voice {number + 1}", track=track))
    return tuple(made)


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """Give two workers."""
    with Crew(2) as workers:
        yield workers


def spacing(profile: Profile) -> Spacing:
    """Return what a profile puts around chapters."""
    return Spacing(
        head_s=profile.head_s,
        tail_s=profile.tail_s,
        room_tone_db=profile.room_tone_db,
    )


def failures(facts: Facts, profile: Profile) -> list[tuple[Figure, float]]:
    """Return the figures that are not as they should be."""
    found = verdicts(facts, profile)
    assert len(found) == len(profile.limits)
    return [(one.limit.figure, one.value) for one in found if not one.passed]


def test_acx_levels_are_met_by_three_voices(
    tmp_path: Path, chapters: tuple[Chapter, ...], crew: Crew
) -> None:
    """Every figure of every file, measured on the encoded MP3."""
    paths = [tmp_path / f"{number}.mp3" for number in range(3)]
    write_book(
        [*chapter_files(paths, chapters, BOOK, spacing=spacing(ACX))],
        loudness=ACX.loudness,
        bitrate=ACX.bitrate,
        crew=crew,
        scratch=tmp_path,
        within=ACX.within,
    )
    measured = [*crew.measure(paths, lambda: None)]
    for facts in measured:
        assert failures(facts, ACX) == []
        assert facts.bitrate_kbps == pytest.approx(192, rel=0.02)
    powers = [10 ** (facts.levels.rms_db / 10) * facts.length_s for facts in measured]
    length_s = sum(facts.length_s for facts in measured)
    assert 10 * np.log10(sum(powers) / length_s) == pytest.approx(-20, abs=0.3)


@pytest.mark.parametrize("name", ["podcast", "ebu", "none"])
@pytest.mark.parametrize("suffix", [".m4b", ".flac"])
def test_other_profiles_are_met(
    tmp_path: Path, chapters: tuple[Chapter, ...], crew: Crew, name: str, suffix: str
) -> None:
    """A whole book passes the figures of the profile it was made for."""
    profile = PROFILES[name]
    book = whole_book(tmp_path / f"b{suffix}", chapters, BOOK, spacing=spacing(profile))
    (written,) = write_book(
        [book],
        loudness=profile.loudness,
        bitrate=profile.bitrate,
        crew=crew,
        scratch=tmp_path,
        within=profile.within,
    )
    facts = facts_of(book.path)
    assert failures(facts, profile) == []
    assert facts.levels.integrated_lufs == pytest.approx(
        written.levels.integrated_lufs, abs=0.05
    )


GOOD = Facts(
    levels=Levels(
        samples=441000,
        integrated_lufs=-20.0,
        range_lu=3.0,
        true_peak_db=-3.4,
        peak_db=-3.5,
        rms_db=-20.0,
    ),
    noise_floor_db=-66.0,
    sample_rate_hz=44100,
    channels=1,
    bitrate_kbps=192.1,
    bitrates=1,
    head_s=0.75,
    tail_s=2.5,
    length_s=3600.0,
)


def with_levels(**changed: float) -> Facts:
    """Give the good file other levels."""
    levels = asdict(GOOD.levels)
    return replace(GOOD, levels=Levels(**{**levels, **changed}))


@pytest.mark.parametrize(
    ("figure", "facts"),
    [
        ("rms_db", with_levels(rms_db=-23.1)),
        ("rms_db", with_levels(rms_db=-17.9)),
        ("peak_db", with_levels(peak_db=-2.9)),
        ("noise_floor_db", replace(GOOD, noise_floor_db=-59.0)),
        ("sample_rate_hz", replace(GOOD, sample_rate_hz=48000)),
        ("channels", replace(GOOD, channels=2)),
        ("bitrate_kbps", replace(GOOD, bitrate_kbps=128.0)),
        ("bitrates", replace(GOOD, bitrates=3)),
        ("head_s", replace(GOOD, head_s=0.2)),
        ("head_s", replace(GOOD, head_s=1.2)),
        ("tail_s", replace(GOOD, tail_s=0.9)),
        ("tail_s", replace(GOOD, tail_s=5.3)),
        ("length_min", replace(GOOD, length_s=7201.0)),
    ],
)
def test_every_figure_of_acx_can_fail(figure: Figure, facts: Facts) -> None:
    """A file that breaks one rule is told so, and only so."""
    assert failures(GOOD, ACX) == []
    (failure,) = failures(facts, ACX)
    assert failure[0] == figure


def test_limits_are_inclusive() -> None:
    """What is exactly at a limit passes."""
    limit = Limit("rms_db", -23.0, -18.0)
    assert limit.allows(-23.0)
    assert limit.allows(-18.0)
    assert not limit.allows(float("-inf"))
    assert Limit("peak_db", most=-3.0).allows(float("-inf"))


def test_files_are_kept_off_their_limits() -> None:
    """Each file is aimed inside its limits, where it has two."""
    assert ACX.within == (-22.7, -18.3)
    assert PROFILES["none"].within is None


def track(spans: list[tuple[float, float]]) -> Track:
    """Make a track that has only places."""
    return Track(
        spool=Path("none"),
        rate_hz=1000,
        samples=round(spans[-1][1] * 1000),
        measured=Meter(1000).measured(),
        spans=tuple(Span(round(a * 1000), round(b * 1000)) for a, b in spans),
    )


def test_sample_ends_at_the_longest_pause() -> None:
    """A retail sample begins a chapter and stops where a paragraph does."""
    short = Chapter(title="Short", track=track([(0, 30)]))
    spans = [(at * 20.0, at * 20.0 + 19.5) for at in range(30)]
    spans[12] = (240.0, 258.0)
    long = Chapter(title="Long", track=track(spans))
    sample = sample_of([short, long], least_s=60, most_s=290, title="Sample")
    assert sample is not None
    assert (sample.title, sample.track) == ("Sample", long.track)
    assert (sample.start, sample.end) == (0, 258_000)


def test_sample_of_what_never_pauses() -> None:
    """Where there is no pause the sample is as long as it may be; short is whole."""
    long = Chapter(title="Long", track=track([(0, 900)]))
    cut = sample_of([long], least_s=60, most_s=290, title="x")
    assert cut is not None
    assert cut.end == 290_000
    short = Chapter(title="Short", track=track([(0, 100)]))
    whole = sample_of([short], least_s=60, most_s=290, title="x")
    assert whole is not None
    assert whole.end == 100_000
    assert sample_of([short], least_s=101, most_s=290, title="x") is None
