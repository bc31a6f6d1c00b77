"""Figures, robust scores and filters: what is odd is found, and told."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest
from corpus import RATE_HZ, make, numbered, pcm_of, row, rows, settings_for, sound_of
from hypothesis import given, settings
from hypothesis import strategies as st

from batchtts.corpora import FIGURES, Filter
from batchtts.outputs.datasets.database import Database
from batchtts.outputs.datasets.dataset import Dataset
from batchtts.outputs.datasets.schema import SCHEMA, VERSION
from batchtts.outputs.datasets.scores import Norms, norms, refusal

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

SILENCE = bytes(2 * RATE_HZ)


def _about(folder: Path, name: str = "utterances") -> dict[str, dict[str, object]]:
    path = folder / "ljspeech" / "about" / f"{name}.jsonl"
    lines = map(json.loads, path.read_text("utf-8").splitlines())
    return {one["key"]: one for one in lines}


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.floats(-100, 100, width=32)),
        min_size=1,
        max_size=60,
    )
)
def test_norms_are_medians(
    tmp_path_factory: pytest.TempPathFactory, values: list[tuple[int, float]]
) -> None:
    """The database finds what sorting finds, for each voice on its own."""
    folder = tmp_path_factory.mktemp("norms")
    with Database(folder / "index.sqlite", SCHEMA, version=VERSION) as database:
        database.many(
            "insert into places (digest, voice, split, family, samples,"
            f" {', '.join(FIGURES)})"
            f" values (x'', ?, '', x'', 1, {', '.join('?' * len(FIGURES))})",
            [(voice, *(value for _ in FIGURES)) for voice, value in values],
        )
        found = norms(database)
    for voice in (1, 2, 3):
        mine = [value for number, value in values if number == voice]
        if len(mine) < 10:
            assert voice not in found
            continue
        median = statistics.median_low(mine)
        mad = statistics.median_low([abs(value - median) for value in mine])
        spread = max(1.4826 * mad, 1.0)
        assert found[voice].of["loudness_lufs"] == pytest.approx((median, spread))


def test_a_score_is_a_distance_in_spreads() -> None:
    """With its sign, so that one sees in which direction."""
    voice = Norms({"chars_per_s": (15.0, 2.0), "snr_db": (40.0, 5.0)})
    assert voice.scores({"chars_per_s": 11.0, "snr_db": 45.0}) == {
        "chars_per_s": -2.0,
        "snr_db": 1.0,
    }
    assert voice.worst({"chars_per_s": 11.0, "snr_db": 45.0}) == ("chars_per_s", 2.0)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (Filter(figure="snr_db", least=20), "snr_db 12.5 is below 20"),
        (Filter(figure="duration", most=3.5), "duration 4 is above 3.5"),
        (Filter(figure="outlier", most=3), "outlier (snr_db) 5.5 is above 3"),
        (Filter(figure="snr_db", least=12.5, most=12.5), None),
        (Filter(figure="outlier", most=6), None),
    ],
)
def test_a_filter_gives_its_reason(rule: Filter, reason: str | None) -> None:
    """The figure, its value and the bound that it is beyond."""
    figures = {"duration": 4.0, "snr_db": 12.5}
    voice = Norms({"snr_db": (40.0, 5.0)})
    assert refusal([rule], figures, voice) == reason


def test_a_voice_without_norms_has_no_outliers() -> None:
    """Ten utterances at least, or nobody knows what is usual."""
    rule = Filter(figure="outlier", most=0)
    assert refusal([rule], {"snr_db": 0.0}, None) is None


def test_what_sounds_unlike_its_voice_is_left_out(tmp_path: Path) -> None:
    """One utterance cut short, one far too quiet, among many as they should be."""
    odd = {"0003": "cut", "0017": "quiet"}
    asked = settings_for(
        tmp_path, "ljspeech", filters=(Filter(figure="outlier", most=6),)
    )
    told = rows(numbered(30), voices=("astra",))
    with Dataset(asked, state=tmp_path / "state") as dataset:
        for one in told:
            dataset.expect(one)
        dataset.plan()
        for one in told:
            pcm = pcm_of(one)
            if one.id == "0003":
                pcm = pcm[: len(pcm) // 8 * 2]
            elif one.id == "0017":
                pcm = b"".join(
                    round(
                        int.from_bytes(pcm[at : at + 2], "little", signed=True) / 9
                    ).to_bytes(2, "little", signed=True)
                    for at in range(0, len(pcm), 2)
                )
            dataset.add(one.key, sound_of(one, pcm))
        summary = dataset.finish()
    assert summary.counted.filtered == (("outlier", 2),)
    reasons = {key: one["reason"] for key, one in _about(tmp_path, "dropped").items()}
    assert set(reasons) == set(odd)
    assert str(reasons["0003"]).startswith("outlier (pace) ")
    assert str(reasons["0017"]).startswith("outlier (loudness_lufs) ")


def test_figures_are_those_of_the_sound(tmp_path: Path) -> None:
    """Length, silences and words stand beside each utterance."""
    told = rows(numbered(12), voices=("astra",))
    make(settings_for(tmp_path, "ljspeech"), tmp_path / "state", told)
    about = _about(tmp_path)
    for one in told:
        figures = about[one.key]
        duration = len(pcm_of(one)) / 2 / RATE_HZ
        assert figures["duration"] == pytest.approx(duration, abs=1e-6)
        words = len(one.normalised.split()) / duration
        assert figures["words_per_s"] == pytest.approx(words, abs=1e-3)
        assert figures["leading_silence_s"] == pytest.approx(0.05, abs=0.01)
        assert figures["peak_dbfs"] == pytest.approx(-14.75, abs=0.05)
        assert set(figures["scores"]) == {  # type: ignore[call-overload]
            "bandwidth_hz",
            "clipped_samples",
            "leading_silence_s",
            "longest_silence_s",
            "loudness_lufs",
            "pace",
            "snr_db",
            "trailing_silence_s",
        }


def test_silence_has_figures_too(tmp_path: Path) -> None:
    """All are finite, as JSON has no infinity."""
    one = row("a", voices=("astra",))
    asked = settings_for(tmp_path, "ljspeech")
    with Dataset(asked, state=tmp_path / "state") as dataset:
        dataset.expect(one)
        dataset.plan()
        dataset.add("a", sound_of(one, SILENCE))
        dataset.finish()
    figures = _about(tmp_path)["a"]
    assert figures["loudness_lufs"] == figures["peak_dbfs"] == -120.0
    assert figures["leading_silence_s"] == figures["duration"] == 1.0


def test_scores_of_the_callers_own(tmp_path: Path) -> None:
    """A recogniser's error rate is a figure like the others, and filters."""
    rates = {"0000": 0.0, "0001": 0.05, "0002": 0.4}
    asked = settings_for(
        tmp_path,
        "ljspeech",
        "nemo",
        scores=("wer",),
        filters=(Filter(figure="wer", most=0.1),),
    )
    told = rows(numbered(3), voices=("astra",))
    with Dataset(asked, state=tmp_path / "state") as dataset:
        for one in told:
            dataset.expect(one)
        dataset.plan()
        for one in told:
            dataset.add(one.key, sound_of(one), {"wer": rates[one.id]})
        dataset.finish()
    assert {key: one["wer"] for key, one in _about(tmp_path).items()} == {
        "0000": 0.0,
        "0001": 0.05,
    }
    manifest = (tmp_path / "nemo" / "train_manifest.json").read_text("utf-8")
    assert [json.loads(line)["wer"] for line in manifest.splitlines()] == [0.0, 0.05]
    dropped = _about(tmp_path, "dropped")
    assert dropped["0002"]["reason"] == "wer 0.4 is above 0.1"
