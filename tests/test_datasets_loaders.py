"""Real loaders open what is written, unchanged, and give back every row."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest
import soundfile
from corpus import RATE_HZ, TRICKY, make, pcm_of, row, rows, settings_for

from batchtts.corpora import Splits
from batchtts.outputs.datasets.rows import Row
from batchtts.outputs.datasets.splits import split_of

# The loaders' own imports and habits are not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")
if not all(map(importlib.util.find_spec, ("datasets", "webdataset"))):
    pytest.skip("the extra loaders is not installed", allow_module_level=True)

SPLITS = Splits(shares={"train": 0.7, "test": 0.3})
TOLD = rows(TRICKY)
SPEECHLESS = {"empty", "emoji"}


class _Split(Protocol):
    """What is used here of a split that Hugging Face loaded."""

    column_names: list[str]

    def cast_column(self, name: str, feature: object) -> _Split: ...
    def __iter__(self) -> Iterator[Mapping[str, object]]: ...


Load = Callable[..., Mapping[str, _Split]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tricky corpus, in shards of ten utterances."""
    folder = tmp_path_factory.mktemp("corpus")
    names = ("audiofolder", "parquet", "webdataset")
    settings = settings_for(
        folder, *names, suffix=".flac", splits=SPLITS, shard_rows=10, columns=("scene",)
    )
    make(settings, folder / "state", TOLD)
    return folder


@pytest.fixture(scope="module", autouse=True)
def _offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the loaders be imported without network, telemetry and a cache of yours."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_HOME", str(home))
        import datasets  # noqa: PLC0415 - after its variables

        patch.setattr(datasets.config, "HF_DATASETS_CACHE", home / "datasets")
        datasets.disable_progress_bars()
        yield


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Give `datasets.load_dataset` with a cache of its own."""
    import datasets  # noqa: PLC0415 - see above

    def loaded(*args: str, **options: object) -> Mapping[str, _Split]:
        found: Mapping[str, _Split] = datasets.load_dataset(
            *args, cache_dir=str(tmp_path / "cache"), **options
        )
        return found

    return loaded


Read = dict[str, tuple[object, object, object, bytes]]


def _expected(split: str) -> Read:
    return {
        one.key: (one.text, one.normalised, one.voice, pcm_of(one))
        for one in TOLD
        if one.id not in SPEECHLESS and split_of(one, SPLITS) == split
    }


def _pcm(data: bytes) -> bytes:
    samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="int16")
    assert rate_hz == RATE_HZ
    return bytes(samples.astype("<i2").tobytes())


def _undecoded(
    split: _Split, column: str
) -> Iterator[tuple[bytes, Mapping[str, object]]]:
    from datasets import Audio  # noqa: PLC0415 - slow

    for one in split.cast_column(column, Audio(decode=False)):
        audio = one[column]
        assert isinstance(audio, dict)
        yield audio["bytes"] or Path(audio["path"]).read_bytes(), one


def _read(
    rows: Iterable[tuple[bytes, Mapping[str, object]]],
) -> Read:
    return {
        str(one["key"]): (
            one["text"],
            one["normalized_text"],
            one["speaker"],
            _pcm(data),
        )
        for data, one in rows
    }


@pytest.mark.parametrize("name", ["audiofolder", "parquet"])
@pytest.mark.parametrize("how", ["card", "builder"])
def test_hugging_face_opens_it(corpus: Path, load: Load, name: str, how: str) -> None:
    """By the folder alone, whose card says where what is, and by the builder."""
    folder = str(corpus / name)
    loaded = load(folder) if how == "card" else load(name, data_dir=folder)
    assert set(loaded) == set(SPLITS.names)
    for split in SPLITS.names:
        assert _read(_undecoded(loaded[split], "audio")) == _expected(split)


@pytest.mark.parametrize("how", ["card", "builder"])
def test_hugging_face_opens_webdataset(corpus: Path, load: Load, how: str) -> None:
    """Its types are taken from the first utterances, and hold for all."""
    folder = corpus / "webdataset"
    files = {name: str(folder / f"{name}-*.tar") for name in SPLITS.names}
    loaded = (
        load(str(folder)) if how == "card" else load("webdataset", data_files=files)
    )
    for split in SPLITS.names:
        found: Read = {}
        for data, one in _undecoded(loaded[split], "flac"):
            about = one["json"]
            assert isinstance(about, dict)
            assert one["__key__"] == about["key"]
            assert one["txt"] == about["normalized_text"]
            found |= _read([(data, about)])
        assert found == _expected(split)


def test_webdataset_opens_it(corpus: Path) -> None:
    """A sample is one utterance, whatever stands in its id."""
    import webdataset  # noqa: PLC0415 - slow

    for split in SPLITS.names:
        shards = sorted(map(str, (corpus / "webdataset").glob(f"{split}-*.tar")))
        assert len(shards) > 1
        found: Read = {}
        for sample in webdataset.WebDataset(shards, shardshuffle=False):
            about = json.loads(sample["json"])
            assert sample["__key__"] == about["key"]
            assert sample["txt"].decode() == about["normalized_text"]
            found |= _read([(sample["flac"], about)])
        assert found == _expected(split)


@pytest.mark.parametrize("name", ["audiofolder", "parquet", "webdataset"])
def test_what_a_card_advises_works(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Its code, as it stands there, gives every row of the first split."""
    monkeypatch.chdir(corpus / name)
    blocks = Path("README.md").read_text("utf-8").split("```python\n")[1:]
    assert blocks
    for block in blocks:
        values: dict[str, object] = {}
        exec(block.split("```")[0], values)
        if "corpus" in values:
            found = values["corpus"]
            assert isinstance(found, Iterable)
            assert len(list(found)) == len(_expected("train"))
        else:
            assert values["rate"] == RATE_HZ


