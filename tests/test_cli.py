"""The command line: words, streams and exit codes, as a person meets them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from epubs import Epub, page

from batchtts.cli import main
from batchtts.localserver.server import LocalServer
from batchtts.runner.guard import guard

Serve = Callable[..., LocalServer]
Cli = Callable[..., tuple[int, str, str]]

JOB = """
engine: local
local: {synthesiser: tone}
voices: {narrator: {speaker: astra}}
texts:
  - {id: a, text: Good morning.}
  - {id: b, text: Good night.}
outputs: [{kind: files, path: "out/{id}.wav"}]
"""


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Give a way to call `batchtts` here: the exit code, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return code, said.out, said.err

    return call


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """Give a small job file."""
    path = tmp_path / "job.yaml"
    path.write_text(JOB, encoding="utf-8")
    return path


def test_run_says_what_it_made(cli: Cli, job: Path) -> None:
    """The last line counts; stdout holds the result, stderr the talk."""
    code, out, err = cli("run", job)
    assert code == 0
    assert re.fullmatch(
        r"2 outputs: 2 made, 0 unchanged · 24 characters sent · [\d.]+ s audio\n", out
    )
    assert "2 texts, 24 characters, 2 files to make or check" in err
    code, out, _ = cli("run", job)
    assert out.startswith("2 outputs: 0 made, 2 unchanged · 0 characters sent")


def test_quiet_means_quiet(cli: Cli, job: Path) -> None:
    """With -q a good run says nothing."""
    assert cli("run", job, "-q") == (0, "", "")


def test_verbose_names_each_file(cli: Cli, job: Path) -> None:
    """With -v each file is told as it is made."""
    _, _, err = cli("run", job, "-v")
    assert err.count("made ") == 2
    assert str(job.parent / "out" / "a.wav") in err


def test_json_is_one_document_on_stdout(cli: Cli, job: Path) -> None:
    """With --json stdout is the report and nothing else."""
    code, out, _ = cli("run", job, "--json")
    document = json.loads(out)
    assert code == document["exit_code"] == 0
    assert (document["made"], document["pending"], document["version"]) == (2, 0, 1)
    assert Path(document["report"]).is_file()


def test_a_dry_run_is_the_plan(cli: Cli, job: Path) -> None:
    """`run --dry-run` and `plan` print the same and make nothing."""
    before = sorted(job.parent.rglob("*"))
    code, planned, _ = cli("plan", job)
    assert code == 0
    assert cli("run", job, "--dry-run")[1] == planned
    assert sorted(job.parent.rglob("*")) == before
    rows = dict(re.findall(r"^ *(\w[\w ]*?) {2,}(.*)$", planned, re.MULTILINE))
    assert rows["to send"] == "2"
    _, planned, _ = cli("run", job, "--dry-run", "--only", "a")
    assert re.search(r"^ +to send +1$", planned, re.MULTILINE)
    code, _, err = cli("run", job, "--only", "a", "--prune")
    assert (code, "leave out --only" in err) == (2, True)
    assert rows["characters to send"] == "24"
    assert rows["engine"] == "local/tone+1"


def test_the_plan_knows_the_cache(cli: Cli, job: Path) -> None:
    """After a run whose files were lost, all is in the cache."""
    cli("run", job)
    (job.parent / "out" / "a.wav").unlink()
    document = json.loads(cli("plan", job, "--json")[1])
    assert document["outputs_due"] == 1
    assert document["outputs_unchanged"] == 1
    assert document["requests_cached"] == 1
    assert document["requests_to_send"] == document["characters_to_send"] == 0


def test_the_plan_tells_the_cost_where_a_price_is_known(cli: Cli, job: Path) -> None:
    """The price of 1,000 characters is the job's word; without it no cost is told."""
    assert "cost" not in cli("plan", job)[1]
    job.write_text(f"price: 0.05\n{JOB}", encoding="utf-8")
    assert (
        "cost                0.0012 (0.05 per 1,000 characters" in cli("plan", job)[1]
    )
    assert json.loads(cli("plan", job, "--json")[1])["cost"] == pytest.approx(0.0012)
    for price in ("-1", "cheap", "0.05 USD"):
        job.write_text(f"price: {price}\n{JOB}", encoding="utf-8")
        code, _, err = cli("plan", job)
        assert code == 2
        assert 'job.yaml:1:8: "price" must be a number' in err


