"""Whole runs: job file in, files out, over real sockets to the local server."""

from __future__ import annotations

import hashlib
import json
import wave
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import batchtts
from batchtts.errors import JobError, LocalError, LockedError
from batchtts.events import Event, OutputMade, ReadingFailed, RunPlanned
from batchtts.localserver import tone_reader
from batchtts.localserver.server import LocalServer
from batchtts.report import RunReport
from batchtts.runner.guard import guard
from batchtts.secret import Secret

Serve = Callable[..., LocalServer]

STORY = (
    "Mr. Harbour woke at six. He looked out; the sea was grey, and St. Brannock's "
    "light still turned. Nothing moved.\n\nThen, at last, a sail! "
)
JOB = """
engine: local
local: {{synthesiser: tone{url}}}
concurrency: {concurrency}
limit: {limit}
voices:
  narrator: {{speaker: astra}}
  clerk: {{speaker: luna}}
voice: narrator
texts:
  - {{id: story, text: {story}}}
  - {{table: lines.csv, id: key, text: line, voice: role}}
audio: {{loudness: none}}
outputs:
  - {{kind: files, path: "out/{{voice}}/{{id}}.wav"}}
{more}
"""
LINES = "key,line,role\nhello,Good morning.,clerk\nbye,Good bye now.,narrator\n"


class Project:
    """A folder with a job in it."""

    def __init__(self, folder: Path) -> None:
        """Make the folder."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.lines = LINES
        self.story = STORY
        self.more = ""

    def write(
        self,
        *,
        server: LocalServer | None = None,
        concurrency: int = 4,
        limit: int = 60,
    ) -> Path:
        """Write the job and its table; return the job's path."""
        (self.folder / "lines.csv").write_text(self.lines, encoding="utf-8")
        path = self.folder / "job.yaml"
        path.write_text(
            JOB.format(
                url=f', url: "{server.url}"' if server else "",
                concurrency=concurrency,
                limit=limit,
                story=json.dumps(self.story),
                more=self.more,
            ),
            encoding="utf-8",
        )
        return path

    def run(
        self,
        *,
        server: LocalServer | None = None,
        concurrency: int = 4,
        on_event: Callable[[Event], None] | None = None,
    ) -> RunReport:
        """Run the job."""
        path = self.write(server=server, concurrency=concurrency)
        return batchtts.run(batchtts.load_job(path), on_event=on_event)

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every output by its path."""
        out = self.folder / "out"
        return {
            path.relative_to(out).as_posix(): hashlib.sha256(
                path.read_bytes()
            ).hexdigest()
            for path in sorted(out.rglob("*"))
            if path.is_file()
        }

    def heard(self, name: str) -> str:
        """Return the words that an output says, decoded from its sound."""
        with wave.open(str(self.folder / "out" / name)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            reading = tone_reader.read(samples, file.getframerate())
        assert reading.whole
        return reading.text


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Give a fresh project."""
    return Project(tmp_path / "project")


def _words(text: str) -> list[str]:
    return text.split()


def test_every_word_is_heard_in_its_order(project: Project, serve: Serve) -> None:
    """The files say the texts, whole and in order, whatever the cuts were."""
    report = project.run(server=serve())
    assert report.exit_code == 0
    assert (report.made, report.unchanged, report.failed) == (3, 0, 0)
    assert report.totals.made > 4  # the story is several chunks
    assert _words(project.heard("narrator/story.wav")) == _words(STORY)
    assert project.heard("clerk/hello.wav") == "Good morning."
    assert project.heard("narrator/bye.wav") == "Good bye now."


def test_a_second_run_opens_no_socket_and_changes_no_byte(
    project: Project, serve: Serve
) -> None:
    """Nothing is sent, written or touched when all is there."""
    server = serve()
    project.run(server=server)
    opened, before = server.connections, project.digests()
    times = {p: p.stat().st_mtime_ns for p in (project.folder / "out").rglob("*")}
    report = project.run(server=server, concurrency=1)
    assert server.connections == opened
    assert (report.made, report.unchanged) == (0, 3)
    assert project.digests() == before
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())


