"""Write a read-along EPUB 3 from a book, its chapters' audio and their times."""

from __future__ import annotations

import hashlib
import posixpath
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from batchtts.books.archive import Archive, opened
from batchtts.books.epub import read_epub_bound
from batchtts.books.epub.package import Package, read_package
from batchtts.files import atomic, local_errors
from batchtts.outputs.captions import Sentence
from batchtts.outputs.readalong.alignment import Run, located
from batchtts.outputs.readalong.epub3 import old_page, renewed
from batchtts.outputs.readalong.overlay import (
    ACTIVE_CLASS,
    Clip,
    declared_utf8,
    overlay,
    with_overlays,
)
from batchtts.outputs.readalong.weaving import Page, Stretch

__all__ = [
    "AUDIO_TYPES",
    "ChapterAudio",
    "require_read_along",
    "write_read_along",
]

AUDIO_TYPES: Mapping[str, str] = {
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".opus": "audio/ogg; codecs=opus",
}
"""The media types that every reading system plays, by the endings of files."""

_STYLE = f".{ACTIVE_CLASS} {{ background-color: #ffe9a8; color: #000; }}\n"
_DAY_ONE = (1980, 1, 1, 0, 0, 0)
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterAudio:
    """The audio of a chapter, and when its sentences are heard in it.

    ``number`` counts the chapters of the book from 1, read or not.
    """

    number: int
    audio: Path
    length_s: float
    sentences: tuple[Sentence, ...]


@dataclass(slots=True)
class _Spoken:
    """The clips of one page, and the stretches that they are for."""

    clips: list[tuple[str, Path, int, int]] = field(default_factory=list)
    named: list[tuple[Stretch, str]] = field(default_factory=list)


def write_read_along(
    book: Path,
    shown: str,
    path: Path,
    chapters: Sequence[ChapterAudio],
    *,
    narrators: Sequence[str] = (),
    owner: str = "",
) -> str:
    """Write a copy of an EPUB that reads some of its chapters aloud, as EPUB 3.

    The words of its pages stay as they are, white space included; elements with
    ids stand around sentences. All of each audio file is played: a pause belongs
    to the sentence before it, the beginning to the first. What a page has no words
    for, such as a picture's alternative, is heard with the sentence before it.

    Returns the SHA-256 of the file, which is whole or not there. The same input
    gives the same bytes. Raises JobError for a book that cannot be used, in
    messages called ``shown``, and LocalError when a file cannot be read or written.
    """
    with opened(book, shown) as archive:
        package = read_package(archive)
        _require_usable(archive, package)
        edition = _Edition(archive, package)
        wanted = {
            chapter.number: [one.written for one in chapter.sentences]
            for chapter in chapters
        }
        edition.tell(_places(book, shown, wanted, archive), chapters)
        with (
            local_errors(f'cannot write "{path}"'),
            atomic(path, owner=owner) as temporary,
        ):
            edition.write(temporary, narrators)
            with temporary.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()


def require_read_along(book: Path, shown: str, chapters: Mapping[int, str]) -> None:
    """Raise JobError if a book could not be read along with these words.

    They are those that the chapters of these numbers were cleaned to.
    """
    with opened(book, shown) as archive:
        _require_usable(archive, read_package(archive))
        _places(
            book, shown, {number: [one] for number, one in chapters.items()}, archive
        )


def _require_usable(archive: Archive, package: Package) -> None:
    root = archive.tree(package.name).first("package")
    version = _version(archive, package)
    if version[:1] not in {"2", "3"}:
        message = f'it is an EPUB of the version "{version}", not of 2 or 3'
        raise archive.problem(package.name, message, "save it as EPUB 3")
    if version.startswith("2") and (page := old_page(package)) is not None:
        message = f'the page "{page}" is none that an EPUB 3 can hold'
        raise archive.problem(package.name, message, "save it as EPUB 3")
    items = [] if root is None else list(root.all("item"))
    if any(item.get("media-overlay") for item in items):
        message = "the book has audio of its own already"
        raise archive.problem(package.name, message, "take the book without it")


