"""Files that are ZIP archives, EPUB and DOCX: read with care, never unpacked.

A stranger's archive may unfold to any size, whatever its directory says. So
the bytes that come out are counted, of each entry and of all together, and
nothing is written to disk. Names are looked up in the archive alone: one that
climbs out of it finds nothing.
"""

from __future__ import annotations

import contextlib
import errno
import io
import posixpath
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from batchtts.errors import JobError, Problem
from batchtts.files import local_errors
from batchtts.markup.charset import decoded_markup
from batchtts.markup.tree import Element, tree
from batchtts.model import Place

__all__ = ["Archive", "opened"]

MAX_ENTRIES = 2_000
MAX_ENTRY_BYTES = 20_000_000
_MAX_TREE_BYTES = 4_000_000  # of a file that is kept as a tree, some 30 times as large
MAX_BYTES = 200_000_000  # of all that is read of one archive
MAX_RATIO = 200  # of what comes out to what stands in the file
_RATIO_FROM_BYTES = 1 << 16  # less can be of any ratio
_MAX_DIRECTORY_BYTES = 1 << 21
_BLOCK_BYTES = 1 << 16

_COMPRESSIONS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 1
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)
_NO_PLACE = errno.EINVAL  # to look for something where the file cannot be


@contextlib.contextmanager
def _honest(refusal: JobError) -> Iterator[None]:
    """Raise ``refusal`` for what is wrong with an archive itself."""
    try:
        yield
    except _BROKEN as exc:
        raise refusal from exc
    except OSError as exc:
        if exc.errno != _NO_PLACE:
            raise
        raise refusal from exc


@contextlib.contextmanager
def opened(path: Path, shown: str) -> Iterator[Archive]:
    """Give the archive at ``path``, called ``shown`` in messages.

    Raises JobError when it is no archive, or one with too many entries, and
    LocalError when the file cannot be read.
    """
    message = "the file is damaged, or not of the kind that its name says"
    refusal = _refused(shown, message, "get it once more")
    with local_errors("cannot read"), contextlib.ExitStack() as stack:
        file = stack.enter_context(_Frugal(io.FileIO(path)))
        with _honest(refusal):
            archive = stack.enter_context(zipfile.ZipFile(file))
        yield Archive(archive, shown)


class _Frugal(io.BufferedReader):
    """Refuses to read a directory that no honest archive has."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most ``size`` bytes."""
        if size is not None and size > _MAX_DIRECTORY_BYTES:
            message = "the directory is too large"
            raise zipfile.BadZipFile(message)
        return super().read(size)


class Archive:
    """The files in an archive, by their names."""

    def __init__(self, archive: zipfile.ZipFile, shown: str) -> None:
        """Take stock of the entries; raises JobError when there are too many."""
        self.shown = shown
        self._archive = archive
        self._read_bytes = 0
        entries = [info for info in archive.infolist() if not info.is_dir()]
        if len(entries) > MAX_ENTRIES:
            message = f"there are more than {MAX_ENTRIES:,} files in it"
            raise _refused(shown, message, "no book has so many")
        self._entries = {_plain(info.filename): info for info in entries}
        self._folded: dict[str, list[str]] = {}
        for name in self._entries:
            self._folded.setdefault(name.casefold(), []).append(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all files."""
        return tuple(self._entries)

    def find(self, name: str) -> str | None:
        """Return the file that a name means; its case counts if it must."""
        plain = _plain(name)
        if plain in self._entries:
            return plain
        same = self._folded.get(plain.casefold(), [])
        return same[0] if len(same) == 1 else None

    def resolve(self, base: str, link: str) -> tuple[str | None, str]:
        """Return the file that a link in the file ``base`` leads to, and the id in it.

        None: it leads to nothing in the archive.
        """
        path, _, fragment = link.strip().partition("#")
        fragment = unquote(fragment)
        if _SCHEME.match(path):
            return None, fragment
        if not path:
            return base, fragment
        folder = "" if path.startswith("/") else posixpath.dirname(base)
        bare = path.partition("?")[0]
        for written in (path, unquote(path), bare, unquote(bare)):
            found = self.find(posixpath.join(folder, written.lstrip("/")))
            if found is not None:
                return found, fragment
        return None, fragment

    def read(self, name: str, most_bytes: int = MAX_ENTRY_BYTES) -> bytes:
        """Return what a file holds.

        Raises JobError when it is damaged, encrypted, a link or too large.
        """
        info = self._entries[name]
        if problem := _unreadable(info):
            raise self.problem(name, *problem)
        data = bytearray()
        damaged = self.problem(name, "the file is damaged", "get the book once more")
        with _honest(damaged), self._archive.open(info) as file:
            while block := file.read(_BLOCK_BYTES):
                data += block
                self._read_bytes += len(block)
                if _unfolds(info, len(data)):
                    message = f"it unfolds to more than {MAX_RATIO} times its size"
                    raise self.problem(name, message, "no book needs that")
                if len(data) > most_bytes or self._read_bytes > MAX_BYTES:
                    raise self._too_large(name, most_bytes)
        return bytes(data)

    def text(self, name: str) -> str:
        """Return the characters of a file with markup.

        Raises JobError when it cannot be read or decoded, or makes up entities.
        """
        return decoded_markup(self.read(name), f"{self.shown}/{name}")

    def tree(self, name: str) -> Element:
        """Return the elements of a file that says something about the others.

        Raises JobError as `text` does, and already where it is large.
        """
        data = self.read(name, _MAX_TREE_BYTES)
        return tree(decoded_markup(data, f"{self.shown}/{name}"))

    def problem(self, name: str, message: str, hint: str = "") -> JobError:
        """Return the error that tells what is wrong with a file."""
        return _refused(f"{self.shown}/{name}", message, hint)

    def _too_large(self, name: str, most_bytes: int) -> JobError:
        most = f"{most_bytes // 10**6} MB, and {MAX_BYTES // 10**6} MB for all files"
        message = "it is larger than a file in a book may be"
        return self.problem(name, message, f"at most {most}")


def _unfolds(info: zipfile.ZipInfo, so_far_bytes: int) -> bool:
    """Tell whether far more has come out than stands in the archive."""
    most_bytes = max(_RATIO_FROM_BYTES, MAX_RATIO * info.compress_size)
    return so_far_bytes > most_bytes


def _refused(file: str, message: str, hint: str) -> JobError:
    return JobError([Problem(Place(file), message, hint)])


def _plain(name: str) -> str:
    name = unicodedata.normalize("NFC", name.replace("\\", "/"))
    return posixpath.normpath(name.lstrip("/"))


def _unreadable(info: zipfile.ZipInfo) -> tuple[str, str] | None:
    if info.flag_bits & _ENCRYPTED:
        return "it is encrypted with a password", "save the book without one"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a link to another file", "a book holds its files themselves"
    if info.compress_type not in _COMPRESSIONS:
        return "it is compressed in a way that no book may be", "save the book anew"
    return None
