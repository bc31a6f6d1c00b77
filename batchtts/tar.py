"""Tar files whose bytes depend on their members only, and tar files of strangers.

What is read is never unpacked: members are handed on by name, with their bytes.
Only the plain form is understood, as POSIX.1-1988 (ustar) has it; what later
ones put in front of a member is a member without bytes here, so that nothing in
a file can have more be held or read than the file itself has.
"""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from batchtts.files import local_errors

__all__ = ["BLOCK", "BadTarError", "Member", "Tar", "is_tar", "members"]

BLOCK = tarfile.BLOCKSIZE
"""Bytes; a tar file is made of blocks of so many."""

_ZEROS = bytes(BLOCK)
_RECORD_BYTES = tarfile.RECORDSIZE
_OCTAL = re.compile(rb"[ \0]*([0-7]*)[ \0]*")
_MAGIC = b"ustar"
_FILES = b"0\0"
_BODILESS = b"123456"  # links, devices, folders: whatever size they claim
_FOLDERS_AND_REMARKS = b"5xgLK"  # of which nothing is lost


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of a tar file.

    ``data`` is None where it is no plain file, or one of more bytes than are wanted.
    """

    name: str
    kind: Literal["file", "remark", "other"]  # a remark: a folder, a longer name
    size: int
    data: bytes | None


class BadTarError(Exception):
    """A tar file is damaged; says where."""


class Tar:
    """Writes a tar file member by member, without owners and times."""

    def __init__(self, path: Path) -> None:
        """Begin the file at ``path``."""
        with local_errors(f'cannot write "{path}"'):
            self._file = path.open("wb")

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the file, if all went well, and close it."""
        with self._file:
            if kind is None:
                self._file.write(2 * _ZEROS)
                self._file.write(bytes(-self._file.tell() % _RECORD_BYTES))

    def add(self, name: str, data: bytes) -> None:
        """Write a member."""
        member = tarfile.TarInfo(name)
        member.size = len(data)
        # Names that the old header cannot hold get one of their own.
        self._file.write(member.tobuf(tarfile.PAX_FORMAT))
        self._file.write(data)
        self._file.write(bytes(-len(data) % BLOCK))


def is_tar(start: bytes) -> bool:
    """Tell by the first block of a file whether it is a tar file of the known form."""
    return start == _ZEROS or start[257:262] == _MAGIC


def members(file: IO[bytes], *, most_bytes: int) -> Iterator[Member]:
    """Yield the members of a tar file, one at a time in memory.

    Of those with more than ``most_bytes`` and of links, devices and the like only
    the names are told. Raises BadTarError where the file goes on otherwise than a
    tar file does, after what came before that.
    """
    whole = file.seek(0, os.SEEK_END)
    at = file.seek(0)
    while True:
        header = file.read(BLOCK)
        if len(header) < BLOCK:
            raise BadTarError(_cut_short(whole))
        if header == _ZEROS:
            return
        name, type_, size = _header(header, at)
        at += BLOCK
        end = at + size + -size % BLOCK
        if end > whole:
            raise BadTarError(_cut_short(whole))
        kind: Literal["file", "remark", "other"] = "other"
        data = None
        if type_ in _FILES:
            kind = "file"
            data = file.read(size) if size <= most_bytes else None
        elif type_ in _FOLDERS_AND_REMARKS:
            kind = "remark"
        at = file.seek(end)
        yield Member(name, kind, size, data)


def _header(block: bytes, at: int) -> tuple[str, bytes, int]:
    """Return a member's name, the letter of its kind and how many bytes follow."""
    unsigned = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    size = _number(block[124:136])
    if _number(block[148:156]) != unsigned or block[257:262] != _MAGIC or size < 0:
        raise BadTarError(f"something else than a member begins at byte {at:,}")
    name = block[:100].partition(b"\0")[0]
    if block[262:263] == b"\0":  # the older GNU form has other things there
        above = block[345:500].partition(b"\0")[0]
        name = above + b"/" + name if above else name
    type_ = block[156:157]
    return name.decode("utf-8", "replace"), type_, 0 if type_ in _BODILESS else size


def _number(field: bytes) -> int:
    """Read a number in a header; -1 where there is none."""
    if field[0] == 0x80:  # noqa: PLR2004 - marks a number that is not in digits
        return int.from_bytes(field[1:])
    found = _OCTAL.fullmatch(field)
    return int(found.group(1) or b"0", 8) if found else -1


def _cut_short(whole: int) -> str:
    return f"it ends too early, after {whole:,} bytes"