def test_validate_and_plan_say_what_is_not_read(cli: Cli, job: Path) -> None:
    """What a book has and nobody will hear is told before it is paid for."""
    pages = {
        "i.xhtml": page("<p>Imprint</p>", role="imprint"),
        "a.xhtml": page("<h1>One</h1><p>a</p>"),
    }
    Epub(pages=pages, nav=[("Imprint", "i.xhtml"), ("One", "a.xhtml")]).write(
        job.with_name("tale.epub")
    )
    texts = (
        "texts: [{file: tale.epub}]\noutputs: [{kind: files, path: 'o/{index}.wav'}]"
    )
    job.write_text(f"{JOB.partition('texts:')[0]}{texts}", encoding="utf-8")
    expected = 'tale.epub: left out: "Imprint" (imprint)'
    for command in ("validate", "plan"):
        code, _, err = cli(command, job)
        assert (code, err) == (0, f"warning: {expected}\n")
    assert cli("run", job, "--progress", "none")[0] == 0
    report = json.loads((job.parent / ".batchtts" / "job.report.json").read_bytes())
    assert report["warnings"] == [expected]
    assert (job.parent / "o" / "01.wav").exists()


def test_validate_says_what_a_job_comes_to(cli: Cli, job: Path) -> None:
    """A good job is described in one line, or in JSON."""
    code, out, _ = cli("validate", job)
    assert code == 0
    assert "is valid: 1 voice, 2 texts, 24 characters to read, 2 files" in out
    assert json.loads(cli("validate", job, "--json")[1])["valid"] is True


def test_errors_have_places_and_all_come_at_once(cli: Cli, job: Path) -> None:
    """Two mistakes are two lines on stderr, each with its place; exit 2."""
    wrong = JOB.replace("astra", "astra, temprature: 1")
    job.write_text(wrong.replace("kind", "kin"))
    for command in ("validate", "run", "plan"):
        code, out, err = cli(command, job)
        assert (code, out) == (2, "")
        lines = err.splitlines()
        assert len(lines) >= 2
        assert all(line.startswith("error: ") for line in lines)
        assert re.search(r"job\.yaml:4:37: .*temprature.*mean \"temperature\"", err)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rum"], 'no such command "rum"; did you mean "run"?'),
        (["run"], "Missing argument 'JOB'"),
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "x.yaml", "--engine", "festival"], "'festival' is not one of"),
    ],
)
def test_a_wrong_command_line_exits_2(
    cli: Cli, arguments: list[str], words: str
) -> None:
    """What cannot be understood is said, with the nearest thing that can."""
    code, _, err = cli(*arguments)
    assert code == 2
    assert words in err


def test_a_missing_key_exits_4(cli: Cli, job: Path) -> None:
    """Without a key nothing is sent, and the message says where to put one."""
    code, _, err = cli("run", job, "--engine", "rime")
    assert code == 4
    assert "RIME_API_KEY" in err
    assert "--engine local" in err
    assert "run again to resume" in err