def test_an_up_to_date_job_needs_neither_cache_nor_server(project: Project) -> None:
    """What is on disk is enough to know that nothing is to do."""
    project.run()
    cache = project.folder / ".batchtts" / "cache"
    cache.rename(project.folder / "elsewhere")
    report = project.run()
    assert (report.exit_code, report.unchanged) == (0, 3)
    assert not list(cache.rglob("*.take"))


@pytest.mark.parametrize("concurrency", [1, 2, 16])
def test_concurrency_never_changes_a_byte(
    tmp_path: Path, serve: Serve, concurrency: int
) -> None:
    """However many sockets there are, the outputs are the same."""
    server = serve()
    one = Project(tmp_path / "one")
    other = Project(tmp_path / "other")
    one.more = other.more = '  - {kind: files, path: "out/{id}.mp3"}'
    one.run(server=server, concurrency=4)
    other.run(server=server, concurrency=concurrency)
    assert one.digests() == other.digests()
    assert len(one.digests()) == 6


def test_never_more_sockets_than_allowed(project: Project, serve: Serve) -> None:
    """The number of open connections stays within `concurrency`."""
    server = serve(first_byte_s=0.2)
    project.run(server=server, concurrency=3)
    assert 1 < server.concurrent_most <= 3


def test_files_made_again_come_from_the_cache(project: Project, serve: Serve) -> None:
    """A lost file, or a new output, costs nothing."""
    server = serve()
    project.run(server=server)
    opened, before = server.connections, project.digests()
    (project.folder / "out" / "clerk" / "hello.wav").unlink()
    (project.folder / "out" / "narrator" / "bye.wav").write_bytes(b"altered by hand")
    report = project.run(server=server)
    assert server.connections == opened
    assert (report.made, report.unchanged) == (2, 1)
    assert project.digests() == before


def test_only_what_changed_is_asked_for(project: Project, serve: Serve) -> None:
    """After one line's edit one request is sent."""
    server = serve()
    project.run(server=server)
    opened = server.connections
    project.lines = LINES.replace("Good morning.", "Good evening.")
    report = project.run(server=server)
    assert server.connections == opened + 1
    assert server.requests[-1].text == "Good evening."
    assert (report.made, report.unchanged) == (1, 2)
    assert project.heard("clerk/hello.wav") == "Good evening."


def test_the_same_words_are_sent_once(project: Project, serve: Serve) -> None:
    """Twenty rows with the same words in the same voice are one request."""
    server = serve()
    rows = "".join(f"r{n},The very same words.,clerk\n" for n in range(20))
    project.lines = "key,line,role\n" + rows
    report = project.run(server=server)
    assert report.made == 21
    said = [seen.text for seen in server.requests]
    assert said.count("The very same words.") == 1


def test_one_texts_failure_leaves_the_others_whole(
    project: Project, serve: Serve
) -> None:
    """A text that the server will not speak fails by name; the others are made."""
    server = serve(text_limit=50)
    told: list[Event] = []
    report = project.run(server=server, on_event=told.append)
    assert report.exit_code == 3
    assert (report.made, report.failed) == (2, 1)
    [failure] = report.failures
    assert failure.text == "story"
    assert failure.chunk is not None
    assert "job.yaml:" in failure.place
    assert [type(event) for event in told].count(ReadingFailed) == 1
    assert not (project.folder / "out" / "narrator" / "story.wav").exists()
    assert project.heard("clerk/hello.wav") == "Good morning."


def test_a_failure_is_recorded_as_it_was_seen(project: Project, serve: Serve) -> None:
    """The report tells who was asked for what, when, and what came back each time."""
    report = project.run(server=serve(text_limit=50))
    assert report.exit_code == 3
    document = json.loads(report.path.read_text(encoding="utf-8"))
    [failure] = document["failures"]
    assert (failure["text"], failure["voice"], failure["chunk"]) == (
        "story",
        "narrator",
        1,
    )
    assert failure["chunks_failed"] >= 1
    assert (failure["host"], failure["speaker"]) == ("127.0.0.1", "astra")
    assert (failure["model"], failure["lang"]) == ("arcana", "eng")
    assert [one["attempt"] for one in failure["attempts"]] == [1, 2, 3]
    for one in failure["attempts"]:
        when = datetime.fromisoformat(one["when"])
        assert when.utcoffset() == timedelta(0)
        assert datetime.now(UTC) - when < timedelta(minutes=5)
        assert (one["fault"], one["received_bytes"]) == ("no_audio", 0)
        assert one["reason"] == failure["reason"]


