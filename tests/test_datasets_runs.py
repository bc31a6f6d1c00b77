"""Datasets of whole runs: job file in, a corpus out, and nothing twice."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import shutil
import signal
import sys
import tarfile
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import batchtts
from batchtts.corpora import FORMATS
from batchtts.errors import JobError
from batchtts.events import Event, ReadingDone
from batchtts.localserver import tone_reader
from batchtts.localserver.server import LocalServer
from batchtts.model import Job
from batchtts.outputs.datasets.finishing import Finished, Finishing
from batchtts.report import RunReport
from batchtts.runner import workshop
from batchtts.runner.checking import check
from batchtts.runner.preview import preview
from batchtts.runner.scope import Scope
from batchtts.runner.workshop import Workshop

Serve = Callable[..., LocalServer]

JOB = """
engine: local
local: {{synthesiser: tone{url}}}
voices: {{astra: {{speaker: astra}}, luna: {{speaker: luna}}}}
texts:
  - {{table: rows.csv, text: words}}
outputs:
  - kind: dataset
    path: out
    license: cc0-1.0
    audio: {{sample_rate: 8000}}
    {more}
"""
ROWS = {
    "one": "The ferry leaves at nine.",
    "two": 'He said "wait | here", twice.',
    "three": "Grüße aus Köln!",
    "long": "Many words follow one another here. " * 16,
}
COLUMNS = ("scene", "act", "mood", "day", "hour", "by")


class Project:
    """A folder with a job for a dataset in it."""

    def __init__(self, folder: Path) -> None:
        """Make the folder."""
        self.folder = folder
        self.out = folder / "out"
        folder.mkdir()
        self.rows = dict(ROWS)
        self.more = "format: ljspeech; voices: [astra, luna]"

    def load(self, server: LocalServer | None = None) -> Job:
        """Write the job and its table, and read it."""
        with (self.folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["id", "words", *COLUMNS])
            table.writerows([name, said, *COLUMNS] for name, said in self.rows.items())
        url = f', url: "{server.url}"' if server else ""
        more = "\n    ".join(self.more.split("; "))
        path = self.folder / "job.yaml"
        path.write_text(JOB.format(url=url, more=more), encoding="utf-8")
        return batchtts.load_job(path)

    def run(self, server: LocalServer | None = None) -> RunReport:
        """Run the job."""
        return batchtts.run(self.load(server))

    def stamps(self) -> dict[str, int]:
        """Return when each file of the dataset was last written."""
        return {
            str(path.relative_to(self.out)): path.stat().st_mtime_ns
            for path in self.out.rglob("*")
            if path.is_file()
        }

    def contents(self) -> dict[str, bytes]:
        """Return every file of the dataset."""
        return {name: (self.out / name).read_bytes() for name in self.stamps()}

    def told(self) -> dict[str, object]:
        """Return the report's last entry."""
        report = self.folder / ".batchtts" / "job.report.json"
        entry = json.loads(report.read_text("utf-8"))["outputs"][-1]
        assert isinstance(entry, dict)
        return entry


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Give a fresh project."""
    return Project(tmp_path / "project")


def _heard(data: bytes) -> str:
    with wave.open(io.BytesIO(data)) as file:
        assert file.getframerate() == 8000
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    reading = tone_reader.read(samples, 8000)
    assert reading.whole
    return reading.text


def test_every_sentence_in_every_voice(project: Project, serve: Serve) -> None:
    """The rows are the job's, each with sound that says its words."""
    report = project.run(serve())
    assert (report.exit_code, report.outputs, report.made) == (0, 8, 8)
    lines = (project.out / "metadata.csv").read_text("utf-8").splitlines()
    rows = {line.split("|")[0]: line.split("|")[1] for line in lines}
    assert list(rows)[:2] == ["astra-one", "luna-one"]
    assert rows["luna-two"] == 'He said "wait here", twice.'
    for name, words in ROWS.items():
        heard = _heard((project.out / f"wavs/astra-{name}.wav").read_bytes())
        assert heard.split() == words.split()
    assert project.told()["utterances"] == 8
    card = (project.out / "README.md").read_text("utf-8")
    assert "cc0-1.0" in card
    places = [card.index(f"| `{name}` |") for name in COLUMNS]
    assert places == sorted(places)  # as in the table, in every process


