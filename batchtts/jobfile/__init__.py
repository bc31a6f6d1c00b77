"""Job files: YAML from its text to a checked ``Job``, and its JSON Schema.

The way of a file: ``yamltree`` reads it into a tree of nodes with positions
and refuses what is hostile; ``check`` compares the tree with the shape of job
files in ``jobshape``, from which ``schema`` makes the JSON Schema as well; the
parts of the job (``voices``, ``texts``, ``outputs`` ...) make values of it and
check what a schema cannot say. Problems are collected on the whole way and
told at once.

This is the only package that knows YAML: other files in YAML are read with
``read_tree`` too, and checked with ``check`` against a shape of their own.

What the JSON Schema cannot say, and the reader checks beside it: that a voice
that is named exists; that ids and names are made of the right characters and
given once; that paths stay inside the project and lead to files of a known
kind; that a path can be filled in and its format can hold the sample rate and
the bit rate; that a url has a host, no secret in it, and no plain ``ws://`` to
another machine; that no field is called like a key; that a model's name is not
a known one misspelt. ``SEMANTIC`` in the tests has a case of each.
"""

from batchtts.jobfile.check import check
from batchtts.jobfile.frontmatter import front_matter
from batchtts.jobfile.lexicon import LEXICON_ENDINGS, read_lexicon
from batchtts.jobfile.load import load_job, schema_text
from batchtts.jobfile.named import names_in
from batchtts.jobfile.problems import Problems
from batchtts.jobfile.yamltree import read_tree

__all__ = [
    "LEXICON_ENDINGS",
    "Problems",
    "check",
    "front_matter",
    "load_job",
    "names_in",
    "read_lexicon",
    "read_tree",
    "schema_text",
]
