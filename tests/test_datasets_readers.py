"""Each format read by rules of its own loader, written down here independently.

The rules are those of the loaders' sources and documentation; where a loader
can be installed lightly, `test_datasets_loaders` runs the loader itself.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
import wave
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest
import soundfile
from corpus import RATE_HZ, TRICKY, make, pcm_of, rows, settings_for

from batchtts import corpora
from batchtts.corpora import Splits
from batchtts.outputs.datasets.formats import FORMATS
from batchtts.outputs.datasets.rows import Row, one_line
from batchtts.outputs.datasets.splits import split_of

SPLITS = Splits(shares={"train": 0.6, "validation": 0.4})
LISTED = ("coqui", "f5", "kaldi", "lhotse", "ljspeech", "nemo", "piper", "shar")
SPEECHLESS = {"empty", "emoji"}

Read = dict[str, tuple[str, bytes]]  # key to text and PCM


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Row]]:
    """Make the tricky corpus in every format, and give the rows that are in it."""
    folder = tmp_path_factory.mktemp("corpus")
    told = rows(TRICKY)
    settings = settings_for(
        folder,
        *LISTED,
        "styletts2",
        suffix=".flac",
        splits=SPLITS,
        columns=("scene", "offset"),
    )
    make(settings, folder / "state", told)
    return folder, [one for one in told if one.id not in SPEECHLESS]


def _pcm(path: Path | io.BytesIO) -> bytes:
    samples, rate_hz = soundfile.read(path, dtype="int16")
    assert rate_hz == RATE_HZ
    return bytes(samples.astype("<i2").tobytes())


def _wav(path: Path) -> bytes:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getframerate() == RATE_HZ
        return file.readframes(file.getnframes())


def _expected(told: list[Row], text_of: Callable[[str], str]) -> Read:
    return {one.key: (text_of(one.normalised), pcm_of(one)) for one in told}


def _in(told: list[Row], split: str) -> list[Row]:
    return [one for one in told if split_of(one, SPLITS) == split]


def _no_pipe(text: str) -> str:
    return one_line(text.replace("|", " "))


def _read_ljspeech(root: Path, name: str) -> Read:
    """Coqui's `ljspeech`: split at every pipe, the third column, its end kept."""
    found = {}
    with (root / name).open(encoding="utf-8") as file:
        for line in file:
            cells = line.split("|")
            assert len(cells) == 3
            found[cells[0]] = (
                cells[2].rstrip("\n"),
                _wav(root / "wavs" / f"{cells[0]}.wav"),
            )
    return found


def _read_coqui(root: Path, name: str) -> Read:
    """Coqui's `coqui`: the header's names, files that lack are skipped."""
    with (root / name).open(encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file, delimiter="|"))
    assert {one["speaker_name"] for one in cells} == {"astra", "en-us", "luna"}
    return {
        PurePosixPath(one["audio_file"]).stem: (
            one["text"],
            _wav(root / one["audio_file"]),
        )
        for one in cells
    }


def _read_piper(root: Path, name: str) -> Read:
    """Piper: a csv reader with quotes, the last column, a missing file is skipped."""
    found = {}
    speakers: dict[str, int] = {}
    with (root / name).open(encoding="utf-8") as file:
        for cells in csv.reader(file, delimiter="|"):
            assert len(cells) >= 3
            speakers.setdefault(cells[1], len(speakers))
            found[PurePosixPath(cells[0]).stem] = cells[-1], _wav(root / cells[0])
    assert set(speakers) == {"astra", "en-us", "luna"}
    return found


def _read_f5(root: Path) -> Read:
    """F5-TTS: `wavs` must be there, the first row is skipped, whatever it is."""
    assert (root / "wavs").is_dir()
    found = {}
    with (root / "metadata.csv").open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter="|")
        next(reader)
        for cells in reader:
            assert len(cells) == 2
            path = PurePosixPath(cells[0].strip())
            found[path.stem] = cells[1].strip(), _wav(root / path)
    return found


def _read_styletts2(root: Path, name: str) -> tuple[Read, dict[str, int]]:
    """StyleTTS2: lines stripped and split at every pipe, whole-number speakers."""
    found, speakers = {}, {}
    with (root / name).open(encoding="utf-8") as file:
        for line in file:
            path, text, speaker = line.strip().split("|")
            key = PurePosixPath(path).stem
            found[key] = text, _pcm(root / path)
            speakers[key] = int(speaker)
            assert speaker == str(speakers[key])
    return found, speakers


def _read_nemo(root: Path, name: str) -> tuple[Read, dict[str, int]]:
    """NeMo: an object a line, in the system's encoding, paths from the manifest."""
    found, speakers = {}, {}
    with (root / name).open(encoding="ascii") as file:
        for line in file:
            assert line.strip()
            item = json.loads(line)
            audio = Path(item["audio_filepath"])
            assert not audio.is_absolute()
            assert audio.parent != Path()  # else it counts as a member of a tar file
            assert not {"offset", "text_filepath", "audio_filename"} & set(item)
            pcm = _pcm(root / audio)
            assert item["duration"] == pytest.approx(len(pcm) / 2 / RATE_HZ, abs=1e-6)
            assert isinstance(item["speaker"], int)
            found[audio.stem] = item["normalized_text"], pcm
            speakers[audio.stem] = item["speaker"]
    return found, speakers