def test_a_second_run_opens_no_socket_and_touches_no_file(
    project: Project, serve: Serve
) -> None:
    """It counts all of it as unchanged; and so does a plan, which makes nothing."""
    server = serve()
    project.run(server)
    stamps, connections = project.stamps(), server.connections
    report = project.run(server)
    assert (report.made, report.unchanged, report.exit_code) == (0, 8, 0)
    assert project.stamps() == stamps
    assert server.connections == connections
    assert project.told()["state"] == "unchanged"
    state = {path: path.stat().st_mtime_ns for path in project.folder.rglob("*")}
    told = preview(project.load(server))
    assert (told.outputs_due, told.outputs_unchanged, told.requests) == (0, 8, 0)
    del state[project.folder / "job.yaml"], state[project.folder / "rows.csv"]
    assert all(path.stat().st_mtime_ns == was for path, was in state.items())


def test_rows_added_are_appended(project: Project, serve: Serve) -> None:
    """Full shards stay as they are, and the whole is as if made at once."""
    project.more = "format: webdataset; voices: [astra]; shard_rows: 2"
    server = serve()
    project.run(server)
    before = project.stamps()
    project.rows["five"] = "One more."
    told = preview(project.load(server))
    assert (told.outputs_to_make, told.outputs_to_remake) == (1, 0)
    report = project.run(server)
    assert (report.made, report.unchanged) == (1, 4)
    after = project.stamps()
    assert {n for n in before if n.endswith(".tar") and after[n] != before[n]} == set()
    with tarfile.open(project.out / "train-000002.tar") as shard:
        assert "five.json" in shard.getnames()
    contents = project.contents()
    again = Project(project.folder.parent / "again")
    again.rows, again.more = project.rows, project.more
    again.run(server)
    assert again.contents() == contents


