"""The shape of pronunciation lexicons, in job files and in files of their own."""

from __future__ import annotations

from batchtts.jobfile.shape import (
    ByKey,
    Either,
    Field,
    Flag,
    Listing,
    Named,
    Record,
    Text,
)

__all__ = ["LEXICON", "LEXICON_FIELD"]

_SAY = Field(shape=Text(), doc="what is said in its place", required=True)
_CASE = Field(
    shape=Flag(),
    doc="whether capitals and small letters must be as they are written here; "
    "default: only where there is a capital",
)

_ENTRY = Either(
    (
        Text(),
        ByKey(
            noun="lexicon entry",
            variants={
                "word": Record(
                    noun="lexicon entry",
                    fields={
                        "word": Field(
                            shape=Text(), doc="a whole word, or several", required=True
                        ),
                        "say": _SAY,
                        "case": _CASE,
                    },
                ),
                "regex": Record(
                    noun="lexicon entry",
                    fields={
                        "regex": Field(
                            shape=Text(),
                            doc="a regular expression, of any part of the text",
                            required=True,
                            aliases=("regexp", "pattern", "expression"),
                        ),
                        "say": Field(
                            shape=Text(),
                            doc="what is said in its place; \\1 is its first group",
                            required=True,
                        ),
                        "case": Field(
                            shape=Flag(),
                            doc="whether capitals and small letters differ",
                            default=True,
                        ),
                    },
                ),
            },
        ),
    )
)

LEXICON = Either(
    (
        Text(),
        Listing(_ENTRY),
        Named(
            each=Either(
                (
                    Text(),
                    Record(noun="lexicon entry", fields={"say": _SAY, "case": _CASE}),
                )
            ),
            noun="word",
        ),
    )
)

LEXICON_FIELD = Field(
    shape=LEXICON,
    doc="words that are said otherwise than they are written: a mapping of words to "
    "respellings, a .yaml or .pls file, or a list of entries and files",
    aliases=(
        "pronunciation",
        "pronunciations",
        "dictionary",
        "respell",
        "substitutions",
    ),
)
