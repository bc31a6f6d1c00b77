"""Sentences are shown when they are heard, by the rules of each format."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchtts
from batchtts.audio.silences import silences
from batchtts.chunking import clean, sentences, speakable
from batchtts.errors import JobError
from batchtts.jobfile import load_job
from batchtts.model import Boundary, Pauses, Recording
from batchtts.outputs.captions import Caption, Heading, Sentence, subtitles, timed
from batchtts.plan import survey
from batchtts.texts import read_texts
from batchtts.tracks import Piece, Track, make_track

RATE_HZ = 8000


@given(st.text('ab.!? \n"“”—A', max_size=60))
def test_sentences_are_the_text(text: str) -> None:
    """Joined they are it again, and each of them can be spoken."""
    cleaned = clean(text).text
    parted = sentences(cleaned, "eng")
    assert "".join(parted) == cleaned
    if len(parted) > 1:
        assert all(map(speakable, parted))


# --- when ------------------------------------------------------------------------


def _speech(*lengths_s: float) -> bytes:
    """Return sound and silence in turns."""
    parts = []
    for number, length_s in enumerate(lengths_s):
        moments = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
        level = 0 if number % 2 else 8000
        parts.append(np.round(level * np.sin(2 * np.pi * 200 * moments)))
    return np.concatenate(parts).astype("<i2").tobytes()


def _track(folder: Path, *takes: tuple[bytes | None, Boundary]) -> Track:
    def load(pcm: bytes) -> Recording:
        return Recording("pcm", RATE_HZ, pcm)

    pieces = [
        Piece(None if pcm is None else (lambda pcm=pcm: load(pcm)), boundary)  # type: ignore[misc]
        for pcm, boundary in takes
    ]
    pauses = Pauses(clause=0.2, sentence=0.5, paragraph=1.0)
    spool = folder / "track.pcm"
    return make_track(pieces, rate_hz=RATE_HZ, pauses=pauses, spool=spool)


def _shown(found: list[Sentence]) -> list[tuple[str, float, float]]:
    return [(one.words, round(one.start_s, 2), round(one.end_s, 2)) for one in found]


def test_pauses_are_found_where_nothing_is_said() -> None:
    """From a length on, also at the ends."""
    pcm = _speech(0.5, 0.3, 0.5, 0.05, 0.5, 0.2)
    found = [(a / RATE_HZ, b / RATE_HZ) for a, b in silences(pcm, RATE_HZ, least_s=0.1)]
    assert found == [(0.5, 0.8), (1.85, 2.05)]
    assert silences(b"", RATE_HZ, least_s=0.1) == []
    assert silences(bytes(2 * RATE_HZ), RATE_HZ, least_s=0.1) == [(0, RATE_HZ)]


def test_a_chunk_is_timed_to_the_sample_and_its_sentences_by_pauses(
    tmp_path: Path,
) -> None:
    """A short pause inside a sentence is not taken for its end."""
    track = _track(
        tmp_path,
        (_speech(0.4, 0.1, 0.6, 0.4, 0.5), Boundary.PARAGRAPH),
        (None, Boundary.PARAGRAPH),
        (_speech(1.0), Boundary.END),
    )
    captions = [
        Caption("Well, one two three. Four five.\n\n", "eng", Boundary.PARAGRAPH),
        Caption("* * *\n\n", "eng", Boundary.PARAGRAPH),
        Caption("Six.", "eng", Boundary.END),
    ]
    found = timed(track, captions)
    assert _shown(found) == [
        ("Well, one two three.", 0.0, 1.1),
        ("Four five. * * *", 1.5, 2.0),
        ("Six.", 3.0, 4.0),
    ]
    assert "".join(one.written for one in found) == "".join(
        caption.written for caption in captions
    )
    assert found[0].later(2.5).end_s == pytest.approx(3.6, abs=0.01)


def test_without_a_pause_time_is_shared_out_by_characters(tmp_path: Path) -> None:
    """A third of the time is for four letters and their pause, beside fourteen."""
    track = _track(tmp_path, (_speech(4.0), Boundary.END))
    found = timed(track, [Caption("One. And two three.", "eng", Boundary.END)])
    assert _shown(found) == [("One.", 0.0, 1.33), ("And two three.", 1.33, 4.0)]


def test_a_sentence_goes_on_over_chunks(tmp_path: Path) -> None:
    """Cut at a comma, spoken by two voices or respelt, it is one."""
    sound = _speech(1.0)
    track = _track(
        tmp_path,
        (None, Boundary.LINE),
        (sound, Boundary.CLAUSE),
        (sound, Boundary.WORD),
        (sound, Boundary.SENTENCE),
        (sound, Boundary.END),
    )
    words = ["--\n", "“One,” ", "he ", "", "Two."]
    kinds = [Boundary.LINE, Boundary.CLAUSE, Boundary.WORD, Boundary.SENTENCE]
    captions = [
        Caption(written, "eng", boundary)
        for written, boundary in zip(words, [*kinds, Boundary.END], strict=True)
    ]
    assert _shown(timed(track, captions)) == [
        ("-- “One,” he", 0.5, 3.7),
        ("Two.", 4.2, 5.2),
    ]


# --- formats ---------------------------------------------------------------------

SPOKEN = [
    Sentence("A < B & “C”\n--> <b>no</b>. ", 0.0, 1.5),
    Sentence("\n", 1.5, 1.5),
    Sentence("[12:00] is noon.", 1.75, 1.8),
    Sentence("\u05e9\u05dc\u05d5\u05dd.", 3_661.0005, 359_999.9996),
]
HEADING = Heading("A & [B]", "One", "", 3_725.5)


def test_subrip() -> None:
    """Numbered cues; hours as long as they are; what looks like a tag is none."""
    assert subtitles(SPOKEN, "srt", HEADING).decode() == (
        "1\n00:00:00,000 --> 00:00:01,500\n"
        "A < B & “C” --\u2060> <\u2060b>no<\u2060/b>.\n\n"
        "2\n00:00:01,750 --> 00:00:02,750\n[12:00] is noon.\n\n"
        "3\n01:01:01,000 --> 100:00:00,000\n\u202b\u05e9\u05dc\u05d5\u05dd.\u202c\n"
    )


def test_webvtt() -> None:
    """A header, and characters by their names where they would be markup."""
    assert subtitles(SPOKEN, "vtt", HEADING).decode() == (
        "WEBVTT - A &amp; [B]\n\n"
        "00:00:00.000 --> 00:00:01.500\n"
        "A &lt; B &amp; “C” --&gt; &lt;b&gt;no&lt;/b&gt;.\n\n"
        "00:00:01.750 --> 00:00:02.750\n[12:00] is noon.\n\n"
        "01:01:01.000 --> 100:00:00.000\n\u05e9\u05dc\u05d5\u05dd.\n"
    )
    assert subtitles([], "vtt") == b"WEBVTT\n"


def test_lrc() -> None:
    """Minutes however many, no time of day taken for one, an end to the last line."""
    assert subtitles(SPOKEN, "lrc", HEADING).decode() == (
        "[ti:A & [B)]\n[ar:One]\n[length:62:05.50]\n"
        "[00:00.00]A < B & “C” --> <b>no</b>.\n"
        "[00:01.75][\u206012:00] is noon.\n"
        "[61:01.00]\u05e9\u05dc\u05d5\u05dd.\n[6000:00.00]\n"
    )
    assert subtitles([], "lrc") == b""


@pytest.mark.parametrize(
    "words",
    [
        "word " * 60,
        "One clause, and another one; " * 9,
        "x" * 200,
        "港の風が冷たい。" * 20,
        "港" * 41,
        "a" * 42,
        "a" * 40 + " b" + " c" * 20,
    ],
)
def test_no_line_is_too_long(words: str) -> None:
    """At most two lines of 42 columns a cue, in order, and no letter lost."""
    text = subtitles([Sentence(words, 0.0, 60.0)], "vtt").decode()
    cues = [cue.split("\n")[1:] for cue in text.strip().split("\n\n")[1:]]
    assert all(1 <= len(lines) <= 2 for lines in cues)
    wide = "港" in words
    assert all(len(line) <= (21 if wide else 42) for lines in cues for line in lines)
    assert not any(line[0] in "。, " for lines in cues for line in lines)
    joined = "".join(line for lines in cues for line in lines)
    assert joined.replace(" ", "") == words.replace(" ", "")
    times = [line for line in text.split("\n") if "-->" in line]
    edges = [edge for line in times for edge in line.split(" --> ")]
    assert edges == sorted(edges)


# --- jobs ------------------------------------------------------------------------

JOB = """
engine: local
local: {synthesiser: tone}
voices: {a: {speaker: astra, lexicon: {two: too}}}
texts:
  - {id: x, text: "One two. Three.\\n\\n\\nFour.", title: "A & B"}
  - {id: y, text: "Five."}