def test_other_processes_make_the_same(
    project: Project, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte, in both encodings."""
    server = serve()
    project.more = "format: [webdataset, nemo, f5]"
    project.more += "; voices: [astra]"
    project.run(server)
    contents = project.contents()
    ordered: list[Path] = []

    def have_finished(self: Workshop, order: Finishing) -> Finished:
        ordered.append(order.spool)
        return have(self, order)

    have = Workshop.have_finished
    monkeypatch.setattr(Workshop, "have_finished", have_finished)
    monkeypatch.setattr(workshop, "_BY_OURSELVES", 0)
    monkeypatch.setattr(workshop, "hands", lambda: 2)
    shutil.rmtree(project.out)
    assert project.run(server).made == 4
    assert (len(ordered), project.contents()) == (4, contents)


def test_what_failed_is_left_out_until_it_comes(project: Project, serve: Serve) -> None:
    """The rest is made, the failure listed; the next run adds the missing row."""
    faults = '[{text: "*Köln*", reply: {end: 1011}}]'
    report = project.run(serve(faults))
    assert (report.exit_code, report.made, report.failed) == (3, 6, 2)
    assert {failure.text for failure in report.failures} == {"three"}
    left_out = project.told()["left_out"]
    assert left_out == {"text": 0, "filters": {}, "failed": 2}
    report = project.run(serve())
    assert (report.exit_code, report.failed, report.totals.made) == (0, 0, 2)
    assert len((project.out / "metadata.csv").read_text("utf-8").splitlines()) == 8


def test_hostile_rows_harm_no_other(project: Project, serve: Serve) -> None:
    """What cannot be said is left out with a warning; all the rest is there."""
    project.rows |= {
        "emoji": "\U0001f600\U0001f389",
        "dots.and space": "An odd id.",
        "huge": "word " * 20_001,
        "command": "<EOS> is a word.",
    }
    project.more = "format: ljspeech; voices: [astra]"
    report = project.run(serve())
    assert (report.exit_code, report.failed, report.pending) == (0, 0, 0)
    wavs = {path.stem for path in (project.out / "wavs").iterdir()}
    assert {"command", "one"} < wavs
    assert not {"emoji", "huge"} & wavs
    assert any(name.startswith("dots_and_space-") for name in wavs)
    dropped = (project.out / "about" / "dropped.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["id"] for line in dropped} == {"emoji", "huge"}
    assert any('"emoji" has nothing to speak: it is left' in w for w in report.warnings)
    assert any("out: 2 utterances left out" in w for w in report.warnings)


def test_filters_change_for_free(project: Project, serve: Serve) -> None:
    """What is too long goes, and comes back, without a request."""
    server = serve()
    project.run(server)
    connections, plain = server.connections, project.more
    project.more += "; filters: {duration: {most: 1}}"
    project.run(server)
    project.more = project.more.replace("most: 1", "most: 15")
    [stale] = check(project.load(server)).findings
    assert "filters duration [none, 1] -> [none, 15]" in str(stale.reasons[0])
    project.run(server)
    assert not (project.out / "wavs" / "astra-long.wav").exists()
    assert project.told()["left_out"] == {
        "text": 0,
        "filters": {"duration": 2},
        "failed": 0,
    }
    project.more = plain
    project.run(server)
    assert (project.out / "wavs" / "astra-long.wav").exists()
    assert server.connections == connections


def test_lists_that_are_stale_are_told(project: Project, serve: Serve) -> None:
    """A card that says otherwise than the job is made anew, and nothing else."""
    server = serve()
    project.run(server)
    connections, stamps = server.connections, project.stamps()
    project.more += "; title: Another"
    told = preview(project.load(server))
    assert (told.outputs_due, told.outputs_unchanged) == (1, 7)
    assert (told.outputs_to_make, told.outputs_to_remake) == (0, 1)
    report = project.run(server)
    assert (report.made, report.unchanged, report.exit_code) == (1, 7, 0)
    assert "# Another" in (project.out / "README.md").read_text("utf-8")
    after = project.stamps()
    assert all(after[name] == stamps[name] for name in stamps if "wavs" in name)
    (project.out / "metadata.csv").unlink()
    assert preview(project.load(server)).outputs_due == 1
    assert project.run(server).made == 1
    del project.rows["three"]
    report = project.run(server)
    assert any("2 utterances of an earlier run not in" in w for w in report.warnings)
    assert project.run(server).unchanged == 6
    assert server.connections == connections


def test_a_dataset_has_a_folder_of_its_own(project: Project) -> None:
    """The folder of the job is not one; and nothing is filled into its name."""
    project.load()
    path = project.folder / "job.yaml"
    text = path.read_text("utf-8")
    for other, told in ((".", "not a folder of the dataset's own"), ("{id}", "filled")):
        path.write_text(text.replace("path: out", f'path: "{other}"'), "utf-8")
        with pytest.raises(JobError, match=told):
            batchtts.load_job(path)


def test_a_recogniser_of_the_users_is_asked(
    project: Project, serve: Serve, tmp_path: Path
) -> None:
    """Its error rates are scores and filters; without one nothing is begun."""
    project.rows = {"good": "Alpha beta.", "bad": "Gamma delta."}
    project.more = (
        "format: nemo; voices: [astra]; recognise: true; filters: {wer: {most: 0.4}}"
    )
    server = serve()
    with pytest.raises(JobError, match="there is nobody to hear it"):
        project.run(server)
    assert server.connections == 0
    ears = tmp_path / "ears.py"
    ears.write_text("for path in iter(input, ''): print('alpha beta', flush=True)\n")
    command = shlex.join([sys.executable, str(ears)])
    report = batchtts.run(project.load(server), recogniser=command)
    assert (report.exit_code, report.made) == (0, 2)
    [line] = (project.out / "train_manifest.json").read_text("utf-8").splitlines()
    told = json.loads(line)
    assert (told["id"], told["wer"], told["cer"]) == ("good", 0, 0)
    dropped = (project.out / "about" / "dropped.jsonl").read_text("utf-8")
    assert "wer 1 is above 0.4" in dropped
    assert project.run(server).unchanged == 2


def test_each_text_in_one_of_the_voices(project: Project, serve: Serve) -> None:
    """As many utterances as texts, and further texts buy nothing but themselves."""
    project.rows = {f"n{number:02d}": f"Row {number}." for number in range(20)}
    project.more = "format: nemo; voices: [astra, luna]; assign: balanced"
    server = serve()
    report = project.run(server)
    assert (report.made, server.connections) == (20, 20)
    speakers = {path.stem.split("-")[0] for path in project.out.rglob("*.wav")}
    assert speakers == {"astra", "luna"}
    project.rows = {"new": "Before all others.", **project.rows}
    project.run(server)
    assert server.connections == 21


def test_several_takes_of_each_text(project: Project, serve: Serve) -> None:
    """Each is asked for by itself, and is an utterance with a name of its own."""
    project.rows = {"one": "The ferry leaves at nine."}
    project.more = "format: ljspeech; voices: [astra]; takes: 3"
    server = serve()
    project.run(server)
    assert server.connections == 3
    wavs = {path.stem for path in (project.out / "wavs").iterdir()}
    assert wavs == {"one", "one-take2", "one-take3"}
    project.more = "format: ljspeech; voices: [astra]; takes: 4"
    project.run(server)
    assert server.connections == 4


def test_two_names_that_are_one_label_are_refused(tmp_path: Path) -> None:
    """Before anything is paid for."""
    project = Project(tmp_path / "p")
    path = project.folder / "job.yaml"
    project.load()
    text = path.read_text("utf-8").replace("luna: {", "as-tra: {speaker: x}, as_tra: {")
    path.write_text(text.replace("voices: [astra, luna]", ""), encoding="utf-8")
    with pytest.raises(JobError, match='"as-tra" and "as_tra" would both be "as_tra"'):
        batchtts.load_job(path)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("format: mp3", '"format" must be'),
        ("format: [nemo, nemo]", "stands here a second time"),
        ("format: kaldi; encoding: flac", "the format kaldi has no flac files"),
        ("format: nemo; split_by: voice", '"split_by" is of no use without "splits"'),
        ("format: nemo; splits: {'a b': 1}", '"a b" cannot be the name of a split'),
        ("format: nemo; filters: {wer: {most: 1}}", "told by a recogniser only"),
        ("format: nemo; filters: {snr_db: {}}", '"snr_db" has no bounds'),
    ],
)
def test_mistakes_are_found_in_the_job_file(
    project: Project, more: str, told: str
) -> None:
    """Each with its place, before anything is made."""
    project.more = more
    with pytest.raises(JobError, match=told):
        project.load()


def test_nothing_else_writes_into_a_dataset(project: Project) -> None:
    """A folder in which a loader finds strangers is no dataset."""
    project.more = 'format: nemo\n  - {kind: files, path: "out/x/{id}.wav"}'
    with pytest.raises(JobError, match="writes into the folder of the dataset"):
        project.load()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupted_run_is_resumed(project: Project, serve: Serve) -> None:
    """What came is kept beside the job, and nothing of it is asked for again."""
    project.rows = {f"n{number:02d}": f"Row {number}." for number in range(40)}
    project.more = "format: webdataset; voices: [astra]"
    server = serve(first_byte_s=0.02)
    done: list[Event] = []

    def stop(event: Event) -> None:
        if isinstance(event, ReadingDone):
            done.append(event)
            if len(done) == 10:
                os.kill(os.getpid(), signal.SIGINT)

    report = batchtts.run(project.load(server), on_event=stop)
    assert report.exit_code == 130
    assert not list(project.out.rglob("*.tar"))
    report = project.run(server)
    assert (report.exit_code, report.made + report.unchanged) == (0, 40)
    assert server.connections == 40
    with tarfile.open(project.out / "train-000000.tar") as shard:
        assert len([name for name in shard.getnames() if name.endswith(".json")]) == 40


def test_bad_rows_can_be_skipped(project: Project, serve: Serve) -> None:
    """Each with a warning that says where and why; the rest is made, in each format."""
    project.more = f"format: [{', '.join(FORMATS)}]"
    project.load()
    job = project.folder / "job.yaml"
    text = job.read_text("utf-8").replace(
        "words}", "words, voice: who, bad_rows: skip}"
    )
    job.write_text(text.replace("tone", f'tone, url: "{serve().url}"'), "utf-8")
    table = (
        "id,words,who",
        "good,Good morning.,astra",
        "../../x,Hello.,astra",
        "empty,,astra",
        "wide,a,b,c",
        "nobody,Hello.,vega",
        "nul,Hel\0lo.,astra",
        '"it\'s, so","""Good | day,"" he said.",astra',
        "emoji,\U0001f600,astra",
        "late,Good night.,luna",
    )
    (project.folder / "rows.csv").write_text("\n".join(table), "utf-8")
    report = batchtts.run(batchtts.load_job(job))
    assert (report.exit_code, report.made) == (0, 3)
    for name in FORMATS:
        listed = (project.out / name / "about" / "utterances.jsonl").read_text("utf-8")
        found = [json.loads(line)["id"] for line in listed.splitlines()]
        assert found == ["good", "it's, so", "late"]
    told = "\n".join(report.warnings)
    for line, why in {
        3: 'left out: text "../../x"',
        4: 'left out: text "empty" has no words',
        5: "left out: the row has 4 cells",
        6: 'left out: there is no voice "vega"',
        7: "left out: a NUL character",
    }.items():
        assert f"rows.csv:{line}" in told
        assert why in told
    job.write_text(job.read_text("utf-8").replace("bad_rows: skip", "title: id"))
    with pytest.raises(JobError, match="nobody"):
        batchtts.run(batchtts.load_job(job))


