"""Utterances that sound unlike the others: made again, and the best take kept."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import batchtts
from batchtts.errors import StaleError
from batchtts.events import Event, MadeAgain
from batchtts.localserver.server import LocalServer
from batchtts.model import Job, RunLimits
from batchtts.report import RunReport
from batchtts.runner.checking import check
from batchtts.runner.preview import preview
from batchtts.runner.scope import Scope

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

Serve = Callable[..., LocalServer]

JOB = """
engine: local
local: {{synthesiser: tone, url: "{url}"}}
price: 1
voices: {{astra: {{speaker: astra}}}}
texts:
  - {{table: rows.csv, text: words}}
outputs:
  - {{kind: dataset, path: out, license: cc0-1.0{more}}}
"""
NAMES = ["hall", "door", "east", *(f"lamp{number}" for number in range(10, 31))]
WORDS = {name: f"Turn on the light in {name}." for name in NAMES}
HISS = "reply: {at: 50%, send: [{noise: 2400}]}"
# One is well the second time, one the third, one never.
ODD = (
    f"[{{text: '*hall*', attempts: 1, {HISS}}}, "
    f"{{text: '*door*', attempts: 2, {HISS}}}, {{text: '*east*', {HISS}}}]"
)


class Project:
    """A folder with a job for a dataset of some utterances."""

    def __init__(self, folder: Path, server: LocalServer) -> None:
        """Make the folder."""
        self.folder = folder
        self.server = server
        self.out = folder / "out"
        self.more = ", format: webdataset, retakes: 2"
        folder.mkdir()
        lines = [f"{name},{words}\n" for name, words in WORDS.items()]
        (folder / "rows.csv").write_text("id,words\n" + "".join(lines), "utf-8")

    def load(self) -> Job:
        """Write the job and read it."""
        path = self.folder / "job.yaml"
        path.write_text(JOB.format(url=self.server.url, more=self.more), "utf-8")
        return batchtts.load_job(path)

    def run(self, characters: int | None = None) -> RunReport:
        """Run the job."""
        limits = RunLimits(max_characters=characters)
        return batchtts.run(self.load(), limits=limits)

    def bytes(self) -> dict[str, bytes]:
        """Return the dataset."""
        files = [path for path in self.out.rglob("*") if path.is_file()]
        return {
            path.relative_to(self.out).as_posix(): path.read_bytes() for path in files
        }

    def told(self) -> dict[str, dict[str, object]]:
        """Return what is told of each utterance that was made again."""
        lines = (self.out / "about" / "utterances.jsonl").read_text("utf-8")
        every = map(json.loads, lines.splitlines())
        return {one["id"]: one["retakes"] for one in every if "retakes" in one}


@pytest.fixture
def project(tmp_path: Path, serve: Serve) -> Project:
    """Give a project whose server says three of the lines otherwise at first."""
    return Project(tmp_path / "project", serve(ODD))


def test_the_best_take_is_kept(project: Project) -> None:
    """What was decided is told, and a further run decides it so without a request."""
    told = preview(project.load())
    assert (told.requests_to_send, told.further_requests_at_most) == (24, 48)
    report = project.run()
    assert (report.exit_code, report.made, report.pending) == (0, 24, 0)
    assert report.totals.made == 24 + 1 + 2 + 2
    connections = project.server.connections
    kept = {name: (one["take"], one["made"]) for name, one in project.told().items()}
    assert kept == {"hall": (1, 1), "door": (2, 2), "east": (0, 2)}
    assert {one["figure"] for one in project.told().values()} == {"bandwidth_hz"}
    entry = json.loads(report.path.read_text("utf-8"))["outputs"][-1]
    assert entry["retaken"] == {"utterances": 3, "replaced": 2}
    card = (project.out / "README.md").read_text("utf-8")
    assert "3 utterances, which were more than 6 spreads" in card
    before = project.bytes()
    assert check(project.load()).is_current
    assert project.run().unchanged == 24
    assert preview(project.load()).further_requests_at_most == 0
    shutil.rmtree(project.out)
    shutil.rmtree(project.folder / ".batchtts" / "job.datasets")
    report = batchtts.run(project.load(), scope=Scope(frozen=True))
    assert (report.exit_code, report.made, project.bytes()) == (0, 24, before)
    assert project.server.connections == connections
    decided = project.told()
    with (project.folder / "rows.csv").open("a", encoding="utf-8") as table:
        table.write("late,Turn on the light in the cellar.\n")
    report = project.run()
    assert (report.exit_code, report.totals.made, project.told()) == (0, 1, decided)


def test_a_budget_holds_for_them_too(project: Project) -> None:
    """What it does not allow is left, told by a plan, and bought by a later run."""
    report = project.run(sum(map(len, WORDS.values())) + 5)
    assert (report.exit_code, report.totals.made, report.made) == (3, 24, 0)
    assert not list(project.out.rglob("*.tar"))
    told = preview(project.load())
    assert (told.requests_to_send, told.further_requests_at_most) == (3, 3)
    with pytest.raises(StaleError, match="3 requests"):
        batchtts.run(project.load(), scope=Scope(frozen=True))
    report = project.run()
    assert (report.exit_code, report.made + report.unchanged) == (0, 24)
    assert (report.totals.made, project.server.connections) == (5, 29)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_interrupted_among_them_it_goes_on(project: Project, tmp_path: Path) -> None:
    """Nothing is asked for twice, and the dataset is the one of a single run."""

    def stop(event: Event) -> None:
        if isinstance(event, MadeAgain) and event.text == "east":
            os.kill(os.getpid(), signal.SIGINT)

    report = batchtts.run(project.load(), on_event=stop)
    assert (report.exit_code, report.made) == (130, 0)
    report = project.run()
    assert (report.exit_code, report.made + report.unchanged) == (0, 24)
    assert project.server.connections == 29
    whole = Project(tmp_path / "whole", project.server)
    shutil.copytree(
        project.folder / ".batchtts" / "cache", whole.folder / ".batchtts/cache"
    )
    whole.run()
    assert (whole.bytes(), project.server.connections) == (project.bytes(), 29)


def test_they_can_be_asked_for_later(project: Project) -> None:
    """A shard is written anew only for a take that is kept; and back, for nothing."""
    project.more = ", format: webdataset, shard_rows: 2"
    project.run()
    first = project.bytes()
    project.more += ", retakes: 1"
    told = preview(project.load())
    assert (told.requests_to_send, told.further_requests_at_most) == (3, 0)
    report = project.run()
    assert (report.exit_code, report.made, report.unchanged) == (0, 3, 21)
    now = project.bytes()
    assert {
        name for name in now if name.endswith(".tar") and now[name] != first[name]
    } == {"train-000000.tar"}
    assert (project.told()["hall"]["take"], project.server.connections) == (1, 27)
    project.more = project.more.replace(", retakes: 1", "")
    project.run()
    assert (project.bytes(), project.server.connections) == (first, 27)


def test_one_that_cannot_be_had_is_tried_again(tmp_path: Path, serve: Serve) -> None:
    """The first take is used meanwhile; the run says that it lacks something."""
    never = "{text: '*hall*', reply: {end: 1011}}"
    server = serve(f"[{{text: '*hall*', attempts: 1, {HISS}}}, {never}]")
    project = Project(tmp_path / "project", server)
    report = project.run()
    assert (report.exit_code, report.made, report.failed) == (3, 23, 1)
    before = project.bytes()
    project.server = serve()
    report = project.run()
    assert (report.exit_code, report.made, report.failed) == (0, 1, 0)
    assert project.told()["hall"]["take"] == 1
    assert before["train-000000.tar"] != project.bytes()["train-000000.tar"]
