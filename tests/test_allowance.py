"""A run's budget and deadline: never exceeded, well used, and easy to go on from."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest

import batchtts
from batchtts.cli import main
from batchtts.cli.duration import duration_s
from batchtts.errors import JobError
from batchtts.localserver.server import LocalServer
from batchtts.model import RunLimits
from batchtts.report import RunReport

Serve = Callable[..., LocalServer]

SHORT = "The lamp was lit at six."  # 24 characters
LONG = " ".join(
    f"Wave {number} broke on the stones of the pier." for number in range(6)
)
OTHER = "Nobody had called for it."  # 25 characters


class Project:
    """A job with a short text, a long one and another short one."""

    def __init__(self, folder: Path, server: LocalServer) -> None:
        """Write it."""
        self.folder = folder
        self.server = server
        self.write({"a": SHORT, "b": LONG, "c": OTHER})

    def write(self, texts: dict[str, str], *, more: str = "") -> None:
        """Write the job with these texts."""
        lines = [f"  - {{id: {name}, text: {words}}}" for name, words in texts.items()]
        self.path = self.folder / "job.yaml"
        self.path.write_text(
            "\n".join(
                [
                    "engine: local",
                    f"local: {{synthesiser: tone, url: '{self.server.url}'}}",
                    "limit: 60",
                    "concurrency: 2",
                    "voices: {narrator: {speaker: astra}}",
                    "texts:",
                    *lines,
                    "audio: {loudness: none}",
                    'outputs: [{kind: files, path: "out/{id}.wav"}]',
                    more,
                ]
            ),
            encoding="utf-8",
        )

    def run(
        self,
        *,
        characters: int | None = None,
        cost: float | None = None,
        deadline_s: float | None = None,
    ) -> RunReport:
        """Run it within limits."""
        limits = RunLimits(
            max_characters=characters, max_cost=cost, deadline_s=deadline_s
        )
        return batchtts.run(batchtts.load_job(self.path), limits=limits)

    def made(self) -> set[str]:
        """Return the names of the files that are there."""
        return {path.stem for path in self.folder.glob("out/*.wav")}

    def heard(self) -> list[str]:
        """Return what the server was asked to speak."""
        return [seen.text for seen in self.server.requests]


@pytest.fixture
def project(tmp_path: Path, serve: Serve) -> Project:
    """Give a fresh project with its server."""
    return Project(tmp_path, serve())


def test_whole_texts_are_bought_in_their_order(project: Project) -> None:
    """What fits whole is finished; of what does not nothing is sent."""
    report = project.run(characters=100)
    assert report.exit_code == 3
    assert project.made() == {"a", "c"}
    assert not any("Wave" in words for words in project.heard())
    assert report.totals.characters_sent == len(SHORT) + len(OTHER)
    assert (report.made, report.failed, report.pending) == (2, 0, 1)
    chunks = len(LONG) - 5  # the spaces between sentences are not sent
    assert report.error == (
        "the budget of 100 characters does not suffice; "
        f"left: 1 output and {chunks} characters"
    )


def test_the_next_run_goes_on(project: Project) -> None:
    """With a new budget only what is left is sent."""
    project.run(characters=100)
    sent = project.server.connections
    report = project.run(characters=1000)
    assert report.exit_code == 0
    assert report.error is None
    assert project.made() == {"a", "b", "c"}
    assert project.server.connections - sent == 6
    assert (report.made, report.unchanged) == (1, 2)


def test_the_first_that_fits_goes_before_a_later_one(project: Project) -> None:
    """Where the money is enough for one of two, it is the earlier."""
    report = project.run(characters=30)
    assert project.made() == {"a"}
    assert report.pending == 2


def test_a_long_text_comes_together_over_several_runs(project: Project) -> None:
    """Where nothing fits whole, the first is bought in part, and nothing twice."""
    project.write({"b": LONG, "d": LONG.replace("Wave", "Gust")})
    codes = []
    for _ in range(4):
        codes.append(project.run(characters=100).exit_code)
        assert project.server.connections <= 2 * len(codes)
    assert codes == [3, 3, 3, 3]
    assert project.made() == {"b"}
    assert sum("Wave" in words for words in project.heard()) == 6
    assert sum("Gust" in words for words in project.heard()) == 2
    assert len(set(project.heard())) == len(project.heard())


def test_takes_in_the_cache_cost_nothing(project: Project) -> None:
    """Without any budget whatever was bought before is made into files."""
    project.run()
    for path in project.folder.glob("out/*.wav"):
        path.unlink()
    report = project.run(characters=0)
    assert report.exit_code == 0
    assert project.made() == {"a", "b", "c"}
    assert report.totals.characters_sent == 0


def test_nothing_is_sent_without_a_budget(project: Project) -> None:
    """A budget of nothing buys nothing."""
    report = project.run(characters=0)
    assert (report.exit_code, report.totals.characters_sent) == (3, 0)
    assert project.server.connections == 0


def test_the_same_words_are_paid_once(project: Project) -> None:
    """Texts that share their words fit together where each would fill the budget."""
    project.write({"a": SHORT, "b": SHORT, "c": SHORT})
    report = project.run(characters=len(SHORT))
    assert report.exit_code == 0
    assert project.made() == {"a", "b", "c"}


def test_a_cost_is_turned_into_characters(project: Project) -> None:
    """The job's price says how much may be sent, and the report what it came to."""
    project.write({"a": SHORT, "b": LONG, "c": OTHER}, more="price: 20")
    report = project.run(cost=1.0)
    assert project.made() == {"a", "c"}
    assert report.cost == pytest.approx(0.98)
    assert report.spending is not None
    assert report.spending.outputs_left == 1
    assert report.spending.cost_left == pytest.approx(
        0.02 * (report.spending.characters_left or 0)
    )
    assert report.error is not None
    assert report.error.startswith("the budget of 1.00 (50 characters) does not")
    document = json.loads(report.path.read_text(encoding="utf-8"))
    assert document["exit_code"] == 3
    assert document["cost"] == report.cost
    assert document["spending"]["max_cost"] == 1.0
    assert document["spending"]["characters_left"] > 200


