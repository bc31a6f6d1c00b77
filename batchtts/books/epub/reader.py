"""Reading an EPUB: its chapters, where their words stand, and its cover."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from batchtts.books.archive import Archive, opened
from batchtts.books.book import Book, Cover, Omission
from batchtts.books.epub.binding import Binder
from batchtts.books.epub.contents import page_roles, read_contents
from batchtts.books.epub.package import Package, read_package
from batchtts.books.epub.picture import cover_of
from batchtts.books.epub.protection import refuse_protected
from batchtts.books.epub.spine import reading_order
from batchtts.books.pages.drafts import Bound

__all__ = ["read_epub", "read_epub_bound", "read_epub_cover"]


def read_epub(path: Path, shown: str) -> Book:
    """Read the chapters of an EPUB; what is left out is told in its omissions.

    Raises JobError when it is damaged, protected or no EPUB.
    """
    with opened(path, shown) as archive:
        package = read_package(archive)
        binder, omissions = _binder(archive, package)
        chapters = tuple(bound.chapter for bound in binder.chapters())
        about = replace(package.about, language=binder.language)
        return Book(
            chapters, **asdict(about), omissions=(*binder.omissions, *omissions)
        )


def read_epub_bound(path: Path, shown: str) -> Iterator[Bound]:
    """Yield the same chapters, each with where its words stand in the book's files.

    Raises JobError as `read_epub` does.
    """
    with opened(path, shown) as archive:
        binder, _ = _binder(archive, read_package(archive))
        yield from binder.chapters()


def read_epub_cover(path: Path, shown: str) -> Cover | None:
    """Return the picture on the cover of an EPUB, if it has one.

    Of a drawn cover it is the photograph or painting in it: players know no
    drawings. Raises JobError as `read_epub` does.
    """
    with opened(path, shown) as archive:
        return cover_of(archive, read_package(archive))


def _binder(archive: Archive, package: Package) -> tuple[Binder, list[Omission]]:
    pages, omissions = reading_order(archive, package)
    refuse_protected(archive, pages)
    binder = Binder(
        archive,
        pages,
        read_contents(archive, package, frozenset(pages)),
        page_roles(archive, package),
        title=package.about.title,
        language=package.about.language,
    )
    return binder, omissions
