"""What a person sees while a run goes on."""

from __future__ import annotations

import io
from pathlib import Path

from batchtts.errors import Fault
from batchtts.events import (
    MadeAgain,
    OutputMade,
    OutputUnchanged,
    ReadingDone,
    ReadingFailed,
    Retrying,
    RunPlanned,
    TakeDone,
    TakeFailed,
    Throttled,
    Warned,
)
from batchtts.model import TextId, VoiceName
from batchtts.progress import Progress

TEXT, VOICE = TextId("a"), VoiceName("clerk")


def _all_events(follow: Progress) -> None:
    follow(RunPlanned(texts=3, readings=4, outputs=5, characters=4000, utterances=2))
    follow(TakeDone(1000, cached=True, seconds=1.0))
    follow(TakeDone(1000, cached=False, seconds=1.0))
    follow(Retrying(Fault.DROPPED, "gone\x1b[31m", 1, 0.5))
    follow(Throttled(3, 2.0, "Currently at websocket limit"))
    follow(OutputMade(Path("a.wav"), 1.25))
    follow(ReadingDone(TEXT, VOICE))
    follow(OutputUnchanged(2, 500))
    follow(TakeFailed(500))
    follow(ReadingFailed(TEXT, VOICE, "no luck"))
    follow(Warned("look out"))


def test_the_bar_counts_characters_and_texts() -> None:
    """On a terminal one bar shows characters, texts, cached takes and retries."""
    stream = io.StringIO()
    with Progress(stream, bar=True, verbose=0) as follow:
        _all_events(follow)
        assert follow._bar is not None
        follow._bar.refresh()
    shown = stream.getvalue()
    assert "3.00k/4.00k" in shown
    assert "2/4 texts, 1 cached, 1 retry, at most 3 sockets" in shown
    assert "characters/s" in shown


def test_plain_lines_are_few() -> None:
    """Elsewhere the plan, throttles and warnings are lines; details are not."""
    stream = io.StringIO()
    with Progress(stream, bar=False, verbose=0) as follow:
        _all_events(follow)
    lines = stream.getvalue().splitlines()
    assert lines[0].endswith(" characters, 3 files and 2 utterances to make or check")
    assert "at most 3" in lines[1]
    assert lines[2:] == ["warning: look out"]


def test_details_are_told_when_asked_and_made_safe() -> None:
    """With -v files, retries and failures are lines, escape codes spelled out."""
    stream = io.StringIO()
    with Progress(stream, bar=False, verbose=1) as follow:
        _all_events(follow)
    shown = stream.getvalue()
    assert "made a.wav (1.2 s)" in shown
    assert "attempt 1 failed, again in 0.5 s: gone\\x1b[31m" in shown
    assert 'failed: text "a" in voice "clerk": no luck' in shown
    assert "\x1b" not in shown


def test_quiet_is_silent() -> None:
    """With a level below zero nothing is written."""
    stream = io.StringIO()
    with Progress(stream, bar=False, verbose=-1) as follow:
        _all_events(follow)
    assert stream.getvalue() == ""


def test_the_time_left_is_guessed_from_what_is_done() -> None:
    """A status line says how far it is and about how long it will take."""
    stream = io.StringIO()
    with Progress(stream, bar=False, verbose=0) as follow:
        _all_events(follow)
        status = follow._status(follow._began_s + 300)
    assert status.startswith("3,000 of 4,000 characters, 2/4 texts")
    assert status.endswith("about 1 min 40 s left")
    follow(MadeAgain(TEXT, VOICE, 1000))
    assert follow._status(follow._began_s).startswith("3,000 of 5,000 characters, 2/5")
    follow._characters = 10
    assert "about 41 h 35 min left" in follow._status(follow._began_s + 300)
    follow._characters = 4_999
    assert "left" not in follow._status(follow._began_s + 300)