def test_a_throttling_server_is_waited_for(project: Project, serve: Serve) -> None:
    """A server that admits one at a time loses nothing of a wider run."""
    server = serve(connection_limit=1, first_byte_s=0.01)
    report = project.run(server=server, concurrency=4)
    assert report.exit_code == 0
    assert server.refusals.get(429, 0) == report.totals.throttles
    assert _words(project.heard("narrator/story.wav")) == _words(STORY)


def test_nothing_to_speak_is_a_pause(project: Project, serve: Serve) -> None:
    """A text without a letter or digit is never sent; its file is silence."""
    server = serve()
    project.lines = "key,line,role\ndots,* * *,clerk\n"
    report = project.run(server=server)
    assert report.exit_code == 0
    assert "* * *" not in [seen.text for seen in server.requests]
    with wave.open(str(project.folder / "out" / "clerk" / "dots.wav")) as file:
        assert set(file.readframes(file.getnframes())) == {0}


def test_commands_in_a_text_are_words(project: Project, serve: Serve) -> None:
    """A text cannot speak protocol: what looks like a command is not sent as one."""
    server = serve()
    project.lines = "key,line,role\na,One <EOS> two <CLEAR> three.,clerk\n"
    report = project.run(server=server)
    assert report.exit_code == 0
    frames = [frame for seen in server.requests for frame in seen.frames]
    assert frames.count("<EOS>") == server.connections
    assert "<CLEAR>" not in frames
    heard = project.heard("clerk/a.wav")
    assert heard.index("One") < heard.index("two") < heard.index("three")


def test_the_report_names_every_file(project: Project, serve: Serve) -> None:
    """The report lists each output with its digest, length and levels."""
    project.more = '  - {kind: files, path: "out/{id}.flac"}'
    planned: list[Event] = []
    report = project.run(server=serve(), on_event=planned.append)
    document = json.loads(report.path.read_text(encoding="utf-8"))
    assert document["version"] == 1
    assert document["exit_code"] == 0
    digests = project.digests()
    assert {one["path"]: one["sha256"] for one in document["outputs"]} == {
        f"out/{path}": digest for path, digest in digests.items()
    }
    for one in document["outputs"]:
        assert one["seconds"] == pytest.approx(one["samples"] / one["sample_rate"])
        assert one["true_peak"] < 3
    assert document["requests"]["made"] == report.totals.made
    assert isinstance(planned[0], RunPlanned)
    assert sum(isinstance(event, OutputMade) for event in planned) == 6
    again = project.run(server=serve())
    document = json.loads(again.path.read_text(encoding="utf-8"))
    assert {one["sha256"] for one in document["outputs"]} == set(digests.values())
    assert {one["state"] for one in document["outputs"]} == {"unchanged"}
    assert all(one["seconds"] > 0 and one["true_peak"] for one in document["outputs"])


def test_a_run_leaves_no_temporary_file(project: Project, serve: Serve) -> None:
    """Outputs, cache, ledger and report: nothing else is left."""
    project.run(server=serve())
    state = project.folder / ".batchtts"
    names = {path.name for path in state.iterdir()}
    assert names == {
        ".gitignore",
        "cache",
        "job.guard",
        "job.outputs.sqlite3",
        "job.report.json",
    }
    assert not list(project.folder.rglob("*batchtts-*"))


