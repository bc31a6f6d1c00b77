"""YAML from strangers: what is read, what is refused, and where it stands."""

from __future__ import annotations

import time

import pytest
import yaml

from batchtts.errors import JobError
from batchtts.jobfile import Problems, yamltree
from batchtts.jobfile.nodes import ListNode, MapNode, Node, ScalarNode, core
from batchtts.jobfile.yamltree import MAX_BYTES, MAX_DEPTH, MAX_NODES, read_tree

LOADERS = {"libyaml": getattr(yaml, "CSafeLoader", None), "python": yaml.SafeLoader}


@pytest.fixture(params=list(LOADERS), autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run every test with both of PyYAML's parsers."""
    kind = LOADERS[request.param]
    if kind is None:
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(yamltree, "_Loader", kind)
    return str(request.param)


def read(source: bytes | str) -> tuple[Node | None, list[str]]:
    """Return the tree and the problems as lines."""
    problems = Problems("f.yaml")
    root = read_tree(source, problems)
    return root, [str(problem) for problem in problems]


def plain(node: Node | None) -> object:
    """Return the tree as text, lists and dicts."""
    match node:
        case ScalarNode():
            return node.text
        case ListNode():
            return [plain(item) for item in node.items]
        case MapNode():
            return {key: plain(entry.value) for key, entry in node.entries.items()}
        case None:
            return None


def test_scalars_are_the_text_that_stands_there() -> None:
    """Nothing is made of a value until somebody asks what it is."""
    root, problems = read("a: no\nb: 007\nc: 1.10\nd: '2'\ne: [on, {f: ~}]\ng:\n")
    assert problems == []
    assert plain(root) == {
        "a": "no",
        "b": "007",
        "c": "1.10",
        "d": "2",
        "e": ["on", {"f": "~"}],
        "g": "",
    }


def test_positions_count_from_one() -> None:
    """Keys, values and lists know their line and column, also after wide letters."""
    root, _ = read("a: 1\nβéta: [x,\n  y]\n")
    assert isinstance(root, MapNode)
    entry = root.entries["βéta"]
    assert (entry.key.line, entry.key.column) == (2, 1)
    assert isinstance(entry.value, ListNode)
    assert (entry.value.line, entry.value.column) == (2, 7)
    assert [(i.line, i.column) for i in entry.value.items] == [(2, 8), (3, 3)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("nUll", "nUll"),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("on", "on"),
        ("12", 12),
        ("-012", -12),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("1_000", "1_000"),
        ("1.50", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("9" * 5000, float("inf")),
        ("٣", "٣"),
    ],
)
def test_core_schema(text: str, value: object) -> None:
    """Scalars are what YAML 1.2 says, not what YAML 1.1 did."""
    found = core(ScalarNode(text, plain=True, line=1, column=1))
    assert found == value
    assert type(found) is type(value)
    assert core(ScalarNode(text, plain=False, line=1, column=1)) == text


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a: &x 1", "f.yaml:1:4: an anchor (&name) is not allowed here"),
        ("a: [1, *x]", "f.yaml:1:8: an alias (*name) is not allowed here"),
        ("a: !!python/name:os.system x", "f.yaml:1:4: a tag (!name) is not allowed"),
        ("a: ! x", "f.yaml:1:4: a tag (!name) is not allowed here"),
        ("a: !!map {b: 1}", "f.yaml:1:4: a tag (!name) is not allowed here"),
        ("a: !e!x 1", "f.yaml:1:4: a tag (!name) is not allowed here"),
        ("a:\n  <<: {b: 1}", "f.yaml:2:3: a merge key (<<) is not allowed here"),
        ("a: 1\nb: 2\na: 3", 'f.yaml:3:1: the key "a" stands here a second time'),
        ("a: 1\n---\nb: 1", "f.yaml:2:1: a second document begins here"),
        ("%YAML 1.1\n---\na: 1", "f.yaml:1:1: a directive (%...) is not allowed"),
        ("%TAG ! x:\n---\na: 1", "f.yaml:1:1: a directive (%...) is not allowed"),
        ("? [a]\n: 1", "f.yaml:1:3: a key must be one word or text"),
        ("a:\n\t- b", "f.yaml:2:1: a tab cannot be used to indent"),
        ("a: b: c", "f.yaml:1:5: a colon with a space after it stands inside"),
        ("a: 1\nb: 'x\nc: 2", "f.yaml:2:4: this quote is never closed"),
        ("a: [1, 2\nb: 3", "f.yaml:1:4: this list in brackets is not closed"),
        ("a: {x: 1\nb: 3", "f.yaml:1:4: this mapping in braces is not closed"),
        ("a: [}", "f.yaml:1:5: a value is expected here"),
        ("- a\nb: 1", "f.yaml:2:1: this line does not fit the ones above"),
        ("a: - b", "f.yaml:1:4: a list item does not fit here"),
        ("a: @x", "f.yaml:1:4: a value cannot begin with this character"),
        ("a: |x\n b", 'f.yaml:1:5: nothing may stand after "|"'),
        ("a: *", "f.yaml:1:5: an anchor or alias (&name, *name) is not allowed"),
        ("a: 1\n}", "f.yaml:2:1: "),
        ("a: \x07", "f.yaml:1:4: the character U+0007 cannot stand in a YAML file"),
        ("a: \ufeff", "f.yaml:1:4: the character U+FEFF cannot stand in a YAML file"),
        ("a: 1\nb: \0", "f.yaml:2:4: the character NUL cannot stand in a YAML file"),
    ],
)
def test_refused_with_its_place(source: str, line: str) -> None:
    """What YAML could do beyond plain values is refused where it stands."""
    _, problems = read(source)
    assert problems[0].startswith(line)


