"""The shape of outputs that are datasets."""

from __future__ import annotations

from batchtts.corpora import ERROR_RATES, FIGURES, FORMATS, OUTLIER
from batchtts.jobfile.audioshape import CHOSEN, DEALT
from batchtts.jobfile.shape import (
    Choice,
    Either,
    Field,
    Flag,
    Integer,
    Listing,
    Named,
    Number,
    Record,
    Text,
)

__all__ = ["DATASET"]

_FORMAT = Choice(tuple(FORMATS))
_FIGURE = Number(minimum=-1_000_000, maximum=1_000_000)
_BOUNDS = Record(
    noun="bounds",
    fields={
        "least": Field(shape=_FIGURE, doc="what is below is left out"),
        "most": Field(shape=_FIGURE, doc="what is above is left out"),
    },
)
_JUDGED = {
    "duration": "seconds",
    OUTLIER: "spreads from the voice's median, in whichever figure is farthest off",
    **{name: f"{name}, as the card explains it" for name in FIGURES},
    **{name: f"{name} of the recogniser, 0 to 1 and above" for name in ERROR_RATES},
}

DATASET = Record(
    noun="output",
    fields={
        "kind": Field(
            shape=Choice(("dataset",)),
            doc="dataset: a speech dataset, as its loaders expect it",
            required=True,
        ),
        "path": Field(
            shape=Text(),
            doc="the dataset's folder, which nothing else writes to; of several "
            "formats each has a folder of its name in it",
            required=True,
            examples=("out/corpus",),
            aliases=("folder",),
        ),
        "format": Field(
            shape=Either((_FORMAT, Listing(_FORMAT))),
            doc="audiofolder, parquet, webdataset (Hugging Face); ljspeech, coqui, "
            "piper, f5, styletts2 (metadata lists, five dialects); nemo; lhotse, shar; "
            "kaldi; or a list of them, made of the same takes",
            required=True,
            aliases=("formats", "dialect"),
        ),
        "encoding": Field(
            shape=Choice(("wav", "flac")),
            doc="16-bit WAV or FLAC; default what is usual in the format",
            aliases=("audio_format", "codec"),
        ),
        **CHOSEN,
        **DEALT,
        "splits": Field(
            shape=Named(
                each=Number(minimum=0, maximum=1_000_000, above_minimum=True),
                noun="split",
                at_least=1,
            ),
            doc="shares by name, such as {train: 0.9, test: 0.1}; default no splits",
            aliases=("split",),
        ),
        "split_by": Field(
            shape=Text(),
            doc="what never parts: text (the same words in any voice), voice, or a "
            "column",
            default="text",
            aliases=("group_by",),
        ),
        "split_seed": Field(
            shape=Text(), doc="another one deals otherwise", aliases=("seed",)
        ),
        "held_out": Field(
            shape=Named(each=Text(), noun="voice"),
            doc="voices that go whole to a split: {luna: test}",
            aliases=("holdout", "held_out_voices"),
        ),
        "filters": Field(
            shape=Record(
                noun="filters",
                fields={
                    name: Field(shape=_BOUNDS, doc=doc) for name, doc in _JUDGED.items()
                },
            ),
            doc="which utterances stay, by their figures; to change it costs nothing",
            aliases=("quality", "filter", "keep"),
        ),
        "retakes": Field(
            shape=Integer(minimum=0, maximum=100),
            doc="how often what is unlike the others of its voice is made again, at "
            "most: a score above that of the filter outlier, else above 6; the best "
            "take is kept",
            default=0,
        ),
        "recognise": Field(
            shape=Flag(),
            doc="whether a recogniser of yours (run --recogniser) hears every "
            "utterance: its error rates are the figures wer and cer",
            default=False,
            aliases=("asr", "recogniser", "recognize"),
        ),
        "columns": Field(
            shape=Either((Text(), Listing(Text()))),
            doc="columns of the tables to carry through; default all",
        ),
        "title": Field(shape=Text(), doc="the card's title; default the job's name"),
        "description": Field(shape=Text(), doc="what the card says first"),
        "license": Field(
            shape=Text(),
            doc="as Hugging Face writes it, such as cc-by-4.0",
            aliases=("licence",),
        ),
        "terms_url": Field(
            shape=Text(
                pattern="^https?://",
                words_only=True,
                expects="an address that begins with https://",
            ),
            doc="the terms of the speech service",
            aliases=("terms",),
        ),
        "tags": Field(
            shape=Either((Text(), Listing(Text()))), doc="further tags of the card"
        ),
        "prefix": Field(
            shape=Text(
                pattern=r"^[^\x00-\x1f|]+(?![\s\S])",
                words_only=True,
                expects="the beginning of a path",
            ),
            doc="stands before the audio paths in the lists of kaldi, lhotse and nemo",
        ),
        "drop_removed": Field(
            shape=Flag(),
            doc="whether rows that the job has no more leave finished shards, which "
            "are written anew for it",
            default=False,
        ),
        "shard_rows": Field(
            shape=Integer(minimum=1, maximum=10_000_000),
            doc="utterances in a shard or a folder, at most",
            default=10_000,
        ),
        "shard_mb": Field(
            shape=Integer(minimum=1, maximum=100_000),
            doc="megabytes of sound in a shard, about",
            default=512,
        ),
    },
)
