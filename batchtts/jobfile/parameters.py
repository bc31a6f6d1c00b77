"""Rime's synthesis parameters: their names, ranges and defaults, in one table.

Source: Rime's API reference for the WebSocket endpoints and its pages on speed
and pronunciation, as of November 2026. A default is sent explicitly to the
models in ``sent_to``, so that a change on Rime's side cannot change a job's
sound unnoticed; to the other known models a value equal to the default is not
sent. Either way writing a default out makes no difference. To a model that is
not known here goes what is always sent and what the job says, no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from batchtts.jobfile.shape import (
    Choice,
    Default,
    Either,
    Flag,
    Integer,
    Listing,
    Number,
    Shape,
    Text,
)

__all__ = [
    "ARCANA_MODELS",
    "CLOUD_RATES_HZ",
    "LANGUAGES",
    "MIST_MODELS",
    "MODELS",
    "PARAMETERS",
    "RESERVED",
    "Parameter",
    "canonical",
    "default_rate_hz",
    "known_name_hints",
]

ARCANA_MODELS = ("arcana", "coda")
MIST_MODELS = ("mist", "mistv2", "mistv3")
MODELS = (*ARCANA_MODELS, *MIST_MODELS)

CLOUD_RATES_HZ = (8000, 16000, 22050, 24000, 44100, 48000, 96000)
"""What Rime's cloud takes for Arcana and Coda; above 24000 it upsamples."""

LANGUAGES: Mapping[str, str] = {
    "ar": "ara",
    "de": "ger",
    "deu": "ger",
    "en": "eng",
    "es": "spa",
    "fr": "fra",
    "fre": "fra",
    "he": "heb",
    "hi": "hin",
    "it": "ita",
    "ja": "jpn",
    "pt": "por",
    "si": "sin",
    "ta": "tam",
}
"""Language codes that Rime's documentation writes in another way."""

