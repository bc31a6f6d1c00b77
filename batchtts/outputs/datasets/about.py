"""What stands beside the data of a target: its card, and where each row is from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from batchtts.outputs.datasets.card import FIGURE_TITLES, card
from batchtts.outputs.datasets.catalogue import Catalogue
from batchtts.outputs.datasets.keeping import Keeper
from batchtts.outputs.datasets.layout import Folder, json_line
from batchtts.outputs.datasets.picture import drawn
from batchtts.outputs.datasets.rows import Provenance
from batchtts.outputs.datasets.scores import Norms
from batchtts.outputs.datasets.settings import DatasetSettings
from batchtts.outputs.datasets.statistics import Statistics

__all__ = ["write_about"]

_RECIPE_DIGITS = 12


def write_about(
    keeper: Keeper,
    catalogue: Catalogue,
    settings: DatasetSettings,
    counted: Statistics,
    voices: Mapping[int, Norms],
) -> Iterator[str]:
    """Write the card of a target and all it points to; yield their paths."""
    folder = keeper.folder
    yield from _write_utterances(folder, catalogue, settings, voices)
    path = "about/dropped.jsonl"
    with folder.text(path) as file:
        for line in _dropped(catalogue):
            file.write(json_line(line))
    yield path
    for histogram in counted.histograms:
        path = f"about/{histogram.figure}.svg"
        with folder.text(path) as file:
            file.write(drawn(histogram, FIGURE_TITLES[histogram.figure]))
        yield path
    guide = keeper.format.guide(keeper.layout)
    with folder.text("README.md") as file:
        file.write(card(settings, keeper.layout, guide, counted))
    yield "README.md"


def _write_utterances(
    folder: Folder,
    catalogue: Catalogue,
    settings: DatasetSettings,
    voices: Mapping[int, Norms],
) -> Iterator[str]:
    recipes: dict[str, dict[str, object]] = {}
    path = "about/utterances.jsonl"
    with folder.text(path) as file:
        for split in settings.split_names:
            for entry in catalogue.entries(split):
                origin = entry.row.provenance
                recipe = _recipe(origin)
                name = _digest(recipe)
                recipes[name] = recipe
                norms = voices.get(entry.speaker_number + 1)
                line: dict[str, object] = {
                    "key": entry.row.key,
                    "id": entry.row.id,
                    "speaker": entry.row.voice,
                    "split": split,
                    "recipe": name,
                    "fingerprints": list(origin.fingerprints),
                    "duration": entry.duration_s,
                    **entry.figures,
                    "scores": norms.scores(entry.figures) if norms else {},
                }
                if entry.retakes is not None:
                    line["retakes"] = asdict(entry.retakes)
                file.write(json_line(line))
    yield path
    path = "about/recipes.json"
    with folder.text(path) as file:
        json.dump(recipes, file, ensure_ascii=False, indent=1, sort_keys=True)
        file.write("\n")
    yield path


def _recipe(origin: Provenance) -> dict[str, object]:
    return {"engine": origin.engine, "parameters": dict(origin.parameters)}


def _digest(value: object) -> str:
    canonical = json.dumps(value, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:_RECIPE_DIGITS]


def _dropped(catalogue: Catalogue) -> Iterator[dict[str, object]]:
    for one in catalogue.listed("verdict <> 0"):
        yield {
            "key": one.row.key,
            "id": one.row.id,
            "speaker": one.row.voice,
            "text": one.row.text,
            "reason": one.reason,
        }