def _kaldi_map(path: Path) -> dict[str, str]:
    """Read one of Kaldi's tables: sorted by bytes, no key twice, none without value."""
    lines = path.read_bytes().decode().split("\n")
    assert lines.pop() == ""
    assert lines == sorted(lines, key=lambda line: line.split(" ")[0].encode())
    pairs = [line.split(" ", 1) for line in lines]
    assert all(len(pair) == 2 and pair[1].strip() for pair in pairs)
    assert len({pair[0] for pair in pairs}) == len(pairs)
    return {pair[0]: pair[1] for pair in pairs}


def _read_kaldi(root: Path, split: str) -> Read:
    """Kaldi: as `utils/validate_data_dir.sh` checks a folder."""
    folder = root / split
    scp, text, utt2spk, dur = (
        _kaldi_map(folder / name) for name in ("wav.scp", "text", "utt2spk", "utt2dur")
    )
    assert scp.keys() == text.keys() == utt2spk.keys() == dur.keys()
    assert all(key.startswith(f"{speaker}-") for key, speaker in utt2spk.items())
    speakers = list(utt2spk.values())
    assert speakers == sorted(speakers, key=str.encode)
    spk2utt = _kaldi_map(folder / "spk2utt")
    inverted: dict[str, list[str]] = {}
    for key, speaker in utt2spk.items():
        inverted.setdefault(speaker, []).append(key)
    assert {s: line.split(" ") for s, line in spk2utt.items()} == inverted
    return {key: (text[key], _wav(root / path)) for key, path in scp.items()}