def test_types_are_told(corpus: Path, load: Load) -> None:
    """Texts are texts, though they look like numbers; figures are numbers."""
    loaded = load(str(corpus / "parquet"))["train"]
    features = loaded.features  # type: ignore[attr-defined]
    assert features["audio"].sampling_rate == RATE_HZ
    assert features["text"].dtype == features["scene"].dtype == "string"
    assert features["duration"].dtype == features["snr_db"].dtype == "float64"


def test_without_splits_all_is_train(tmp_path: Path, load: Load) -> None:
    """That is where loaders look."""
    names = ("audiofolder", "parquet", "webdataset")
    settings = settings_for(tmp_path, *names, suffix=".flac")
    make(settings, tmp_path / "state", [row("a"), row("b")])
    for name in ("audiofolder", "parquet", "webdataset"):
        loaded = load(str(tmp_path / name))
        assert list(loaded) == ["train"]
        assert len(list(loaded["train"].cast_column(*_plain(name)))) == 2


def _plain(name: str) -> tuple[str, object]:
    from datasets import Audio  # noqa: PLC0415 - slow

    return "flac" if name == "webdataset" else "audio", Audio(decode=False)


def test_texts_that_look_like_dates(tmp_path: Path, load: Load) -> None:
    """AudioFolder's loader takes a column of dates for dates: it is said so."""
    settings = settings_for(
        tmp_path, "audiofolder", "parquet", "webdataset", columns=("day",)
    )
    days = [row(f"{n}", f"2024-05-{n}", day=f"2024-05-{n} 10:00") for n in (10, 11)]
    summary, _ = make(settings, tmp_path / "state", days)
    [warning] = summary.warnings
    assert warning.startswith(
        'audiofolder: its loader will take "text", "normalized_text", "day" for dates'
    )
    loaded = load(str(tmp_path / "parquet"))["train"].cast_column(*_plain("parquet"))
    assert [one["day"] for one in loaded] == ["2024-05-10 10:00", "2024-05-11 10:00"]


def test_the_loader_sees_the_rows_in_order(corpus: Path) -> None:
    """The job's order is the dataset's, within a split."""
    lines = (corpus / "audiofolder" / "train" / "metadata.jsonl").read_text("utf-8")
    keys = [json.loads(line)["key"] for line in lines.splitlines()]
    assert keys == list(_expected("train"))
    assert isinstance(TOLD[0], Row)