RESERVED: Mapping[str, str] = {
    "text": "the words of a voice's requests come from the texts",
    "immediate": 'write "segment: immediate" beside "params"',
    "contextId": "it belongs to another of Rime's protocols",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query parameter: ours is ``field``, Rime's ``name``."""

    field: str
    name: str
    shape: Shape
    doc: str
    default: Default = None
    always: bool = False
    sent_to: tuple[str, ...] = ()
    refused_by: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    required: bool = False


_SPEED = Number(minimum=0, maximum=10, above_minimum=True)
_FIGURE = r"[0-9]+(\.[0-9]+)?"
_PHONEMES = ("mist", "mistv2")

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        field="speaker",
        name="speaker",
        shape=Text(),
        doc="the speaker's name at Rime; it must fit the model and the language",
        examples=("astra", "luna"),
        aliases=("name", "voice"),
        required=True,
        always=True,
    ),
    Parameter(
        field="model",
        name="modelId",
        shape=Text(),
        doc="the model; known are arcana, coda, mist, mistv2 and mistv3",
        default="arcana",
        always=True,
        examples=MODELS,
        aliases=("model_id",),
    ),
    Parameter(
        field="lang",
        name="lang",
        shape=Text(
            pattern=r"^[A-Za-z]{2,3}(?![\s\S])",
            words_only=True,
            expects="a language code of 2 or 3 letters",
        ),
        doc="the language, as a code of 2 or 3 letters; it must match the speaker",
        default="eng",
        always=True,
        examples=("eng", "spa", "fra", "ger", "hin", "jpn", "por"),
        aliases=("language",),
    ),
    Parameter(
        field="audio_format",
        name="audioFormat",
        shape=Choice(("pcm", "wav", "mp3", "mulaw", "ogg")),
        doc="the encoding asked of the engine; pcm loses nothing",
        default="pcm",
        always=True,
        aliases=("format", "encoding"),
    ),
    Parameter(
        field="sampling_rate",
        name="samplingRate",
        shape=Integer(minimum=4000, maximum=96000),
        doc="the rate in Hz asked of the engine; default 24000, for mist models 22050",
        aliases=("sample_rate", "rate"),
    ),
    Parameter(
        field="segment",
        name="segment",
        shape=Choice(("bySentence", "immediate", "never")),
        doc="when the engine begins to speak: never makes each chunk one utterance",
        default="never",
        always=True,
    ),
    Parameter(
        field="temperature",
        name="temperature",
        shape=Number(minimum=0, maximum=1),
        doc="how freely arcana and coda vary; 0 always takes the likeliest",
        default=0.5,
        sent_to=ARCANA_MODELS,
        refused_by=MIST_MODELS,
    ),
    Parameter(
        field="top_p",
        name="top_p",
        shape=Number(minimum=0, maximum=1, above_minimum=True),
        doc="how much of the likelihood arcana and coda choose from",
        default=1,
        sent_to=ARCANA_MODELS,
        refused_by=MIST_MODELS,
    ),
    Parameter(
        field="repetition_penalty",
        name="repetition_penalty",
        shape=Number(minimum=0, maximum=10, above_minimum=True),
        doc="how much arcana and coda avoid repeating themselves; mostly 1 to 2",
        default=1.5,
        sent_to=ARCANA_MODELS,
        refused_by=MIST_MODELS,
    ),
    Parameter(
        field="max_tokens",
        name="max_tokens",
        shape=Integer(minimum=1, maximum=1_000_000),
        doc="the most tokens of audio for one request; speech beyond is cut off",
    ),
    Parameter(
        field="time_scale_factor",
        name="timeScaleFactor",
        shape=Number(minimum=0.4, maximum=2.5),
        doc="tempo, above 1 slower; Rime documents it for HTTP, see speed_alpha",
        default=1,
    ),
    Parameter(
        field="speed_alpha",
        name="speedAlpha",
        shape=_SPEED,
        doc="tempo: above 1 is faster on arcana, coda and mistv3, slower on mistv2",
        default=1,
        sent_to=MODELS,
        aliases=("speed",),
    ),
    Parameter(
        field="inline_speed_alpha",
        name="inlineSpeedAlpha",
        shape=Either(
            (
                _SPEED,
                Text(
                    pattern=rf"^ *{_FIGURE}( *, *{_FIGURE}){{0,99}} *(?![\s\S])",
                    words_only=True,
                    expects='numbers with commas ("0.5, 3")',
                ),
                Listing(_SPEED),
            )
        ),
        doc="tempos of the words in [square brackets], one each, on mist models",
        examples=("0.5, 3",),
    ),
    Parameter(
        field="pause_between_brackets",
        name="pauseBetweenBrackets",
        shape=Flag(),
        doc="whether <750> in a text is a pause of 750 ms",
        default=False,
        sent_to=MIST_MODELS,
    ),
    Parameter(
        field="phonemize_between_brackets",
        name="phonemizeBetweenBrackets",
        shape=Flag(),
        doc="whether {h0El1o} in a text is read as Rime's phonemes",
        default=False,
        sent_to=_PHONEMES,
    ),
    Parameter(
        field="no_text_normalization",
        name="noTextNormalization",
        shape=Flag(),
        doc="whether numbers and abbreviations are left as they are",
        default=False,
        sent_to=_PHONEMES,
    ),
)


def default_rate_hz(model: str) -> int:
    """Return the rate in Hz that the model speaks at unless asked otherwise."""
    return 22050 if model in MIST_MODELS else 24000


def canonical(value: str | float | bool) -> str:  # noqa: FBT001 - a value, not an option
    """Return the one way in which a parameter's value is sent.

    Numbers take their shortest decimal form, so that 0.50, 0.5 and 5e-1 are
    the same request.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    shortest = Decimal(repr(value)).normalize()
    return format(shortest, "f") if shortest else "0"


def known_name_hints() -> Mapping[str, str]:
    """Return the names that ``params`` must not hold, with what to do instead."""
    hints = dict(RESERVED)
    for parameter in PARAMETERS:
        for name in (parameter.name, parameter.field):
            hints[name] = f'write "{parameter.field}" in the voice itself'
    return hints
