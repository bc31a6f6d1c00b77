"""What a run would do, worked out without doing any of it."""

from __future__ import annotations

from dataclasses import dataclass

from batchtts.cache import Cache
from batchtts.model import Job
from batchtts.plan import readings, survey
from batchtts.runner.engine import engine_for
from batchtts.runner.feed import work
from batchtts.runner.ledger import Ledger
from batchtts.runner.places import cache_folder, ledger_path
from batchtts.seen import Seen
from batchtts.texts import read_texts

__all__ = ["Preview", "preview"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The size of a job and of the work that is left."""

    job: str
    engine: str
    texts: int
    outputs: int
    outputs_due: int
    outputs_unchanged: int
    chunks: int  # of the readings that are due
    pauses: int  # chunks with nothing to speak, which are not sent
    requests: int  # different ones
    requests_cached: int
    requests_to_send: int
    characters_to_send: int
    warnings: tuple[str, ...] = ()


def preview(job: Job) -> Preview:
    """Work out what `run` would send now; nothing is sent or written.

    Raises JobError when an input is bad.
    """
    size = survey(job, read_texts)
    cache = Cache(cache_folder(job))
    due = unchanged = chunks = pauses = cached = to_send = characters = 0
    with (
        engine_for(job) as engine,
        Ledger.read_only(ledger_path(job), base=job.path.parent) as ledger,
        Seen() as seen,
    ):
        planned = readings(job, read_texts, engine=engine.identity, texts=size.texts)
        for one in work(planned, ledger):
            due += len(one.due)
            unchanged += len(one.there)
            if not one.due:
                continue
            for piece in one.reading.pieces:
                chunks += 1
                request = piece.request
                if request is None:
                    pauses += 1
                elif seen.add(request.fingerprint, "") is not None:
                    continue
                elif cache.has(request.fingerprint):
                    cached += 1
                else:
                    to_send += 1
                    characters += len(request.text)
        identity = engine.identity
    return Preview(
        job=job.name,
        engine=identity,
        texts=size.texts,
        outputs=size.outputs,
        outputs_due=due,
        outputs_unchanged=unchanged,
        chunks=chunks,
        pauses=pauses,
        requests=cached + to_send,
        requests_cached=cached,
        requests_to_send=to_send,
        characters_to_send=characters,
        warnings=size.warnings,
    )