def test_the_local_server_is_never_taken_for_rime(
    cli: Cli, job: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline speech does not get into the cache as Rime's."""
    monkeypatch.setenv("RIME_API_KEY", "canary")
    server = serve()
    code, _, err = cli("run", job, "--engine", "rime", "--url", server.url)
    assert code == 4
    assert "local/tone+1" in err
    assert not list((job.parent / ".batchtts").rglob("*.take"))


def test_no_server_exits_5(cli: Cli, job: Path) -> None:
    """An address where nobody listens is an unavailable service."""
    code, _, err = cli("run", job, "--url", "ws://127.0.0.1:9/ws")
    assert code == 5
    assert "127.0.0.1:9" in err


def test_an_unwritable_output_exits_6(cli: Cli, job: Path) -> None:
    """A disk that refuses the files is the machine's fault, and nothing is lost."""
    if not Path("/proc/self").exists():
        pytest.skip("no folder that refuses even the superuser")
    job.write_text(JOB.replace("out/", "/proc/nothing/"))
    code, out, err = cli("run", job, "--allow-outside")
    assert (code, out) == (6, "")
    assert 'error: cannot make the folder "/proc/nothing"' in err
    assert not list((job.parent / ".batchtts").rglob("*.take"))


def test_a_second_run_at_once_exits_11(cli: Cli, job: Path) -> None:
    """The second run names the first."""
    with guard(job.parent / ".batchtts", "job"):
        code, _, err = cli("run", job)
    assert code == 11
    assert f"process {os.getpid()}" in err


def test_failed_texts_exit_3_and_come_last(cli: Cli, job: Path, serve: Serve) -> None:
    """The failure, with its place, and how to resume are what stays on the screen."""
    server = serve(text_limit=12)
    code, out, err = cli("run", job, "--url", server.url)
    assert code == 3
    assert "1 made, 0 unchanged, 1 failed" in out
    last = err.splitlines()[-2:]
    assert re.match(r'failed: .*job\.yaml:6.*: text "a" in voice "narrator"', last[0])
    assert "run again to resume: batchtts run" in last[1]


def test_the_schema_is_json(cli: Cli) -> None:
    """The schema comes whole on stdout."""
    code, out, _ = cli("schema")
    assert code == 0
    assert json.loads(out)["$schema"].startswith("https://json-schema.org/")


def test_init_writes_a_job_that_runs(cli: Cli, tmp_path: Path) -> None:
    """The first job is valid as it is, and never overwrites another."""
    path = tmp_path / "new" / "first.yaml"
    code, out, err = cli("init", path)
    assert (code, out) == (0, f"{path}\n")
    assert "batchtts plan" in err
    assert (path.parent / "job.schema.json").is_file()
    assert cli("validate", path)[0] == 0
    assert cli("run", path, "--synthesiser", "tone", "-q") == (0, "", "")
    assert (path.parent / "out" / "welcome.wav").is_file()
    code, _, err = cli("init", path)
    assert code == 2
    assert "exists already" in err


def test_cache_commands_tell_and_clean(cli: Cli, job: Path) -> None:
    """Info counts, verify finds the damaged take and exits 6, prune removes."""
    cli("run", job)
    folder = job.parent / ".batchtts" / "cache"
    assert (
        json.loads(cli("cache", "info", "--cache", folder, "--json")[1])["takes"] == 2
    )
    assert cli("cache", "verify", "--cache", folder)[0] == 0
    take = next(folder.rglob("*.take"))
    take.write_bytes(take.read_bytes()[:-1])
    code, out, err = cli("cache", "verify", "--cache", folder)
    assert code == 6
    assert "1 take good, 1 damaged" in out
    assert take.name in err
    code, out, _ = cli("cache", "prune", "--cache", folder, "--older-than", 0)
    assert code == 0
    assert "removed 1 take and 1 damaged file," in out
    assert "0 takes" in cli("cache", "info", "--cache", folder)[1]


def test_doctor_tries_everything(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Speech over a socket and every codec are really tried."""
    monkeypatch.chdir(tmp_path)
    code, out, _ = cli("doctor", "--json")
    findings = {one["what"]: one["state"] for one in json.loads(out)}
    assert code == 0
    assert findings["local speech (tone)"] == "good"
    for codec in ("wav", "flac", "mp3", "opus", "m4a", "mulaw"):
        assert findings[f"codec {codec}"] == "good"
    assert findings["key"] == "note"
    assert list(tmp_path.iterdir()) == []


def test_help_and_versions_are_quick_to_print(cli: Cli) -> None:
    """Help lists the commands; the version line names what a bug report needs."""
    code, out, _ = cli("--help")
    assert code == 0
    assert all(name in out for name in ("run", "plan", "serve", "chunk", "doctor"))
    code, out, _ = cli("--version")
    assert re.match(r"batchtts \d+\.\d+\.\d+ \(python ", out)
    assert "av " in out


def test_help_does_not_import_the_heavy_packages() -> None:
    """Help is quick: no codec, no numpy, no socket library is loaded for it."""
    script = (
        "import sys; from batchtts.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'av', 'numpy', 'pydub', 'websockets', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_colour_is_off_when_asked(
    cli: Cli, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FORCE_COLOR colours even a pipe, NO_COLOR never."""
    job.write_text("nonsense: true\n")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in cli("validate", job)[2]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in cli("validate", job)[2]


def _start(job: Path, server: LocalServer) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "batchtts", "run", str(job), "--url", server.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("waited 30 s in vain")


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX signals there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_is_finished(
    cli: Cli, tmp_path: Path, serve: Serve, number: signal.Signals
) -> None:
    """After an interrupt the report is there; the next run makes only the rest."""
    server = serve(first_byte_s=0.1)
    texts = "\n".join(f"  - {{id: t{n}, text: Line number {n}.}}" for n in range(20))
    head, rest = JOB.split("texts:\n")
    job = tmp_path / "job.yaml"
    job.write_text(f"concurrency: 2\n{head}texts:\n{texts}\n{rest.splitlines()[-1]}\n")
    run = _start(job, server)
    _wait_for(lambda: server.connections >= 6)
    run.send_signal(number)
    out, err = run.communicate(timeout=30)
    assert run.returncode == 128 + number
    assert "Traceback" not in err
    assert "not reached" in out
    assert "run again to resume: batchtts run" in err.splitlines()[-1]
    report = json.loads((tmp_path / ".batchtts" / "job.report.json").read_text())
    assert report["exit_code"] == 128 + number
    made = report["outputs_made"]
    assert 4 <= made < 20
    assert len(list((tmp_path / "out").iterdir())) == made
    opened = server.connections
    code, out, err = cli("run", job, "--url", server.url)
    assert code == 0, err
    assert out.startswith(f"20 outputs: {20 - made} made")
    assert server.connections == 20
    assert opened < 20


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX signals there")
def test_the_second_interrupt_ends_at_once(tmp_path: Path, serve: Serve) -> None:
    """Who presses Ctrl-C twice does not wait for a slow server."""
    server = serve(first_byte_s=60)
    job = tmp_path / "job.yaml"
    job.write_text(JOB)
    run = _start(job, server)
    _wait_for(lambda: server.connections >= 1)
    run.send_signal(signal.SIGINT)
    assert run.stderr is not None
    _wait_for(lambda: "interrupted" in (run.stderr.readline() if run.stderr else ""))
    began_s = time.monotonic()
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=30)
    assert run.returncode == 130
    assert time.monotonic() - began_s < 5


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX signals there")
def test_a_killed_run_goes_on_where_it_was(
    cli: Cli, tmp_path: Path, serve: Serve
) -> None:
    """After kill -9 every file is whole and only what was in flight is sent again."""
    server = serve(first_byte_s=0.1)
    texts = "\n".join(f"  - {{id: t{n}, text: Line number {n}.}}" for n in range(20))
    head, rest = JOB.split("texts:\n")
    job = tmp_path / "job.yaml"
    job.write_text(f"concurrency: 2\n{head}texts:\n{texts}\n{rest.splitlines()[-1]}\n")
    run = _start(job, server)
    _wait_for(lambda: server.connections >= 8)
    run.kill()
    run.communicate()
    code, out, _ = cli("run", job, "--url", server.url)
    assert code == 0
    assert out.startswith("20 outputs: ")
    assert server.connections <= 20 + 2
    clean = tmp_path / "clean"
    clean.mkdir()
    (clean / "job.yaml").write_text(job.read_text())
    assert cli("run", clean / "job.yaml", "--url", server.url)[0] == 0
    made = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    assert made == {p.name: p.read_bytes() for p in (clean / "out").iterdir()}


def test_errors_are_json_too(cli: Cli, job: Path) -> None:
    """With --json an error is a document on stdout, each problem with its place."""
    job.write_text(JOB.replace("astra", "astra, temprature: 1"))
    for command in ("validate", "run", "plan"):
        code, out, err = cli(command, job, "--json")
        document = json.loads(out)
        assert code == document["exit_code"] == 2
        [problem] = document["problems"]
        assert (problem["line"], problem["column"]) == (4, 37)
        assert "temprature" in problem["message"]
        assert "error:" in err


def test_a_cache_that_is_not_there_is_an_error(cli: Cli, job: Path) -> None:
    """A mistyped folder does not pass for a healthy cache; a job names its own."""
    code, _, err = cli("cache", "verify", "--cache", job.parent / "nowhere")
    assert code == 2
    assert "there is no cache here" in err
    cli("run", job)
    assert "2 takes" in cli("cache", "info", job)[1]


def test_a_full_cache_need_not_be_writable(cli: Cli, job: Path) -> None:
    """Takes are used from a cache that nothing can be written to."""
    cli("run", job)
    folder = job.parent / ".batchtts" / "cache"
    for path in (job.parent / "out").iterdir():
        path.unlink()
    folder.rename(job.parent / "takes")
    (job.parent / ".batchtts" / "cache").write_text("in the way")
    code, out, _ = cli("run", job, "--cache", job.parent / "takes")
    assert code == 0
    assert "2 takes from the cache" in out


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes like these there")
def test_a_reader_that_leaves_changes_no_exit_code(job: Path) -> None:
    """`batchtts run --json | true` makes all and says so by its exit code."""
    run = subprocess.Popen(
        [sys.executable, "-m", "batchtts", "run", str(job), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.close()
    err = run.stderr.read()
    run.stderr.close()
    assert run.wait(60) == 0, err
    assert len(list((job.parent / "out").iterdir())) == 2
