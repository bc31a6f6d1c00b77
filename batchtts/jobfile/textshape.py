"""The shape of entries of ``texts``: words, files and tables."""

from __future__ import annotations

from batchtts.jobfile.shape import (
    ByKey,
    Choice,
    Either,
    Field,
    Flag,
    Integer,
    Listing,
    Named,
    Record,
    Text,
)

__all__ = ["TEXT"]

_TEXT_VOICE = Field(shape=Text(), doc="the voice that reads it")
_ROLES = {
    "dialogue": Field(
        shape=Text(),
        doc="the voice of what people say in a story; default the text's own",
        aliases=("quotes", "speech", "dialog"),
    ),
    "marks": Field(
        shape=Flag(),
        doc="whether [[clerk: words]] in it gives words to the voice clerk",
        default=False,
        aliases=("marked", "markup", "tags"),
    ),
}

_WORDS = Record(
    noun="slot",
    fields={
        "file": Field(
            shape=Text(), doc="a .txt file with a word or more a line", required=True
        )
    },
)

TEXT = ByKey(
    noun="text",
    variants={
        "table": Record(
            noun="table",
            fields={
                "table": Field(
                    shape=Text(),
                    doc="a .csv, .tsv, .jsonl or .parquet file with one text a row, or"
                    " a .txt file with one a line; .gz, .bz2 or .xz may follow",
                    required=True,
                ),
                "id": Field(
                    shape=Text(), doc="the column of the ids; default: row numbers"
                ),
                "text": Field(
                    shape=Text(), doc="the column of the words", default="text"
                ),
                "voice": Field(
                    shape=Text(), doc="the column of the voices, or a voice of the job"
                ),
                "title": Field(shape=Text(), doc="the column of the titles"),
                "bad_rows": Field(
                    shape=Choice(("refuse", "skip")),
                    doc="what to do with rows that cannot be read or spoken: refuse the"
                    " job and list them, or skip them with a warning",
                    default="refuse",
                    aliases=("on_error", "errors", "skip"),
                ),
                **_ROLES,
            },
        ),
        "file": Record(
            noun="text file",
            fields={
                "file": Field(
                    shape=Text(),
                    doc="an .epub, .docx, .pdf, .html, .md or .txt file; each chapter"
                    " of it is a text",
                    required=True,
                    aliases=("path", "book"),
                ),
                "chapters": Field(
                    shape=Either((Text(), Listing(Text()))),
                    doc="the chapters to read, by number, range or title (* stands"
                    " for anything); default all",
                    aliases=("chapter", "only", "pages"),
                    examples=("1-5, 8",),
                ),
                "whole": Field(
                    shape=Flag(),
                    doc="whether the file is one text, whatever chapters it has",
                    default=False,
                ),
                "announce": Field(
                    shape=Flag(),
                    doc="whether the title of a chapter whose words do not begin with"
                    " it is said first",
                    default=False,
                ),
                "id": Field(
                    shape=Text(), doc="takes the place of the file's name in the ids"
                ),
                "voice": _TEXT_VOICE,
                "voices": Field(
                    shape=Named(each=Text(), noun="chapter", at_least=1),
                    doc="the voices of chapters that have another, by number, range or"
                    " title (* stands for anything); the first that fits counts",
                ),
                "languages": Field(
                    shape=Named(each=Text(), noun="language", at_least=1),
                    doc="the voices of passages that the book marks as being in"
                    " another language, by its code",
                    aliases=("language", "langs", "lang"),
                ),
                **_ROLES,
            },
        ),
        "text": Record(
            noun="text",
            fields={
                "text": Field(
                    shape=Text(),
                    doc="the words themselves",
                    required=True,
                    aliases=("words", "line"),
                ),
                "id": Field(
                    shape=Text(),
                    doc="the name of the text; no other text has it",
                    required=True,
                ),
                "voice": _TEXT_VOICE,
                "title": Field(shape=Text(), doc="its title; default the id"),
                "slots": Field(
                    shape=Named(
                        each=Either((Listing(Text()), _WORDS)), noun="slot", at_least=1
                    ),
                    doc='words for the {names} in it: "turn {state} the {device}" with'
                    " state: [on, off] and device: [lamp, fan] is four texts, whose ids"
                    " end in their words, which are columns too; a slot's words may be"
                    " in a file, one a line: {file: devices.txt}",
                    aliases=("variables", "fill", "words"),
                ),
                "sample": Field(
                    shape=Integer(minimum=1, maximum=1_000_000),
                    doc="how many of the texts that the slots make; default all",
                ),
                "seed": Field(shape=Text(), doc="another one draws another sample"),
                **_ROLES,
            },
        ),
    },
)