def _version(archive: Archive, package: Package) -> str:
    root = archive.tree(package.name).first("package")
    return "2" if root is None else root.get("version") or "2"


def _places(
    book: Path, shown: str, wanted: Mapping[int, Sequence[str]], archive: Archive
) -> dict[int, list[list[Run]]]:
    """Return where the sentences of each chapter stand, by its number."""
    found: dict[int, list[list[Run]]] = {}
    for number, bound in enumerate(read_epub_bound(book, shown), 1):
        if (sentences := wanted.get(number)) is None:
            continue
        runs = located(sentences, bound)
        if runs is None:
            message = f"the words of chapter {number} are not those that were read"
            hint = "was the book changed, read as a whole, or are voices marked in it?"
            raise archive.problem(bound.chapter.file, message, hint)
        found[number] = runs
    if missing := sorted(set(wanted) - set(found)):
        raise archive.problem("", f"the book has no chapter {missing[0]}")
    return found


class _Edition:
    """A book while its overlays are made."""

    def __init__(self, archive: Archive, package: Package) -> None:
        self._archive = archive
        self._package = package
        self._is_old = _version(archive, package).startswith("2")
        self._base = posixpath.dirname(package.name)
        self._folder = self._free_folder()
        self._pages: dict[str, Page] = {}
        self._spoken: dict[str, _Spoken] = {}
        self._audio: dict[Path, str] = {}  # names in the archive

    def _free_folder(self) -> str:
        """Return a folder beside the package document that the book does not have."""
        taken = {name.casefold() for name in self._archive.names}
        for number in range(1, len(taken) + 2):
            name = "read-along" if number == 1 else f"read-along-{number}"
            folder = posixpath.join(self._base, name)
            if not any(one.startswith(f"{folder.casefold()}/") for one in taken):
                break
        return folder

    def tell(
        self,
        places: Mapping[int, Sequence[Sequence[Run]]],
        chapters: Sequence[ChapterAudio],
    ) -> None:
        """Take the chapters in their order."""
        for chapter in sorted(chapters, key=lambda one: one.number):
            suffix = chapter.audio.suffix.lower()
            name = f"{self._folder}/{len(self._audio) + 1:04}{suffix}"
            self._audio.setdefault(chapter.audio, name)
            timed = list(self._timed(chapter, places[chapter.number]))
            starts = [0, *(round(start_s * 1000) for *_, start_s in timed[1:])]
            ends = [*starts[1:], round(chapter.length_s * 1000)]
            for (file, stretch, _), start, end in zip(timed, starts, ends, strict=True):
                if end > start:
                    self._add(file, stretch, chapter.audio, start, end)

    def _timed(
        self, chapter: ChapterAudio, places: Sequence[Sequence[Run]]
    ) -> Iterator[tuple[str, Stretch, float]]:
        """Yield the stretches of a chapter, and when each begins to be heard."""
        for sentence, runs in zip(chapter.sentences, places, strict=True):
            found = [
                (file, stretch)
                for file in dict.fromkeys(file for file, *_ in runs)
                for stretch in self._page(file).stretches(
                    [(start, end) for name, start, end in runs if name == file]
                )
            ]
            total = sum(stretch.characters for _, stretch in found)
            length_s = sentence.end_s - sentence.start_s
            before = 0
            for file, stretch in found:
                yield file, stretch, sentence.start_s + length_s * before / total
                before += stretch.characters

    def _page(self, file: str) -> Page:
        if file not in self._pages:
            self._pages[file] = Page(self._archive.text(file))
        return self._pages[file]

    def _add(
        self, file: str, stretch: Stretch, audio: Path, start: int, end: int
    ) -> None:
        spoken = self._spoken.setdefault(file, _Spoken())
        identifier = f"{self._mark(file)}{len(spoken.named) + 1}"
        spoken.named.append((stretch, identifier))
        spoken.clips.append((identifier, audio, start, end))

    def _mark(self, file: str) -> str:
        """Return what no id of a page begins with."""
        mark = "said"
        markup = self._pages[file].markup
        while f'"{mark}' in markup or f"'{mark}" in markup:
            mark += "-"
        return mark

    # --- files -----------------------------------------------------------------------

    def write(self, path: Path, narrators: Sequence[str]) -> None:
        """Write the book."""
        style = f"{self._folder}/active.css"
        changed: dict[str, str] = {}
        for number, (file, spoken) in enumerate(self._spoken.items(), 1):
            page = self._pages[file]
            markup = page.linked(page.woven(spoken.named), _link(style, file))
            changed[file] = declared_utf8(markup)
            name = f"{self._folder}/{number:04}.smil"
            changed[name] = overlay(_link(file, name), self._clips(file, name))
        if self._is_old:
            nav = f"{self._folder}/nav.xhtml"
            changed |= renewed(self._archive, self._package, changed, nav, _link)
        name = self._package.name
        markup = changed.get(name) or self._archive.text(name)
        changed[name] = self._packed(markup, style, narrators)
        changed[style] = _STYLE
        with zipfile.ZipFile(path, "w") as made:
            _put(made, "mimetype", b"application/epub+zip", stored=True)
            for name in (*self._archive.names, *changed):
                if name == "mimetype" or name in made.NameToInfo:
                    continue
                words = changed.get(name)
                data = self._archive.read(name) if words is None else words.encode()
                _put(made, name, data)
            for audio, name in self._audio.items():
                _put_file(made, name, audio)

    def _clips(self, file: str, name: str) -> Iterator[Clip]:
        page = _link(file, name)
        for identifier, audio, start, end in self._spoken[file].clips:
            yield Clip(
                f"{page}#{identifier}", _link(self._audio[audio], name), start, end
            )

    def _packed(self, markup: str, style: str, narrators: Sequence[str]) -> str:
        """Return the package document, with what it has to say of the audio."""
        ids = {item.name: item.id for item in self._package.items.values()}
        mark = "said"
        while any(name.startswith(mark) for name in self._package.items):
            mark += "-"
        overlays, lengths, items = {}, {}, []
        for number, (file, spoken) in enumerate(self._spoken.items(), 1):
            identifier = f"{mark}{number}"
            overlays[ids[file]] = identifier
            lengths[identifier] = sum(end - start for *_, start, end in spoken.clips)
            name = f"{self._folder}/{number:04}.smil"
            link = _link(name, self._package.name)
            items.append((identifier, link, "application/smil+xml"))
        for number, (audio, name) in enumerate(self._audio.items(), 1):
            kind = AUDIO_TYPES[audio.suffix.lower()]
            items.append(
                (f"{mark}-audio{number}", _link(name, self._package.name), kind)
            )
        link = _link(style, self._package.name)
        items.append((f"{mark}-style", link, "text/css"))
        return declared_utf8(
            with_overlays(
                markup,
                overlays=overlays,
                lengths_ms=lengths,
                items=items,
                narrators=narrators,
            )
        )


def _link(name: str, base: str) -> str:
    """Return the link to a file of the archive from another one."""
    folder = posixpath.dirname(base) or "."
    return quote(posixpath.relpath(name, folder))


def _put(
    made: zipfile.ZipFile, name: str, data: bytes, *, stored: bool = False
) -> None:
    info = _info(name)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    made.writestr(info, data)


def _put_file(made: zipfile.ZipFile, name: str, audio: Path) -> None:
    info = _info(name)
    info.file_size = audio.stat().st_size
    with audio.open("rb") as source, made.open(info, "w") as target:
        shutil.copyfileobj(source, target, _READ_BYTES)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DAY_ONE)
    info.create_system = 3  # the same on every system
    info.external_attr = 0o644 << 16
    return info
