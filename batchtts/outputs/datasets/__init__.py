"""Corpora of speech, written so that their loaders open them as they are.

`dataset.Dataset` takes the rows of a job, says which of them need sound, takes
the sound and writes every target; the other modules are its rooms: ``rows`` and
``splits`` (what stands in a dataset), ``index`` and ``packs`` (what is known and
held on disk), ``scores`` (figures and filters), ``placing`` (shards), ``card``,
and one module a format.
"""