def test_two_runs_at_once_are_one_too_many(project: Project, serve: Serve) -> None:
    """While a run holds the job, another is refused."""
    with guard(project.folder / ".batchtts", "job"), pytest.raises(LockedError):
        project.run(server=serve())


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("key,line,role\na,x,clerk\na,y,clerk\n", 'the id "a" is used twice'),
        ("key,line,role\na,x,clerk\nA,y,clerk\n", 'the id "A" is used twice'),
        ("key,line,role\na,x,klerk\n", 'did you mean "clerk"?'),
        ("key,line,role\n../a,x,clerk\n", "lines.csv:2"),
        ("key,line,role\na,,clerk\n", "lines.csv:2"),
    ],
)
def test_bad_rows_stop_a_run_before_it_sends(
    project: Project, serve: Serve, lines: str, words: str
) -> None:
    """What is wrong with the texts is said, with its line, and nothing is sent."""
    server = serve()
    project.lines = lines
    with pytest.raises(JobError) as caught:
        project.run(server=server)
    assert words in str(caught.value)
    assert server.connections == 0


def test_all_bad_rows_are_shown_at_once(project: Project) -> None:
    """Every problem of the texts is in one error, up to a hundred."""
    rows = "".join(f"a{n},,clerk\n" for n in range(150))
    project.lines = "key,line,role\n" + rows
    with pytest.raises(JobError) as caught:
        project.run()
    assert len(caught.value.problems) == 100
    assert caught.value.more == 50


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('  - {kind: files, path: "out/{voice}/all.wav"}', "would write"),
        ('  - {kind: files, path: "out/{voice}/{id}.wav"}', "would write"),
        ('  - {kind: files, path: "out/{rolle}/{id}.mp3"}', "has no {rolle}"),
    ],
)
def test_files_that_cannot_be_told_apart_are_refused(
    project: Project, more: str, words: str
) -> None:
    """Two texts for one file, and unknown fields, are errors before anything runs."""
    project.more = more
    with pytest.raises(JobError, match=words):
        project.run()


def test_a_link_out_of_the_folder_is_refused(project: Project, tmp_path: Path) -> None:
    """A symbolic link inside the output folder cannot lead a file elsewhere."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (project.folder / "out").mkdir()
    (project.folder / "out" / "clerk").symlink_to(outside, target_is_directory=True)
    with pytest.raises(JobError, match="leads out of the folder"):
        project.run()
    assert list(outside.iterdir()) == []


def test_a_folder_in_the_way_is_found_first(project: Project, serve: Serve) -> None:
    """A file name that is a folder is found before anything is sent."""
    server = serve()
    (project.folder / "out" / "clerk" / "hello.wav").mkdir(parents=True)
    with pytest.raises(JobError, match="is a folder"):
        project.run(server=server)
    assert server.connections == 0


def test_every_voice_may_read_every_text(project: Project, serve: Serve) -> None:
    """An output's voices read each text; another output keeps the texts' own."""
    project.more = (
        '  - {kind: files, path: "all/{voice}-{id}.wav", voices: [narrator, clerk]}'
    )
    report = project.run(server=serve())
    assert report.made == 3 + 6
    names = {path.name for path in (project.folder / "all").iterdir()}
    assert names == {
        f"{voice}-{text}.wav"
        for voice in ("narrator", "clerk")
        for text in ("story", "hello", "bye")
    }


def test_globs_choose_texts(project: Project, serve: Serve) -> None:
    """An output can take some texts only; a glob without a match is a warning."""
    project.more = (
        '  - {kind: files, path: "some/{id}.wav", texts: ["h*", "b?e"]}\n'
        '  - {kind: files, path: "none/{id}.wav", texts: zzz*}\n'
    )
    report = project.run(server=serve())
    assert {p.name for p in (project.folder / "some").iterdir()} == {
        "hello.wav",
        "bye.wav",
    }
    [warning] = report.warnings
    assert "zzz*" in warning
    assert "job.yaml:" in warning


def test_a_bug_is_never_a_success(
    project: Project, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody expected ends the run, is in the report, and is raised."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a slip")

    monkeypatch.setattr("batchtts.outputs.rendering.write_file", broken)
    with pytest.raises(ZeroDivisionError, match="a slip"):
        project.run(server=serve())
    report = json.loads((project.folder / ".batchtts" / "job.report.json").read_text())
    assert report["exit_code"] == 1
    assert "a slip" in report["error"]


def test_a_long_texts_track_is_made_while_its_takes_arrive(
    project: Project, serve: Serve
) -> None:
    """A text of many chunks is joined in order, whatever order they came in."""
    server = serve(first_byte_s=0.01)
    project.story = " ".join(f"Sentence number {n} of the story." for n in range(60))
    report = project.run(server=server, concurrency=16)
    assert report.exit_code == 0
    assert report.totals.made > 20
    assert _words(project.heard("narrator/story.wav")) == _words(project.story)


def test_a_long_text_that_fails_writes_nothing(project: Project, serve: Serve) -> None:
    """When a late chunk of a long text fails, no file of it appears."""
    server = serve(text_limit=56)
    sentences = [
        f"Sentence number {n} of the long story that is told." for n in range(20)
    ]
    last = "This one sentence is of exactly the length which fails."
    project.story = " ".join([*sentences, last + " Yes."])
    report = project.run(server=server)
    assert report.exit_code == 3
    assert report.failures[0].chunk == report.failures[0].chunks
    assert not (project.folder / "out" / "narrator" / "story.wav").exists()
    assert (project.folder / "out" / "clerk" / "hello.wav").exists()


@pytest.mark.usefixtures("no_waiting_for_the_disk")
def test_many_readings_are_all_made(project: Project, serve: Serve) -> None:
    """More texts than can be open at once, from the server and from the cache."""
    server = serve()
    rows = "".join(f"r{n},Line {n % 7}.,clerk\n" for n in range(200))
    project.lines = "key,line,role\n" + rows
    assert project.run(server=server).made == 201
    for path in (project.folder / "out").rglob("*.wav"):
        path.unlink()
    assert project.run(server=server).made == 201
    assert server.connections < 20


def test_a_refused_key_sends_a_long_text_once(project: Project, serve: Serve) -> None:
    """A fatal error stops a long text's other chunks too."""
    server = serve(keys=(Secret("another"),))
    project.story = " ".join(f"Sentence number {n} of the story." for n in range(300))
    report = project.run(server=server, concurrency=2)
    assert report.exit_code == 4
    assert server.refusals[401] <= 2
    assert report.totals.characters_sent == 0


