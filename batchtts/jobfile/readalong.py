"""Books to read along with among the outputs: their shape, and their values."""

from __future__ import annotations

from batchtts.audiobook import ReadAlongOutput
from batchtts.jobfile.audio import audio
from batchtts.jobfile.audioshape import CHOSEN
from batchtts.jobfile.fields import Fields, text_of
from batchtts.jobfile.nodes import Node
from batchtts.jobfile.outputparts import (
    Context,
    suffix_of,
    target_of,
    texts_of,
    voices_of,
)
from batchtts.jobfile.shape import Choice, Either, Field, Listing, Record, Text

__all__ = ["READ_ALONG", "read_along"]

READ_ALONG = Record(
    noun="read-along book",
    fields={
        "kind": Field(
            shape=Choice(("read-along",)),
            doc="read-along: the EPUB that the texts come from, with its audio",
            required=True,
        ),
        "path": Field(
            shape=Text(),
            doc="where the book goes, as .epub; the texts with the same path are its"
            " chapters",
            required=True,
            examples=("out/{book}.epub",),
            aliases=("file", "template"),
        ),
        **CHOSEN,
        "format": Field(
            shape=Choice(("mp3", "m4a", "opus")),
            doc="of the audio in it; not every reader of books knows opus",
            default="mp3",
            aliases=("codec",),
        ),
        "narrator": Field(
            shape=Either((Text(), Listing(Text()))),
            doc="who reads; default as the book says",
            aliases=("narrators",),
        ),
    },
)


def read_along(entry: Node, context: Context) -> ReadAlongOutput | None:
    """Return a book to read along with; what is wrong with it is noted."""
    fields, problems = Fields(entry), context.problems
    texts, voices = texts_of(fields), voices_of(fields, context)
    template, node = fields.text("path"), fields.value("path")
    if template is None or node is None:
        return None
    target = target_of(template, node, context)
    suffix_of(template, node, (".epub",), problems)
    suffix = f".{fields.text('format') or 'mp3'}"
    settings = audio(fields.below("audio"), context.audio, suffix, problems)
    if target is None:
        return None
    people = (text_of(node) for node in fields.items("narrator"))
    return ReadAlongOutput(
        template=template,
        folder=target[0],
        pattern=target[1],
        suffix=suffix,
        texts=texts,
        voices=voices,
        audio=settings,
        narrator=", ".join(name for name in people if name),
        place=problems.place(entry),
    )
