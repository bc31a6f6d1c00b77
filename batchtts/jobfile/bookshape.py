"""The shape of an audiobook among the outputs."""

from __future__ import annotations

from batchtts.jobfile.audioshape import CHOSEN, SUBTITLES
from batchtts.jobfile.shape import (
    Choice,
    Either,
    Field,
    Integer,
    Listing,
    Number,
    Record,
    Text,
)
from batchtts.profiles import PROFILES

__all__ = ["AUDIOBOOK"]

_PEOPLE = Either((Text(), Listing(Text())))
_LANGUAGE = Text(
    pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*(?![\s\S])",
    words_only=True,
    expects='a language code such as "en" or "en-GB"',
)
_DAY = Text(
    pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?(?![\s\S])",
    words_only=True,
    expects="a date as YYYY, YYYY-MM or YYYY-MM-DD",
)


def _seconds(doc: str, default: float) -> Field:
    return Field(shape=Number(minimum=0, maximum=60), doc=doc, default=default)


AUDIOBOOK = Record(
    noun="audiobook",
    fields={
        "kind": Field(
            shape=Choice(("audiobook",)),
            doc="audiobook: the chapters of a book, in one file or one file each",
            required=True,
        ),
        "path": Field(
            shape=Text(),
            doc="where the book goes, as .m4b, .m4a, .mp3, .opus or .flac; with"
            " {index}, {title}, {id} or {chapter} in it, each chapter is a file",
            required=True,
            examples=("out/book.m4b", "out/{author}/{book}/{index} - {title}.mp3"),
            aliases=("file", "template"),
        ),
        **CHOSEN,
        "profile": Field(
            shape=Choice(tuple(PROFILES)),
            doc="the norm to make and to measure the files by; it sets loudness and,"
            " for acx-levels, also rate, bit rate, silence and room tone",
        ),
        "title": Field(
            shape=Text(),
            doc="the book's title; default its own, or the job's name",
            aliases=("album", "name"),
        ),
        "author": Field(
            shape=_PEOPLE,
            doc="who wrote it; default as the book says",
            aliases=("authors", "artist", "creator"),
        ),
        "narrator": Field(
            shape=_PEOPLE,
            doc="who reads it; default as the book says",
            aliases=("narrators", "composer", "reader"),
        ),
        "series": Field(
            shape=Text(), doc="the series it belongs to; default as the book says"
        ),
        "series_index": Field(
            shape=Text(),
            doc="its number in the series; default as the book says",
            aliases=("series_part", "volume", "number"),
            examples=("2",),
        ),
        "description": Field(
            shape=Text(),
            doc="what it is about; default as the book says",
            aliases=("comment", "summary"),
        ),
        "date": Field(
            shape=Either((Integer(minimum=1000, maximum=9999), _DAY)),
            doc="when it was published, YYYY, YYYY-MM or YYYY-MM-DD; default as the"
            " book says",
            aliases=("year",),
        ),
        "publisher": Field(
            shape=Text(), doc="who published it; default as the book says"
        ),
        "genre": Field(shape=Text(), doc="its genre", default="Audiobook"),
        "language": Field(
            shape=_LANGUAGE,
            doc="its language; default as the book says, or the voices' one",
            aliases=("lang",),
        ),
        "cover": Field(
            shape=Text(),
            doc="a picture, .jpg or .png; default the one in the EPUB",
            aliases=("picture", "image"),
        ),
        "spacing": Field(
            shape=Record(
                noun="spacing",
                fields={
                    "head": _seconds("seconds of silence before a file's sound", 0.5),
                    "gap": _seconds("seconds between two chapters of a file", 2),
                    "tail": _seconds("seconds of silence at a file's end", 1),
                },
            ),
            doc="the silence around chapters, in seconds",
        ),
        "subtitles": SUBTITLES,
        "sample": Field(
            shape=Number(minimum=10, maximum=3600),
            doc="make only a sample of the book, of at most so many seconds: the"
            " beginning of its first long chapter, up to a pause",
            aliases=("excerpt", "preview"),
        ),
    },
)
