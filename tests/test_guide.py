"""What the guide shows is what there is: jobs, plans, commands, flags, links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import batchtts
from batchtts.cli import group as cli
from batchtts.jobfile import load_job
from batchtts.localserver.faultplan import parse_plan

ROOT = Path(batchtts.__file__).parent.parent
PAGES = sorted((ROOT / "batchtts" / "guide").glob("*.md"))
TOP = {
    "voices": "voices: {narrator: {speaker: astra}, clerk: {speaker: luna}}\n",
    "voice": "voice: narrator\n",
    "texts": "texts: [{id: a, text: Hello.}]\n",
    "outputs": 'outputs: [{kind: files, path: "out/{voice}/{id}.wav"}]\n',
}
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def _blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return found


def test_readme_names_every_page() -> None:
    """The README's list of pages is the folder's."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"- \[(\w+)\]\(batchtts/guide/(\w+)\.md\)", readme)
    assert [name for name, _ in named] == [file for _, file in named]
    assert {name for name, _ in named} == {page.stem for page in PAGES}


def test_command_lists_and_prints_pages() -> None:
    """`batchtts guide` lists the pages; with a name it prints one as it is."""
    listed = CliRunner().invoke(cli, ["guide"])
    assert listed.exit_code == 0
    lines = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    assert [name for name, _ in lines] == [page.stem for page in PAGES]
    printed = CliRunner().invoke(cli, ["guide", "books"])
    (books,) = [page for page in PAGES if page.stem == "books"]
    assert printed.stdout == books.read_text(encoding="utf-8")
    wrong = CliRunner().invoke(cli, ["guide", "boks"])
    assert wrong.exit_code == 2
    assert "books" in wrong.stderr


@pages
def test_jobs_are_valid(page: Path, tmp_path: Path) -> None:
    """Each piece of a job file, with what it lacks, is accepted; so is each plan."""
    for number, block in enumerate(_blocks(page, "yaml")):
        if re.search("^faults:", block, re.MULTILINE):
            assert parse_plan(block).rules
            continue
        keys = set(re.findall(r"^(\w+):", block, re.MULTILINE))
        job = tmp_path / f"job{number}.yaml"
        lacking = "".join(text for key, text in TOP.items() if key not in keys)
        job.write_text(block + lacking, encoding="utf-8")
        _make_files(block, tmp_path)
        assert load_job(job).outputs


def _make_files(block: str, folder: Path) -> None:
    """Make the files that a job reads before its texts."""
    for name in re.findall(r"[\w-]+\.(?:yaml|md|epub)", block):
        (folder / name).write_text("boatswain: bosun\n")


@pages
def test_commands_and_flags_are_there(page: Path) -> None:
    """Each command shown exists, with each of the flags that it is shown with."""
    text = page.read_text(encoding="utf-8")
    shown = [line for block in _blocks(page, "console") for line in block.splitlines()]
    shown += re.findall(r"`(batchtts [^`]+)`", text)
    for line in shown:
        words = shlex.split(line.partition("  #")[0])
        assert words[0] == "batchtts", line
        group: click.Command = cli
        rest = words[1:]
        while isinstance(group, click.Group) and rest:
            found = group.get_command(click.Context(group), rest.pop(0))
            assert found is not None, line
            group = found
        flags = {flag for option in group.params for flag in option.opts}
        flags |= {flag for option in group.params for flag in option.secondary_opts}
        for word in rest:
            if word.startswith("-"):
                assert word.partition("=")[0] in {*flags, "--help"}, line


@pages
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link of a page is a file of the repository."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        assert (page.parent / target).exists(), target
