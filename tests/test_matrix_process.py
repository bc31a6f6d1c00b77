"""The fault matrix: other processes and people that touch the same things."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from matrix import HOLD, Batch, Place, until

import batchtts
from batchtts.cache import Cache
from batchtts.events import Event, OutputMade, RunPlanned, TakeDone
from batchtts.localserver.server import LocalServer

Serve = Callable[..., LocalServer]

posix = pytest.mark.skipif(sys.platform == "win32", reason="no POSIX signals there")
MANY = "A line that is not like any other, number {n}. "


def _long(place: Place) -> Path:
    place.words = " ".join(MANY.format(n=n) for n in range(60))
    return place.write()


# --- F28: two at once ----------------------------------------------------------------


def test_f28_second_run(batch: Batch, place: Place) -> None:
    """A second run of a job: 11 at once, with process, host and start of the first."""
    holder = batch.start(place.folder / ".batchtts", python=["-c", HOLD])
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    code, out, err = batch.here("run", place.write())
    assert (code, out) == (11, "")
    named = rf"process {holder.pid} on \S+, since \d{{4}}-\d\d-\d\dT[\d:]+\+00:00"
    assert re.search(named, err)
    assert place.server.connections == 0
    holder.kill()
    holder.wait()
    assert batch.here("run", place.write())[0] == 0


def test_f28_wait_lock(batch: Batch, place: Place, serve: Serve) -> None:
    """With --wait-lock the second run waits for the first, then finds all made."""
    place.server = server = serve(first_byte_s=0.3)
    first = batch.start("run", place.write())
    until(lambda: server.connections >= 1)
    code, out, err = batch.here("run", place.write(), "--wait-lock", "60")
    assert code == 0, err
    assert "0 made, 2 unchanged" in out
    assert batch.ended(first)[0] == 0
    assert server.connections == 2


def test_f28_shared_cache(batch: Batch, tmp_path: Path, place: Place) -> None:
    """Many processes with one cache at the same time: each has all its files, whole."""
    cache = tmp_path / "cache"
    places = [Place(tmp_path / f"project-{n}", place.server) for n in range(4)]
    runs = [batch.start("run", _long(one), "--cache", cache) for one in places]
    for run in runs:
        code, _, err = batch.ended(run)
        assert code == 0, err
    assert all(one.files() == places[0].files() for one in places)
    takes = list(Cache(cache).verify())
    assert takes
    assert takes == [None] * len(takes)
    assert [p for p in cache.rglob("*") if p.is_file() and p.suffix != ".take"] == []


# --- F29: edited meanwhile -----------------------------------------------------------

SOURCES = """
engine: local
local: {{synthesiser: tone, url: "{url}"}}
concurrency: 1
voices: {{narrator: {{speaker: astra}}}}
texts:
  - {{file: story.md}}
  - {{table: lines.csv, id: key, text: line}}
outputs: [{{kind: files, path: "out/{{id}}.wav"}}]
"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("story.md", "Another story, just as long."),
        ("lines.csv", "key,line\na,Good evening.\nb,Good night.\n"),
        ("lines.csv", "key,line\na,Good morning.\n"),
        ("lines.csv", None),
    ],
)
@pytest.mark.parametrize("moment", [RunPlanned, TakeDone, OutputMade])
def test_f29_input_edited(
    place: Place, name: str, content: str | None, moment: type[Event]
) -> None:
    """A text or a table edited during a run: told by name, 2; the next run is right."""
    story, table = place.folder / "story.md", place.folder / "lines.csv"
    story.write_text("A story that is read aloud.")
    table.write_text("key,line\na,Good morning.\nb,Good night.\n")
    job = place.folder / "job.yaml"
    job.write_text(SOURCES.format(url=place.server.url))
    told: list[Event] = []

    def edit(event: Event) -> None:
        if isinstance(event, moment) and not told:
            told.append(event)
            path = place.folder / name
            path.unlink() if content is None else path.write_text(content)

    report = batchtts.run(batchtts.load_job(job), on_event=edit)
    assert set(report.inputs) == {"job.yaml", "story.md", "lines.csv"}
    if report.exit_code == 0:  # all had been read before: nothing is mixed
        assert moment is not RunPlanned
    else:
        assert report.exit_code == 2
        assert name in (report.error or "")
    if content is not None:
        assert batchtts.run(batchtts.load_job(job)).exit_code == 0
        assert batchtts.run(batchtts.load_job(job)).made == 0


def test_f29_job_edited(place: Place) -> None:
    """A job file edited during a run: the run makes what it said, and warns."""

    def edit(event: Event) -> None:
        if isinstance(event, RunPlanned):
            place.words = "Good evening."
            place.write()

    report = place.run(on_event=edit)
    assert report.exit_code == 0
    assert '"job.yaml" was edited meanwhile' in report.warnings[-1]
    assert place.run().made == 1


# --- F42: a listener that fails ------------------------------------------------------


@pytest.mark.parametrize("moment", [RunPlanned, TakeDone, OutputMade])
@pytest.mark.parametrize("error", [RuntimeError, OSError, TimeoutError])
def test_f42_listener_fails(
    place: Place, moment: type[Event], error: type[Exception]
) -> None:
    """A callback that raises at any event: told once, and the run goes on."""

    def broken(event: Event) -> None:
        if isinstance(event, moment):
            raise error("no screen")

    report = place.run(on_event=broken)
    assert (report.exit_code, report.made) == (0, 2)
    assert len(report.warnings) == 1
    assert "no screen" in report.warnings[0]