audio: {loudness: none}
outputs: [{kind: files, path: "out/{id}.wav", subtitles: [srt, lrc]%s}]
"""


def _run(folder: Path, more: str = "") -> tuple[int, int]:
    path = folder / "job.yaml"
    path.write_text(JOB % more, encoding="utf-8")
    report = batchtts.run(load_job(path))
    assert report.exit_code == 0
    return report.made, report.unchanged


def test_subtitles_stand_beside_each_file(tmp_path: Path) -> None:
    """They show the text as it is written, and are made again when they are gone."""
    assert _run(tmp_path) == (2, 0)
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "x.lrc", "x.srt", "x.wav", "y.lrc", "y.srt", "y.wav"
    ]  # fmt: skip
    cues = (out / "x.srt").read_text("utf-8").split("\n\n")
    assert [cue.strip().split("\n")[2] for cue in cues] == [
        "One two.",
        "Three.",
        "Four.",
    ]
    report = json.loads((tmp_path / ".batchtts/job.report.json").read_text())
    told = {one["path"]: one["subtitles"]["srt"] for one in report["outputs"]}
    before = (out / "x.srt").read_bytes()
    assert told["out/x.wav"] == hashlib.sha256(before).hexdigest()
    assert _run(tmp_path) == (0, 2)
    (out / "x.srt").unlink()
    (out / "y.lrc").write_bytes(b"edited")
    assert _run(tmp_path) == (2, 0)
    assert (out / "x.srt").read_bytes() == before
    assert _run(tmp_path, ", audio: {pauses: {section: 9}}") == (2, 0)
    assert (out / "x.srt").read_bytes() != before


def test_two_files_cannot_have_the_same_subtitles(tmp_path: Path) -> None:
    """Found with all that is wrong, before anything is sent."""
    path = tmp_path / "job.yaml"
    other = '}, {kind: files, path: "out/{id}.mp3", subtitles: srt'
    path.write_text(JOB % other, encoding="utf-8")
    with pytest.raises(JobError, match=r'would write ".*out/x.srt", as text "x"'):
        survey(load_job(path), read_texts)


BOOK = """
engine: local
local: {synthesiser: tone}
voices: {a: {speaker: astra}}
texts:
  - {id: x, text: "One two. Three.", title: Ex}
  - {id: y, text: "Four.", title: Why}
