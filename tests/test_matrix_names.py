"""The fault matrix: ids, paths and links from strangers."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from matrix import HEAD, Batch, Folder

# --- F33: names -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../a", "/etc/passwd", "~/a", "a/b", "a\\\\b", "CON", "com1.x", "a.", " a",
        "-rf", ".hidden", "a:b", "nul", "..",
        "a\\u0000b", "a\\u202eb", "a\\nb", "x" * 201, "",
    ],
)  # fmt: skip
def test_f33_id(folder: Folder, name: str) -> None:
    """An id that could be a path, a device or hide something: 2 with its place.

    In the job file and in a table, before anything is sent.
    """
    folder.put("job.yaml", f'{HEAD}texts: [{{id: "{name}", text: Hello.}}]\n')
    assert "job.yaml:5:" in folder.refused()
    written = json.loads(f'"{name}"')
    row = json.dumps({"id": written, "text": "Hello."})
    folder.put("a.jsonl", '{"id": "good", "text": "Hello."}\n' + row)
    folder.put("job.yaml", f"{HEAD}texts: [{{table: a.jsonl, id: id}}]\n")
    assert "a.jsonl:2" in folder.refused()


@pytest.mark.parametrize(
    "path",
    ["../a.txt", "/etc/hosts.txt", "~/a.txt", "link.txt", "a\\u0000.txt", "loop.txt"],
)
def test_f33_text_outside(folder: Folder, tmp_path: Path, path: str) -> None:
    """A text that lies outside the project, or is linked there: 2 with its place."""
    (tmp_path / "a.txt").write_text("secret")
    (folder.path / "link.txt").symlink_to(tmp_path / "a.txt")
    (folder.path / "loop.txt").symlink_to("loop.txt")
    folder.put("job.yaml", f'{HEAD}texts: [{{file: "{path}"}}]\n')
    why = folder.refused()
    assert "job.yaml:5:" in why
    assert "secret" not in why


@pytest.mark.parametrize(
    "path",
    [
        "../{id}.wav",
        "/tmp/{id}.wav",
        "~/{id}.wav",
        "out/{id}.py",
        "out/{id}",
        "{id}.sh",
    ],
)
def test_f33_output_outside(folder: Folder, path: str) -> None:
    """An output outside the project, or of no kind of sound: 2 with its place."""
    job = HEAD.replace("out/{id}.wav", path)
    folder.put("job.yaml", f"{job}texts: [{{id: a, text: Hello.}}]\n")
    assert "job.yaml:4:" in folder.refused()


def test_f33_links_are_not_followed(batch: Batch, tmp_path: Path) -> None:
    """A link where an output goes may be replaced; what it leads to is left alone."""
    project = tmp_path / "project"
    (project / "out").mkdir(parents=True)
    victim = tmp_path / "victim.wav"
    victim.write_bytes(b"precious")
    (project / "out" / "a.wav").symlink_to(victim)
    job = project / "job.yaml"
    job.write_text(f"{HEAD}texts: [{{id: a, text: Hello.}}]\n")
    assert batch.here("run", job)[0] == 2
    assert (project / "out" / "a.wav").is_symlink()
    code, _, err = batch.here("run", job, "--overwrite")
    assert code == 0, err
    assert victim.read_bytes() == b"precious"
    assert not (project / "out" / "a.wav").is_symlink()


def test_f33_columns_stay_inside(batch: Batch, tmp_path: Path) -> None:
    """A table's words in a path make plain names: nothing is written elsewhere."""
    project = tmp_path / "project"
    project.mkdir()
    job = project / "job.yaml"
    head = HEAD.replace("out/{id}", "out/{part}/{id}")
    job.write_text(f"{head}texts: [{{table: a.csv, id: id, text: words}}]\n")
    parts = ["../../up", "/abs", "~root", "CON", "a\x1b[31mb", "..", "\u202egnp.exe"]
    rows = "".join(f'r{n},Hello.,"{part}"\n' for n, part in enumerate(parts))
    (project / "a.csv").write_text("id,words,part\n" + rows)
    before = {path for path in tmp_path.iterdir() if path != project}
    code, _, err = batch.here("run", job)
    assert code in {0, 2}, err
    assert {path for path in tmp_path.iterdir() if path != project} == before
    made = [path.relative_to(project / "out") for path in project.rglob("*.wav")]
    assert all(len(path.parts) == 2 and path.parts[0].isprintable() for path in made)


if sys.platform == "win32":
    pytest.skip("links and sparse files need rights there", allow_module_level=True)
