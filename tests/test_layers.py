"""The import graph: layers only downwards, third parties only behind their fence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import batchtts

ROOT = Path(batchtts.__file__).parent

LAYERS = [
    {"cli", "__main__"},
    {"runner", "progress"},
    {"report", "outputs"},
    {"tracks", "pool"},
    {"plan"},
    {"spelling"},
    {"pieces", "targets"},
    {"earlier"},
    {"casting"},
    {"texts", "chunking", "completeness"},
    {"chapters"},
    {"books", "jobfile", "tables", "seen", "cache", "rime", "localserver", "audio"},
    {"lock"},
    {"tar"},
    {"files", "lexicon", "markup", "workers"},
    {"events", "clock", "findings", "templates", "text_safety"},
    {"audiobook"},
    {
        "retry",
        "gate",
        "breaker",
        "budget",
        "corpora",
        "design",
        "endings",
        "sources",
        "environment",
        "formats",
        "hosts",
        "memory",
        "names",
        "metadata",
        "profiles",
        "respelt",
        "secret",
        "errors",
        "model",
    },
]
"""From the top to the ground. A layer imports itself (within one package) and
what lies below; between the members of one layer nothing, but where named."""

WITHIN = {
    ("__main__", "cli"),
    ("books", "jobfile"),  # front matter is YAML, and YAML is read there
    ("localserver", "audio"),
    ("localserver", "jobfile"),  # fault plans are YAML as well
    ("events", "errors"),
    ("retry", "errors"),
    ("budget", "model"),
    ("errors", "model"),
    ("corpora", "model"),
    ("model", "sources"),
    ("sources", "model"),
    ("design", "model"),
    ("profiles", "model"),
    ("respelt", "model"),
}

FENCES = {
    "yaml": {"jobfile"},
    "websockets": {"rime", "localserver"},
    "pydub": {"audio"},
    "av": {"audio", "localserver"},
    "click": {"cli"},
    "tqdm": {"progress"},
    "espeakng_loader": {"localserver"},
    "markdown_it": {"books"},
    "dotenv": {"rime"},
    "filelock": {"runner"},
    "pyarrow": {"outputs", "tables"},
    "regex": {"lexicon"},
}

OUTSIDE_THE_LAYERS = {"__init__"}


def _modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def _room(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def _imports(path: Path) -> Iterator[str]:
    """Yield the full names of all that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def _rank(room: str) -> int:
    return next(rank for rank, layer in enumerate(LAYERS) if room in layer)


def test_every_module_has_its_layer() -> None:
    """A new module must be given its place here."""
    rooms = {_room(path) for path in _modules()} - OUTSIDE_THE_LAYERS
    assert rooms == set().union(*LAYERS)


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_downwards(path: Path) -> None:
    """A module imports only what lies below it, and fenced packages only inside."""
    room = _room(path)
    for name in _imports(path):
        top, _, rest = name.partition(".")
        if top in FENCES:
            assert room in FENCES[top], f"{path.name} may not import {top}"
        if top != "batchtts" or room in OUTSIDE_THE_LAYERS:
            continue
        other = rest.partition(".")[0]
        if other == room:
            continue
        below = _rank(other) > _rank(room)
        assert below or (room, other) in WITHIN, f"{path} imports {name}"


def test_no_module_is_too_long() -> None:
    """A module is read in one sitting: about 300 lines."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in _modules()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_every_fence_is_in_use() -> None:
    """A fence around a package that nobody imports is stale."""
    used = {name.partition(".")[0] for path in _modules() for name in _imports(path)}
    assert set(FENCES) <= used
