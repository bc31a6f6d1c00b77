"""The shape of a job file: every field, what it holds and what it is for."""

from __future__ import annotations

from batchtts.formats import FORMATS
from batchtts.jobfile.audioshape import AUDIO
from batchtts.jobfile.lexiconshape import LEXICON_FIELD
from batchtts.jobfile.outputshape import OUTPUT
from batchtts.jobfile.parameters import (
    ARCANA_MODELS,
    CLOUD_RATES_HZ,
    MIST_MODELS,
    PARAMETERS,
    Parameter,
    known_name_hints,
)
from batchtts.jobfile.shape import (
    Choice,
    Either,
    Field,
    Flag,
    Integer,
    Limit,
    Listing,
    Named,
    Number,
    Record,
    Rule,
    Text,
)
from batchtts.jobfile.textshape import TEXT

__all__ = ["CONCURRENCY", "ENGINE", "JOB", "LIMIT", "SYNTHESISER", "URL"]

ENGINE = Choice(("rime", "local"))
SYNTHESISER = Choice(("espeak", "tone"))
CONCURRENCY = Integer(minimum=1, maximum=256)
LIMIT = Integer(minimum=40)
URL = Text(
    pattern="^wss?://",
    words_only=True,
    expects="an address that begins with wss:// or ws://",
    private=True,
)

_LIST = Text(
    pattern="^https?://",
    words_only=True,
    expects="an address that begins with https://",
    private=True,
)

_HEADER = Text(
    pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?![\s\S])",
    expects="the name of an HTTP header",
    private=True,
)


def _parameter_field(parameter: Parameter) -> Field:
    return Field(
        shape=parameter.shape,
        doc=parameter.doc,
        required=parameter.required,
        default=parameter.default,
        aliases=(*parameter.aliases, parameter.name),
        examples=parameter.examples,
    )


_MIST_RULE = Rule(
    decides=("model",),
    among=MIST_MODELS,
    absent=False,
    limits=(
        Limit(
            ("sampling_rate",),
            Integer(minimum=4000, maximum=44100),
            "the mist models",
        ),
        *(
            Limit((p.field,), None, "the mist models")
            for p in PARAMETERS
            if set(MIST_MODELS) <= set(p.refused_by)
        ),
    ),
)

_MP3_RULE = Rule(
    decides=("audio_format",),
    among=("mp3",),
    absent=False,
    limits=(
        Limit(("sampling_rate",), Integer(among=FORMATS[".mp3"].rates_hz), "MP3 audio"),
    ),
)

VOICE = Record(
    noun="voice",
    fields={
        **{p.field: _parameter_field(p) for p in PARAMETERS},
        "limit": Field(
            shape=LIMIT,
            doc="characters in one request of this voice; default the job's limit",
        ),
        "unlisted": Field(
            shape=Flag(),
            doc="a speaker of your own, which is not looked up in Rime's public list",
            default=False,
        ),
        "lexicon": LEXICON_FIELD,
        "sweep": Field(
            shape=Record(
                noun="sweep",
                fields={
                    p.field: Field(shape=Listing(p.shape), doc=p.doc)
                    for p in PARAMETERS
                    if not (p.required or isinstance(p.shape, Either))
                },
            ),
            doc="lists of values: {temperature: [0.3, 0.5]} makes of a voice astra the"
            " voices astra-0.3 and astra-0.5; an output that names astra means both",
            aliases=("sweeps", "grid"),
        ),
        "params": Field(
            shape=Named(each=Text(), noun="parameter", refused=known_name_hints()),
            doc="further query parameters, sent as they are written here",
            aliases=("parameters", "options"),
        ),
    },
    rules=(_MIST_RULE, _MP3_RULE),
)

_CLOUD_RULE = Rule(
    decides=("rime", "on_prem"),
    among=(False,),
    absent=True,
    limits=(
        Limit(
            ("voices", "*"),
            Rule(
                decides=("model",),
                among=ARCANA_MODELS,
                absent=True,
                limits=(
                    Limit(
                        ("sampling_rate",),
                        Integer(among=CLOUD_RATES_HZ),
                        "arcana and coda in Rime's cloud",
                    ),
                ),
            ),
        ),
    ),
)

RIME = Record(
    noun="rime section",
    fields={
        "url": Field(
            shape=URL,
            doc="where Rime's WebSocket endpoint is",
            default="wss://users.rime.ai/ws",
            aliases=("host", "endpoint", "uri"),
        ),
        "on_prem": Field(
            shape=Flag(),
            doc="whether it is a server of your own: allows ws:// and any rate",
            default=False,
        ),
        "header": Field(
            shape=_HEADER,
            doc="the HTTP header that carries the key",
            default="Authorization",
            aliases=("headers",),
        ),
        "voices": Field(
            shape=_LIST,
            doc="where the list of speakers is; default Rime's public list, for its "
            "own hosts",
        ),
    },
)

LOCAL = Record(
    noun="local section",
    fields={
        "synthesiser": Field(
            shape=SYNTHESISER,
            doc="what the local server speaks with: espeak, or tone for tests",
            default="espeak",
            aliases=("synthesizer", "engine"),
        ),
        "url": Field(
            shape=URL,
            doc="a local server that runs already; default: start one for the run",
        ),
    },
)

JOB = Record(
    noun="job",
    fields={
        "name": Field(shape=Text(), doc="the job's name; default the file's name"),
        "engine": Field(
            shape=ENGINE,
            doc="who speaks: Rime, or the server that batchtts carries",
            default="rime",
        ),
        "rime": Field(shape=RIME, doc="where Rime is and how to speak to it"),
        "local": Field(shape=LOCAL, doc="how the local server speaks"),
        "concurrency": Field(
            shape=CONCURRENCY, doc="requests at the same time, at most", default=8
        ),
        "limit": Field(
            shape=LIMIT, doc="characters in one request, at most", default=500
        ),
        "separate_paragraphs": Field(
            shape=Flag(),
            doc="whether each paragraph gets requests of its own: every pause between"
            " paragraphs is then exact, at the price of more requests; default: only"
            " where an output needs it, and files do not",
            aliases=("separate", "paragraphs"),
        ),
        "phrases": Field(
            shape=Flag(),
            doc="whether Chinese, Japanese and Thai that run on without a mark for more"
            " than the limit are cut at phrases; needs the extra of that name",
            default=False,
            aliases=("budoux",),
        ),
        "lexicon": LEXICON_FIELD,
        "price": Field(
            shape=Number(minimum=0, maximum=1_000_000),
            doc="what 1,000 characters cost, in your currency: plan and run then tell"
            " the cost, and --max-cost limits it",
            aliases=("cost", "price_per_1000"),
        ),
        "cache": Field(
            shape=Text(), doc="the folder of the takes; default .batchtts/cache"
        ),
        "voices": Field(
            shape=Named(each=VOICE, noun="voice", at_least=1),
            doc="the voices by the names that the texts use",
            required=True,
        ),
        "voice": Field(
            shape=Text(), doc="the voice of texts that name none; default the only one"
        ),
        "texts": Field(
            shape=Listing(TEXT), doc="what is to be read, in order", required=True
        ),
        "audio": Field(shape=AUDIO, doc="how the outputs sound"),
        "outputs": Field(
            shape=Listing(OUTPUT), doc="what is to be made of it", required=True
        ),
    },
    rules=(_CLOUD_RULE,),
)