@pytest.mark.parametrize(
    "source", ['"\\q"', '"\\x1"', '"\\ud800"', '"\\U00110000"', '"\\UFFFFFFFF"']
)
def test_bad_escapes_are_refused(source: str) -> None:
    """An escape that is no character is told in either parser."""
    root, problems = read(f"a: {source}")
    assert root is None
    assert "escape" in problems[0]


def test_refusals_are_told_together() -> None:
    """What does not stop the reading is told with the rest."""
    root, problems = read("a: &x 1\nb: !t 2\nb: 3\n<<: 4\n")
    assert plain(root) == {"a": "1", "b": "2"}
    assert [line.split(":")[1] for line in problems] == ["1", "2", "3", "4"]


def test_quoted_merge_key_is_a_key() -> None:
    """Only the plain << means merging."""
    assert plain(read("'<<': 1")[0]) == {"<<": "1"}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a: é".encode("utf-16"), "f.yaml: the file is UTF-16, not UTF-8"),
        (b"\xfe\xff\0a", "f.yaml: the file is UTF-16, not UTF-8"),
        (b"\0\0\xfe\xff", "f.yaml: the file is UTF-32, not UTF-8"),
        ("a: 1\nb: é".encode("latin-1"), "f.yaml:2:4: the byte 0xE9 here is not"),
        (b"a\0:\0", "f.yaml:1:2: the character NUL cannot stand in a YAML file"),
    ],
)
def test_encodings_are_named(source: bytes, line: str) -> None:
    """A file that is not UTF-8 is told so, with what it is or where it ends."""
    assert read(source)[1][0].startswith(line)


def test_byte_order_mark_is_tolerated() -> None:
    """Windows editors put one there; positions do not count it."""
    root, problems = read("\ufeffa: 1".encode())
    assert problems == []
    assert isinstance(root, MapNode)
    assert root.entries["a"].key.column == 1


def test_nothing_is_no_problem_here() -> None:
    """An empty file has no root; whether that is wrong is the caller's matter."""
    assert read("# only a comment\n") == (None, [])


def test_depth_is_bounded() -> None:
    """The deepest allowed nesting is read, one more is refused."""
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH)[1] == []
    problems = read("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))[1]
    assert problems == [
        f"f.yaml:1:{MAX_DEPTH + 1}: lists and mappings are nested deeper than 20"
    ]


def test_count_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many values as allowed are read, one more is refused."""
    assert MAX_NODES == 100_000
    monkeypatch.setattr(yamltree, "MAX_NODES", 50)
    assert read(f"[{'1,' * 49}]")[1] == []
    assert "more than 50 values" in read(f"[{'1,' * 50}]")[1][0]


def test_size_is_bounded() -> None:
    """A file of exactly the limit is read, one byte more is not looked at."""
    assert read(b"#" * MAX_BYTES) == (None, [])
    assert "larger than 1 MiB" in read(b"#" * (MAX_BYTES + 1))[1][0]


SLOW = {"values", "same keys", "open quote", "long key", "long tag"}
BOMBS = {
    "brackets": "[" * MAX_BYTES,
    "braces": "{" * MAX_BYTES,
    "questions": "? " * (MAX_BYTES // 2),
    "dashes": "- " * (MAX_BYTES // 2),
    "anchors": "&a " * (MAX_BYTES // 3),
    "laughs": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n",
    "values": "[" + "[]," * 300_000 + "]",
    "same keys": "k: 1\n" * 200_000,
    "long key": "x" * (MAX_BYTES - 10) + ": 1",
    "open quote": '"' + "x " * (MAX_BYTES // 2 - 5),
    "long tag": "a: !<" + "x" * (MAX_BYTES - 100) + "> 1",
}


@pytest.mark.parametrize("bomb", list(BOMBS))
def test_bombs_are_refused_soon(bomb: str, loader: str) -> None:
    """No file of the allowed size holds the reader up or fills the memory."""
    if loader == "python" and bomb in SLOW:
        pytest.skip("slow without libyaml, but bounded by the size of the file")
    before = time.process_time()
    assert read(BOMBS[bomb])[1]
    assert time.process_time() - before < 3  # 1 on a machine that is idle


def test_no_sentence_repeats_a_value() -> None:
    """A badly written line may hold a secret."""
    for source in ("key: 's3cret", "key: s3cret: x", "a: [s3cret\nb: 1", "a: *s3cret"):
        assert "s3cret" not in "".join(read(source)[1])


def test_kept_problems_are_bounded() -> None:
    """A hundred are kept and the rest counted."""
    problems = Problems("f.yaml")
    read_tree("k: 1\n" * 151, problems)
    with pytest.raises(JobError) as caught:
        problems.raise_any()
    assert len(caught.value.problems) == 100
    assert caught.value.more == 50
    assert str(caught.value).endswith("... and 50 more")
