"""The shape of the audio section, and of what outputs of all kinds have."""

from __future__ import annotations

from collections.abc import Mapping

from batchtts.jobfile.shape import (
    ByKey,
    Choice,
    Either,
    Field,
    Integer,
    Listing,
    Number,
    Record,
    Text,
)

__all__ = ["AUDIO", "CHOSEN", "DEALT", "SUBTITLES"]

_DECIBELS = Number(minimum=-20, maximum=0)
LOUDNESS = Either(
    (
        Choice(("podcast", "ebu", "acx", "peak", "none")),
        ByKey(
            noun="loudness",
            variants={
                "lufs": Record(
                    noun="loudness",
                    fields={
                        "lufs": Field(
                            shape=Number(minimum=-70, maximum=0),
                            doc="integrated loudness in LUFS",
                            required=True,
                        ),
                        "true_peak": Field(
                            shape=_DECIBELS, doc="highest true peak in dBTP", default=-1
                        ),
                    },
                ),
                "rms": Record(
                    noun="loudness",
                    fields={
                        "rms": Field(
                            shape=Number(minimum=-60, maximum=0),
                            doc="RMS level in dBFS",
                            required=True,
                        ),
                        "peak": Field(
                            shape=_DECIBELS, doc="highest peak in dB", default=-1
                        ),
                    },
                ),
            },
        ),
    )
)


def _pause(doc: str, default: float) -> Field:
    return Field(shape=Number(minimum=0, maximum=60), doc=doc, default=default)


AUDIO = Record(
    noun="audio section",
    fields={
        "sample_rate": Field(
            shape=Integer(minimum=4000, maximum=192_000),
            doc="the outputs' rate in Hz; default the one the voices are made at",
            aliases=("sampling_rate", "rate", "samplerate"),
        ),
        "pauses": Field(
            shape=Record(
                noun="pauses",
                fields={
                    "clause": _pause("seconds after a cut inside a sentence", 0.12),
                    "sentence": _pause("seconds after a cut at a sentence's end", 0.35),
                    "paragraph": _pause(
                        "seconds after a cut at a paragraph's end", 0.6
                    ),
                    "section": _pause(
                        "seconds between sections, which always part chunks", 1.5
                    ),
                },
            ),
            doc="seconds of silence, by what stands at the cut",
        ),
        "loudness": Field(
            shape=LOUDNESS,
            doc="podcast (-19 LUFS), ebu (-23 LUFS), acx (-20 dB RMS, peak -3.5), "
            "peak, none, or figures of your own",
            default="podcast",
        ),
        "bitrate": Field(
            shape=Integer(minimum=6, maximum=512),
            doc="kbit/s of formats that have a bit rate",
            aliases=("bit_rate",),
        ),
    },
)

CHOSEN: Mapping[str, Field] = {
    "texts": Field(
        shape=Either((Text(), Listing(Text()))),
        doc="ids of the texts to take, * stands for anything; default all of them",
    ),
    "voices": Field(
        shape=Listing(Text()),
        doc="voices that each read every text; default each text's own",
        aliases=("voice",),
    ),
    "audio": Field(shape=AUDIO, doc="what differs from the job's audio section"),
}
"""What an output takes of the job, and how that is to sound."""

DEALT: Mapping[str, Field] = {
    "assign": Field(
        shape=Either(
            (
                Choice(("balanced", "round-robin")),
                Record(
                    noun="assignment",
                    fields={
                        "sample": Field(
                            shape=Integer(minimum=1, maximum=10_000),
                            doc="how many of the voices read each text",
                            required=True,
                        ),
                        "seed": Field(shape=Text(), doc="another one draws otherwise"),
                    },
                ),
            )
        ),
        doc="gives each text one of the voices: balanced draws it by the text's id, so "
        "that further texts change nothing; round-robin goes by their order, which is "
        "exactly even; {sample: 2, seed: 1} draws two; default all read all",
        aliases=("design", "assignment"),
    ),
    "takes": Field(
        shape=Integer(minimum=1, maximum=1000),
        doc="how often each voice reads each text; {take} in a path",
        default=1,
        aliases=("repeat", "repetitions"),
    ),
}
"""How an output's voices are dealt out to its texts."""

_SUBTITLES = Choice(("srt", "vtt", "lrc"))

SUBTITLES = Field(
    shape=Either((_SUBTITLES, Listing(_SUBTITLES))),
    doc="subtitles beside each file, sentence by sentence: srt, vtt, lrc or a list of"
    " them",
    aliases=("captions", "subtitle"),
)
