"""Between the lock beside a job and the ledger that is quick to look into."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from batchtts.files import atomic, local_errors
from batchtts.lock.lines import (
    HEADER,
    DatasetLine,
    Definition,
    FileLine,
    PartLine,
    PieceLine,
    PinLine,
    SharedLine,
    TakeLine,
    written,
)
from batchtts.lock.parsing import made_of
from batchtts.lock.reading import Found, read_lock
from batchtts.model import Job
from batchtts.runner.ledger import PUT, Ledger, row_of, shared_row, written_made
from batchtts.runner.places import (
    lock_path,
    owner_of,
)

__all__ = [
    "CARRIED",
    "LOCK_MARK",
    "Merged",
    "agrees",
    "take_over",
    "write_lock",
]

_KINDS = ("speech", "sound", "codecs", "take", "pin", "dataset")
LOCK_MARK = "lock"  # the SHA-256 of the lock that the ledger agrees with
_CUTS = """
insert into cuts
select path, json_extract(made, '$.text'), json_extract(made, '$.voice'),
       json_extract(made, '$.words'), made
from outputs
where codecs is not null and json_array_length(made, '$.chunks') > 1
union all
select of || char(10) || key, json_extract(made, '$.text'),
       json_extract(made, '$.voice'), json_extract(made, '$.words'), made
from parts
where json_array_length(made, '$.chunks') > 1
"""
CARRIED = """
update outputs set mtime_ns = old.mtime_ns from old
where old.path = outputs.path and old.sha256 = outputs.sha256
  and old.size = outputs.size
"""
_CARRIED_PIECES = """
update pieces set mtime_ns = old.mtime_ns from old_pieces as old
where old.path = pieces.path and old.sha256 = pieces.sha256
  and old.size = pieces.size
"""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a lock that several people have written says more than once."""

    conflicts: int = 0  # marks that git has left
    repeated: int = 0  # files of which it says different things

    @property
    def sentence(self) -> str | None:
        """Say what is wrong with the lock, and what helps; None: nothing."""
        if self.conflicts:
            return (
                "the lock has marks of a merge conflict in it; both sides' lines "
                "were read: `batchtts run` writes it anew"
            )
        if self.repeated:
            return (
                f"the lock says different things of {self.repeated:,} files, as after "
                "a merge: `batchtts run` writes it anew"
            )
        return None


def take_over(ledger: Ledger, path: Path, base: Path) -> Merged:
    """Have the ledger know what the lock at ``path`` says, if it does not yet.

    Where there is no lock, the ledger stays as it is. Raises JobError where the
    lock is damaged.
    """
    if not path.is_file():
        ledger.set_mark(LOCK_MARK, None)
        with ledger.transaction() as database:
            database.execute("delete from cuts")
            database.execute("delete from notes where kind in ('take', 'pin')")
        ledger.changed = True
        return Merged()
    with local_errors("cannot read the lock"), path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if ledger.mark(LOCK_MARK) == digest:
        return Merged()
    with ledger.transaction() as database:
        database.execute("create temp table old as select * from outputs")
        database.execute("create index temp.old_path on old (path)")
        database.execute("create temp table old_pieces as select * from pieces")
        database.execute("create index temp.old_piece on old_pieces (path)")
        database.execute("delete from pieces")
        database.execute("delete from outputs")
        database.execute("delete from parts")
        database.execute("delete from notes")
        merged = _import(database, read_lock(path), base)
        database.execute(CARRIED)
        database.execute("drop table old")
        database.execute(_CARRIED_PIECES)
        database.execute("drop table old_pieces")
        _take_cuts(database)
    ledger.set_mark(LOCK_MARK, digest)
    ledger.changed = merged != Merged()
    ledger.__dict__.pop("is_empty", None)
    return merged


def _import(database: sqlite3.Connection, lines: Iterator[Found], base: Path) -> Merged:
    conflicts = 0
    twice: dict[str, list[FileLine | SharedLine]] = {}
    put = PUT.replace("insert or replace", "insert or ignore")
    for found in lines:
        line = found.line
        if line is None:
            conflicts += 1
        elif isinstance(line, FileLine | SharedLine):
            if not database.execute(put, _row(line)).rowcount:
                twice.setdefault(line.path, []).append(line)
        elif isinstance(line, PartLine):
            # Of two that differ the other one is made again with the whole.
            part = line.of, line.key, written_made(line.made)
            database.execute("insert or ignore into parts values (?, ?, ?)", part)
        elif isinstance(line, PieceLine):
            piece = line.path, line.of, line.sha256, line.bytes, -1
            database.execute(
                "insert or ignore into pieces values (?, ?, ?, ?, ?)", piece
            )
        else:
            _note(database, line)
    repeated = 0
    for path, lines_of_it in twice.items():
        repeated += _settle(database, base / path, lines_of_it)
    return Merged(conflicts, repeated)


def _settle(
    database: sqlite3.Connection, path: Path, others: Iterable[FileLine | SharedLine]
) -> bool:
    """Keep of several lines about a file the one that it agrees with.

    Where it agrees with none, the file will be made again. Return whether they
    say different things at all.
    """
    query = "select * from outputs where path = ?"
    known = {_row(line) for line in others}
    name = next(iter(known))[0]
    known.add(database.execute(query, (name,)).fetchone())
    if len(known) == 1:
        return False
    digest = ""
    with contextlib.suppress(OSError), path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    best = min(known, key=lambda row: (row[2] != digest, str(row)))
    database.execute(PUT, best)
    return True