@pytest.mark.parametrize(
    ("cost", "price", "characters"), [(0.07, "0.01", 7000), (0.49, "10", 49)]
)
def test_a_cost_that_is_just_enough_is_enough(
    project: Project, cost: float, price: str, characters: int
) -> None:
    """No character is lost to rounding."""
    project.write({"a": SHORT, "c": OTHER}, more=f"price: {price}")
    report = project.run(cost=cost)
    assert report.exit_code == 0
    assert report.totals.characters_sent <= characters


def test_a_free_engine_needs_no_budget(project: Project) -> None:
    """At a price of nothing every cost suffices."""
    project.write({"a": SHORT}, more="price: 0")
    report = project.run(cost=0.0)
    assert (report.exit_code, report.cost) == (0, 0.0)


def test_a_cost_without_a_price_is_an_error(project: Project) -> None:
    """Nothing is sent before it is known what it costs."""
    with pytest.raises(JobError, match="needs the job's price") as caught:
        project.run(cost=1.0)
    assert "`price: 0.05`" in str(caught.value)
    assert project.server.connections == 0


def test_a_run_without_limits_reports_none(project: Project) -> None:
    """What was not asked for is not told."""
    report = project.run()
    assert (report.spending, report.cost) == (None, None)


def test_at_the_deadline_the_run_is_over(tmp_path: Path, serve: Serve) -> None:
    """It ends though the service is silent, keeps what it has; the next goes on."""
    stalls = "[{text: 'Nothing*', attempts: 1, reply: {at: 0.5, stall_s: 100}}]"
    project = Project(tmp_path, serve(stalls))
    lines = {f"t{n}": f"Line number {n}." for n in range(4)}
    silent = {f"s{n}": f"Nothing comes of {n}." for n in range(2)}
    project.write({**lines, **silent})
    began_s = time.monotonic()
    report = project.run(deadline_s=3)
    assert time.monotonic() - began_s < 30
    assert report.exit_code == 3
    assert report.made <= 4
    assert report.error == (
        f"the deadline of 3s has come; left: {6 - report.made} outputs"
    )
    assert len(project.made()) == report.made
    assert report.spending is not None
    assert report.spending.characters_left is None
    again = project.run(deadline_s=100)
    assert (again.exit_code, again.unchanged) == (0, report.made)
    assert project.server.connections <= 4 + 2 * 3


def test_a_deadline_counts_from_when_the_command_was_given(project: Project) -> None:
    """Where loading took all of the time, nothing is asked for any more."""
    limits = RunLimits(deadline_s=5, since_s=time.monotonic() - 5)
    report = batchtts.run(batchtts.load_job(project.path), limits=limits)
    assert (report.exit_code, report.made) == (3, 0)
    assert project.server.connections == 0


def test_a_deadline_that_is_far_off_changes_nothing(project: Project) -> None:
    """A run that is done before its time has left nothing."""
    report = project.run(deadline_s=1000, characters=10_000)
    assert (report.exit_code, report.error) == (0, None)
    assert report.spending is not None
    assert report.spending.outputs_left == 0


def test_the_summary_says_what_is_left_and_how_to_go_on(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last lines name the budget, the rest, its cost and the command."""
    project.write({"a": SHORT, "b": LONG, "c": OTHER}, more="price: 20")
    with pytest.raises(SystemExit) as ended:
        main(["run", str(project.path), "--max-cost", "1", "--deadline", "1h"])
    assert ended.value.code == 3
    out, err = capsys.readouterr()
    assert "3 outputs: 2 made, 0 unchanged, 1 not reached" in out
    assert "49 characters sent (0.98)" in out
    stopped, resume = err.splitlines()[-2:]
    assert stopped.startswith("stopped: the budget of 1.00 (50 characters) does not")
    assert stopped.endswith("left: 1 output and 234 characters (4.68)")
    assert resume.endswith("--max-cost 1 --deadline 1h")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90m", 5400),
        ("2h30m", 9000),
        ("2H 30M", 9000),
        ("45s", 45),
        ("1h0m1s", 3601),
        ("100h", 360_000),
    ],
)
def test_durations_are_written_as_people_write_them(
    written: str, seconds: float
) -> None:
    """Hours, minutes and seconds, any of them."""
    assert duration_s(written) == seconds


@pytest.mark.parametrize("written", ["", "0m", "90", "m", "1.5h", "30m2h", "-5m", "2d"])
def test_other_words_are_no_duration(written: str) -> None:
    """What could mean several things is refused, with what would do."""
    with pytest.raises(click.BadParameter, match="give it as in 90m, 2h30m or 45s"):
        duration_s(written)
