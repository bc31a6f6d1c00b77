"""Datasets that grow: the same bytes in any order, finished shards left alone."""

from __future__ import annotations

import threading
from collections.abc import Iterable
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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchtts.outputs.datasets.dataset import Dataset
from batchtts.outputs.datasets.rows import Row

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def test_any_order_gives_the_same_bytes(tmp_path: Path) -> None:
    """The order in which sound comes decides nothing."""
    told = rows(numbered(7))
    for name, backwards in (("a", False), ("b", True)):
        folder = tmp_path / name
        asked = settings_for(folder, splits=SPLITS, shard_rows=5)
        make(asked, folder / "state", told, backwards=backwards)
    assert bytes_in(tmp_path / "a") == bytes_in(tmp_path / "b")


def test_threads_give_the_same_bytes(tmp_path: Path) -> None:
    """Sound may come from several threads, shards being written on the way."""
    told = rows(numbered(20))
    plain, threaded = tmp_path / "a", tmp_path / "b"
    small = settings_for(threaded, *BOTH, shard_rows=8, shard_bytes=200_000)
    make(
        settings_for(plain, *BOTH, shard_rows=8, shard_bytes=200_000),
        plain / "state",
        told,
    )
    with Dataset(small, state=threaded / "state") as dataset:
        for one in told:
            dataset.expect(one)
        dataset.plan()

        def add(mine: Iterable[Row]) -> None:
            for one in mine:
                dataset.add(one.key, sound_of(one))

        threads = [
            threading.Thread(target=add, args=(told[start::4],)) for start in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(list((threaded / "webdataset").glob("*.tar"))) > 1
        dataset.finish()
    assert bytes_in(threaded) == bytes_in(plain)


def test_a_second_run_touches_nothing(tmp_path: Path) -> None:
    """No sound is asked for, and no file is written."""
    told, asked = rows(numbered(8)), settings_for(tmp_path, splits=SPLITS)
    make(asked, tmp_path / "state", told)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    summary, wanted = make(asked, tmp_path / "state", told)
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert (wanted, summary.shards_written) == ([], 0)
    assert summary.counted.whole.utterances == 24
    state = {path for path in after if "state" in path.parts}
    assert {p: t for p, t in after.items() if p not in state} == {
        p: t for p, t in before.items() if "state" not in p.parts
    }


def test_rows_added_leave_finished_shards_alone(tmp_path: Path) -> None:
    """Only the last shard of a split, where there is room, is written anew."""
    asked = settings_for(tmp_path, *SHARDED, shard_rows=10)
    make(asked, tmp_path / "state", rows(numbered(8)))  # 24: two full shards and 4
    before = data_in(tmp_path)
    summary, wanted = make(asked, tmp_path / "state", rows(numbered(10)))
    after = data_in(tmp_path)
    changed = {path for path in before if after[path] != before[path]}
    assert (set(before) - changed, changed) == (shards_of(0, 1), shards_of(2))
    assert len(wanted) == 4 + 6
    assert summary.shards_written == len(SHARDED)


def test_grown_is_the_same_as_made_at_once(tmp_path: Path) -> None:
    """A dataset made in three runs is, byte for byte, the one of a single run."""
    once, grown = tmp_path / "once", tmp_path / "grown"
    make(
        settings_for(once, *BOTH, shard_rows=5, splits=SPLITS),
        once / "state",
        rows(numbered(15)),
    )
    for count in (4, 9, 15):
        make(
            settings_for(grown, *BOTH, shard_rows=5, splits=SPLITS),
            grown / "state",
            rows(numbered(count)),
        )
    assert bytes_in(grown) == bytes_in(once)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(
    st.lists(
        st.lists(st.integers(0, 14), unique=True, max_size=12), min_size=1, max_size=4
    )
)
def test_however_it_came_about(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[int]]
) -> None:
    """After any changes all rows asked for are there once, each with its own sound."""
    folder = tmp_path_factory.mktemp("grown")
    asked = settings_for(folder, "ljspeech", shard_rows=4, drop_removed=True)
    texts = list(numbered(15).items())
    for told in runs:
        make(
            asked,
            folder / "state",
            rows(dict(texts[number] for number in told), voices=("astra",)),
        )
        wanted = {texts[number][0] for number in told}
        keys = keys_in(folder)
        assert sorted(keys) == sorted(wanted)
        wavs = {path.stem: path for path in (folder / "ljspeech/wavs").glob("*")}
        assert set(wavs) == wanted
        for row_id, path in wavs.items():
            one = row(row_id, dict(texts)[row_id], voices=("astra",))
            assert path.read_bytes()[44:] == pcm_of(one)


def test_rows_removed_are_told_and_stay(tmp_path: Path) -> None:
    """A finished shard is not written anew for them, unless that is asked for."""
    asked = settings_for(tmp_path, *BOTH, shard_rows=4)
    texts = numbered(10)
    told = rows(texts, voices=("astra",))
    make(asked, tmp_path / "state", told)
    before = data_in(tmp_path)
    del told[1], told[7]
    with Dataset(asked, state=tmp_path / "state") as dataset:
        for one in told:
            dataset.expect(one)
        plan = dataset.plan()
        assert (plan.rows, plan.wanted, plan.removed) == (8, 0, 2)
        assert [one.row.id for one in dataset.removed()] == ["0001", "0008"]
        assert dataset.finish().counted.removed == 2
    assert data_in(tmp_path) == before
    drops = replace(asked, drop_removed=True)
    summary, wanted = make(drops, tmp_path / "state", told)
    assert keys_in(tmp_path) == [one.key for one in told]
    assert sorted(wanted) == ["0000", "0002", "0003", "0009"]
    assert summary.counted.whole.utterances == 8
    assert not (tmp_path / "ljspeech" / "wavs" / "0001.wav").exists()
    shard = "webdataset/train-000001.tar"
    assert data_in(tmp_path)[shard] == before[shard]
