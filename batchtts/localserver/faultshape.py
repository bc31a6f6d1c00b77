"""The shape of a fault plan in YAML: every key, what it holds and what it is for."""

from __future__ import annotations

from batchtts.jobfile.shape import (
    ByKey,
    Choice,
    Either,
    Field,
    Integer,
    Listing,
    Named,
    Number,
    Record,
    Shape,
    Text,
)

__all__ = ["PLAN"]

_LONGEST_S = 86_400
_MOST_BYTES = 1 << 28
_MANY = 10**12

_NUMBERS = Text(pattern=r"^[\d,\s-]+\Z", expects='numbers such as 3, "7-9" or "20-"')
_END = Choice(("drop", "reset"))
_SECONDS = Number(minimum=0, maximum=_LONGEST_S)
_BYTES = Integer(minimum=1, maximum=_MOST_BYTES)

_WHEN = {
    "chance": Field(
        shape=Number(minimum=0, maximum=1, above_minimum=True),
        doc="the share of requests that are struck, by chance with the seed",
        aliases=("probability",),
    ),
    "requests": Field(
        shape=Either((Listing(_NUMBERS), _NUMBERS)),
        doc="the requests by number, in the order of their handshakes, from 1",
        aliases=("request", "nth", "numbers"),
    ),
    "every": Field(shape=Integer(minimum=1, maximum=_MANY), doc="every so many"),
    "connections_above": Field(
        shape=Integer(minimum=0, maximum=_MANY),
        doc="only while more connections than these are open, this one counted",
        aliases=("connections", "limit"),
    ),
}

_WORDS = {
    "text": Field(
        shape=Text(),
        doc="a shell pattern that all the words match",
        aliases=("glob", "contains"),
    ),
    "regex": Field(shape=Text(), doc="a regular expression found in the words"),
    "attempts": Field(
        shape=Integer(minimum=1, maximum=_MANY),
        doc="how many times the same words are struck",
    ),
}

_HANDSHAKE = Record(
    noun='"handshake"',
    fields={
        "delay_s": Field(shape=_SECONDS, doc="before anything is answered"),
        "status": Field(
            shape=Integer(minimum=200, maximum=599), doc="the answer's HTTP status"
        ),
        "headers": Field(
            shape=Named(each=Text(), noun="header", at_least=1),
            doc="headers of the answer, in place of those of the same name",
        ),
        "body": Field(shape=Text(), doc="the answer's body"),
        "raw": Field(shape=Text(), doc="sent in place of an HTTP answer"),
        "end": Field(shape=_END, doc="how the connection ends, instead of opening"),
    },
)

_WAV = Record(
    noun='"wav"',
    fields={
        "rate_hz": Field(
            shape=Integer(minimum=1, maximum=768_000),
            doc="the sampling rate it tells",
            default=24_000,
        ),
        "channels": Field(
            shape=Integer(minimum=1, maximum=64), doc="the channels it tells", default=1
        ),
        "length": Field(
            shape=Integer(minimum=0, maximum=0xFFFFFFFF),
            doc="the lengths it tells",
            default=0xFFFFFFFF,
        ),
    },
)


def _message(key: str, shape: Shape, doc: str) -> Record:
    fields = {key: Field(shape=shape, doc=doc, required=True)}
    return Record(noun="message", fields=fields)


_MESSAGE = ByKey(
    noun="message",
    variants={
        "text": _message("text", Text(), "the words of a text message"),
        "data": _message("data", Text(), "words in a binary message, as UTF-8"),
        "zeros": _message("zeros", _BYTES, "a binary message of so many zeros"),
        "noise": _message("noise", _BYTES, "a binary message of so many random bytes"),
        "wav": _message("wav", _WAV, "a WAV header, which tells this"),
    },
)

_REPLY = Record(
    noun='"reply"',
    fields={
        "say": Field(shape=Text(), doc="said in place of the words"),
        "parameters": Field(
            shape=Named(each=Text(), noun="parameter", at_least=1),
            doc="query parameters, as if they had been asked for",
        ),
        "audio": Field(
            shape=Choice(("silence", "noise")), doc="heard from the place on"
        ),
        "at": Field(
            shape=Text(
                pattern=r"^\d+(\.\d+)?%?(-\d+(\.\d+)?%?)?\Z",
                expects='a place such as 1.5 (seconds), 50% or "20%-80%"',
            ),
            doc="where in the audio it happens",
            default=0,
        ),
        "stall_s": Field(shape=_SECONDS, doc="a pause there"),
        "skip_bytes": Field(shape=_BYTES, doc="audio that is left out there"),
        "send": Field(shape=Listing(_MESSAGE), doc="messages that are sent there"),
        "end": Field(
            shape=Either((_END, Integer(minimum=1000, maximum=4999))),
            doc="how the connection ends there: drop, reset or the code of a close",
            aliases=("close", "code"),
        ),
        "reason": Field(shape=Text(), doc="the reason in the close frame"),
        "message_bytes": Field(shape=_BYTES, doc="size of the messages from there on"),
        "every_s": Field(shape=_SECONDS, doc="the time between them"),
    },
)

_FAULT = ByKey(
    noun="fault",
    variants={
        "handshake": Record(
            noun="fault at the handshake, before any words",
            fields={
                **_WHEN,
                "handshake": Field(
                    shape=_HANDSHAKE, doc="what goes wrong there", required=True
                ),
            },
        ),
        "reply": Record(
            noun="fault in the reply",
            fields={
                **_WHEN,
                **_WORDS,
                "reply": Field(
                    shape=_REPLY, doc="what goes wrong there", required=True
                ),
            },
        ),
    },
)

PLAN = Record(
    noun="fault plan",
    fields={
        "seed": Field(
            shape=Integer(minimum=0, maximum=2**53),
            doc="what is left to chance follows from it",
            default=0,
        ),
        "faults": Field(
            shape=Listing(_FAULT),
            doc="the faults; the first that holds is carried out",
            required=True,
        ),
    },
)
