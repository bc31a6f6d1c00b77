"""The card of a dataset, and what it points to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from corpus import make, numbered, row, rows, settings_for

from batchtts.corpora import About, Filter, Splits
from batchtts.outputs.datasets.formats import FORMATS
from batchtts.outputs.datasets.picture import drawn
from batchtts.outputs.datasets.settings import DatasetSettings
from batchtts.outputs.datasets.statistics import Histogram

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

SPLITS = Splits(shares={"train": 0.7, "test": 0.3})


def _card(folder: Path, name: str) -> tuple[dict[str, object], str]:
    """Return the front matter and the rest of a card."""
    text = (folder / name / "README.md").read_text("utf-8")
    _, front, rest = text.split("---\n", 2)
    values: dict[str, object] = yaml.safe_load(front)
    return values, rest


def _with(asked: DatasetSettings, **about: object) -> DatasetSettings:
    return replace(asked, about=About(**{"title": "A corpus", **about}))  # type: ignore[arg-type]


def test_a_card_says_what_the_hub_asks(tmp_path: Path) -> None:
    """Language, licence, tasks, size and where the data of each split is."""
    asked = _with(
        settings_for(tmp_path, "webdataset", splits=SPLITS),
        title='Ferries: "calls" & more',
        license="CC-BY-4.0",
        tags=("ferries", "speech"),
    )
    make(asked, tmp_path / "state", rows(numbered(9)))
    front, text = _card(tmp_path, "webdataset")
    assert front == {
        "pretty_name": 'Ferries: "calls" & more',
        "language": ["eng"],
        "license": "cc-by-4.0",
        "task_categories": ["text-to-speech", "automatic-speech-recognition"],
        "size_categories": ["n<1K"],
        "tags": ["speech", "synthetic", "text-to-speech", "batchtts", "ferries"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train", "path": "train-*.tar"},
                    {"split": "test", "path": "test-*.tar"},
                ],
            }
        ],
    }
    assert '# Ferries: "calls" &amp; more' in text
    assert "27 utterances" in text
    assert "3 speakers" in text
    assert "| luna | 9 |" in text
    assert "Licence: CC-BY-4.0." in text
    assert 'io.BytesIO(row["wav"]["bytes"])' in text


def test_a_licence_of_ones_own(tmp_path: Path) -> None:
    """The Hub takes names that it does not know under another heading."""
    asked = _with(
        settings_for(tmp_path, "ljspeech"),
        license="Harbour Terms 2",
        terms_url="https://example.com/terms",
    )
    make(asked, tmp_path / "state", rows(numbered(2)))
    front, text = _card(tmp_path, "ljspeech")
    assert front["license"] == "other"
    assert front["license_name"] == "Harbour Terms 2"
    assert front["license_link"] == "https://example.com/terms"
    assert "<https://example.com/terms>" in text


def test_without_a_licence_there_is_a_warning(tmp_path: Path) -> None:
    """In the summary, in every run, and in the card."""
    asked = _with(settings_for(tmp_path, "ljspeech"))
    for _ in range(2):
        summary, _ = make(asked, tmp_path / "state", rows(numbered(2)))
        [warning] = summary.warnings
        assert warning.startswith("the dataset has no license")
    front, text = _card(tmp_path, "ljspeech")
    assert "license" not in front
    assert "No licence was given." in text


def test_a_split_with_nothing_in_it_is_not_promised(tmp_path: Path) -> None:
    """A loader would stop at files that are not there."""
    splits = Splits(shares={"train": 1, "test": 0})
    asked = settings_for(tmp_path, "parquet", splits=splits)
    make(asked, tmp_path / "state", rows(numbered(2)))
    front, _ = _card(tmp_path, "parquet")
    config = front["configs"][0]  # type: ignore[index]
    assert [one["split"] for one in config["data_files"]] == ["train"]


def test_every_file_that_is_named_is_there(tmp_path: Path) -> None:
    """Pictures, provenance, what was dropped; each picture is one."""
    rule = Filter(figure="duration", most=3.0)
    make(
        settings_for(tmp_path, "nemo", filters=(rule,)),
        tmp_path / "state",
        rows(numbered(9)),
    )
    _, text = _card(tmp_path, "nemo")
    pictures = [line for line in text.splitlines() if line.startswith("![")]
    assert len(pictures) == 4
    for line in pictures:
        path = tmp_path / "nemo" / line.split("(")[-1].rstrip(")")
        assert ET.parse(path).getroot().tag.endswith("svg")
    assert "`duration` out of bounds" in text
    for name in ("utterances.jsonl", "dropped.jsonl", "recipes.json"):
        assert f"about/{name}" in text
        assert (tmp_path / "nemo" / "about" / name).is_file()


def test_every_utterance_can_be_traced(tmp_path: Path) -> None:
    """To its requests, and to the engine and the parameters they were made with."""
    told = rows(numbered(4))
    make(settings_for(tmp_path, "kaldi"), tmp_path / "state", told)
    about = tmp_path / "kaldi" / "about"
    recipes = json.loads((about / "recipes.json").read_text("utf-8"))
    lines = (about / "utterances.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == len(told)
    for one, line in zip(told, map(json.loads, lines), strict=True):
        assert line["key"] == one.key
        assert line["fingerprints"] == list(one.provenance.fingerprints)
        recipe = recipes[line["recipe"]]
        assert recipe["engine"] == "local/tone-1"
        assert recipe["parameters"]["speaker"] == one.voice
    assert len(recipes) == 3


def test_held_out_voices_are_told(tmp_path: Path) -> None:
    """With the texts that they share with the others."""
    splits = Splits(shares={"train": 1.0}, held_out={"luna": "unseen"})
    asked = settings_for(tmp_path, "ljspeech", splits=splits)
    told = [*rows(numbered(4)), row("x", "Only the last one says this.", "luna")]
    summary, _ = make(asked, tmp_path / "state", told)
    assert summary.counted.shared_texts == 4
    [warning] = summary.warnings
    assert warning.startswith("4 texts are read by a held-out voice and in another")
    _, text = _card(tmp_path, "ljspeech")
    assert "Speakers held out: luna in unseen." in text


def test_another_card_is_written_without_any_sound(tmp_path: Path) -> None:
    """A licence that is added changes the card, and nothing else."""
    told = rows(numbered(3))
    asked = settings_for(tmp_path, "webdataset")
    make(_with(asked), tmp_path / "state", told)
    before = (tmp_path / "webdataset" / "train-000000.tar").stat().st_mtime_ns
    _, wanted = make(_with(asked, license="mit"), tmp_path / "state", told)
    assert wanted == []
    assert _card(tmp_path, "webdataset")[0]["license"] == "mit"
    assert (tmp_path / "webdataset" / "train-000000.tar").stat().st_mtime_ns == before


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_how_to_load_it(tmp_path: Path, name: str) -> None:
    """A title and a way in."""
    make(settings_for(tmp_path, name), tmp_path / "state", [row("a")])
    _, text = _card(tmp_path, name)
    loading = text.split("## Loading (")[1].split("## ")[0]
    assert len(loading) > 80
    assert "{" not in loading.split("\n")[0]


def test_a_dataset_with_nothing_in_it(tmp_path: Path) -> None:
    """Has a card all the same, which promises nothing."""
    summary, _ = make(settings_for(tmp_path), tmp_path / "state", [row("a", " ")])
    assert summary.counted.whole.utterances == 0
    for name in FORMATS:
        front, text = _card(tmp_path, name)
        assert "configs" not in front or front["configs"] == [
            {"config_name": "default", "data_files": []}
        ]
        assert "0 utterances" in text


def test_a_histogram_is_a_picture() -> None:
    """Bars as high as the counts, whatever the title says."""
    picture = drawn(Histogram("duration", 0.0, 0.5, (1, 0, 4)), 'a <b> & "c"')
    root = ET.fromstring(picture)
    bars = [one for one in root if one.get("fill") == "#3572b0"]
    heights = [float(bar.get("height", "")) for bar in bars]
    assert heights == [40.0, 0.0, 160.0]
    assert 'a <b> & "c"' in "".join(root.itertext())