def _row(line: FileLine | SharedLine) -> tuple[object, ...]:
    size = line.facts.get("bytes")
    size = size if isinstance(size, int) else -1
    if isinstance(line, SharedLine):
        return shared_row(line, size)
    return row_of(line, size)


def _note(
    database: sqlite3.Connection, line: Definition | DatasetLine | TakeLine | PinLine
) -> None:
    kind, name = _named(line)
    query = "select line from notes where kind = ? and id = ?"
    text = written(line)
    if (known := database.execute(query, (kind, name)).fetchone()) is not None:
        # Of two retakes the later one is wanted, of two recordings either.
        text = max(known[0], text, key=lambda one: (_number(one), one))
    database.execute(
        "insert or replace into notes values (?, ?, ?)", (kind, name, text)
    )


def _number(line: str) -> int:
    number = json.loads(line).get("number", 0)
    return number if isinstance(number, int) else 0


def _named(line: Definition | DatasetLine | TakeLine | PinLine) -> tuple[str, str]:
    if isinstance(line, Definition):
        return line.kind, line.id
    if isinstance(line, DatasetLine):
        return "dataset", line.path
    kind = "take" if isinstance(line, TakeLine) else "pin"
    return kind, f"{line.text}\0{line.voice}\0{line.request}"


def _take_cuts(database: sqlite3.Connection) -> None:
    """Note how texts are cut, as the lock now says it: cuts depend on nothing else."""
    database.execute("delete from cuts")
    database.execute(_CUTS)


class _SameError(Exception):
    """What would be written is what is there."""


def write_lock(
    ledger: Ledger, job: Job, definitions: Iterable[Definition] = ()
) -> None:
    """Write what the ledger knows beside the job, if that is not what stands there.

    Raises LocalError; the lock is then what it was.
    """
    path = lock_path(job)
    if not ledger.changed and path.is_file():
        return
    for one in definitions:
        ledger.note(one.kind, one.id, written(one))
    query = "select 1 from outputs union select 1 from notes union select 1 from parts"
    if not path.is_file() and ledger.database.execute(query).fetchone() is None:
        return
    old = _digest_of(path)
    new = hashlib.sha256()
    with (
        contextlib.suppress(_SameError),
        ledger.lock,
        atomic(path, owner=owner_of(job)) as temporary,
        temporary.open("wb") as file,
    ):
        for line in _lines(ledger.database):
            data = f"{line}\n".encode("utf-8", "surrogatepass")
            new.update(data)
            file.write(data)
        if new.hexdigest() == old:
            raise _SameError
    ledger.set_mark(LOCK_MARK, new.hexdigest())
    with ledger.transaction() as database:
        _take_cuts(database)
    ledger.changed = False


def agrees(ledger: Ledger, job: Job) -> bool:
    """Tell whether the ledger says what the lock does."""
    digest = _digest_of(lock_path(job))
    return bool(digest) and ledger.mark(LOCK_MARK) == digest


def _digest_of(path: Path) -> str:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return ""


def _lines(database: sqlite3.Connection) -> Iterator[str]:
    yield HEADER
    for kind in _KINDS:
        notes = database.execute(
            "select id, line from notes where kind = ? order by id", (kind,)
        )
        used = _used(database, kind)
        yield from (line for name, line in notes.fetchall() if used(name))
    rows = database.execute(
        "select path, made, codecs, sha256, facts, size from outputs order by path"
    )
    for path, made, codecs, sha256, facts, size in rows:
        known = json.loads(facts)
        if codecs is None:
            known["bytes"] = size
            shared = SharedLine(
                path=path, sha256=sha256, facts=known, **json.loads(made)
            )
            yield written(shared)
            continue
        line = FileLine(
            path=path,
            made=made_of(json.loads(made)),
            codecs=codecs,
            sha256=sha256,
            facts=known,
        )
        yield written(line)
    rows = database.execute("select of, key, made from parts order by of, key")
    for of, key, made in rows:
        yield written(PartLine(of=of, key=key, made=made_of(json.loads(made))))
    rows = database.execute("select path, of, sha256, size from pieces order by path")
    for path, of, sha256, size in rows:
        yield written(PieceLine(path=path, of=of, sha256=sha256, bytes=size))


def _used(database: sqlite3.Connection, kind: str) -> Callable[[str], bool]:
    """Return what tells whether a line of this kind is of use to some file."""
    if kind == "dataset":
        return lambda _: True
    if kind in {"take", "pin"}:
        return lambda name: _is_wanted(database, name)
    query = (
        "select case ? when 'codecs' then codecs"
        " else json_extract(made, '$.' || ?) end"
        " from outputs where codecs is not null"
        " union select json_extract(made, '$.' || ?) from parts"
    )
    known = {row[0] for row in database.execute(query, (kind, kind, kind))}
    return known.__contains__


def _is_wanted(database: sqlite3.Connection, name: str) -> bool:
    """Tell whether there is still the chunk that was to be made otherwise.

    Where nothing has been made of its text yet, there may be.
    """
    text, voice, request = name.split("\0")
    query = (
        "select made from (select made from outputs where codecs is not null"
        " union all select made from parts) where"
        " json_extract(made, '$.text') = ? and json_extract(made, '$.voice') = ?"
    )
    rows = database.execute(query, (text, voice)).fetchall()
    return not rows or any(f'"{request}:' in made for (made,) in rows)
