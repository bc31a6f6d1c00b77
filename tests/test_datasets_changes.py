"""Datasets that change, are interrupted or damaged: what is written anew."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from corpus import (
    BOTH,
    SHARDED,
    SPLITS,
    bytes_in,
    data_in,
    keys_in,
    make,
    numbered,
    pcm_of,
    row,
    rows,
    settings_for,
    shards_of,
    sound_of,
)

from batchtts.corpora import Filter, Splits
from batchtts.errors import LocalError
from batchtts.outputs.datasets.dataset import Dataset
from batchtts.outputs.datasets.settings import DatasetSettings

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def test_a_changed_row_changes_its_shard_only(tmp_path: Path) -> None:
    """Other words in one row: its shard is made anew, the others stay."""
    asked = settings_for(tmp_path, *SHARDED, "ljspeech", shard_rows=4)
    texts = numbered(10)
    make(asked, tmp_path / "state", rows(texts, voices=("astra",)))
    before = data_in(tmp_path)
    texts["0005"] = "Something else altogether."
    _, wanted = make(asked, tmp_path / "state", rows(texts, voices=("astra",)))
    after = data_in(tmp_path)
    assert wanted == ["0004", "0005", "0006", "0007"]
    changed = {path for path in before if after[path] != before[path]}
    assert {path for path in changed if "wavs" not in path} == shards_of(1)
    assert after["ljspeech/wavs/0005.wav"][0] != before["ljspeech/wavs/0005.wav"][0]


@pytest.mark.parametrize(
    "name", ["webdataset/train-000001.tar", "ljspeech/wavs/0005.wav"]
)
@pytest.mark.parametrize("damage", ["removed", "cut"])
def test_what_is_lost_comes_back(tmp_path: Path, name: str, damage: str) -> None:
    """A file that is gone, or not what it was, is written anew, the same."""
    asked = settings_for(tmp_path, *BOTH, shard_rows=4)
    told = rows(numbered(10), voices=("astra",))
    make(asked, tmp_path / "state", told)
    before = bytes_in(tmp_path)
    path = tmp_path / name
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    summary, wanted = make(asked, tmp_path / "state", told)
    assert wanted == ["0004", "0005", "0006", "0007"]
    assert summary.shards_written == 1
    assert bytes_in(tmp_path) == before


def test_a_lost_list_comes_back(tmp_path: Path) -> None:
    """Without any sound."""
    asked = settings_for(tmp_path, *BOTH)
    told = rows(numbered(3))
    make(asked, tmp_path / "state", told)
    before = bytes_in(tmp_path)
    (tmp_path / "ljspeech" / "metadata.csv").unlink()
    (tmp_path / "webdataset" / "README.md").unlink()
    assert make(asked, tmp_path / "state", told)[1] == []
    assert bytes_in(tmp_path) == before


def test_without_its_state_the_same_is_made(tmp_path: Path) -> None:
    """What is remembered only saves work."""
    asked = settings_for(tmp_path, *BOTH, shard_rows=4)
    told = rows(numbered(6))
    make(asked, tmp_path / "state", told)
    before = bytes_in(tmp_path)
    index = tmp_path / "state" / "index.sqlite"
    index.write_bytes(b"not a database at all, and longer than a header " * 4)
    assert len(make(asked, tmp_path / "state", told)[1]) == 18
    assert bytes_in(tmp_path) == before


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    """Sound that came is not asked for again, and the bytes are those of one run."""
    asked = settings_for(tmp_path / "a", *BOTH, shard_rows=4)
    told = rows(numbered(8))
    make(asked, tmp_path / "a" / "state", told)
    stopped = settings_for(tmp_path / "b", *BOTH, shard_rows=4)
    state = tmp_path / "b" / "state"
    with Dataset(stopped, state=state) as dataset:
        for one in told:
            dataset.expect(one)
        dataset.plan()
        for one in told[5:15]:
            dataset.add(one.key, sound_of(one))
    assert len(make(stopped, state, told)[1]) == 24 - 10
    assert bytes_in(tmp_path / "b") == bytes_in(tmp_path / "a")


class _StoppedError(Exception):
    """What ends a run in a test."""


@pytest.mark.parametrize("after", [0, 3, 6, 17, 25, 30])
def test_interrupted_while_writing(tmp_path: Path, after: int) -> None:
    """Wherever the writing ends, nothing is half there and the next run goes on."""
    asked = settings_for(tmp_path / "a", *BOTH, shard_rows=4)
    told = rows(numbered(5), voices=("astra",))
    make(asked, tmp_path / "a" / "state", told)
    complete = bytes_in(tmp_path / "a")
    stopped = settings_for(tmp_path / "b", *BOTH, shard_rows=4)
    left = after

    def check() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise _StoppedError

    state = tmp_path / "b" / "state"
    with Dataset(stopped, state=state, check=check) as dataset:
        for one in told:
            dataset.expect(one)
        dataset.plan()
        for one in told:
            dataset.add(one.key, sound_of(one))
        try:
            dataset.finish()
        except _StoppedError:
            assert bytes_in(tmp_path / "b").items() <= complete.items()
    assert make(stopped, state, told)[1] == []
    assert bytes_in(tmp_path / "b") == complete


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    """Half-written files of the same owner go when the folder is written to."""
    asked = settings_for(tmp_path, *BOTH, owner="me")
    (tmp_path / "webdataset").mkdir()
    left = tmp_path / "webdataset" / ".batchtts-me-0123456789ab"
    left.write_bytes(b"half")
    make(asked, tmp_path / "state", rows(numbered(2)))
    assert not left.exists()


def test_a_row_without_sound_is_left_out_and_tried_again(tmp_path: Path) -> None:
    """It is listed with the reason; the others are there."""
    asked = settings_for(tmp_path, *BOTH, shard_rows=4)
    told = rows(numbered(6), voices=("astra",))
    with Dataset(asked, state=tmp_path / "state") as dataset:
        for one in told:
            dataset.expect(one)
        dataset.plan()
        for one in told:
            if one.id == "0002":
                dataset.lose(one.key, "the service refuses it")
            elif one.id != "0003":
                dataset.add(one.key, sound_of(one))
        summary = dataset.finish()
        assert [(one.row.id, one.reason) for one in dataset.dropped()] == [
            ("0002", "the service refuses it"),
            ("0003", "its sound was not made"),
        ]
    assert summary.counted.lost == 2
    assert keys_in(tmp_path) == ["0000", "0001", "0004", "0005"]
    summary, wanted = make(asked, tmp_path / "state", told)
    assert wanted == ["0002", "0003"]
    assert keys_in(tmp_path) == ["0000", "0001", "0004", "0005", "0002", "0003"]
    assert summary.counted.lost == 0


def test_a_key_is_taken_once(tmp_path: Path) -> None:
    """The second row of a key is refused, the first one stays."""
    asked = settings_for(tmp_path, "ljspeech")
    with Dataset(asked, state=tmp_path / "state") as dataset:
        assert dataset.expect(row("a", "One."))
        assert not dataset.expect(row("a", "Two."))
        assert dataset.plan().rows == 1
        dataset.add("astra-a", sound_of(row("a", "One.")))
        dataset.finish()
    assert "One." in (tmp_path / "ljspeech" / "metadata.csv").read_text("utf-8")


def test_a_voice_on_its_own_is_no_worse(tmp_path: Path) -> None:
    """Sound of a row that nobody asked for is not taken."""
    asked = settings_for(tmp_path, "ljspeech")
    with Dataset(asked, state=tmp_path / "state") as dataset:
        dataset.expect(row("a"))
        dataset.plan()
        dataset.add("astra-b", sound_of(row("b")))
        dataset.add("astra-a", sound_of(row("a")))
        dataset.add("astra-a", sound_of(row("a"), bytes(800)))
        assert dataset.finish().counted.whole.utterances == 1
    assert (tmp_path / "ljspeech/wavs/astra-a.wav").read_bytes()[44:] == pcm_of(
        row("a")
    )


def test_no_sound_at_all_is_a_loss(tmp_path: Path) -> None:
    """An utterance of no samples is in no list."""
    asked = settings_for(tmp_path, "ljspeech")
    with Dataset(asked, state=tmp_path / "state") as dataset:
        dataset.expect(row("a"))
        dataset.plan()
        dataset.add("astra-a", sound_of(row("a"), b""))
        assert dataset.finish().counted.lost == 1


def test_a_format_added_later_gets_all(tmp_path: Path) -> None:
    """The first format's files stay as they are."""
    told = rows(numbered(4))
    make(settings_for(tmp_path, "webdataset"), tmp_path / "state", told)
    before = data_in(tmp_path)
    both = settings_for(tmp_path, *BOTH)
    summary, wanted = make(both, tmp_path / "state", told)
    assert len(wanted) == 12
    assert summary.shards_written == 1
    after = data_in(tmp_path)
    assert all(after[path] == before[path] for path in before)
    assert len(after) == len(before) + 12


