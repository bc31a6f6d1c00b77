"""Books to read along with: told of their chapters, made when all are there."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from batchtts.audiobook import AudiobookOutput, ReadAlongOutput, Spacing
from batchtts.errors import JobError, Problem
from batchtts.files import local_errors
from batchtts.formats import CAPTIONS_VERSION, RENDER_VERSION
from batchtts.metadata import Metadata
from batchtts.model import Job, TextId
from batchtts.outputs.audiobook.planning import Hearsay, Part, rate_of
from batchtts.plan import Reading
from batchtts.report import Suspect
from batchtts.runner.beside import captions
from batchtts.runner.bookentries import doubts_in
from batchtts.runner.chapters import Chapters
from batchtts.runner.collection import Collection, Found, Made, Tally, Wanted
from batchtts.runner.differences import Reason
from batchtts.runner.finding import Finding
from batchtts.runner.gathering import Gathering, part_of
from batchtts.runner.ledger import Ledger
from batchtts.runner.places import relative
from batchtts.runner.recipes import Recipes
from batchtts.runner.workshop import Workshop
from batchtts.targets import Target

if TYPE_CHECKING:
    from batchtts.outputs.audiobook.making import Finished
    from batchtts.outputs.captions import Sentence
    from batchtts.tracks import Track

__all__ = ["ReadAlongs"]

_DIGITS = 16
_EDITION = 2  # goes up when the same chapters come to be bound otherwise


@dataclass(slots=True)
class _Book:
    """A book: first its parts, then what is known of it, then their tracks."""

    path: Path
    parts: list[Part] = field(default_factory=list)
    numbers: dict[TextId, int] = field(default_factory=dict)
    written: dict[TextId, str] = field(default_factory=dict)
    sources: dict[Path | None, Reading] = field(default_factory=dict)
    hearsay: Hearsay = field(default_factory=Hearsay)
    narrator: str = ""
    rate_hz: int = 0
    settings: Mapping[str, object] = field(default_factory=dict)
    key: str = ""
    found: Mapping[str, object] | None = None
    chapters: Gathering = field(default_factory=Gathering)
    sentences: dict[TextId, list[Sentence]] = field(default_factory=dict)
    doubts: dict[TextId, Sequence[Suspect]] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        """Return the EPUB that the book is a copy of."""
        return next(path for path in self.sources if path is not None)


class ReadAlongs(Collection):
    """The books that one output of a job asks for; see `Collection`."""

    def __init__(
        self,
        job: Job,
        output: ReadAlongOutput,
        ledger: Ledger,
        shop: Workshop | None,
        recipes: Recipes,
    ) -> None:
        """Make the books of ``output``; with ``shop`` None only look at them."""
        self._chapters = Chapters(ledger, recipes, output, tells=shop is None)
        self._job = job
        self._output = output
        self._ledger = ledger
        self._shop = shop
        self._books: dict[Path, _Book] = {}

    # --- what is to be done ------------------------------------------------------

    def expect(self, reading: Reading, target: Target) -> None:
        """Take notice of a chapter, in the order of the book."""
        book = self._books.setdefault(target.path, _Book(target.path))
        text = reading.text
        book.sources.setdefault(text.book, reading)
        book.hearsay.hear(text.columns, text.book, reading.voice.lang)
        book.numbers[text.id] = int(text.columns.get("chapter", "0"))
        book.written[text.id] = "".join(piece.written for piece in reading.pieces)
        name = f"{len(book.parts) + 1:04}{self._output.suffix}"
        book.parts.append(part_of(reading, Path(name)))
        self._chapters.expect(reading, target.path)

    def settle(self) -> Tally:
        """Find out which books are not what they should be.

        Raises JobError where one could not be made: before anything is sent.
        """
        for book in self._books.values():
            self._require_makeable(book)
            asked = Metadata(title="", narrator=self._output.narrator)
            metadata = book.hearsay.metadata(asked, title=self._job.name)
            book.narrator = metadata.narrator
            asked_hz = self._output.audio.sample_rate
            book.rate_hz = rate_of(book.parts, self._output.suffix, asked_hz)
            book.settings = self._settings(book)
            book.key = self._key(book)
            book.written.clear()
            book.found = self._ledger.unchanged(book.path, book.key)
            if book.found is not None and self._shop is not None:
                self._chapters.note(book.path, book.numbers)
        done = sum(book.found is not None for book in self._books.values())
        return Tally(len(self._books), done)

    def _require_makeable(self, book: _Book) -> None:
        from batchtts.outputs.readalong import require_read_along

        for path, reading in book.sources.items():
            if path is None or path.suffix.lower() != ".epub":
                message = f'text "{reading.text.id}" is not a chapter of an EPUB'
                hint = f'"{book.path.name}" can only be made of those'
                raise JobError([Problem(reading.text.place, message, hint)])
        if len(book.sources) > 1:
            message = f'"{book.path.name}" would be made of {len(book.sources)} books'
            hint = "put {book} into the path, or pick texts"
            raise JobError([Problem(self._output.place, message, hint)])
        words = {number: book.written[text] for text, number in book.numbers.items()}
        require_read_along(book.source, self._shown(book), words)

    def found(self) -> Iterator[Found]:
        """Tell of the books that are as they should be."""
        for book in self._books.values():
            if book.found is not None:
                entry = {**self._head(book.path, "unchanged"), **book.found}
                yield Found(entry=entry, outputs=1, suspects=doubts_in(book.found))

    def findings(self) -> Iterator[Finding]:
        """Say of each book that is not as it should be why that is."""
        for book in self._books.values():
            if book.found is None:
                yield self._chapters.finding(
                    book.path, book.numbers, book.key, book.settings
                ) or Finding(
                    state="changed",
                    path=self._ledger.name(book.path),
                    text=None,
                    voice=None,
                    reasons=(Reason(self._output.place, "its chapters are others"),),
                )

    def wanted(self, reading: Reading, target: Target) -> Wanted | None:
        """Say that a chapter is needed, if its book is."""
        del reading
        book = self._books[target.path]
        if book.found is not None:
            return None
        return Wanted(book.rate_hz, self._output.audio.pauses)

    # --- making it ---------------------------------------------------------------

    def add(
        self,
        reading: Reading,
        target: Target,
        track: Track,
        suspects: Sequence[Suspect],
    ) -> Iterator[Made]:
        """Take the track of a chapter; with the last one the book is made."""
        from batchtts.outputs.captions import timed

        book = self._books[target.path]
        if book.chapters.lost:
            return
        text = reading.text.id
        book.sentences[text] = timed(track, captions(reading))
        book.doubts[text] = suspects
        kept = self._workshop.keep(track)
        if book.chapters.add(text, kept, of=len(book.parts)):
            yield self._make(book)

    def lose(self, reading: Reading, target: Target, reason: str) -> int:
        """Give the whole book up, once."""
        del reading, reason
        book = self._books[target.path]
        return 1 if book.chapters.lose() else 0

    def finish(self) -> Iterator[Made]:
        """Make nothing more: each book was made with its last chapter."""
        yield from ()

    def close(self) -> None:
        """Let go of the tracks of books that were not made."""
        for book in self._books.values():
            book.chapters.release()

    def _make(self, book: _Book) -> Made:
        shop = self._workshop
        try:
            with (
                shop.turn(),
                local_errors("cannot make the book to read along with"),
                tempfile.TemporaryDirectory(dir=shop.scratch) as folder,
            ):
                return self._bound(book, self._spoken(book, Path(folder)))
        finally:
            book.chapters.release()

    def _spoken(self, book: _Book, folder: Path) -> list[Finished]:
        """Write the audio of each chapter, with one gain for all, into a folder."""
        from batchtts.outputs.audiobook.making import make_book

        output, shop = self._output, self._workshop
        pattern = f"{{index}}{output.suffix}"
        return make_book(
            AudiobookOutput(
                template=pattern,
                folder=folder,
                pattern=pattern,
                suffix=output.suffix,
                texts=(),
                voices=(),
                audio=output.audio,
                about=Metadata(title=""),
                cover=None,
                spacing=Spacing(gap_s=0.0),
                profile=None,
                sample_s=None,
                place=output.place,
            ),
            [_placed(part, folder) for part in book.parts],
            book.chapters.tracks,
            Metadata(title=""),
            None,
            scratch=shop.scratch,
            owner=shop.owner,
            check=shop.check,
        )

    def _bound(self, book: _Book, finished: Sequence[Finished]) -> Made:
        """Write the book of its chapters' audio."""
        from batchtts.outputs.readalong import ChapterAudio, write_read_along

        shop = self._workshop
        chapters = [
            ChapterAudio(
                number=book.numbers[part.text],
                audio=one.written.path,
                length_s=float(one.written.duration_s),
                sentences=tuple(
                    sentence.later(one.starts[0] / one.written.rate_hz)
                    for sentence in book.sentences[part.text]
                ),
            )
            for one in finished
            for part in one.parts
        ]
        shop.enter(book.path.parent)
        sha256 = write_read_along(
            book.source,
            self._shown(book),
            book.path,
            chapters,
            narrators=[name for name in book.narrator.split(", ") if name],
            owner=shop.owner,
        )
        with local_errors("cannot look at"):
            size_bytes = book.path.stat().st_size
        seconds = sum(chapter.length_s for chapter in chapters)
        facts: dict[str, object] = {
            "bytes": size_bytes,
            "seconds": round(seconds, 6),
            "chapters": [
                {
                    "title": part.title,
                    "text": part.text,
                    "voice": part.voice,
                    "chunks": part.chunks,
                    "seconds": round(chapter.length_s, 6),
                    "sentences": len(chapter.sentences),
                }
                for part, chapter in zip(book.parts, chapters, strict=True)
            ],
        }
        doubts = [doubt for part in book.parts for doubt in book.doubts[part.text]]
        if doubts:
            facts["suspects"] = [asdict(doubt) for doubt in doubts]
        self._chapters.record(
            book.path,
            book.numbers,
            key=book.key,
            about=book.settings,
            sha256=sha256,
            facts=facts,
        )
        return Made(
            path=book.path,
            entry={**self._head(book.path, "made"), "sha256": sha256, **facts},
            outputs=1,
            seconds=seconds,
            suspects=tuple(doubts),
        )

    # --- names -------------------------------------------------------------------

    @property
    def _workshop(self) -> Workshop:
        assert self._shop is not None  # noqa: S101 - nobody makes what he looks at
        return self._shop

    def _settings(self, book: _Book) -> dict[str, object]:
        """Return all that decides the bytes of a book but its chapters.

        The versions of the codecs are left out.
        """
        with local_errors("cannot read"), book.source.open("rb") as file:
            source = hashlib.file_digest(file, "sha256").hexdigest()
        audio = asdict(self._output.audio)
        audio.pop("sample_rate")
        return {
            "mixing": f"{RENDER_VERSION}.{CAPTIONS_VERSION}.{_EDITION}",
            "source": source[:_DIGITS],
            "format": self._output.suffix.removeprefix("."),
            "sample_rate": book.rate_hz,
            **audio,
            "narrator": book.narrator,
        }

    def _key(self, book: _Book) -> str:
        """Name all that decides the bytes of a book."""
        chapters = [
            (part.content, book.numbers[part.text], book.written[part.text])
            for part in book.parts
        ]
        canonical = json.dumps([book.settings, chapters], separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def _shown(self, book: _Book) -> str:
        return relative(book.source, self._job.path.parent)

    def _head(self, path: Path, state: str) -> dict[str, object]:
        return {"path": relative(path, self._job.path.parent), "state": state}


def _placed(part: Part, folder: Path) -> Part:
    return replace(part, path=folder / part.path)
