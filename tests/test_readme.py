"""Every command of the README works as it is printed."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    lines = "".join(blocks).splitlines()
    return [line.partition("#")[0].strip() for line in lines]


def _yaml() -> list[str]:
    """Return the job that is shown, and the plan of faults."""
    return re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


OWN = [line for line in _commands() if line.startswith("batchtts ")]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of what a user has after cloning, to run the commands in."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in ("jobs", "samples"):
        shutil.copytree(
            ROOT / name,
            folder / name,
            ignore=shutil.ignore_patterns("out", ".batchtts"),
        )
    return folder


def _call(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    arguments = shlex.split(command)[1:]
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "batchtts", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=110,
        check=False,
    )


def test_the_commands_are_the_ones_we_know() -> None:
    """The README has two set-up commands, and each of ours once."""
    assert len(_commands()) == len(OWN) + 2
    words = {shlex.split(line)[1] for line in OWN}
    assert words == {
        *("init", "validate", "plan", "run", "chunk", "cache", "doctor", "serve"),
    }


def test_each_command_works_in_turn(checkout: Path) -> None:
    """The commands, run one after the other as printed, all succeed."""
    for command in OWN:
        if " serve " in command:
            continue
        done = _call(command, checkout)
        assert done.returncode == 0, f"{command}: {done.stderr}"
    assert (checkout / "my-job.yaml").is_file()
    assert any((checkout / "jobs" / "out" / "audiobook").iterdir())
    assert _python_example(checkout) == "0"


def _python_example(checkout: Path) -> str:
    """Run the Python lines; return the last word that they print: the exit code."""
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=110,
        check=True,
    )
    return done.stdout.split()[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX signals there")
def test_serve_starts_as_printed(checkout: Path) -> None:
    """The server's command starts a server that fails as told, on a free port."""
    [command] = [line for line in OWN if " serve " in line]
    (checkout / "plan.yaml").write_text(_yaml()[1], encoding="utf-8")
    arguments = shlex.split(command.replace("--port 8765", "--port 0"))[1:]
    server = subprocess.Popen(
        [sys.executable, "-m", "batchtts", *arguments],
        cwd=checkout,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    planned, line = server.stderr.readline(), server.stderr.readline()
    server.send_signal(signal.SIGINT)
    server.communicate(timeout=30)
    assert planned == 'faults: 2 of "plan.yaml", with seed 7\n'
    assert re.search(r"ws://127\.0\.0\.1:\d+/ws", line)
    assert server.returncode == 0


def test_the_job_in_the_readme_is_valid(tmp_path: Path) -> None:
    """The job shown, with files for it to read, is accepted."""
    (tmp_path / "job.yaml").write_text(_yaml()[0], encoding="utf-8")
    (tmp_path / "story.md").write_text("# One\n\nHello.\n", encoding="utf-8")
    table = "key,line,role\nhello,Good morning.,clerk\n"
    (tmp_path / "prompts.csv").write_text(table, encoding="utf-8")
    done = _call("batchtts validate job.yaml", tmp_path)
    assert done.returncode == 0, done.stderr


def test_links_lead_somewhere() -> None:
    """Every relative link of the README is a file of the repository."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert (ROOT / target).exists(), target
