"""The JSON Schema says what the reader's check of the shape says."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from batchtts.errors import JobError
from batchtts.jobfile import (
    Problems,
    check,
    load_job,
    read_tree,
    schema,
    schema_text,
)
from batchtts.jobfile.jobshape import JOB
from batchtts.jobfile.shape import (
    ByKey,
    ByValue,
    Either,
    Listing,
    Named,
    Record,
    Shape,
)

Tree = str | list["Tree"] | dict[str, "Tree"]
"""A YAML file; the strings are scalars as written, quotes and all."""

LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema_text()))

JOBS: tuple[Tree, ...] = (
    {
        "voices": {"a": {"speaker": "astra"}},
        "texts": [{"id": "x", "text": "Hello."}],
        "outputs": [{"kind": "files", "path": "out/x.wav"}],
    },
    {
        "name": "harbour",
        "engine": "local",
        "rime": {"url": "wss://h/ws", "on_prem": "false", "header": "X-Key"},
        "local": {"synthesiser": "tone", "url": "ws://localhost:1/ws"},
        "concurrency": "4",
        "limit": "400",
        "cache": "c",
        "voice": "a",
        "voices": {
            "a": {
                "speaker": "astra",
                "model": "coda",
                "lang": "en",
                "audio_format": "wav",
                "sampling_rate": "48000",
                "segment": "immediate",
                "temperature": "0.1",
                "top_p": ".9",
                "repetition_penalty": "1.2",
                "max_tokens": "800",
                "limit": "300",
                "sweep": {"max_tokens": ["800", "900"], "time_scale_factor": ["1"]},
                "params": {"extra": "true"},
                "lexicon": {"quay": "key", "us": {"say": "U S", "case": "true"}},
            },
            "b": {
                "speaker": "luna",
                "model": "mistv2",
                "sampling_rate": "8000",
                "time_scale_factor": "1",
                "speed_alpha": "0.9",
                "inline_speed_alpha": ["0.5", "3"],
                "pause_between_brackets": "true",
                "phonemize_between_brackets": "true",
                "no_text_normalization": "true",
            },
        },
        "lexicon": [
            "names.yaml",
            {"word": "quay", "say": "key", "case": "false"},
            {"regex": "a+", "say": "b"},
        ],
        "texts": [
            {"id": "x", "text": "Hello.", "voice": "a", "title": "X"},
            {
                "file": "a.md",
                "id": "m",
                "voice": "b",
                "voices": {"One": "a"},
                "languages": {"fr": "b"},
                "dialogue": "a",
                "marks": "true",
            },
            {"table": "a.csv", "id": "k", "text": "t", "voice": "v", "title": "h"},
        ],
        "audio": {
            "sample_rate": "24000",
            "pauses": {
                "clause": "0",
                "sentence": "0.2",
                "paragraph": "1",
                "section": "2",
            },
            "loudness": {"lufs": "-19", "true_peak": "-3"},
            "bitrate": "96",
        },
        "outputs": [
            {
                "kind": "read-along",
                "path": "o/{book}.epub",
                "format": "opus",
                "narrator": ["A", "B"],
            },
            {
                "kind": "files",
                "path": "o/{id}.mp3",
                "texts": "x*",
                "voices": ["a"],
                "subtitles": ["srt", "vtt"],
            },
            {
                "kind": "files",
                "path": "o/{id}.wav",
                "texts": ["x", "m-*"],
                "audio": {"loudness": {"rms": "-20", "peak": "-3.5"}},
                "assign": {"sample": "1", "seed": "x"},
                "takes": "2",
            },
            {
                "kind": "dataset",
                "path": "o/corpus",
                "format": ["nemo", "kaldi"],
                "assign": "balanced",
                "splits": {"train": "0.9", "test": "0.1"},
                "split_by": "voice",
                "held_out": {"a": "test"},
                "filters": {"duration": {"least": "1", "most": "9"}},
                "recognise": "true",
                "terms_url": "https://h",
                "tags": ["x"],
                "shard_rows": "100",
            },
            {
                "kind": "audiobook",
                "path": "o/{index}.mp3",
                "profile": "podcast",
                "author": ["A", "B"],
                "series_index": "2",
                "date": "1931-05",
                "language": "en-GB",
                "spacing": {"head": "1", "gap": "2", "tail": "0"},
                "texts": ["x"],
            },
        ],
    },
)

# fmt: off
SCALARS = (
    "", "~", "null", "true", "True", "false", "yes", "0", "-1", "1",
    "8.0", "1e3", "1e999", "0x10", "0o17", "007", ".5", "5.", "1_000", ".inf",
    ".nan", "40", "8000", "12345", "22050", "44100", "96000",
    "-19", "arcana", "coda", "mist", "Arcana", "en",
    "never", "files", "acx", "none", "wss://h", "https://h",
    "0.5, 3", '"8"', '"true"', '""', '"null"', "'1,2'", '"eng\\n"',
    "[]", "{}", "[1]", "[a, 2]", "{a: 1}", "[[]]",
)
# fmt: on


def emit(tree: Tree, indent: str = "") -> str:
    """Write the tree as YAML in block style."""
    if isinstance(tree, str):
        return f" {tree}\n"
    if not tree:
        return " {}\n" if isinstance(tree, dict) else " []\n"
    inner = indent + "  "
    if isinstance(tree, dict):
        rows = [f"{indent}{json.dumps(k)}:{emit(v, inner)}" for k, v in tree.items()]
    else:
        rows = [f"{indent}-{emit(item, inner)}" for item in tree]
    return "\n" + "".join(rows)


def resolve(text: str) -> object:
    """Return what a plain scalar is in YAML 1.2's core schema (10.3.2)."""
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if re.fullmatch("true|True|TRUE|false|False|FALSE", text):
        return text.lower() == "true"
    if re.fullmatch("[-+]?[0-9]+", text):
        return int(text)
    if match := re.fullmatch("0(o)([0-7]+)|0(x)([0-9a-fA-F]+)", text):
        return int(match.group(2) or match.group(4), 8 if match.group(1) else 16)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text  # .inf and .nan included: JSON has no such numbers