audio: {loudness: none}
outputs:
  - {kind: audiobook, path: "out/whole.flac", title: B, subtitles: [vtt, lrc]}
  - {kind: audiobook, path: "out/{title}.flac", title: B, subtitles: srt}
  - {kind: audiobook, path: out/one.flac, title: B, texts: [y], subtitles: lrc}
"""


def test_a_books_subtitles_go_on_over_its_chapters(tmp_path: Path) -> None:
    """Each chapter's begin where it is heard, in one file or in files of their own."""
    path = tmp_path / "job.yaml"
    path.write_text(BOOK, encoding="utf-8")
    assert batchtts.run(load_job(path)).exit_code == 0
    out = tmp_path / "out"
    report = json.loads((tmp_path / ".batchtts/job.report.json").read_text())
    told = {one["path"]: one for one in report["outputs"]}
    lines = (out / "whole.lrc").read_text("utf-8").splitlines()
    assert lines[:2] == ["[ti:B]", "[al:B]"]
    assert (out / "one.lrc").read_text("utf-8").startswith("[ti:B]\n[al:B]\n")
    starts = [chapter["start"] for chapter in told["out/whole.flac"]["chapters"]]
    times = [line[1:9] for line in lines if line.endswith((".", "Four."))]
    seconds = [int(time[:2]) * 60 + float(time[3:]) for time in times]
    assert [seconds[0], seconds[2]] == pytest.approx(starts, abs=0.01)
    assert "Four." in (out / "whole.vtt").read_text("utf-8")
    first = (out / "Ex.srt").read_text("utf-8")
    assert first.startswith("1\n00:00:00,500 --> ")
    assert "Four." not in first
    digest = told["out/Ex.flac"]["subtitles"]["srt"]
    assert digest == hashlib.sha256(first.encode()).hexdigest()
    again = batchtts.run(load_job(path))
    assert (again.made, again.unchanged) == (0, 4)
    (out / "whole.lrc").unlink()
    again = batchtts.run(load_job(path))
    assert (again.made, again.unchanged) == (1, 3)
    assert (out / "whole.lrc").is_file()