def test_a_bad_table_is_not_skipped(project: Project) -> None:
    """Where no row is good the table is wrong, or what the job says of it."""
    project.load()
    job = project.folder / "job.yaml"
    text = job.read_text("utf-8").replace("words}", "word, bad_rows: skip}")
    job.write_text(text, "utf-8")
    with pytest.raises(JobError, match='no column "word"'):
        batchtts.run(batchtts.load_job(job))
    job.write_text(text.replace("word,", "words,"), "utf-8")
    (project.folder / "rows.csv").write_text("id,words\na\nb\n", "utf-8")
    with pytest.raises(JobError, match="the row has 1 cell"):
        batchtts.run(batchtts.load_job(job))


def test_repeated_words_are_told(project: Project, serve: Serve) -> None:
    """They are paid for once, and stand in the dataset twice."""
    project.rows = {"a": "Good  morning.", "b": "Good morning.", "c": "Good night."}
    report = project.run(serve())
    told = [line for line in report.warnings if "says the same as another" in line]
    assert len(told) == 1
    assert 'rows.csv:3: text "b"' in told[0]


def test_a_run_for_something_else_leaves_a_dataset_alone(
    project: Project, serve: Serve
) -> None:
    """Rows that a run is not for are not taken for rows that are gone."""
    server = serve()
    project.more += '; drop_removed: true\n  - {kind: files, path: "f/{id}.wav"'
    project.more += ", voices: [astra]}"
    project.run(server)
    stamps = project.stamps()
    (project.folder / "f" / "one.wav").unlink()
    batchtts.run(project.load(server), scope=Scope(only=("one",)))
    assert (project.folder / "f" / "one.wav").exists()
    assert project.stamps() == stamps
    assert project.run(server).unchanged == 12


