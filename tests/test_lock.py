"""The lock: what it says, what it survives, and what damages it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from batchtts.errors import JobError
from batchtts.jobfile import load_job
from batchtts.lock.lines import (
    HEADER,
    DatasetLine,
    FileLine,
    Line,
    Made,
    PartLine,
    PieceLine,
    PinLine,
    SharedLine,
    TakeLine,
    definition,
    written,
)
from batchtts.lock.parsing import line_of
from batchtts.lock.reading import read_lock
from batchtts.model import Job
from batchtts.runner.ledger import Ledger
from batchtts.runner.locking import take_over, write_lock

SPEECH = definition("speech", {"engine": "rime", "parameters": {"speaker": "astra"}})
SOUND = definition("sound", {"mixing": 2, "format": "wav"})
CODECS = definition("codecs", {"versions": "av-1"})
SHA_OF_X = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
JOB = """
voices: {narrator: {speaker: astra}}
texts: [{id: a, text: Hello.}]
outputs: [{kind: files, path: "out/{id}.wav"}]
"""


def _made(name: str) -> Made:
    return Made(
        text=name,
        voice="narrator",
        words="0011223344556677",
        cut="500 eng",
        chunks=("8899aabbccddeeff:6e",),
        speech=SPEECH.id,
        tags={"title": name},
    )


def _file(name: str, **changes: object) -> FileLine:
    facts: dict[str, object] = {"bytes": 1, "samples": 0, "seconds": 0.0}
    line = FileLine(
        path=f"out/{name}.wav",
        made=dataclasses.replace(_made(name), sound=SOUND.id),
        codecs=CODECS.id,
        sha256=SHA_OF_X,
        facts=facts,
    )
    return dataclasses.replace(line, **changes)  # type: ignore[arg-type]  # a table of changes


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Give a job whose three outputs are there."""
    (tmp_path / "job.yaml").write_text(JOB)
    (tmp_path / "out").mkdir()
    for name in "abc":
        (tmp_path / "out" / f"{name}.wav").write_bytes(b"x")
    return load_job(tmp_path / "job.yaml")


@pytest.fixture
def ledger(job: Job) -> Iterator[Ledger]:
    """Give a ledger that knows of nothing yet."""
    with Ledger.temporary(base=job.path.parent) as made:
        yield made


def _write(job: Job, lines: Sequence[Line | str]) -> Path:
    path = job.path.with_suffix(".lock")
    shown = [line if isinstance(line, str) else written(line) for line in lines]
    path.write_bytes("".join(f"{line}\n" for line in (HEADER, *shown)).encode())
    return path


@pytest.mark.parametrize(
    "line",
    [
        SPEECH,
        _file("a"),
        _file("ä \u202e\u2028", facts={}),
        TakeLine(request="8899aabbccddeeff", text="a", voice="b", number=2),
        SharedLine(
            path="out/b.m4b",
            key="k",
            about={"title": "B", "spacing": {"gap_s": 1.5}},
            sha256="1",
            facts={"chapters": []},
        ),
        PartLine(of="out/b.m4b", key="a", made=_made("a")),
        DatasetLine(path="out/c", about={"formats": {"ljspeech": "wav"}}),
        PieceLine(path="out/c/README.md", of="out/c", sha256="1", bytes=2),
        PinLine(request="00", text="a", voice="b", recording="r.wav", sha256="1"),
    ],
    ids=lambda line: type(line).__name__,
)
def test_lines_are_read_as_they_were_written(line: Line) -> None:
    """A line is one line of visible characters, and says all that is known."""
    text = written(line)
    assert line_of(text) == line
    assert text.isprintable()


@pytest.mark.parametrize(
    ("line", "place", "reason"),
    [
        ("{", "job.lock:2:2", "not JSON"),
        ("[]", "job.lock:2", "not an object"),
        ('{"x":1}', "job.lock:2", 'a line "x" is not known'),
        ('{"lock":"batchtts","version":2}', "job.lock:2", "later version"),
        ('{"file":"a"}', "job.lock:2", '"chunks" is not a list'),
        ('{"take":"a","text":"b","voice":"c","number":0}', "job.lock:2", "from 1 up"),
        (written(_file("a")).replace(":6e", ":6"), "job.lock:2", "describe a chunk"),
        (written(_file("a")).replace('{"title":"a"}', "[]"), "job.lock:2", '"tags"'),
        ('{"dataset":"a","about":[]}', "job.lock:2", '"about" is not an object'),
        ("\udcff", "job.lock:2", "not UTF-8"),
        ('{"file":' * 100_000, "job.lock:2", "nested too deeply"),
    ],
)
def test_a_damaged_lock_names_its_line(
    job: Job, line: str, place: str, reason: str
) -> None:
    """What is no line of a lock is an error with its place, and says what helps."""
    path = job.path.with_suffix(".lock")
    path.write_bytes(f"{HEADER}\n{line}\n".encode("utf-8", "surrogateescape"))
    with pytest.raises(JobError) as caught:
        list(read_lock(path))
    assert str(caught.value).startswith(f"{place}: ")
    assert reason in str(caught.value)
    assert "restore the file" in str(caught.value)