def _lines(path: Path) -> Iterator[dict[str, object]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _only(value: object) -> dict[str, object]:
    assert isinstance(value, list)
    assert len(value) == 1
    only: dict[str, object] = value[0]
    return only


def _read_lhotse(root: Path, split: str) -> Read:
    """Lhotse: a supervision within each recording, whose numbers fit together."""
    sources = {}
    for one in _lines(root / f"recordings_{split}.jsonl.gz"):
        assert one["duration"] == one["num_samples"] / one["sampling_rate"]  # type: ignore[operator]
        assert one["channel_ids"] == [0]
        source = _only(one["sources"])
        assert (source["type"], source["channels"]) == ("file", [0])
        pcm = _pcm(root / str(source["source"]))
        assert len(pcm) // 2 == one["num_samples"]
        sources[one["id"]] = pcm, one["duration"]
    found = {}
    for one in _lines(root / f"supervisions_{split}.jsonl.gz"):
        pcm, duration = sources[one["recording_id"]]
        assert (one["start"], one["duration"]) == (0.0, duration)
        found[str(one["id"])] = str(one["text"]), pcm
    return found


def _read_shar(root: Path, split: str) -> Read:
    """Lhotse Shar: cuts, and pairs of sound and manifest in the same order."""
    found = {}
    for cuts in sorted((root / split).glob("cuts.*.jsonl.gz")):
        number = cuts.name.split(".")[1]
        with tarfile.open(root / split / f"recording.{number}.tar", "r|") as tar:
            members = [
                (member.name, tar.extractfile(member).read())  # type: ignore[union-attr]
                for member in tar
            ]
        pairs = zip(members[::2], members[1::2], strict=True)
        for cut, ((sound, data), (about, manifest)) in zip(
            _lines(cuts), pairs, strict=True
        ):
            assert (sound, about) == (f"{cut['id']}.flac", f"{cut['id']}.json")
            recording = json.loads(manifest)
            assert recording == cut["recording"]
            assert recording["sources"] == [
                {"type": "shar", "channels": [0], "source": ""}
            ]
            pcm = _pcm(io.BytesIO(data))
            assert recording["num_samples"] == len(pcm) // 2
            supervision = _only(cut["supervisions"])
            found[str(cut["id"])] = str(supervision["text"]), pcm
    return found


@pytest.mark.parametrize("split", SPLITS.names)
def test_ljspeech(corpus: tuple[Path, list[Row]], split: str) -> None:
    """Every row comes back; a pipe or a line's end has become a space."""
    folder, told = corpus
    found = _read_ljspeech(folder / "ljspeech", f"metadata_{split}.csv")
    assert found == _expected(_in(told, split), _no_pipe)


@pytest.mark.parametrize("split", SPLITS.names)
def test_coqui(corpus: tuple[Path, list[Row]], split: str) -> None:
    """Every row comes back with its speaker, quotes and pipes as they were."""
    folder, told = corpus
    found = _read_coqui(folder / "coqui", f"metadata_{split}.csv")
    assert found == _expected(_in(told, split), one_line)


@pytest.mark.parametrize("split", SPLITS.names)
def test_piper(corpus: tuple[Path, list[Row]], split: str) -> None:
    """A quote that is never closed swallows no row."""
    folder, told = corpus
    found = _read_piper(folder / "piper", f"metadata_{split}.csv")
    assert found == _expected(_in(told, split), one_line)


@pytest.mark.parametrize("split", SPLITS.names)
def test_f5(corpus: tuple[Path, list[Row]], split: str) -> None:
    """The row that is skipped is not an utterance."""
    folder, told = corpus
    found = _read_f5(folder / "f5" / split)
    assert found == _expected(_in(told, split), one_line)


def test_styletts2(corpus: tuple[Path, list[Row]]) -> None:
    """Speakers are numbers, the same in every list."""
    folder, told = corpus
    train, first = _read_styletts2(folder / "styletts2", "train_list.txt")
    val, second = _read_styletts2(folder / "styletts2", "val_list.txt")
    assert train == _expected(_in(told, "train"), _no_pipe)
    assert val == _expected(_in(told, "validation"), _no_pipe)
    numbers = {(one.voice, (first | second)[one.key]) for one in told}
    assert numbers == {("astra", 0), ("en-us", 1), ("luna", 2)}


def test_styletts2_finds_its_third_list(corpus: tuple[Path, list[Row]]) -> None:
    """Its reader takes the text for it, in every line, and comes to an end."""
    folder, told = corpus
    path = folder / "styletts2" / "OOD_texts.txt"
    lines = path.read_text("utf-8").splitlines()
    column = 1 if ".wav" in lines[0].split("|")[0] else 0
    texts = [line.split("|")[column] for line in lines]
    expected = _expected(_in(told, "validation"), _no_pipe)
    assert sorted(texts) == sorted(text for text, _ in expected.values())
    assert any(len(text) >= 50 for text in texts[:-1])


@pytest.mark.parametrize("split", SPLITS.names)
def test_nemo(corpus: tuple[Path, list[Row]], split: str) -> None:
    """A table's column that NeMo would obey has another name."""
    folder, told = corpus
    found, speakers = _read_nemo(folder / "nemo", f"{split}_manifest.json")
    assert found == _expected(_in(told, split), str)
    named = json.loads((folder / "nemo" / "speakers.json").read_text("utf-8"))
    assert {one.key: named[one.voice] for one in _in(told, split)} == speakers


@pytest.mark.parametrize("split", SPLITS.names)
def test_kaldi(corpus: tuple[Path, list[Row]], split: str) -> None:
    """Sorted as the C locale does, speakers first."""
    folder, told = corpus
    found = _read_kaldi(folder / "kaldi", split)
    assert found == _expected(_in(told, split), one_line)


@pytest.mark.parametrize("split", SPLITS.names)
@pytest.mark.parametrize("reader", [_read_lhotse, _read_shar])
def test_lhotse(
    corpus: tuple[Path, list[Row]], split: str, reader: Callable[[Path, str], Read]
) -> None:
    """Manifests and Shar give the same."""
    folder, told = corpus
    name = "lhotse" if reader is _read_lhotse else "shar"
    assert reader(folder / name, split) == _expected(_in(told, split), str)


def test_what_cannot_be_said_is_listed(corpus: tuple[Path, list[Row]]) -> None:
    """An empty cell and an emoji are left out of every format, with the reason."""
    folder, _ = corpus
    for name in LISTED:
        path = folder / name / "about" / "dropped.jsonl"
        left = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert {one["id"] for one in left} == SPEECHLESS
        assert {one["reason"] for one in left} == {"its text has nothing to say"}
        assert len(left) == 6


def test_a_dataset_of_one_voice_has_other_lists(tmp_path: Path) -> None:
    """Piper's rows have no speaker then, and keys no voice."""
    settings = settings_for(tmp_path, "piper", "styletts2")
    told = rows({"a": "One.", "b": '"Two'}, voices=("astra",))
    summary, _ = make(settings, tmp_path / "state", told)
    written = (tmp_path / "piper" / "metadata.csv").read_text("utf-8")
    assert written == 'wavs/a.wav|One.\nwavs/b.wav|"""Two"\n'
    first, second = summary.warnings
    assert first.endswith("wants a val_list.txt too: ask for a validation split")
    assert "waits for ever for a line of 50 characters in OOD_texts.txt" in second


def test_a_prefix_stands_before_every_path(tmp_path: Path) -> None:
    """For lists that are read from another folder than the dataset's."""
    settings = settings_for(tmp_path, "kaldi", "lhotse", "nemo", prefix="/data/x/")
    make(settings, tmp_path / "state", rows({"a": "One."}, voices=("astra",)))
    path = "/data/x/audio/train-00000/a.wav"
    scp = (tmp_path / "kaldi" / "train" / "wav.scp").read_text("utf-8")
    assert scp == f"a {path}\n"
    [recording] = _lines(tmp_path / "lhotse" / "recordings_train.jsonl.gz")
    assert _only(recording["sources"])["source"] == path
    manifest = (tmp_path / "nemo" / "train_manifest.json").read_text("utf-8")
    assert json.loads(manifest)["audio_filepath"] == path


def test_every_format_of_a_job_can_be_written() -> None:
    """The names that a job may use are those that there are writers for."""
    assert set(corpora.FORMATS) == set(FORMATS)
