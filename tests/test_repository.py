"""A job's life in a repository, on real git: what is stale is told and made anew."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import batchtts
from batchtts.cli import group as cli
from batchtts.errors import JobError, LocalError, StaleError
from batchtts.localserver.server import LocalServer
from batchtts.model import Job
from batchtts.report import RunReport
from batchtts.runner.checking import Check, check
from batchtts.runner.differences import Reason
from batchtts.runner.ledger import Ledger
from batchtts.runner.locking import write_lock
from batchtts.runner.places import ledger_path
from batchtts.runner.preview import preview
from batchtts.runner.scope import Scope
from batchtts.runner.strangers import run_begun
from batchtts.runner.wishes import pin, retake

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="needs git")

JOB = """
engine: local
local: {{synthesiser: tone, url: "{url}"}}
voices:
  narrator: {{speaker: astra}}
  clerk: {{speaker: luna, temperature: {temperature}}}
limit: 80
texts:
  - {{table: lines.csv, id: key, text: line, voice: role}}
audio: {{loudness: none}}
outputs:
  - {outputs}
"""
STORY = (
    "The lamp was lit at six. Nobody came to see it burn. "
    "A boat went by in the dark. Its crew sang of the sea. "
    "Then the fog came in and hid it. Morning was a long way off. "
    "The keeper slept at last. He dreamt of other lamps."
)
ROWS = {
    "greet": ("Good morning.", "clerk"),
    "ask": ("How may I help?", "clerk"),
    "story": (STORY, "narrator"),
    "bye": ("Good bye.", "narrator"),
}


class Repository:
    """A clone of a project that makes its lines with a local server."""

    def __init__(self, folder: Path, server: LocalServer) -> None:
        """Use a folder that may hold a project already."""
        self.folder = folder
        self.server = server
        self.rows = dict(ROWS)
        self.temperature = "0.5"
        self.outputs = '{kind: files, path: "out/{voice}/{id}.wav"}'

    def write(self) -> None:
        """Write the job and its table as they now are."""
        self.folder.mkdir(exist_ok=True)
        job = JOB.format(
            url=self.server.url, temperature=self.temperature, outputs=self.outputs
        )
        (self.folder / "job.yaml").write_text(job, encoding="utf-8")
        rows = [f'{key},"{line}",{role}\n' for key, (line, role) in self.rows.items()]
        text = "".join(["key,line,role\n", *rows])
        (self.folder / "lines.csv").write_text(text, encoding="utf-8")

    def git(self, *arguments: str, code: int = 0) -> None:
        """Run git, away from the settings of whoever runs the tests."""
        clean = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        done = subprocess.run(
            ["git", *who, *arguments],
            cwd=self.folder,
            env={**clean, "HOME": str(self.folder.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--message", "x")

    def clone(self, name: str) -> Repository:
        """Give a clone beside this repository."""
        self.git("clone", "--quiet", ".", f"../{name}")
        made = Repository(self.folder.parent / name, self.server)
        made.rows, made.temperature = dict(self.rows), self.temperature
        made.outputs = self.outputs
        return made

    def take_cache_of(self, other: Repository) -> None:
        """Have another's takes, as by a cache of CI."""
        cache = Path(".batchtts/cache")
        shutil.copytree(other.folder / cache, self.folder / cache)

    @property
    def job(self) -> Job:
        """Return the job."""
        return batchtts.load_job(self.folder / "job.yaml")

    def run(
        self,
        *,
        only: tuple[str, ...] = (),
        prune: bool = False,
        frozen: bool = False,
        overwrite: bool = False,
    ) -> tuple[RunReport, int]:
        """Run the job; return its report and how many requests were sent."""
        scope = Scope(only=only, prune=prune, frozen=frozen, overwrite=overwrite)
        before = self.server.connections
        report = batchtts.run(self.job, scope=scope)
        assert report.exit_code == 0, report
        return report, self.server.connections - before

    def check(self) -> Check:
        """Check the job."""
        return check(self.job)

    def told(self) -> set[tuple[str, str, str]]:
        """Say what a check finds: what state, where, why."""
        return {
            (finding.state, self._place(reason), reason.what)
            for finding in self.check().findings
            for reason in finding.reasons
        }

    def _place(self, reason: Reason) -> str:
        return str(reason.place).removeprefix(f"{self.folder}{os.sep}")

    def files(self) -> dict[str, bytes]:
        """Return the outputs."""
        out = self.folder / "out"
        found = [path for path in out.rglob("*") if path.is_file()]
        return {path.relative_to(out).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def origin(tmp_path: Path, serve: Callable[..., LocalServer]) -> Repository:
    """Give a repository with everything made and committed."""
    made = Repository(tmp_path / "origin", serve())
    made.write()
    made.git("init", "--quiet", "--initial-branch", "main")
    made.run()
    made.commit()
    return made


def test_a_life(origin: Repository) -> None:
    """Clone, edit, rename, delete, retune, reorder, damage: each costs what it must."""
    here = origin.clone("here")
    assert here.check().is_current
    here.take_cache_of(origin)
    # One word of a long text: one of its requests, and its line is named.
    here.rows["story"] = (STORY.replace("a long way", "one long way"), "narrator")
    here.write()
    assert here.told() == {("changed", "lines.csv:4", "text changed")}
    assert here.check().exit_code == 8
    report, sent = here.run()
    assert (report.made, report.unchanged, sent) == (1, 3, 1)
    assert here.check().is_current
    assert here.run()[1] == 0
    plan = preview(here.job)
    assert (plan.outputs_to_make, plan.outputs_to_remake, plan.outputs_due) == (0, 0, 0)
    # Another id: another file, of the same takes.
    here.rows["farewell"] = here.rows.pop("bye")
    here.write()
    assert here.told() == {
        ("new", "lines.csv:5", "not made yet"),
        ("orphan", "job.lock", "nothing in the job asks for it any more"),
    }
    plan = preview(here.job)
    assert (plan.outputs_to_make, plan.outputs_to_remove) == (1, 1)
    assert here.run()[1] == 0
    # Another parameter: the voice's lines, and the job's line is named.
    here.temperature = "0.4"
    here.write()
    place = "job.yaml:6:3"
    assert {
        finding.path
        for finding in here.check().findings
        for reason in finding.reasons
        if str(reason.place).endswith(place)
        and reason.what == 'voice "clerk": temperature 0.5 -> 0.4'
    } == {"out/clerk/greet.wav", "out/clerk/ask.wav"}
    plan = preview(here.job)
    assert (plan.outputs_to_remake, plan.requests_to_send) == (2, 2)
    assert (plan.estimate.takes, plan.estimate.files) == (0, 0)
    assert 1 < plan.estimate.audio_seconds_to_send == plan.estimate.audio_seconds < 6
    assert here.run()[1] == 2
    here.rows = dict(reversed(here.rows.items()))
    here.write()
    assert {state for state, _, _ in here.told()} == {"orphan"}
    assert here.run()[1] == 0
    # A row less, and another voice for one.
    del here.rows["farewell"]
    here.rows["greet"] = ("Good morning.", "narrator")
    here.write()
    assert [(finding.state, finding.path) for finding in here.check().findings] == [
        ("new", "out/narrator/greet.wav"),
        ("orphan", "out/clerk/greet.wav"),
        ("orphan", "out/narrator/bye.wav"),
        ("orphan", "out/narrator/farewell.wav"),
    ]
    assert here.run(prune=True)[1] == 1
    assert here.check().exit_code == 0


def test_files_altered_and_missing_are_made_again(origin: Repository) -> None:
    """A file altered by hand is made again from the cache, one that is gone too."""
    whole = origin.files()
    (origin.folder / "out/clerk/greet.wav").write_bytes(b"x")
    (origin.folder / "out/clerk/ask.wav").unlink()
    assert origin.told() == {
        ("altered", "lines.csv:2", "file altered by hand"),
        ("missing", "lines.csv:3", "file missing"),
    }
    untouched = origin.folder / "out/narrator/bye.wav"
    before = untouched.stat(), (origin.folder / "job.lock").stat()
    assert origin.run()[1] == 0
    assert origin.files() == whole
    after = untouched.stat(), (origin.folder / "job.lock").stat()
    assert [one.st_mtime_ns for one in after] == [one.st_mtime_ns for one in before]


def test_a_clone_without_the_cache_keeps_its_files(origin: Repository) -> None:
    """With its lock a clone touches no file and sends nothing; cuts are the same."""
    origin.rows["story"] = (STORY.replace("Nobody", "No one at all"), "narrator")
    origin.write()
    origin.run()
    origin.commit()
    here = origin.clone("here")
    here.rows["greet"] = ("Good morning to you.", "clerk")
    here.write()
    estimate = preview(here.job).estimate  # by the voice's other file
    assert (estimate.takes, estimate.files, estimate.voices_unknown) == (0, 1, 0)
    here.rows = dict(origin.rows)
    here.write()
    report, sent = here.run()
    assert (report.made, report.unchanged, sent) == (0, 4, 0)
    shutil.rmtree(here.folder / "out")
    here.take_cache_of(origin)
    assert here.run()[1] == 0
    assert here.files() == origin.files()
    assert (here.folder / "job.lock").read_bytes() == (
        origin.folder / "job.lock"
    ).read_bytes()


@pytest.mark.parametrize("attributes", ["", "*.lock merge=union\n"])
def test_two_branches_that_each_changed_a_line(
    origin: Repository, attributes: str
) -> None:
    """After a merge nothing is made again, and a run writes the lock anew."""
    (origin.folder / ".gitattributes").write_text(attributes)
    origin.commit() if attributes else None
    for branch, key, line in [("one", "greet", "Hello."), ("two", "ask", "Yes?")]:
        origin.git("switch", "--quiet", "--create", branch, "main")
        origin.rows = {**ROWS, key: (line, "clerk")}
        origin.write()
        origin.run()
        origin.commit()
    origin.git("merge", "--quiet", "one", code=1)  # two neighbours in the table
    origin.rows = {**ROWS, "greet": ("Hello.", "clerk"), "ask": ("Yes?", "clerk")}
    origin.write()
    found = origin.check()
    assert (found.stale, found.exit_code) == (0, 8)
    assert "`batchtts run` writes it anew" in (found.trouble or "")
    assert origin.run()[1] == 0
    assert origin.check().is_current
    assert b"<<<<" not in (origin.folder / "job.lock").read_bytes()


def _command(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


def test_the_command_tells_people_and_machines(
    origin: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words, JSON, JUnit and GitHub's annotations say the same, and exit with 8."""
    job = str(origin.folder / "job.yaml")
    told = _command("check", job)
    assert (told.return_value, told.stdout) == (0, "4 outputs, all up to date\n")
    origin.rows["greet"] = ("Good evening, 100%: you.", "clerk")
    origin.rows["x%,:"] = origin.rows.pop("bye")
    (origin.folder / "out/narrator/bye.wav").unlink()
    del origin.rows["x%,:"]
    origin.temperature = "0.4"
    origin.write()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(origin.folder.parent))
    report = origin.folder / "junit.xml"
    told = _command("check", job, "--junit", str(report))
    assert told.return_value == 8
    assert (
        'stale: lines.csv:2: line "greet" in voice "clerk": text changed '
        "(out/clerk/greet.wav)\n"
    ) in told.stdout
    assert (
        '6:3: voice "clerk": temperature 0.5 -> 0.4 (out/clerk/greet.wav and 1 more)\n'
    ) in told.stdout
    assert "2 of 3 outputs out of date, 1 file that nothing asks for" in told.stdout
    assert "::error file=origin/lines.csv,line=2::line " in told.stdout
    assert "::error file=origin/job.yaml,line=6,col=3::voice " in told.stdout
    xml = report.read_text()
    assert 'tests="4" failures="3"' in xml
    machine = _command("check", job, "--json")
    document = json.loads(machine.stdout)
    assert (document["exit_code"], document["stale"], document["orphans"]) == (8, 2, 1)
    assert "::error" in machine.stderr
    (greet,) = [one for one in document["findings"] if one["text"] == "greet"]
    assert greet["reasons"][0] == {
        "file": "lines.csv",
        "line": 2,
        "column": None,
        "what": "text changed",
    }


def test_only_what_is_meant_is_made(origin: Repository) -> None:
    """What no glob matches is untouched, on disk and in the lock."""
    origin.temperature = "0.4"
    origin.rows["bye"] = ("Farewell.", "narrator")
    origin.write()
    report, sent = origin.run(only=("gr*", "narrator/b*"))
    assert (report.outputs, report.made, sent) == (2, 2, 2)
    assert {finding.path for finding in origin.check().findings} == {
        "out/clerk/ask.wav"
    }
    with pytest.raises(JobError, match='no file is of "nobody/x"'):
        origin.run(only=("gr*", "nobody/x"))


def test_files_that_nothing_asks_for(origin: Repository) -> None:
    """They are told of, removed on request, and only where they are as they were."""
    del origin.rows["greet"], origin.rows["ask"], origin.rows["bye"]
    origin.write()
    altered = origin.folder / "out/clerk/ask.wav"
    altered.write_bytes(b"mine now")
    (origin.folder / "out/narrator/bye.wav").unlink()
    report, _ = origin.run()
    [warning] = report.warnings
    assert warning.startswith('nothing asks for "out/clerk/ask.wav" and 1 more')
    report, _ = origin.run(prune=True)
    assert report.removed == 1  # of the others one was altered, and one gone
    assert [path for path in origin.files() if "clerk" in path] == ["clerk/ask.wav"]
    assert "not as it was made" in report.warnings[0]
    altered.unlink()
    assert origin.run()[0].warnings == ()
    assert origin.check().is_current


def test_a_lock_names_no_victims(origin: Repository) -> None:
    """A path of the lock that leads elsewhere is never removed."""
    victim = origin.folder.parent / "victim.wav"
    victim.write_bytes((origin.folder / "out/clerk/ask.wav").read_bytes())
    lock = origin.folder / "job.lock"
    made = lock.read_text()
    lock.write_text(made.replace("out/clerk/ask.wav", "../victim.wav"))
    report, _ = origin.run(prune=True)
    assert victim.exists()
    assert "victim" in report.warnings[0]
    # Nor is one read that never ends.
    endless = re.sub(r'("file":"out/clerk/ask.wav".*"bytes":)\d+', r"\g<1>0", made)
    lock.write_text(endless.replace("out/clerk/ask.wav", "/dev/zero"))
    assert origin.check().exit_code == 8


def test_what_nobody_made_is_not_overwritten(origin: Repository) -> None:
    """A file that no run is known to have made ends a run before it sends anything."""
    own = origin.folder / "out/clerk/new.wav"
    own.write_bytes(b"mine")
    origin.rows["new"] = ("Hello.", "clerk")
    origin.rows["hello"] = origin.rows.pop("greet")  # and its file with it
    own.with_stem("greet").rename(own.with_stem("hello"))
    origin.write()
    before = origin.server.connections
    with pytest.raises(JobError) as caught:
        origin.run()
    [problem] = caught.value.problems
    assert str(problem).startswith('lines.csv:5: "out/clerk/new.wav" is there, and no')
    assert "--overwrite" in str(problem)
    assert (own.read_bytes(), origin.server.connections) == (b"mine", before)
    assert origin.run(only=("hello",))[0].made == 1
    assert origin.run(overwrite=True)[1] == 1
    # A run that was killed has left a file behind that the ledger does not know.
    with Ledger.open(ledger_path(origin.job), base=origin.folder) as ledger:
        ledger.forget("out/clerk/new.wav")
        write_lock(ledger, origin.job)
    run_begun(origin.job)
    assert origin.run()[0].made == 1
    run_begun(origin.job)
    assert origin.run()[0].unchanged == 5
    # Without the lock and the state folder nothing is known of any file.
    shutil.rmtree(origin.folder / ".batchtts")
    (origin.folder / "job.lock").unlink()
    with pytest.raises(JobError, match=r'without "job\.lock" nothing'):
        origin.run()
    for output in (
        "{kind: audiobook, path: out/ask.mp3}",
        "{kind: dataset, path: out/clerk, format: kaldi}",
        "{kind: files, path: 'out/{id}.flac', subtitles: srt}",
    ):
        for suffix in ("mp3", "srt"):
            (origin.folder / f"out/ask.{suffix}").write_bytes(b"mine")
        origin.outputs = output
        origin.write()
        with pytest.raises(JobError, match="is there, and no run"):
            origin.run()


def test_frozen_sends_nothing(origin: Repository) -> None:
    """What the cache can serve is made; what it cannot is said before the run."""
    shutil.rmtree(origin.folder / "out")
    assert origin.run(frozen=True)[0].made == 4
    origin.rows["greet"] = ("Hello again.", "clerk")
    origin.write()
    before = origin.server.connections
    with pytest.raises(StaleError, match=r'1 request \(12 characters\).*"greet"'):
        origin.run(frozen=True)
    assert origin.server.connections == before


def test_another_take(origin: Repository) -> None:
    """One chunk is read anew; the lock says so, and the first take can come back."""
    first = origin.files()
    [wish] = retake(origin.job, "story", chunk=2)
    assert (wish.chunk, wish.take) == (2, 1)
    assert origin.told() == {("changed", "lines.csv:4", "chunk 2: take 0 -> 1")}
    assert origin.run()[1] == 1
    assert origin.check().is_current
    assert origin.run()[1] == 0
    assert [one.take for one in retake(origin.job, "story", take=0)] == [0] * 4
    assert origin.run()[1] == 0
    assert origin.files() == first
    for text, voice, chunk in [("nobody", None, None), ("story", "clerk", None)]:
        with pytest.raises(JobError, match="there is no text"):
            retake(origin.job, text, voice=voice, chunk=chunk)
    with pytest.raises(JobError, match="has 4 chunks, and no chunk 9"):
        retake(origin.job, "story", chunk=9)


def test_a_recording_in_the_place_of_a_take(origin: Repository) -> None:
    """It is used as it is, as long as the words are the same and it is there."""
    own = origin.folder / "own.wav"
    own.write_bytes(origin.files()["clerk/greet.wav"])
    wish = pin(origin.job, "ask", own)
    assert wish.recording == "own.wav"
    assert origin.told() == {
        ("changed", "lines.csv:3", "chunk 1: a recording is pinned")
    }
    assert origin.run(frozen=True)[1] == 0
    assert origin.files()["clerk/ask.wav"] != origin.files()["clerk/greet.wav"]
    shutil.rmtree(origin.folder / ".batchtts")
    assert origin.check().is_current
    own.write_bytes(b"x")
    assert "own.wav" in (origin.check().trouble or "")
    with pytest.raises(JobError, match="has changed"):
        origin.run()
    with pytest.raises(LocalError, match="cannot be read as audio"):
        pin(origin.job, "ask", own)
    own.write_bytes(origin.files()["clerk/greet.wav"])
    with pytest.raises(JobError, match="4 chunks"):
        pin(origin.job, "story", own)
    outside = origin.folder.parent / "own.wav"
    shutil.copy(own, outside)
    with pytest.raises(JobError, match="outside the project"):
        pin(origin.job, "ask", outside)
    origin.rows["ask"] = ("May I help?", "clerk")
    origin.write()
    assert origin.run()[1] == 1
    assert b'"pin"' not in (origin.folder / "job.lock").read_bytes()


def test_nothing_changed_is_told_by_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run reads no text and reports the same; any change is noticed."""
    (tmp_path / "lines.csv").write_text("key,line\na,Hello.\nb,Good bye.\n")
    path = tmp_path / "job.yaml"
    path.write_text(
        "engine: local\nlocal: {synthesiser: tone}\nvoices: {v: {speaker: astra}}\n"
        "texts: [{table: lines.csv, id: key, text: line}]\n"
        'outputs: [{kind: files, path: "out/{id}.wav"}]\n'
    )

    def run() -> tuple[int, int, list[object]]:
        report = batchtts.run(batchtts.load_job(path))
        entries = json.loads(report.path.read_text())["outputs"]
        entries.sort(key=lambda entry: entry["path"])
        return report.made, report.unchanged, entries

    made, _, first = run()
    with monkeypatch.context() as no_reading:
        for user in ("run", "checking"):
            no_reading.delattr(f"batchtts.runner.{user}.survey")
        _, unchanged, second = run()
        assert check(batchtts.load_job(path)).is_current
    assert (made, unchanged) == (2, 2)
    assert second == [{**one, "state": "unchanged"} for one in first]  # type: ignore[dict-item]  # JSON
    shutil.rmtree(tmp_path / ".batchtts")  # as in a clone: the first check remembers
    assert check(batchtts.load_job(path)).is_current
    with monkeypatch.context() as no_reading:
        no_reading.delattr("batchtts.runner.checking.survey")
        assert check(batchtts.load_job(path)).is_current
        (tmp_path / ".batchtts" / "job.begun").touch()  # by a run that was killed
        with pytest.raises(NameError):
            check(batchtts.load_job(path))
    shutil.rmtree(tmp_path / ".batchtts")
    (tmp_path / ".batchtts").write_bytes(b"")  # where nothing can be remembered
    assert check(batchtts.load_job(path)).is_current
    (tmp_path / ".batchtts").unlink()
    (tmp_path / "out" / "a.wav").write_bytes(b"x")
    assert check(batchtts.load_job(path)).stale == 1
    assert run()[:2] == (1, 1)
    (tmp_path / "lines.csv").write_text("key,line\na,Hello.\nb,Farewell.\n")
    assert check(batchtts.load_job(path)).stale == 1
    assert run()[:2] == (1, 1)
    (tmp_path / "job.lock").unlink()
    assert check(batchtts.load_job(path)).exit_code == 8
    assert run()[:2] == (0, 2)
    assert check(batchtts.load_job(path)).is_current


@pytest.fixture
def corpus(tmp_path: Path, serve: Callable[..., LocalServer]) -> Repository:
    """Give a repository with a dataset that is made and committed."""
    made = Repository(tmp_path / "origin", serve())
    made.outputs = "{kind: dataset, path: out/corpus, format: [ljspeech, audiofolder]}"
    made.write()
    made.git("init", "--quiet", "--initial-branch", "main")
    made.run()
    made.commit()
    return made


def test_branches_that_changed_parts_of_the_same(corpus: Repository) -> None:
    """A book and a dataset that both sides made anew are made once more, of both."""
    corpus.outputs += "\n  - {kind: audiobook, path: out/all.m4b}"
    corpus.write()
    corpus.run()
    corpus.commit()
    for branch, key, line in [("one", "greet", "Hello."), ("two", "bye", "Farewell.")]:
        corpus.git("switch", "--quiet", "--create", branch, "main")
        corpus.rows = {**ROWS, key: (line, ROWS[key][1])}
        corpus.write()
        assert corpus.run()[1] == 1
        corpus.commit()
    corpus.git("merge", "--quiet", "one", code=1)
    corpus.rows = {**corpus.rows, "greet": ("Hello.", "clerk")}
    corpus.write()
    found = corpus.check()
    assert (found.exit_code, found.stale) == (8, 2)
    assert "`batchtts run` writes it anew" in (found.trouble or "")
    assert corpus.run()[1] == 0
    assert corpus.check().is_current


def test_the_life_of_a_dataset(
    corpus: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its lock a clone finds it whole, or says which line or file is not."""
    here = corpus.clone("here")
    assert here.check().is_current
    with monkeypatch.context() as no_reading:
        no_reading.delattr("batchtts.runner.checking.survey")
        assert here.check().is_current
    report, sent = here.run()  # with no takes
    assert (report.unchanged, report.made, sent) == (4, 0, 0)
    assert here.check().is_current
    here.take_cache_of(corpus)
    here.rows["story"] = (STORY.replace("a long way", "one long way"), "narrator")
    here.rows["greet"] = ("Good morning.", "narrator")
    here.rows["new"] = ("Hello.", "clerk")
    del here.rows["bye"]
    here.outputs = here.outputs.replace("path:", "title: Lines, path:")
    here.write()
    found = here.check()
    assert (found.exit_code, found.outputs, found.stale) == (8, 4, 3)
    gone = "is not in the job any more"
    assert here.told() == {
        ("changed", "job.yaml:12:5", "title job -> Lines"),
        ("changed", "job.yaml:12:5", f'utterance "clerk-greet" {gone}'),
        ("changed", "job.yaml:12:5", f'utterance "narrator-bye" {gone}'),
        ("new", "lines.csv:2", "not made yet"),
        ("changed", "lines.csv:4", "text changed"),
        ("new", "lines.csv:5", "not made yet"),
    }
    assert here.run()[1] == 3
    assert here.check().is_current
    card, sound = "out/corpus/ljspeech/README.md", "out/corpus/ljspeech/wavs"
    (here.folder / card).write_text("mine")
    [spoken] = (here.folder / sound).glob("*new.wav")
    spoken.unlink()
    assert here.told() == {
        ("altered", "job.yaml:12:5", "file altered"),
        ("missing", "job.yaml:12:5", "file missing"),
    }
    assert here.run()[1] == 0
    assert here.check().is_current
    here.outputs = "{kind: files, path: 'out/{id}.wav'}"
    here.write()
    assert "out/corpus" in {
        finding.path for finding in here.check().findings if finding.state == "orphan"
    }


def test_a_dataset_is_told_by_a_look_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its files as of others, beside which it stands."""
    path = tmp_path / "job.yaml"
    path.write_text(
        "engine: local\nlocal: {synthesiser: tone}\nvoices: {v: {speaker: astra}}\n"
        "texts: [{id: a, text: Hello.}, {id: b, text: Good bye.}]\n"
        'outputs: [{kind: files, path: "out/{id}.wav"},\n'
        "  {kind: dataset, path: corpus, format: ljspeech}]\n"
    )
    assert batchtts.run(batchtts.load_job(path)).made == 4
    with monkeypatch.context() as no_reading:
        for user in ("run", "checking"):
            no_reading.delattr(f"batchtts.runner.{user}.survey")
        report = batchtts.run(batchtts.load_job(path))
        assert check(batchtts.load_job(path)).is_current
    assert (report.made, report.unchanged, report.pending) == (0, 4, 0)
    entries = json.loads(report.path.read_text())["outputs"]
    assert [entry["state"] for entry in entries] == ["unchanged"] * 3
    assert entries[0]["utterances"] == 2
    wav = tmp_path / "corpus" / "wavs" / "a.wav"
    whole = wav.read_bytes()
    wav.write_bytes(whole[:-2])
    assert check(batchtts.load_job(path)).stale == 1
    assert batchtts.run(batchtts.load_job(path)).exit_code == 0
    assert wav.read_bytes() == whole
    assert check(batchtts.load_job(path)).is_current
