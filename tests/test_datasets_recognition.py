"""What a recogniser hears, against what was said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.errors import LocalError
from batchtts.outputs.datasets.recognition import (
    CommandRecogniser,
    entry_point,
    error_rates,
)

_ECHO = """
import sys
for line in sys.stdin:
    print("heard", line.strip().rpartition("/")[2], flush=True)
"""


def _distance(first: str, second: str) -> int:
    """Return the Levenshtein distance by its definition, row by row."""
    row = list(range(len(second) + 1))
    for number, one in enumerate(first, 1):
        last, row[0] = row[0], number
        for place, other in enumerate(second, 1):
            best = min(last + (one != other), row[place] + 1, row[place - 1] + 1)
            last, row[place] = row[place], best
    return row[-1]


def _python(code: str, *, patience_s: float = 30.0) -> CommandRecogniser:
    return CommandRecogniser([sys.executable, "-c", code], patience_s=patience_s)


@given(st.text("abc", max_size=80), st.text("abc", max_size=80))
def test_errors_are_edits(said: str, heard: str) -> None:
    """As many as the definition has, of letters and of words."""
    edits = _distance(said, heard)
    assert error_rates(said, heard)["cer"] == round(edits / max(1, len(said)), 4)
    words = error_rates(" ".join(said), " ".join(heard))["wer"]
    assert words == round(edits / max(1, len(said)), 4)


def test_case_and_punctuation_are_no_errors() -> None:
    """Nobody hears them."""
    said = "Wait, she said - for ME!"
    assert error_rates(said, "wait she said for me") == {"wer": 0.0, "cer": 0.0}
    assert error_rates("नमस्ते दुनिया", "नमस्ते, दुनिया।")["wer"] == 0.0
    assert error_rates("One two three four", "one too three")["wer"] == 0.5


def test_a_long_text_takes_no_time() -> None:
    """Ten thousand letters are compared in well under a second."""
    said = "abcdefghij" * 1000
    assert error_rates(said, said[:-1] + "x")["cer"] == 0.0001


def test_a_command_answers_line_by_line(tmp_path: Path) -> None:
    """It is started once, and ends when it is not needed any more."""
    with _python(_ECHO) as recogniser:
        for name in ("a.wav", "ä b.wav"):
            (tmp_path / name).touch()
            assert recogniser(tmp_path / name) == f"heard {name}"
    assert recogniser._process.returncode == 0


def test_it_is_told_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is ours in the environment is not its."""
    monkeypatch.setenv("RIME_API_KEY", "very secret")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    told = (
        "import json, os, sys; sys.stdin.readline(); print(json.dumps({**os.environ}))"
    )
    with _python(told) as recogniser:
        environment = json.loads(recogniser(Path("x.wav")))
    assert "RIME_API_KEY" not in environment
    assert environment["CUDA_VISIBLE_DEVICES"] == "7"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise SystemExit(1)", "has ended"),
        ("import sys; sys.stdin.readline()", "has ended"),
        ("import sys; sys.stdin.read()", "has given no answer for 0.2 s"),
    ],
)
def test_a_command_that_fails_is_told(code: str, told: str) -> None:
    """That it ended, or that it says nothing."""
    patience_s = 0.2 if "0.2" in told else 30.0
    with (
        _python(code, patience_s=patience_s) as recogniser,
        pytest.raises(LocalError, match=told),
    ):
        recogniser(Path("x.wav"))


def test_a_command_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its input ends first, and then it does."""
    monkeypatch.setattr("batchtts.outputs.datasets.recognition._END_S", 0.1)
    with _python("import time; time.sleep(600)") as recogniser:
        process: subprocess.Popen[str] = recogniser._process
    assert process.returncode is not None


def test_a_command_that_is_not_there() -> None:
    """Its name is told."""
    with pytest.raises(LocalError, match='cannot start the recogniser "no-such'):
        CommandRecogniser(["no-such-command"])


def test_an_entry_point_is_a_function(tmp_path: Path) -> None:
    """By the names of its module and its own."""
    assert entry_point("os.path:basename")(Path("a/b.wav")) == "b.wav"
    for wrong in ("no_such_module:x", "os:no_such_function", "os", ":x"):
        with pytest.raises(LocalError, match="cannot load the recogniser"):
            entry_point(wrong)
    with pytest.raises(LocalError, match="is not a function"):
        entry_point("os:sep")
