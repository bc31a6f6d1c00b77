"""The shape of outputs, kind by kind.

A further kind of output is a further variant of ``OUTPUT`` here, and a reader
of its own in ``outputs``.
"""

from __future__ import annotations

from batchtts.jobfile.audioshape import CHOSEN, DEALT, SUBTITLES
from batchtts.jobfile.bookshape import AUDIOBOOK
from batchtts.jobfile.datasetshape import DATASET
from batchtts.jobfile.readalong import READ_ALONG
from batchtts.jobfile.shape import (
    ByValue,
    Choice,
    Field,
    Record,
    Text,
)

__all__ = ["OUTPUT"]

_FILES = Record(
    noun="output",
    fields={
        "kind": Field(
            shape=Choice(("files",)),
            doc="files: one audio file a text",
            required=True,
        ),
        "path": Field(
            shape=Text(),
            doc="where the files go; {id} {voice} {title} {index} {job} and "
            "{column} are filled in, and the ending decides the format",
            required=True,
            examples=("out/{voice}/{id}.wav",),
            aliases=("file", "template"),
        ),
        "subtitles": SUBTITLES,
        **CHOSEN,
        **DEALT,
    },
)

OUTPUT = ByValue(
    noun="output",
    key="kind",
    doc='what to make: "kind: files" makes one audio file a text, "audiobook" a book '
    'of them, "read-along" an EPUB with its audio, "dataset" a corpus',
    variants={
        "files": _FILES,
        "audiobook": AUDIOBOOK,
        "read-along": READ_ALONG,
        "dataset": DATASET,
    },
)
