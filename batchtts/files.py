"""Files on disk: whole at their final path, or not there."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from batchtts.errors import LocalError

__all__ = [
    "TEMP_MARK",
    "atomic",
    "discard_temporaries",
    "local_errors",
    "make_folder",
    "project_root",
    "require_writable",
    "sweep",
    "sync_file",
    "sync_folder",
    "write_bytes",
]

TEMP_MARK = ".batchtts-"
"""Begins the name of every temporary file, so that leftovers can be swept."""

_PROJECT_MARKS = (".git", "pyproject.toml")
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_IN_USE: bool = sys.platform == "win32"  # a file that is read cannot be replaced there
_REPLACE_S = 2.0  # another program looks at a new file for less
_live: set[Path] = set()  # the temporary files of this process


@contextlib.contextmanager
def local_errors(doing: str) -> Iterator[None]:
    """Turn an OSError into a LocalError that begins with ``doing``."""
    try:
        yield
    except OSError as exc:
        raise LocalError(f"{doing}{_where(exc, doing)}: {_cause(exc)}") from exc


@contextlib.contextmanager
def atomic(path: Path, *, owner: str = "", sync: bool = True) -> Iterator[Path]:
    """Give a temporary path in ``path``'s folder and move it there at the end.

    Until the block ends without an error ``path`` keeps what it held before;
    then the new content is synced to disk and takes its place in one step. On
    an error, and on an interrupt, the temporary file is removed. One that is
    left when the process is killed carries ``owner`` in its name: see `sweep`.

    Without ``sync`` the file is whole whatever happens to the process, but not
    yet safe from a power cut: see `sync_file`.

    Raises LocalError when the folder or the file cannot be written.
    """
    make_folder(path.parent)
    # Not named after the file: its name may be as long as a name can be.
    temporary = path.with_name(f"{TEMP_MARK}{owner}-{secrets.token_hex(6)}")
    _live.add(temporary)
    try:
        with local_errors(f'cannot write "{path}"'):
            yield temporary
            if sync:
                _sync(temporary)
            _replace(temporary, path)
            if sync:
                sync_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        _live.discard(temporary)


def discard_temporaries() -> None:
    """Remove the temporary files that are being written, as this process ends now."""
    for temporary in tuple(_live):
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Have a file and its name on the disk itself when this returns."""
    with local_errors(f'cannot write "{path}"'):
        _sync(path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk itself; an OSError where that fails."""
    if sys.platform == "win32":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path``, whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_bytes(data)


def sweep(folder: Path, *, owner: str) -> None:
    """Remove from ``folder`` what a killed process of this owner has left there.

    Only for an owner who knows that no other process acts in its name now.
    """
    if folder.is_dir():
        with local_errors(f'cannot clear "{folder}"'):
            for path in folder.glob(f"{TEMP_MARK}{owner}-*"):
                path.unlink(missing_ok=True)


def require_writable(folder: Path) -> None:
    """Make ``folder`` if it is missing and raise LocalError if nothing fits there."""
    make_folder(folder)
    with local_errors(f'cannot write into "{folder}"'):
        handle, name = tempfile.mkstemp(prefix=TEMP_MARK, dir=folder)
        os.close(handle)
        Path(name).unlink()


def project_root(folder: Path) -> Path | None:
    """Return the nearest folder, from ``folder`` upwards, that is a project's top.

    That is one with a ``.git`` or, in a copy that came without it, with a
    ``pyproject.toml``. None where there is none.
    """
    for above in (folder, *folder.parents):
        if any((above / mark).exists() for mark in _PROJECT_MARKS):
            return above
    return None


def make_folder(folder: Path) -> None:
    """Make ``folder`` and those above it where they are missing."""
    with local_errors(f'cannot make the folder "{folder}"'):
        folder.mkdir(parents=True, exist_ok=True)


def _replace(temporary: Path, path: Path) -> None:
    """Move a file to its place; on Windows wait for who is reading what is there."""
    until_s = time.monotonic() + _REPLACE_S
    while True:
        try:
            temporary.replace(path)
        except PermissionError:
            # Elsewhere, and for a folder, waiting would change nothing.
            if not _IN_USE or path.is_dir() or time.monotonic() > until_s:
                raise
            time.sleep(0.02)
        else:
            return


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _where(exc: OSError, doing: str) -> str:
    """Name the file that an error is about, where that has not been done."""
    name = os.fsdecode(exc.filename) if isinstance(exc.filename, str | bytes) else ""
    if not name or f'"{name}"' in doing or Path(name).name.startswith(TEMP_MARK):
        return ""
    return f' "{name}"'


def _cause(exc: OSError) -> str:
    if exc.errno in _FULL:
        return "the disk is full; free some space and run again"
    if exc.errno == errno.EFBIG:
        return "the file is larger than files may be here"
    if exc.errno in {errno.EACCES, errno.EPERM}:
        return "permission denied"
    if exc.errno == errno.EROFS:
        return "the file system is read-only"
    return exc.strerror or str(exc)