@pytest.mark.parametrize(
    "changed",
    [
        "key,line,role\nhello,Good morning.,clerk\n",
        LINES + "more,More.,clerk\n",
        "key,line,role\nhello,Good morning.,klerk\nbye,Good bye now.,narrator\n",
        "key,line,role\nhello,Good morning.,clerk\nbye,,narrator\n",
    ],
)
def test_texts_that_change_meanwhile_are_no_success(
    project: Project, serve: Serve, changed: str
) -> None:
    """A table that is edited during the run ends it with 2, not with 0."""

    def edit(event: Event) -> None:
        if isinstance(event, RunPlanned):
            (project.folder / "lines.csv").write_text(changed, encoding="utf-8")

    report = project.run(server=serve(), on_event=edit)
    assert report.exit_code == 2
    assert report.error


def test_a_listener_that_fails_ends_nothing(project: Project, serve: Serve) -> None:
    """Whoever listens may fail: the run goes on and says so."""

    def broken(event: Event) -> None:
        raise RuntimeError("no screen")

    report = project.run(server=serve(), on_event=broken)
    assert (report.exit_code, report.made) == (0, 3)
    assert "no screen" in report.warnings[0]


@pytest.mark.parametrize("name", ["", "job.guard.json", "job.outputs.sqlite3", "cache"])
def test_a_planted_link_is_refused(project: Project, tmp_path: Path, name: str) -> None:
    """Links in the state folder cannot make a run write somewhere else."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    state = project.folder / ".batchtts"
    if name:
        state.mkdir()
    (state / name if name else state).symlink_to(victim)
    with pytest.raises(LocalError, match="is a link"):
        project.run()
    assert victim.read_text() == "precious"


def test_a_half_damaged_ledger_costs_no_run(project: Project, serve: Serve) -> None:
    """Garbage in the middle of the ledger is found, and the ledger begun anew."""
    server = serve()
    rows = "".join(f"line-number-{n},Line.,clerk\n" for n in range(200))
    project.lines = "key,line,role\n" + rows
    project.run(server=server)
    path = project.folder / ".batchtts" / "job.outputs.sqlite3"
    content = bytearray(path.read_bytes())
    content[9000:12000] = b"\xa5" * 3000
    path.write_bytes(content)
    assert project.run(server=server).exit_code == 0
    assert project.run(server=server).unchanged == 201


def test_a_job_reached_by_a_link_is_the_same_job(
    project: Project, tmp_path: Path, serve: Serve
) -> None:
    """The way to a job's folder makes no difference to what is up to date."""
    server = serve()
    project.run(server=server)
    (tmp_path / "link").symlink_to(project.folder, target_is_directory=True)
    job = batchtts.load_job(tmp_path / "link" / "job.yaml")
    assert batchtts.run(job).unchanged == 3


