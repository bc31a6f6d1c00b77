"""Audiobooks in job files: what is asked for, and what cannot be had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from batchtts.audiobook import AudiobookOutput, Spacing
from batchtts.errors import JobError
from batchtts.jobfile import load_job
from batchtts.metadata import Metadata
from batchtts.model import Loudness

Load = Callable[[str], AudiobookOutput]

JPEG = b"\xff\xd8\xff\xe0 and so on"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a job with one audiobook of the given fields."""
    (tmp_path / "cover.jpg").write_bytes(JPEG)
    (tmp_path / "fake.png").write_bytes(b"GIF89a")
    (tmp_path / "huge.jpg").write_bytes(JPEG + bytes(2**24))

    def load(fields: str) -> AudiobookOutput:
        path = tmp_path / "job.yaml"
        path.write_text(
            "voices: {a: {speaker: astra}}\ntexts: [{id: x, text: Hello.}]\n"
            "audio: {loudness: peak, sample_rate: 22050}\n"
            f"outputs:\n  - {{kind: audiobook, {fields}}}\n",
            encoding="utf-8",
        )
        (output,) = load_job(path).outputs
        assert isinstance(output, AudiobookOutput)
        return output

    return load


def test_a_book_needs_only_its_path(load: Load, tmp_path: Path) -> None:
    """Everything else is as the job and the book say."""
    made = load("path: out/b.m4b")
    assert (made.folder, made.pattern, made.suffix) == (
        tmp_path / "out",
        "b.m4b",
        ".m4b",
    )
    assert made.about == Metadata(title="")
    assert made.spacing == Spacing(head_s=0.5, gap_s=2, tail_s=1)
    assert (made.cover, made.profile, made.norm, made.sample_s) == (None,) * 4
    assert made.audio.loudness.mode == "peak"
    assert made.audio.sample_rate == 22050
    assert not made.own_files


def test_everything_can_be_said(load: Load, tmp_path: Path) -> None:
    """Each field is taken as it is written."""
    made = load(
        "path: 'out/{book}/{index}.mp3', title: 1984, author: [A, B], narrator: N,"
        " series: S, series_index: 2.5, description: D, date: 1949, publisher: P,"
        " genre: Novel, language: en-GB, cover: cover.jpg, texts: x*, voices: [a],"
        " spacing: {head: 0, gap: 3, tail: 4}, audio: {bitrate: 64}"
    )
    assert made.about == Metadata(
        title="1984",
        author="A, B",
        narrator="N",
        series="S",
        series_index="2.5",
        description="D",
        date="1949",
        publisher="P",
        genre="Novel",
        language="en-GB",
    )
    assert made.spacing == Spacing(head_s=0, gap_s=3, tail_s=4)
    assert made.cover == tmp_path / "cover.jpg"
    assert (made.texts, made.voices, made.audio.bitrate) == (("x*",), ("a",), 64)
    assert made.own_files


def test_a_profile_sets_what_belongs_together(load: Load) -> None:
    """And goes before what the job says of all its outputs."""
    made = load("path: 'out/{id}.mp3', profile: acx-levels")
    assert made.audio.loudness == Loudness("rms", -20.0, -3.5)
    assert (made.audio.sample_rate, made.audio.bitrate) == (44100, 192)
    assert made.spacing == Spacing(head_s=0.75, gap_s=2, tail_s=2.5, room_tone_db=-68.0)
    made = load(
        "path: 'out/{id}.mp3', profile: acx-levels, spacing: {head: 1},"
        " audio: {bitrate: 256}"
    )
    assert (made.spacing.head_s, made.audio.bitrate) == (1, 256)
    made = load("path: out/b.opus, profile: ebu, audio: {sample_rate: 24000}")
    assert made.audio.loudness == Loudness("lufs", -23.0, -1.0)
    assert made.audio.sample_rate == 24000


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ("path: out/b.wav", '"out/b.wav" is no audio file (its name must end in .m4b,'),
        ("path: ../../b.mp3", "is outside the project"),
        ("path: out/b.mp3, cover: ../../c.jpg", "is outside the project"),
        ("path: out/b.mp3, cover: no.jpg", 'there is no file "no.jpg"'),
        ("path: out/b.mp3, cover: cover.gif", "is no picture that players show"),
        ("path: out/b.mp3, cover: fake.png", '"fake.png" is neither a JPEG nor a PNG'),
        ("path: out/b.mp3, cover: huge.jpg", '"huge.jpg" is too large'),
        ("path: out/b.mp3, autor: A", 'unknown key "autor" in the audiobook (did you'),
        ("path: out/b.mp3, date: May", "must be a date as YYYY, YYYY-MM or YYYY-MM-DD"),
        ("path: out/b.mp3, language: English", '"language" must be a language code'),
        (
            "path: out/b.mp3, profile: acx",
            'must be "acx-levels", "podcast", "ebu" or "none"',
        ),
        ("path: out/b.mp3, profile: acx-levels", "wants a file for each chapter"),
        ("path: 'o/{id}.opus', profile: acx-levels", "is for .mp3 files"),
        ("path: 'o/{id}.mp3', sample: 60", "a sample is one file"),
        (
            "path: o/s.mp3, profile: acx-levels, sample: 301",
            '301 is not for the profile "acx-levels" (it wants 60 to 300 s)',
        ),
        (
            "path: o/b.mp3, profile: ebu, audio: {loudness: none}",
            'the profile "ebu" sets the loudness (remove one of them)',
        ),
        (
            "path: 'o/{id}.mp3', profile: acx-levels, audio: {bitrate: 128}",
            '128 is not for the profile "acx-levels" (it wants at least 192)',
        ),
        (
            "path: 'o/{id}.mp3', profile: acx-levels, audio: {sample_rate: 48000}",
            '48000 is not for the profile "acx-levels" (it wants 44100)',
        ),
        (
            "path: 'o/{id}.mp3', profile: acx-levels, spacing: {head: 2}",
            '2 is not for the profile "acx-levels" (it wants 0.5 to 1)',
        ),
    ],
)
def test_what_cannot_be_had_is_told(load: Load, fields: str, line: str) -> None:
    """With its place, and with what could be had."""
    with pytest.raises(JobError) as caught:
        load(fields)
    assert line in str(caught.value)
    assert "job.yaml:5:" in str(caught.value)
