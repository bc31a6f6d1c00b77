"""A small corpus for the tests of datasets: rows, and a sound for each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from batchtts.audio.meter import Meter
from batchtts.corpora import FORMATS, About, Splits, Suffix, Target
from batchtts.outputs.datasets.dataset import Dataset, Summary
from batchtts.outputs.datasets.rows import Provenance, Row, Sound, utterance_key
from batchtts.outputs.datasets.settings import DatasetSettings

RATE_HZ = 8000
VOICES = ("astra", "en-us", "luna")
SPLITS = Splits(shares={"train": 0.7, "test": 0.3})
BOTH = ("webdataset", "ljspeech")
SHARDED = ("webdataset", "parquet", "shar")


def shards_of(*numbers: int) -> set[str]:
    """Return the files of some shards in the formats that have such."""
    return {
        name.format(number)
        for number in numbers
        for name in (
            "webdataset/train-{:06d}.tar",
            "parquet/data/train-{:05d}.parquet",
            "shar/train/cuts.{:06d}.jsonl.gz",
            "shar/train/recording.{:06d}.tar",
        )
    }


TRICKY = {
    "plain": "The ferry leaves at nine.",
    "open-quote": '"The ferry leaves at nine.',
    "quotes": '"Wait," she said, "for me."',
    "pipe": "left|right",
    "lines": "one\ntwo\r\nthree\u2028four",
    "nul": "before\0after",
    "comma": "a, b; c\td",
    "dot.in.id": "An id with dots.",
    "space in id": "An id with spaces.",
    """an 'id' "of"|marks,\t../&<b>""": "An id that nobody would choose.",
    "umlaut-ä": "Grüße aus Köln, 東京 and \U0001f600.",
    "wav": "Play intro.wav|now",
    "empty": " \n ",
    "emoji": "\U0001f600\U0001f389",
    "long": "word " * 2000,
    "json": '{"text": "\\"}',
    "number": "12",
    "null": "null",
    "x" * 190: "An id as long as ids may be, nearly.",
}
"""Texts that some reader or writer might trip over, by their ids."""


def settings_for(
    folder: Path,
    *formats: str,
    suffix: Suffix = ".wav",
    **more: object,
) -> DatasetSettings:
    """Return settings that put each format into a folder of its name.

    One that does not hold audio files of ``suffix`` gets others.
    """
    targets = tuple(
        Target(
            format=name,
            folder=folder / name,
            suffix=suffix if suffix in FORMATS[name] else ".wav",
        )
        for name in formats or FORMATS
    )
    about = About(title="A test corpus", license="cc0-1.0")
    values = {"targets": targets, "rate_hz": RATE_HZ, "about": about, **more}
    return DatasetSettings(**values)  # type: ignore[arg-type]


def row(
    row_id: str,
    text: str = "The ferry leaves at nine.",
    voice: str = "astra",
    *,
    voices: Sequence[str] = VOICES,
    **columns: str,
) -> Row:
    """Return the row of a text in a voice."""
    return Row(
        key=utterance_key(row_id, voice if len(voices) > 1 else None),
        id=row_id,
        text=text,
        normalised=text.strip(),
        voice=voice,
        language="eng",
        columns=columns,
        provenance=Provenance(
            engine="local/tone-1",
            parameters=(("modelId", "arcana"), ("speaker", voice)),
            fingerprints=(f"{voice} {row_id} {text}".encode().hex()[:64],),
        ),
    )


def rows(texts: Mapping[str, str], voices: Sequence[str] = VOICES) -> list[Row]:
    """Return the rows of all texts in all voices, text by text."""
    return [
        row(row_id, text, voice, voices=voices)
        for row_id, text in texts.items()
        for voice in voices
    ]


def numbered(count: int, start: int = 0) -> dict[str, str]:
    """Return texts, no two alike, of different lengths."""
    return {
        f"{number:04d}": f"Sentence {number} of many" + " and more" * (number % 7) + "."
        for number in range(start, start + count)
    }


def pcm_of(one: Row) -> bytes:
    """Return the sound of a row: a tone between silences, as long as its words."""
    seed = sum(one.key.encode()) % 97
    spoken = RATE_HZ * (len(one.normalised[:200]) + 5) // 20
    at = np.arange(spoken) / RATE_HZ
    tone = np.rint(6000 * np.sin(2 * np.pi * (200 + seed) * at)).astype("<i2")
    silence = bytes(RATE_HZ // 10)
    return bytes(silence + tone.tobytes() + silence)


def sound_of(one: Row, pcm: bytes | None = None) -> Sound:
    """Return the sound of a row as a dataset takes it."""
    data = pcm_of(one) if pcm is None else pcm
    meter = Meter(RATE_HZ, true_peak=False)
    meter.feed(data)
    half = len(data) // 4 * 2
    return Sound(
        blocks=lambda: [data[:half], data[half:]],
        rate_hz=RATE_HZ,
        samples=len(data) // 2,
        levels=meter.finish(),
    )


def make(
    settings: DatasetSettings,
    state: Path,
    wanted: Iterable[Row],
    *,
    backwards: bool = False,
) -> tuple[Summary, list[str]]:
    """Make a dataset; return its summary and the keys whose sound it asked for."""
    told = list(wanted)
    with Dataset(settings, state=state) as dataset:
        for one in told:
            assert dataset.expect(one), one.key
        dataset.plan()
        asked = [one for one in told if dataset.wants(one.key)]
        for one in reversed(asked) if backwards else asked:
            dataset.add(one.key, sound_of(one))
        return dataset.finish(), [one.key for one in asked]


def bytes_in(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of the targets, by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "state" not in path.relative_to(folder).parts
    }


def data_in(folder: Path) -> dict[str, tuple[str, int]]:
    """Return digest and time of change of all that holds sound."""
    return {
        path: (digest, (folder / path).stat().st_mtime_ns)
        for path, digest in bytes_in(folder).items()
        if path.endswith((".tar", ".wav", ".parquet", ".gz"))
    }


def keys_in(folder: Path) -> list[str]:
    """Return the keys in the list of the ljspeech target, in its order."""
    lines = (folder / "ljspeech" / "metadata.csv").read_text("utf-8").splitlines()
    return [line.split("|")[0] for line in lines]