def test_formats_that_are_not_wanted_any_more_are_gone(
    project: Project, serve: Serve
) -> None:
    """A folder has nothing that a loader would stumble over; strangers stay."""
    server = serve()
    project.run(server)
    (project.out / "mine.txt").write_text("Mine.")
    connections = server.connections
    project.more = "format: [ljspeech, nemo]; voices: [astra, luna]"
    project.run(server)
    names = {path.name for path in project.out.iterdir()}
    assert names == {"mine.txt", "ljspeech", "nemo"}
    project.more = "format: nemo; voices: [astra, luna]"
    project.run(server)
    names = {path.name for path in project.out.iterdir()}
    assert names == {"mine.txt", "audio", "about", "README.md"} | {
        "speakers.json",
        "train_manifest.json",
    }
    assert server.connections == connections


def test_files_of_several_takes(project: Project, serve: Serve) -> None:
    """Each take is a file, where the path tells them apart; else nothing is begun."""
    server = serve()
    project.rows = {"one": "The ferry leaves at nine."}
    project.more = "format: nemo; voices: [astra]\n  - {kind: files, takes: 2"
    project.more += ', voices: [astra], path: "f/{id}.wav"}'
    with pytest.raises(JobError, match=r"put \{take\} into the output's path"):
        project.run(server)
    project.more = project.more.replace("{id}.wav", "{id}-{take}.wav")
    report = project.run(server)
    assert (report.made, server.connections) == (3, 2)  # the dataset shares the first
    names = {path.name for path in (project.folder / "f").iterdir()}
    assert names == {"one-1.wav", "one-2.wav"}
