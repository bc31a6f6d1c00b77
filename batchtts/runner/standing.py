"""A job in which nothing has changed, told by a look at its files.

When a run has left everything as it should be, it notes what it read and made
that of. As long as the job, the files of its texts, the lock and the versions
are the same, only the outputs need be looked at.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from batchtts.audiobook import AudiobookOutput
from batchtts.events import OutputUnchanged
from batchtts.model import Job
from batchtts.plan import Survey
from batchtts.pool import Totals
from batchtts.report import ReportWriter, RunReport
from batchtts.runner.allowance import cost_of
from batchtts.runner.collection import Found
from batchtts.runner.engine import engine_of
from batchtts.runner.inputs import Inputs
from batchtts.runner.ledger import Ledger
from batchtts.runner.locking import agrees
from batchtts.runner.orphans import counted_files
from batchtts.runner.places import begun_path, owner_of, report_path, state_folder
from batchtts.runner.seeing import sha256_of
from batchtts.runner.telling import Told, planned
from batchtts.runner.versions import versions

__all__ = ["CHECKED", "checked", "note_standing", "standing", "unchanged_report"]

_MARK = "stands"
CHECKED = "checked"
"""The mark of a job in which a check has found everything as it should be."""

_FILES = """
select path, size, mtime_ns from outputs
union all select path, size, mtime_ns from pieces
"""


def standing(
    job: Job, ledger: Ledger, inputs: Mapping[str, str], *, mark: str = _MARK
) -> Survey | None:
    """Return the size of a job in which all is as it was when noted, else None.

    ``inputs`` are the digests of the files that it reads. Noted is what a run left,
    or by the ``mark`` of a check what that found.
    """
    noted = ledger.mark(mark)
    if noted is None or not agrees(ledger, job) or begun_path(job).exists():
        return None
    state, size, *_ = json.loads(noted)
    if state != _state(job, ledger, inputs):
        return None
    base = os.path.join(job.path.parent, "")  # noqa: PTH118 - quicker, for each file
    with ledger.lock:
        for path, size_bytes, mtime_ns in ledger.database.execute(_FILES):
            try:
                status = os.stat(base + path)  # noqa: PTH116 - see above
            except (OSError, ValueError):
                return None
            if (status.st_size, status.st_mtime_ns) != (size_bytes, mtime_ns):
                return None
    return Survey(**{**size, "warnings": tuple(size["warnings"])})


def note_standing(
    job: Job,
    ledger: Ledger,
    size: Survey,
    inputs: Mapping[str, str],
    *,
    files: int,
    shared: Sequence[Found] | None,
    is_whole: bool,
) -> None:
    """Note that all is as it should be, if it is, and nothing else is to be told.

    ``files`` is how many the job asks for and the lock knows; ``shared`` what its
    collections will find.
    """
    noted = None
    if (
        is_whole
        and shared is not None
        and not (size.respelt or _is_special(job, ledger))
        and files == counted_files(ledger)
        and files + sum(found.outputs for found in shared) == size.outputs
    ):
        told = [[dict(found.entry), found.outputs] for found in shared]
        noted = json.dumps([_state(job, ledger, inputs), asdict(size), told])
    if ledger.mark(_MARK) != noted:
        ledger.set_mark(_MARK, noted)


def checked(
    job: Job, ledger: Ledger, size: Survey, inputs: Mapping[str, str]
) -> str | None:
    """Return what to note of a job in which a check has found nothing to tell.

    None where more than its files has to be looked at each time.
    """
    if size.respelt or _has_more(job, ledger):
        return None
    return json.dumps([_state(job, ledger, inputs), asdict(size)])


def unchanged_report(
    job: Job, size: Survey, inputs: Inputs, ledger: Ledger, told: Told
) -> RunReport:
    """Report that there was nothing to do. Raises LocalError."""
    told(planned(size))
    with contextlib.closing(
        ReportWriter(state_folder(job), owner=owner_of(job))
    ) as writer:
        for entry, outputs in json.loads(ledger.mark(_MARK) or "")[-1]:
            writer.output_unchanged(entry, outputs)
        writer.outputs_standing(_entries(ledger))
        told(OutputUnchanged(size.outputs, size.characters))
        report = RunReport(
            job=job.name,
            path=report_path(job),
            outputs=size.outputs,
            made=0,
            unchanged=writer.unchanged,
            failed=0,
            audio_seconds=0.0,
            totals=Totals(),
            failures=(),
            warnings=tuple(told.warnings),
            inputs=inputs.digests,
            cost=cost_of(0, job),
        )
        writer.write(report, versions(engine_of(job, ledger)))
    return report


def _entries(ledger: Ledger) -> Iterator[str]:
    """Yield what the report says of each file, as JSON.

    Put together by the database: reading and writing JSON here takes longer than
    all the rest. Ids and paths have no characters that cannot be seen.
    """
    query = (
        "select json_quote(path), json_quote(json_extract(made, '$.text')),"
        " json_quote(json_extract(made, '$.voice')),"
        " json_array_length(made, '$.chunks'), sha256, facts"
        " from outputs order by path"
    )
    with ledger.lock:
        rows = ledger.database.execute(query)
        for path, text, voice, chunks, sha256, facts in rows:
            more = f", {facts[1:]}" if facts != "{}" else "}"
            yield (
                f'{{"path": {path}, "state": "unchanged", "text": {text}, '
                f'"voice": {voice}, "chunks": {chunks}, "sha256": "{sha256}"{more}'
            )


def _is_special(job: Job, ledger: Ledger) -> bool:
    """Tell whether more than the outputs has to be looked at."""
    query = "select 1 from outputs where facts like '%\"suspects\"%' limit 1"
    with ledger.lock:
        told = ledger.database.execute(query).fetchone() is not None
    is_elsewhere = job.local.url is not None  # and may be another one meanwhile
    return told or is_elsewhere or _has_more(job, ledger)


def _has_more(job: Job, ledger: Ledger) -> bool:
    """Tell whether what is asked for cannot all be told by the files of the lock."""
    query = "select 1 from notes where kind = 'pin'"
    with ledger.lock:
        pinned = ledger.database.execute(query).fetchone() is not None
    beside = any(getattr(output, "subtitles", ()) for output in job.outputs)
    return pinned or beside


def _state(job: Job, ledger: Ledger, inputs: Mapping[str, str]) -> str:
    """Name all that decides what the outputs are."""
    engine = engine_of(job, ledger)
    covers = [
        sha256_of(output.cover)
        for output in job.outputs
        if isinstance(output, AudiobookOutput) and output.cover is not None
    ]
    parts = [
        repr(job),
        covers,
        sorted(inputs.items()),
        versions(engine),
        ledger.mark("lock"),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
