"""Samples of a job's voices: their first words, paid for once."""

from __future__ import annotations

from pathlib import Path

import pytest

import batchtts
from batchtts.cli import main
from batchtts.jobfile import load_job

JOB = """
engine: local
local: {{synthesiser: tone}}
limit: 100
voices:
  narrator: {{speaker: astra}}
  clerk: {{speaker: luna}}
  idle: {{speaker: orion}}
texts:
  - {{id: a, voice: narrator, text: "{words}"}}
  - {{id: b, voice: clerk, text: Good morning.}}
  - {{id: c, voice: clerk, text: Good night.}}
lexicon: [{{word: sentence, say: phrase}}, {{word: number 39, say: the end}}]
outputs: [{{kind: audiobook, path: out/b.opus}}]
"""


def sample(*arguments: object) -> int:
    """Call `batchtts sample` here."""
    with pytest.raises(SystemExit) as ended:
        main(["sample", *map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_each_voice_speaks_its_first_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As long as was asked; and the job does not ask for those words again."""
    words = " ".join(f"This is sentence number {n}." for n in range(40))
    path = tmp_path / "job.yaml"
    path.write_text(JOB.format(words=words), encoding="utf-8")
    before = batchtts.preview(load_job(path))
    assert sample(path, "--seconds", 15) == 0
    folder = tmp_path / "samples"
    told = capsys.readouterr()
    assert told.out == f"{folder} has 2 samples\n"
    assert "lexicon" not in told.err  # though "number 39" is not among its words
    assert {one.name for one in folder.iterdir()} == {"clerk.mp3", "narrator.mp3"}
    after = batchtts.preview(load_job(path))
    assert after.requests == before.requests
    # 15 s are 225 characters: three chunks of the one, all that the other has.
    assert after.requests_cached == 3 + 2
    assert {one.name for one in tmp_path.iterdir()} == {
        "job.yaml",
        "samples",
        ".batchtts",
    }
    other = tmp_path / "other"
    other.mkdir()
    (other / "clerk.mp3").write_bytes(b"mine")
    assert sample(path, "--seconds", 15, "--to", other) == 2
    assert sample(path, "--seconds", 15, "--to", other, "--overwrite") == 0
    assert "nothing asks for" not in capsys.readouterr().err
    assert (tmp_path / "other" / "clerk.mp3").read_bytes() == (
        folder / "clerk.mp3"
    ).read_bytes()


def test_nothing_to_speak_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job without a word has no samples."""
    path = tmp_path / "job.yaml"
    text = JOB.format(words="...").replace("Good morning.", "---")
    path.write_text(text.replace("Good night.", "'* * *'"), encoding="utf-8")
    assert sample(path) == 2
    assert "no voice of the job has a word to speak" in capsys.readouterr().err
