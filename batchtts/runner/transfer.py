"""The takes of a job in one file, to be carried to another machine's cache.

The file is a tar file that is not packed (speech hardly gets smaller), with the
takes under the names that they have in a cache, sorted: the same takes give the
same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from batchtts.cache import MOST_BYTES, BadTakeError, Cache
from batchtts.corpora import DatasetOutput
from batchtts.errors import JobError, LocalError, Problem
from batchtts.files import atomic, local_errors
from batchtts.model import Fingerprint, Job, Place, Request
from batchtts.plan import Reading, readings, survey
from batchtts.runner.engine import engine_of
from batchtts.runner.looking import looked_into
from batchtts.runner.places import cache_folder
from batchtts.runner.recipes import RECORDED
from batchtts.runner.remembered import Remembered
from batchtts.runner.scope import EVERYTHING, Scope
from batchtts.seen import Seen
from batchtts.tar import BLOCK, BadTarError, Member, Tar, is_tar, members
from batchtts.texts import read_texts

__all__ = ["MAX_LISTED", "Exported", "Imported", "Missing", "export", "import_takes"]

MAX_LISTED = 1000  # with their details; the rest is counted

_NAME = re.compile(r"(?:\./)?([0-9a-f]{2})/(\1[0-9a-f]{62})\.take", re.ASCII)
_PACKED = {
    b"\x1f\x8b": "gunzip",
    b"BZ": "bunzip2",
    b"\xfd7": "unxz",
    b"(\xb5": "unzstd",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """A take that a job needs and the cache has not."""

    fingerprint: str
    where: str  # the place of its text, and its id and voice


@dataclass(slots=True)
class Exported:
    """What an export has put into its file."""

    takes: int = 0
    size_bytes: int = 0  # of the takes
    missing: int = 0
    listed: list[Missing] = field(default_factory=list)


@dataclass(slots=True)
class Imported:
    """What an import has found in a file.

    ``foreign`` counts what is no take by its name or kind, ``damaged`` what is one
    only by these. ``trouble`` is what ended the file before its end.
    """

    takes: int = 0
    size_bytes: int = 0
    known: int = 0  # there already
    foreign: int = 0
    damaged: int = 0
    listed: list[tuple[str, str]] = field(default_factory=list)  # names, and why
    trouble: str | None = None

    @property
    def exit_code(self) -> int:
        """Return 0, or 6 where not all could be used."""
        return LocalError.exit_code if self.damaged or self.trouble else 0


def export(job: Job, archive: Path, scope: Scope = EVERYTHING) -> Exported:
    """Write the takes that a run of ``job`` needs from its cache into one file.

    They are those of all of its outputs in the ``scope``, whether these are up to
    date or not. Asks nobody, and writes nothing else. Raises JobError when an input
    is bad, LocalError when the cache cannot be read or the file not be written.
    """
    cache = Cache(cache_folder(job))
    done = Exported()
    with Seen() as wanted:
        for request, where in _wanted(job, scope):
            wanted.add(request.fingerprint, where)
        with atomic(archive) as temporary, Tar(temporary) as tar:
            for name, where in wanted.in_order():
                content = cache.content(Fingerprint(name))
                if content is not None:
                    tar.add(f"{name[:2]}/{name}.take", content)
                    done.takes += 1
                    done.size_bytes += len(content)
                elif where:
                    done.missing += 1
                    if len(done.listed) < MAX_LISTED:
                        done.listed.append(Missing(name, where))
    return done


def _wanted(job: Job, scope: Scope) -> Iterator[tuple[Request, str]]:
    """Yield the requests of a job with the texts that they are for.

    Without a text are those whose takes a run can do without.
    """
    size = survey(job, read_texts)
    with looked_into(job) as (ledger, _):
        engine, earlier = engine_of(job, ledger), Remembered(ledger)

        def planned() -> Iterator[Reading]:
            return readings(
                job, read_texts, engine=engine, texts=size.texts, earlier=earlier
            )

        scope.survey(size, planned())
        for reading in scope.of(planned()):
            text = reading.text
            where = f'{text.place}: text "{text.id}" in voice "{reading.voice.name}"'
            for request in _requests(reading):
                # A pinned recording is in the repository: a run takes it from there.
                yield request, "" if request.engine == RECORDED else where
            for again in _further(reading):
                yield from ((request, "") for request in _requests(again))


def _requests(reading: Reading) -> Iterator[Request]:
    return (piece.request for piece in reading.pieces if piece.request is not None)


def _further(reading: Reading) -> Iterator[Reading]:
    """Yield a reading in the takes that a dataset may have asked for further."""
    for target in reading.shares:
        output = target.output
        if isinstance(output, DatasetOutput):
            for retake in range(1, output.retakes + 1):
                yield reading.made_again(retake, step=output.takes)


def import_takes(cache: Cache, archive: Path) -> Imported:
    """Put the takes that are in a file, and whole, into a cache.

    Takes that the cache has stay as they are; so does all that is in the file
    beside takes. The file may come from strangers: what is in it is judged by its
    name and its checksum, one take at a time is held, and nothing is written but
    takes under their own names. Runs may use the cache meanwhile.

    Raises JobError when it is no tar file, LocalError when it cannot be read or the
    cache not be written.
    """
    found = Imported()
    with local_errors("cannot read the archive"), archive.open("rb") as file:
        if not is_tar(start := file.read(BLOCK)):
            raise _refused(archive, start)
        try:
            for member in members(file, most_bytes=MOST_BYTES):
                _take_in(member, cache, found)
        except BadTarError as exc:
            found.trouble = str(exc)
        finally:
            cache.sync_names()
    return found


def _take_in(member: Member, cache: Cache, found: Imported) -> None:
    name = _NAME.fullmatch(member.name)
    if name is None or member.kind != "file":
        found.foreign += member.kind != "remark"
        return
    reason = f"{member.size:,} bytes are more than a take has"
    if member.data is not None:
        try:
            if cache.admit(Fingerprint(name.group(2)), member.data):
                found.takes += 1
                found.size_bytes += member.size
            else:
                found.known += 1
        except BadTakeError as exc:
            reason = str(exc)
        else:
            return
    found.damaged += 1
    if len(found.listed) < MAX_LISTED:
        found.listed.append((member.name, reason))


def _refused(archive: Path, start: bytes) -> JobError:
    message = "this is no tar file"
    hint = "give what `batchtts cache export` has written"
    if start[:2] in _PACKED:
        hint = f"it is packed; unpack it first, as with: {_PACKED[start[:2]]}"
    return JobError([Problem(Place(str(archive)), message, hint)])
