"""What a job says of cutting is how its texts are cut."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import ClassVar

import pytest

from batchtts.errors import JobError
from batchtts.jobfile import load_job
from batchtts.model import FilesOutput, Job
from batchtts.pieces import Piece
from batchtts.plan import readings
from batchtts.texts import read_texts

JOB = """
engine: local
{head}
voices:
  narrator: {{speaker: astra}}
  clerk: {{speaker: luna{voice}}}
texts:
  - {{id: one, voice: narrator, text: "{words}"}}
  - {{id: two, voice: clerk, text: "{words}"}}
outputs: [{{kind: files, path: "out/{{id}}.wav"}}]
"""
WORDS = "The ferry left at noon without a goat. " * 9
CHINESE = (
    "傍晚的雨还没有停下渔夫已经收好了网回到了码头"
    "他在那里住了三十年的木屋从来没有关过一天"
)


def _job(folder: Path, *, head: str = "", voice: str = "", words: str = WORDS) -> Job:
    path = folder / "job.yaml"
    path.write_text(JOB.format(head=head, voice=voice, words=words), encoding="utf-8")
    return load_job(path)


def _cut(job: Job) -> list[tuple[Piece, ...]]:
    made = readings(job, read_texts, engine="test", texts=2)
    return [reading.pieces for reading in made]


def _longest(pieces: tuple[Piece, ...]) -> int:
    return max(len(piece.chunk.words) for piece in pieces)


@pytest.mark.parametrize(
    ("head", "voice", "longest"),
    [
        ("", "", [350, 350]),
        ("limit: 40", "", [38, 38]),
        ("limit: 100", ", limit: 50", [77, 38]),
        ("limit: 41", ", limit: 1000000", [38, 350]),
    ],
)
def test_a_limit_is_the_jobs_or_the_voices(
    tmp_path: Path, head: str, voice: str, longest: list[int]
) -> None:
    """Any number from 40 up is kept, a voice's own before the job's."""
    job = _job(tmp_path, head=head, voice=voice)
    assert [_longest(pieces) for pieces in _cut(job)] == longest


@pytest.mark.parametrize("limit", ["39", "0", "-500", "40.5", "none"])
@pytest.mark.parametrize("of_voice", [True, False])
def test_a_lower_limit_is_refused(tmp_path: Path, limit: str, of_voice: bool) -> None:  # noqa: FBT001
    """Below 40 no sentence fits, whoever asks for it."""
    said = {"voice": f", limit: {limit}"} if of_voice else {"head": f"limit: {limit}"}
    with pytest.raises(JobError, match=r'"limit" must be a whole number from 40 up'):
        _job(tmp_path, **said)


def test_files_let_requests_span_paragraphs(tmp_path: Path) -> None:
    """What is heard from end to end is cut so unless the job says otherwise."""
    words = r"One.\n\nTwo.\n\n\nThree."
    cut = {
        head: [
            piece.chunk.words
            for piece in _cut(_job(tmp_path, head=head, words=words))[0]
        ]
        for head in ("", "separate_paragraphs: false", "separate_paragraphs: true")
    }
    assert list(cut.values()) == [
        ["One.\n\nTwo.", "Three."],
        ["One.\n\nTwo.", "Three."],
        ["One.", "Two.", "Three."],
    ]


class _Timed(FilesOutput):
    """An output that says when each paragraph is heard."""

    separate_paragraphs: ClassVar[bool] = True


@pytest.mark.parametrize(("asked", "count"), [(None, 2), (True, 2), (False, 1)])
def test_an_output_may_need_paragraphs_apart(
    tmp_path: Path,
    asked: bool | None,  # noqa: FBT001
    count: int,
) -> None:
    """One such output decides for all that share the reading, the job over it."""
    job = _job(tmp_path, words=r"One.\n\nTwo.")
    [files] = job.outputs
    timed = _Timed(
        **{field.name: getattr(files, field.name) for field in fields(files)}
    )
    job = replace(job, outputs=(files, timed), separate_paragraphs=asked)
    assert [len(pieces) for pieces in _cut(job)] == [count, count]


def test_phrases_are_cut_where_the_job_asks(tmp_path: Path) -> None:
    """The switch moves cuts to the ends of phrases, and only where it is on."""
    pytest.importorskip("budoux")
    words = CHINESE * 3
    plain, asked = (
        [piece.chunk.end for piece in _cut(_job(tmp_path, head=head, words=words))[0]]
        for head in ("limit: 40", "limit: 40\nphrases: true")
    )
    assert plain != asked


def test_a_missing_extra_is_said_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that asks for phrases without the package is refused at that line."""
    monkeypatch.setitem(sys.modules, "budoux", None)
    _job(tmp_path, head="phrases: false")
    with pytest.raises(JobError) as caught:
        _job(tmp_path, head="phrases: true")
    assert str(caught.value).endswith(
        'job.yaml:3:10: "phrases" needs the package "budoux", which is not installed '
        "(pip install 'batchtts[phrases]')"
    )