def _changed(asked: DatasetSettings, **changes: object) -> DatasetSettings:
    return replace(asked, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"splits": Splits(shares={"train": 0.5, "test": 0.5})},
        {"splits": None},
        {"sound_key": "louder"},
        {"columns": ("scene",)},
        {"shard_rows": 3},
    ],
    ids=str,
)
def test_other_settings_give_what_they_would_from_the_start(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    """Nothing of the old layout is left over."""
    told = rows(numbered(8))
    fresh = _changed(settings_for(tmp_path / "a", *BOTH, splits=SPLITS), **changes)
    make(fresh, tmp_path / "a" / "state", told)
    grown = settings_for(tmp_path / "b", *BOTH, splits=SPLITS)
    make(grown, tmp_path / "b" / "state", told)
    make(_changed(grown, **changes), tmp_path / "b" / "state", told)
    assert bytes_in(tmp_path / "b") == bytes_in(tmp_path / "a")


def test_a_threshold_costs_only_what_it_changes(tmp_path: Path) -> None:
    """Rows that pass no more leave their shard; rows that pass again come last."""
    asked = settings_for(tmp_path, *BOTH, shard_rows=4)
    told = rows(numbered(10), voices=("astra",))
    make(asked, tmp_path / "state", told)
    before = data_in(tmp_path)
    long = Filter(figure="duration", most=3.0)
    strict = replace(asked, filters=(long,))
    summary, _ = make(strict, tmp_path / "state", told)
    keys = keys_in(tmp_path)
    assert 0 < len(keys) < 10
    assert summary.counted.filtered == (("duration", 10 - len(keys)),)
    dropped = (tmp_path / "ljspeech" / "about" / "dropped.jsonl").read_text("utf-8")
    reasons = [json.loads(line)["reason"] for line in dropped.splitlines()]
    assert all(reason.endswith("is above 3") for reason in reasons)
    make(asked, tmp_path / "state", told)
    assert sorted(keys_in(tmp_path)) == [one.key for one in told]
    assert {path: one[0] for path, one in data_in(tmp_path).items()}.keys() >= {
        path for path in before if path.endswith(".wav")
    }


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    """Where a target's folder cannot be made, the run ends with the reason."""
    (tmp_path / "ljspeech").write_text("a file")
    asked = settings_for(tmp_path, "ljspeech")
    with pytest.raises(LocalError, match="ljspeech"):
        make(asked, tmp_path / "state", rows(numbered(2)))


def test_a_job_half_told_leaves_no_trace(tmp_path: Path) -> None:
    """Ended while rows are told: the next run finds all as it was."""
    asked = settings_for(tmp_path, "ljspeech", splits=SPLITS)
    told = rows(numbered(6))
    make(asked, tmp_path / "state", told)
    whole = replace(asked, splits=None)
    with Dataset(whole, state=tmp_path / "state") as dataset:
        dataset.expect(told[0])
    make(whole, tmp_path / "state", told)
    assert sorted(keys_in(tmp_path)) == sorted(one.key for one in told)


def test_sound_at_another_rate_is_refused(tmp_path: Path) -> None:
    """It would be played too fast or too slowly, and nobody would be told."""
    asked = settings_for(tmp_path, "ljspeech", rate_hz=16000)
    with Dataset(asked, state=tmp_path / "state") as dataset:
        dataset.expect(row("a"))
        dataset.plan()
        with pytest.raises(ValueError, match="8000 Hz in a dataset at 16000"):
            dataset.add("astra-a", sound_of(row("a")))
