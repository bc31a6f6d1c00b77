"""The fault matrix: job files, tables and texts from strangers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from matrix import HEAD, MIB, Batch, Folder

# --- F34: YAML ------------------------------------------------------------------------

BOMB = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 8)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
GOOD = f"{HEAD}texts: [{{id: a, text: Hello.}}]\n"


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (BOMB, r"job.yaml:1:4: an anchor"),
        (f"{HEAD}texts: [{{id: a, <<: {{text: b}}}}]", r":5:17: a merge key"),
        ("[" * 500_000, r":1:21: .* nested deeper than 20"),
        ("{a: " * 200_000, r":1:81: .* nested deeper than 20"),
        ("- " * 400_000, r":1:41: .* nested deeper than 20"),
        ("".join(f"a{n}: 1\n" for n in range(90_000)), "more than 100,000 values"),
        ("a: " + "x" * MIB, "larger than 1 MiB"),
        (f"{GOOD}engine: rime\n", r":6:1: the key .* a second time"),
        (GOOD.replace("Hello.", "!!python/name:os.system"), r":5:46: a tag"),
        (GOOD.replace("Hello.", "!!binary aGk="), r":5:\d+: a tag"),
        ("engine:\tlocal\n\tx: 1\n", r":2:1: a tab"),
        (GOOD.encode("utf-16"), "the file is UTF-16"),
        (GOOD.replace("Hello", "H\0llo"), r":5:24: the character NUL"),
        (GOOD.encode().replace(b"Hello", b"H\xffllo"), r":5:24: the byte 0xFF"),
        (f"{GOOD}---\n{GOOD}", r":6:1: a second document"),
        (GOOD.replace("engine", "engin"), r':1:1: .*did you mean "engine"'),
        ("? [a, b]\n: c\n", r":1:3: a key must be one word"),
    ],
)
def test_f34_yaml(folder: Folder, job: str | bytes, words: str) -> None:
    """A bomb, depth, size, doubled or unknown key, tag, tab or coding: 2, its place."""
    folder.put("job.yaml", job)
    why = folder.refused_cheaply() if len(job) > 100_000 else folder.refused()
    assert re.search(words, why)


def test_f34_large_file(folder: Folder) -> None:
    """A job file of 100 MB: refused for its size without being read."""
    folder.put_sparse("job.yaml", 100 * MIB)
    assert "larger than 1 MiB" in folder.refused_cheaply()


def test_f34_words_stay_words(batch: Batch, tmp_path: Path) -> None:
    """`no`, `1.10`, `0x1F` and a byte order mark are read as what they look like."""
    job = tmp_path / "job.yaml"
    texts = "[{id: no, text: yes}, {id: 1.10, text: 0x1F}, {id: nul l, text: 1e3}]"
    job.write_text(f"\ufeff{HEAD}texts: {texts}\n")
    code, _, err = batch.here("run", job)
    assert code == 0, err
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"no.wav", "1.10.wav", "nul l.wav"}


# --- F35, F36: books ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.mobi", "a.zip", "a.odt", "a.xml", "a.doc", "a"])
def test_f35_unknown_container(folder: Folder, name: str) -> None:
    """A container or a format without a reader: 2 with its place, never opened."""
    folder.put(name, b"PK\x03\x04" + b"\0" * 100)
    folder.put("job.yaml", f"{HEAD}texts: [{{file: {name}}}]\n")
    assert "job.yaml:5:" in folder.refused()


def _sized(name: str, size: int) -> Callable[[Folder], None]:
    return lambda folder: folder.put_sparse(name, size)


def _filled(name: str, content: bytes) -> Callable[[Folder], None]:
    return lambda folder: folder.put(name, content)


@pytest.mark.parametrize(
    ("put", "words"),
    [
        (_sized("a.txt", 16 * MIB + 1), "larger than 16 MiB"),
        (_sized("a.txt", 1 << 36), "larger than 16 MiB"),
        (_sized("a.md", 1 << 36), "larger than 16 MiB"),
        (_sized("a.txt", 16 * MIB), r"a.txt:1:1: a NUL"),
        (_filled("a.txt", b"a " * 8_000_000 + b"\xff"), r"a.txt:1:16000001: .*0xFF"),
        (_filled("a.md", b"[" * 10_000_000), "lines and marks"),
        (_filled("a.md", b"*a_ " * 1_000_000), "lines and marks"),
        (_filled("a.md", b"a\n\n" * 5_000_000), "lines and marks"),
        (_filled("a.md", b"|a|b|\n|-|-|\n" + b"|a|b|\n" * 500_000), "lines and marks"),
        (_filled("a.md", b"> " * 100_000), "nothing to read"),
        (_filled("a.md", b"---\na: &a [*a]\n---\nHello."), r"a.md:2:"),
    ],
)
def test_f35_huge_text(
    folder: Folder, put: Callable[[Folder], None], words: str
) -> None:
    """A text or Markdown file of hostile size or make: 2, in little time and memory."""
    put(folder)
    [name] = [path.name for path in folder.path.glob("a.*")]
    folder.put("job.yaml", f"{HEAD}texts: [{{file: {name}}}]\n")
    assert re.search(words, folder.refused_cheaply())


@pytest.mark.parametrize(
    ("put", "words"),
    [
        (_sized("a.csv", 1 << 36), "a.csv:1: a row is longer"),
        (_filled("a.csv", b"text\n" + b"x" * 40_000_000), "a.csv:2: a row is longer"),
        (
            _filled("a.csv", b'text\n"' + b"x\n" * 9_000_000),
            "a.csv:2: a cell is longer",
        ),
        (_filled("a.tsv", b"text\tid\na\n"), "a.tsv:2: the row has 1 cell"),
        (_filled("a.jsonl", b'{"text":' + b"[" * 1_000_000), "a.jsonl:1: .*nested"),
        (_filled("a.jsonl", b'{"text":"' + b"x" * 40_000_000), "a.jsonl:1: a row is"),
        (_filled("a.jsonl", b'{"text":"a","text":"b"}'), "a.jsonl:1: .*twice"),
        (_filled("a.jsonl", b'{"text":NaN}'), "a.jsonl:1: NaN is not JSON"),
        (_filled("a.jsonl", b'{"text":"\\ud800"}'), "a.jsonl:1: half of a surrogate"),
    ],
)
def test_f35_huge_table(
    folder: Folder, put: Callable[[Folder], None], words: str
) -> None:
    """A table of hostile size or make: 2 with its line, in little time and memory."""
    put(folder)
    [name] = [path.name for path in folder.path.glob("a.*")]
    folder.put("job.yaml", f"{HEAD}texts: [{{table: {name}, text: text}}]\n")
    assert re.search(words, folder.refused_cheaply())


@pytest.mark.parametrize(
    "markup",
    [
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><p>&b;</p> Hello.',
        '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]> Hello &c;&c;.',
        "![Hello.](http://127.0.0.1:9/a.png)",
        'Hello. <img src="http://127.0.0.1:9/a.png"> <script>alert(1)</script>',
        "[Hello.](file:///etc/passwd)",
    ],
)
def test_f36_markup_fetches_nothing(batch: Batch, tmp_path: Path, markup: str) -> None:
    """Entities, images, links in Markdown: words at most, nothing read or fetched."""
    (tmp_path / "a.md").write_text(markup)
    job = tmp_path / "job.yaml"
    job.write_text(f"{HEAD}texts: [{{file: a.md}}]\n")
    watched = (
        "import sys; seen = []\n"
        "def hook(event, given):\n"
        "    if event.startswith(('socket.connect', 'socket.getaddrinfo')) or (\n"
        "        event == 'open' and 'passwd' in str(given[0])): seen.append(event)\n"
        "sys.addaudithook(hook)\n"
        "from batchtts.cli import main\n"
        "try: main(['validate', sys.argv[1]])\n"
        "finally: print('seen', seen)"
    )
    code, out, err = batch.run(job, python=["-c", watched])
    assert code == 0, err
    assert "1 text" in out
    assert "seen []" in out
    assert "root:" not in out + err
