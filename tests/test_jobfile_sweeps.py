"""Voices that stand for several, one for each choice of their parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchtts.corpora import DatasetOutput
from batchtts.errors import JobError
from batchtts.jobfile import load_job
from batchtts.model import Job

REST = """
texts: [{id: x, text: Hello.}]
outputs:
  - {kind: dataset, path: out, format: nemo, voices: [luna, astra],
     splits: {train: 1}, held_out: {astra: test}}
"""
LUNA = "luna: {speaker: luna}"


def _job(folder: Path, astra: str, *, others: str = LUNA) -> Job:
    path = folder / "job.yaml"
    path.write_text(f"voices:\n  astra: {astra}\n  {others}\n{REST}", encoding="utf-8")
    return load_job(path)


def test_each_choice_is_a_voice(tmp_path: Path) -> None:
    """With all else the voice has; outputs that name it mean every one."""
    sweep = "{temperature: [0.3, 0.5], speed_alpha: [1, 1.2]}"
    job = _job(tmp_path, f"{{speaker: astra, lang: fra, sweep: {sweep}}}")
    names = ["astra-0.3-1", "astra-0.3-1.2", "astra-0.5-1", "astra-0.5-1.2"]
    assert list(job.voices) == [*names, "luna"]
    sent = [dict(job.voices[name].parameters) for name in names]  # type: ignore[index]
    assert [one["temperature"] for one in sent] == ["0.3", "0.3", "0.5", "0.5"]
    assert [one["speedAlpha"] for one in sent] == ["1", "1.2", "1", "1.2"]
    assert {(one["speaker"], one["lang"]) for one in sent} == {("astra", "fra")}
    [output] = job.outputs
    assert output.voices == ("luna", *names)
    assert isinstance(output, DatasetOutput)
    assert output.splits is not None
    assert output.splits.held_out == dict.fromkeys(names, "test")


@pytest.mark.parametrize(
    ("astra", "told"),
    [
        ("{speaker: a, sweep: {temperature: [0.3, 3]}}", "4: .*from 0 to 1"),
        ("{speaker: a, sweep: {temprature: [1]}}", 'did you mean "temperature"'),
        ("{speaker: a, sweep: {temperature: 1}}", "must be a list"),
        ("{speaker: a, sweep: {temperature: []}}", "is an empty list"),
        ("{speaker: a, sweep: {speaker: [b]}}", 'unknown key "speaker"'),
        ("{speaker: a, top_p: 1, sweep: {top_p: [1]}}", "stands in the voice too"),
        ("{speaker: a, sweep: {top_p: [1, 1]}}", 'two voices "astra-1"'),
        (
            "{speaker: a, model: mistv2, sweep: {top_p: [1]}}",
            '"top_p" is not for the mist models',
        ),
        (
            f"{{speaker: a, sweep: {{max_tokens: {list(range(1, 1002))}}}}}",
            "would be 1,001 voices",
        ),
    ],
)
def test_mistakes_are_told(tmp_path: Path, astra: str, told: str) -> None:
    """Of each voice that there would be, before anything is paid for."""
    with pytest.raises(JobError, match=told.removeprefix("4: ")):
        _job(tmp_path, astra)


def test_a_name_that_is_taken_is_told(tmp_path: Path) -> None:
    """Also when the other voice comes later."""
    with pytest.raises(JobError, match='two voices "astra-1"'):
        _job(
            tmp_path,
            "{speaker: a, sweep: {top_p: [1]}}",
            others=f"{LUNA}\n  astra-1: {{speaker: b}}",
        )