def test_the_lock_is_written_in_order_and_only_when_it_changes(
    job: Job, ledger: Ledger
) -> None:
    """Lines are sorted, only those in use are there, and equal bytes stay untouched."""
    unused = definition("speech", {"engine": "nobody"})
    path = _write(job, [_file("c"), _file("a"), SOUND, unused, SPEECH, CODECS])
    take_over(ledger, path, job.path.parent)
    ledger.changed = True
    write_lock(ledger, job)
    lines = [line_of(line) for line in path.read_text().splitlines()]
    assert lines == [None, SPEECH, SOUND, CODECS, _file("a"), _file("c")]
    before = path.stat()
    ledger.changed = True
    write_lock(ledger, job)
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


def test_both_sides_of_a_conflict_are_read(job: Job, ledger: Ledger) -> None:
    """Marks of a conflict are passed over, and so is what both sides began with."""
    base = _file("b", sha256="3" * 64)
    ours, theirs = _file("a"), _file("b")
    marked: list[Line | str] = [
        "<<<<<<< HEAD",
        ours,
        base,
        "||||||| 1234",
        _file("c"),
        "=======",
        theirs,
        ">>>>>>> their branch",
    ]
    merged = take_over(ledger, _write(job, marked), job.path.parent)
    assert (merged.conflicts, merged.repeated) == (1, 1)
    assert "merge conflict" in (merged.sentence or "")
    # Of two lines about a file the one counts that the file agrees with.
    assert ledger.unchanged_file(job.path.parent / "out/b.wav", theirs.made)
    assert ledger.row("out/b.wav") is not None
    assert ledger.row("out/c.wav") is None
    write_lock(ledger, job)
    text = job.path.with_suffix(".lock").read_text()
    assert "HEAD" not in text
    assert text.count('"file"') == 2


def test_lines_that_both_sides_have_are_no_conflict(job: Job, ledger: Ledger) -> None:
    """A union of two branches repeats lines; the later of two retakes is wanted."""
    takes = [
        TakeLine(request="8899aabbccddeeff", text="a", voice="narrator", number=number)
        for number in (2, 1)
    ]
    path = _write(job, [SPEECH, *takes, _file("a"), SPEECH, _file("a")])
    merged = take_over(ledger, path, job.path.parent)
    assert merged.sentence is None
    ledger.changed = True
    write_lock(ledger, job)
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["number"] for line in found if "take" in line] == [2]


def test_a_wish_for_words_that_are_gone_is_forgotten(job: Job, ledger: Ledger) -> None:
    """A retake is of certain words: with them it goes."""
    gone = TakeLine(request="0" * 16, text="a", voice="narrator", number=1)
    take_over(ledger, _write(job, [gone, _file("a")]), job.path.parent)
    ledger.changed = True
    write_lock(ledger, job)
    assert '"take"' not in job.path.with_suffix(".lock").read_text()


def test_what_makes_no_sound_may_change(job: Job, ledger: Ledger) -> None:
    """A text's new name is noted in the lock, and its file is not made again."""
    line = _file("a")
    path = _write(job, [line])
    take_over(ledger, path, job.path.parent)
    renamed = dataclasses.replace(line.made, text="b")
    assert ledger.unchanged_file(job.path.parent / line.path, renamed)
    write_lock(ledger, job)
    assert '"text":"b"' in path.read_text()
    other = dataclasses.replace(line.made, chunks=("8899aabbccddeeff:6s",))
    assert not ledger.unchanged_file(job.path.parent / line.path, other)


def test_a_book_is_known_by_the_lock_alone(job: Job, ledger: Ledger) -> None:
    """What many readings went into is in the lock as well, and found by it."""
    path = job.path.parent / "out/a.wav"
    line = SharedLine(
        path="out/a.wav",
        key="what it is made of",
        about={"title": "A"},
        sha256=SHA_OF_X,
        facts={"chapters": 3},
    )
    ledger.record(path, line)
    ledger.set_parts("out/a.wav", {"one": _made("one")})
    write_lock(ledger, job, [SPEECH, SOUND])
    lock = job.path.with_suffix(".lock")
    with Ledger.temporary(base=job.path.parent) as fresh:
        take_over(fresh, lock, job.path.parent)
        facts = fresh.unchanged(path, "what it is made of")
        assert facts == {"sha256": SHA_OF_X, "chapters": 3, "bytes": 1}
        assert not fresh.unchanged(path, "something else")
        assert list(fresh.parts("out/a.wav")) == ["one"]
    assert [line_of(line) for line in lock.read_text().splitlines()] == [
        None,
        SPEECH,
        dataclasses.replace(line, facts={"chapters": 3, "bytes": 1}),
        PartLine(of="out/a.wav", key="one", made=_made("one")),
    ]
