"""Lhotse itself opens what is written for it; by hand, as it brings 5 GB of torch.

pip install lhotse urllib3 && python -m pytest -m slow tests/test_datasets_lhotse.py
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from corpus import RATE_HZ, TRICKY, make, numbered, pcm_of, rows, settings_for
from numpy.typing import NDArray

from batchtts.corpora import Splits
from batchtts.outputs.datasets.rows import Row, one_line
from batchtts.outputs.datasets.splits import split_of

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
lhotse = pytest.importorskip("lhotse")

SPLITS = Splits(shares={"train": 0.7, "test": 0.3})
TOLD = rows({**TRICKY, **numbered(5)})
SPEECHLESS = {"empty", "emoji"}


class _Supervision(Protocol):
    """What is used here of what a cut says."""

    recording_id: str
    text: str
    speaker: str
    language: str


class _Cut(Protocol):
    """What is used here of a cut."""

    supervisions: list[_Supervision]

    def load_audio(self) -> NDArray[np.float32]: ...


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tricky corpus."""
    folder = tmp_path_factory.mktemp("corpus")
    names = ("kaldi", "lhotse", "shar")
    settings = settings_for(
        folder, *names, suffix=".flac", splits=SPLITS, shard_rows=10
    )
    make(settings, folder / "state", TOLD)
    return folder


@pytest.fixture
def at(corpus: Path) -> Iterator[Path]:
    """Give the corpus; the paths in its lists are relative to their dataset."""
    before = Path.cwd()
    yield corpus
    os.chdir(before)


def _read(cuts: Iterable[_Cut]) -> dict[str, tuple[str, bytes]]:
    found = {}
    for cut in cuts:
        [said] = cut.supervisions
        assert said.language == "eng"
        samples = np.rint(cut.load_audio()[0] * 32768).astype("<i2")
        found[said.recording_id] = said.text, samples.tobytes()
    return found


def _expected(split: str) -> dict[str, tuple[str, bytes]]:
    return {one.key: (one.normalised, pcm_of(one)) for one in _in(split)}


def _in(split: str) -> Iterator[Row]:
    for one in TOLD:
        if one.id not in SPEECHLESS and split_of(one, SPLITS) == split:
            yield one


@pytest.mark.parametrize("split", SPLITS.names)
def test_manifests(at: Path, split: str) -> None:
    """They are valid by its own rules, the sound included."""
    os.chdir(at / "lhotse")
    recordings = lhotse.RecordingSet.from_file(f"recordings_{split}.jsonl.gz")
    said = lhotse.SupervisionSet.from_file(f"supervisions_{split}.jsonl.gz")
    cuts = lhotse.CutSet.from_manifests(recordings, said)
    lhotse.validate(cuts, read_data=True)
    assert _read(cuts) == _expected(split)


@pytest.mark.parametrize("split", SPLITS.names)
def test_shar(at: Path, split: str) -> None:
    """Several shards of cuts and sound belong together."""
    cuts = lhotse.CutSet.from_shar(in_dir=at / "shar" / split)
    assert _read(cuts) == _expected(split)


@pytest.mark.parametrize("split", SPLITS.names)
def test_kaldi(at: Path, split: str) -> None:
    """A Kaldi folder comes in with texts, speakers and languages."""
    from lhotse.kaldi import load_kaldi_data_dir  # noqa: PLC0415 - see above

    os.chdir(at / "kaldi")
    recordings, said, _ = load_kaldi_data_dir(split, RATE_HZ)
    cuts = lhotse.CutSet.from_manifests(recordings, said)
    expected = {
        key: (one_line(text), pcm) for key, (text, pcm) in _expected(split).items()
    }
    assert _read(cuts) == expected