def test_index_and_id_may_not_meet(project: Project) -> None:
    """A name made of an id and one made of an index are compared too."""
    project.lines = "key,line,role\n02,Good morning.,clerk\n01,Good bye.,clerk\n"
    project.more = (
        '  - {kind: files, path: "x/{id}.wav"}\n'
        '  - {kind: files, path: "x/{index}.wav"}'
    )
    with pytest.raises(JobError, match="would write"):
        project.run()


def test_a_name_too_long_is_found_first(project: Project, serve: Serve) -> None:
    """A file name that no file system takes is found before anything is sent."""
    server = serve()
    project.lines = f"key,line,role\n{'a' * 150},Hello.,clerk\n"
    project.more = '  - {kind: files, path: "y/{id}-{id}.wav"}'
    with pytest.raises(JobError, match="longer than 255 bytes"):
        project.run(server=server)
    assert server.connections == 0


def test_a_target_out_of_reach_is_said(project: Project, serve: Serve) -> None:
    """A file that cannot be as loud as asked, for its peaks, is a warning."""
    project.more = (
        '  - {kind: files, path: "loud/{id}.wav", '
        "audio: {loudness: {lufs: -1, true_peak: -9}}}"
    )
    report = project.run(server=serve())
    assert report.exit_code == 0
    assert len(report.warnings) == 3
    assert "dB below the -1 asked for" in report.warnings[0]


def test_what_nobody_hears_is_said(project: Project, serve: Serve) -> None:
    """Texts with nothing to speak, and texts in no output, are warnings."""
    project.lines = "key,line,role\ndots,...,clerk\nhello,Hello.,clerk\n"
    path = project.write(server=serve())
    text = path.read_text().replace('{id}.wav"}', '{id}.wav", texts: [d*, s*]}')
    path.write_text(text)
    report = batchtts.run(batchtts.load_job(path))
    assert report.exit_code == 0
    words = "\n".join(report.warnings)
    assert 'text "dots" has nothing to speak' in words
    assert 'text "hello" is in no output' in words


def test_the_state_folder_keeps_itself_out_of_git(
    project: Project, serve: Serve
) -> None:
    """Nobody has to know that the state folder is not for committing."""
    project.run(server=serve())
    ignore = project.folder / ".batchtts" / ".gitignore"
    assert ignore.read_text().splitlines()[-1] == "*"


def test_many_files_are_made_by_other_processes(tmp_path: Path, serve: Serve) -> None:
    """The first files of a run are made by itself, later ones not: the same bytes."""
    server = serve()
    project = Project(tmp_path)
    lines = [f"t{n},Line {n} of many; and it is read.,clerk" for n in range(60)]
    project.lines = "\n".join(["key,line,role", *lines]) + "\n"
    project.more = '  - {kind: files, path: "mp3/{id}.mp3"}'
    assert project.run(server=server).made == 122
    before = _bytes_in(tmp_path)
    for path in [*tmp_path.glob("out/*/t5*"), *tmp_path.glob("mp3/t5*")]:
        path.unlink()
    assert project.run(server=server).made == 22
    assert _bytes_in(tmp_path) == before
    report = json.loads((tmp_path / ".batchtts" / "job.report.json").read_text())
    assert sum(one["samples"] > 0 for one in report["outputs"]) == 122


def _bytes_in(folder: Path) -> dict[Path, bytes]:
    files = [*folder.glob("out/*/*"), *folder.glob("mp3/*")]
    return {path: path.read_bytes() for path in files}