def view(node: yaml.Node | None) -> object:
    """Return what an editor makes of the YAML: keys are text, scalars resolved."""
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.style else resolve(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [view(item) for item in node.value]
    assert isinstance(node, yaml.MappingNode)
    return {key.value: view(value) for key, value in node.value}


def verdicts(tree: Tree) -> tuple[bool, bool, str]:
    """Return whether the schema and the reader accept, and what was judged."""
    text = emit(tree)
    seen = view(yaml.compose(text, Loader=LOADER))
    problems = Problems("job.yaml")
    root = read_tree(text, problems)
    assert root is not None
    assert not problems
    check(root, JOB, "job", problems)
    shown = text + "".join(f"\n{problem}" for problem in problems)
    return VALIDATOR.is_valid(seen), not problems, shown


def agree(tree: Tree) -> None:
    """Fail unless the schema and the reader say the same of the tree."""
    by_schema, by_reader, shown = verdicts(tree)
    assert by_schema == by_reader, shown


def test_shipped_schema_is_current() -> None:
    """The file follows from the shape; see `schema` for how to make it anew."""
    assert schema_text() == schema.generated()
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))


def test_write_makes_the_shipped_file(tmp_path: Path) -> None:
    """Making the schema anew changes nothing when it is current."""
    schema.write(tmp_path / "made.json")
    assert (tmp_path / "made.json").read_bytes() == schema.SHIPPED.read_bytes()


@pytest.mark.parametrize("number", range(len(JOBS)))
def test_whole_jobs_are_accepted(number: int) -> None:
    """The jobs that the other tests change are right to begin with."""
    by_schema, by_reader, shown = verdicts(JOBS[number])
    assert by_schema, shown
    assert by_reader, shown


