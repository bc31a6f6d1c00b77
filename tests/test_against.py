"""A job beside what it was at a revision of real git: what changed, and its cost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from batchtts.cli import group as cli
from batchtts.errors import JobError
from batchtts.jobfile import load_job
from batchtts.runner import revision
from batchtts.runner.comparing import Comparison, compare

pytestmark = pytest.mark.skipif(
    not shutil.which("git") or os.name != "posix", reason="needs git and links"
)

JOB = """
engine: local
local: {synthesiser: tone}
price: 10
voices: {narrator: {speaker: astra}, clerk: {speaker: luna, temperature: 0.5}}
lexicon: ../words.yaml
texts:
  - {table: ../texts/lines.csv, id: key, text: line, voice: role}
  - {file: linked.md, id: story, voice: narrator}
outputs:
  - {kind: files, path: "out/{voice}/{id}.wav", texts: ["[a-h]*"]}
  - {kind: audiobook, path: out/book.m4b, texts: [story, greet], title: Old}
  - {kind: dataset, path: out/rows, format: ljspeech, texts: [ask], license: mit}
"""
LINES = {
    "greet": ("Good morning.", "clerk"),
    "ask": ("How may I help?", "narrator"),
    "bye": ("Good bye.", "narrator"),
}


class Project:
    """A repository with a job in one of its folders."""

    def __init__(self, folder: Path) -> None:
        """Commit the job."""
        self.folder = folder
        self.job = folder / "voice ö" / "job.yaml"
        self.job.parent.mkdir(parents=True)
        (folder / "texts").mkdir()
        self.job.write_text(JOB, encoding="utf-8")
        (folder / "words.yaml").write_text("quay: kee\n")
        (folder / "texts" / "story.md").write_text("The lamp was lit at the quay.\n")
        (self.job.parent / "linked.md").symlink_to("../texts/story.md")
        self.lines(LINES)
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit("one")

    def lines(self, lines: dict[str, tuple[str, str]]) -> None:
        """Write the table."""
        rows = [f"{key},{line},{role}\n" for key, (line, role) in lines.items()]
        table = self.folder / "texts" / "lines.csv"
        table.write_text("".join(["key,line,role\n", *rows]), encoding="utf-8")

    def git(self, *arguments: str) -> None:
        """Run git, away from the settings of whoever runs the tests."""
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            capture_output=True,
            check=True,
        )

    def commit(self, name: str) -> None:
        """Commit everything, under a name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", name)
        self.git("tag", name)

    def edit(self, *changes: tuple[str, str]) -> None:
        """Replace words in the job."""
        text = self.job.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.job.write_text(text, encoding="utf-8")

    def against(self, name: str) -> Comparison:
        """Compare with a revision."""
        with revision.at_revision(self.job, name, load_job) as past:
            return compare(load_job(self.job), past)

    def told(self, name: str) -> set[tuple[str, str, str]]:
        """Say which outputs have changed, and why."""
        return {
            (finding.state, finding.path, f"{reason.place}: {reason.what}")
            for finding in self.against(name).findings
            for reason in finding.reasons
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Give a repository in which nothing has changed."""
    return Project(tmp_path / "project")


def _plan(project: Project, *arguments: str) -> Result:
    words = ["plan", str(project.job), *arguments]
    return CliRunner().invoke(cli, words, standalone_mode=False)


def test_what_is_new_changed_and_gone_is_told(project: Project) -> None:
    """With its reason and its place, on either side; and what it costs."""
    assert project.told("HEAD") == set()
    project.edit(("temperature: 0.5", "temperature: 0.4"))
    project.lines(
        {
            "greet": LINES["greet"],
            "ask": ("How can I help?", "narrator"),
            "hello": ("Hello.", "narrator"),
        }
    )
    lines, job = "../texts/lines.csv", str(project.job)
    voice = f'{job}:5:38: voice "clerk": temperature 0.5 -> 0.4'
    assert project.told("one") == {
        ("changed", "out/clerk/greet.wav", voice),
        ("changed", "out/book.m4b", voice),
        ("changed", "out/narrator/ask.wav", f"{lines}:3: text changed"),
        ("changed", "out/rows", f"{lines}:3: text changed"),
        ("new", "out/narrator/hello.wav", f"{lines}:4: new"),
        ("orphan", "out/narrator/bye.wav", f"one:{lines}:4: not asked for any more"),
    }
    plain = _plan(project, "--against", "one").stdout
    assert "  outputs changed   4\n" in plain
    assert f'new: {lines}:4: line "hello" in voice "narrator": new (out/narra' in plain
    document = json.loads(_plan(project, "--against", "main", "--json").stdout)
    against = document["against"]
    characters = len("Good morning.How can I help?Hello.")
    assert (against["requests"], against["characters"]) == (3, characters)
    assert against["cost"] == pytest.approx(characters / 100)
    assert (document["outputs"], len(against["findings"])) == (5, 6)
    project.commit("two")
    assert project.told("two") == set()


def test_what_many_texts_go_into(project: Project) -> None:
    """A book changes with its texts, their order and its title; so do datasets."""
    book, rows = "out/book.m4b", "out/rows"
    lines = "../texts/lines.csv"
    project.lines({key: LINES[key] for key in ("bye", "ask")})
    gone = f'one:{lines}:2: text "greet": not asked for any more'
    assert ("changed", book, gone) in project.told("one")
    project.lines(LINES)
    (project.folder / "words.yaml").write_text("quay: key\n")
    assert project.told("one") == {
        ("changed", book, 'linked.md:1: text "story": text changed')
    }
    (project.folder / "words.yaml").write_text("quay: kee\n")
    table = project.folder / "texts" / "lines.csv"
    rows_of_it = table.read_text().splitlines(keepends=True)
    table.write_text("".join(f"mood,{row}" for row in rows_of_it))
    project.edit(("title: Old", "title: New"), ("license: mit", "license: cc0-1.0"))
    assert project.told("one") == {
        ("changed", book, f"{project.job}:12:5: title Old -> New"),
        ("changed", rows, f"{project.job}:13:5: license mit -> cc0-1.0"),
        ("changed", rows, f"{lines}:3: columns changed"),
    }
    project.edit(
        ("title: New", "title: Old"), ("out/book.m4b", '"out/books/{voice}.m4b"')
    )
    states = [one.state for one in project.against("one").findings if one.path != rows]
    assert sorted(states) == ["new", "new", "orphan"]


def _gone_job(project: Project) -> str:
    project.git("rm", "-q", "--cached", "voice ö/job.yaml")
    project.git("commit", "-qm", "x")
    return "HEAD"


def _broken_job(project: Project) -> str:
    project.edit(("temperature: 0.5", "temperatur: 0.5"))
    project.commit("broken")
    project.edit(("temperatur:", "temperature:"))
    return "broken"


def _far_link(project: Project) -> str:
    link = project.folder / "texts" / "story.md"
    link.unlink()
    link.symlink_to("/etc/hostname")
    project.commit("far")
    link.unlink()
    link.write_text("The lamp.\n")
    return "far"


def _no_repository(project: Project) -> str:
    shutil.rmtree(project.folder / ".git")
    return "HEAD"


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda _: "v9", 'there is no revision "v9"'),
        (lambda _: "--output=x", 'there is no revision "--output=x"'),
        (lambda _: "one:words.yaml", "there is no revision"),
        (_gone_job, 'HEAD:voice ö/job.yaml: there is no job file "voice ö/job.yaml"'),
        (_broken_job, 'broken:voice ö/job.yaml:5:61: unknown key "temperatur"'),
        (_far_link, 'far:voice ö/job.yaml:9:12: there is no file "linked.md"'),
        (_no_repository, "is in no git repository that can be read"),
    ],
)
def test_what_cannot_be_compared(
    project: Project, prepare: Callable[[Project], str], words: str
) -> None:
    """It is said what is wrong and where, and nothing of a temporary folder."""
    name = prepare(project)
    with pytest.raises(JobError) as raised:
        project.against(name)
    assert words in str(raised.value)
    assert "/tmp/tmp" not in str(raised.value)


def test_git_is_missing_or_too_much_is_asked_of_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without git, and for files without end, the comparison is refused."""
    monkeypatch.setattr(revision, "MOST_BYTES", 200)
    with pytest.raises(JobError, match="more than 200 bytes"):
        project.against("one")
    monkeypatch.setenv("PATH", "")
    told = _plan(project, "--against", "one")
    assert isinstance(told.exception, JobError)
    assert "git is needed" in str(told.exception)