def below(
    tree: Tree, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[str | int, ...]]:
    """Give the path of everything in the tree."""
    yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from below(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from below(value, (*path, index))


def put(tree: Tree, path: tuple[str | int, ...], value: Tree | None) -> Tree:
    """Return the tree with another value at the path, or without what is there."""
    if not path:
        return tree if value is None else value
    made = copy.deepcopy(tree)
    at = made
    for step in path[:-1]:
        at = at[step]  # type: ignore[index] # the path is of this tree
    if value is not None:
        at[path[-1]] = value  # type: ignore[index]
    else:
        del at[path[-1]]  # type: ignore[union-attr,arg-type]
    return made


FULL_PATHS = [path for path in below(JOBS[1]) if path]


def alone(
    tree: Tree, path: tuple[str | int, ...]
) -> tuple[Tree, tuple[str | int, ...]]:
    """Return the part that a path leads into, without its neighbours, and the path."""
    assert isinstance(tree, dict)
    top, *rest = path
    part = tree[str(top)]
    if rest and isinstance(part, list):
        return {str(top): [part[int(rest[0])]]}, (top, 0, *rest[1:])
    if rest and top == "voices" and isinstance(part, dict):
        return {"voices": {str(rest[0]): part[str(rest[0])]}}, path
    return {str(top): part}, path


@pytest.mark.parametrize("path", FULL_PATHS, ids=lambda p: ".".join(map(str, p)))
def test_every_field_with_every_scalar(path: tuple[str | int, ...]) -> None:
    """Whatever stands at a field, the schema and the reader agree on it."""
    least, full = JOBS
    assert isinstance(least, dict)
    assert isinstance(full, dict)
    part, path = alone(full, path)
    assert isinstance(part, dict)
    tree: Tree = least | {"rime": full["rime"]} | part
    agree(put(tree, path, None))
    for scalar in SCALARS:
        agree(put(tree, path, scalar))


def names(shape: Shape) -> set[str]:
    """Return every key that the shape knows anywhere."""
    match shape:
        case Record():
            return set(shape.fields).union(
                *(names(field.shape) for field in shape.fields.values())
            )
        case Listing() | Named():
            return names(shape.each)
        case Either():
            return set().union(*map(names, shape.options))
        case ByKey() | ByValue():
            return set().union(*map(names, shape.variants.values()))
        case _:
            return set()


KEYS = st.sampled_from(
    [*sorted(names(JOB)), "", "x", "samplingRate", "modelId", "text"]
)
VALUES: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=4,
)


@st.composite
def changed_jobs(draw: st.DrawFn) -> Tree:
    """Draw a right job and change it in one to three places."""
    tree = draw(st.sampled_from(JOBS))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(below(tree))))
        at: Tree = tree
        for step in path:
            at = at[step]  # type: ignore[index] # as above
        how = draw(st.sampled_from(["replace", "add", "remove", "move"]))
        if how == "add" and isinstance(at, dict):
            tree = put(tree, (*path, draw(KEYS)), draw(VALUES))
        elif how == "remove" and path:
            tree = put(tree, path, None)
        elif how == "move":
            other = draw(st.sampled_from(list(below(tree))))
            tree = put(tree, other, copy.deepcopy(at))
        else:
            tree = put(tree, path, draw(VALUES))
    assume(tree != "")  # an empty file has no document to judge
    return tree


@settings(max_examples=400, deadline=None)
@given(changed_jobs())
def test_changed_jobs(tree: Tree) -> None:
    """The schema and the reader accept and refuse the same documents."""
    agree(tree)


@pytest.fixture(scope="module")
def job_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a path for a job file, in a folder with the files it may name."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "a.md").write_text("Words.")
    (folder / "a.csv").write_text("k,t\nx,Words\n")
    return folder / "job.yaml"


@settings(max_examples=200, deadline=None)
@given(tree=changed_jobs())
def test_changed_jobs_are_refused_in_words(job_file: Path, tree: Tree) -> None:
    """Whatever is wrong with a job, all that comes of it is a JobError."""
    job_file.write_text(emit(tree), encoding="utf-8")
    _, by_reader, shown = verdicts(tree)
    with contextlib.suppress(JobError):
        load_job(job_file)
        assert by_reader, shown


def test_every_field_is_explained() -> None:
    """Editors have a sentence for each field."""

    def walk(part: object) -> Iterator[tuple[str, dict[str, object]]]:
        if isinstance(part, dict):
            if part.get("additionalProperties") is False:
                yield from part["properties"].items()
            for value in part.values():
                yield from walk(value)
        elif isinstance(part, list):
            for value in part:
                yield from walk(value)

    found = list(walk(json.loads(schema_text())))
    assert len(found) > 60
    assert [name for name, made in found if not made.get("description")] == []


def test_defaults_are_the_readers() -> None:
    """A default that editors show fulfils the schema of its own field."""

    def walk(part: object) -> Iterator[dict[str, object]]:
        if isinstance(part, dict):
            if "default" in part and "description" in part:
                yield part
            for value in part.values():
                yield from walk(value)
        elif isinstance(part, list):
            for value in part:
                yield from walk(value)

    for made in walk(json.loads(schema_text())):
        jsonschema.Draft202012Validator(made).validate(made["default"])
