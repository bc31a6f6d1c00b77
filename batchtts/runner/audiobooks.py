"""The books of an audiobook output: told of their chapters, made when all are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from batchtts import names
from batchtts.audiobook import CHAPTER_FIELDS, AudiobookOutput
from batchtts.metadata import Metadata, Picture
from batchtts.model import Job, TextId
from batchtts.outputs.audiobook.planning import (
    Hearsay,
    Part,
    rate_of,
    sampled,
)
from batchtts.plan import Reading
from batchtts.report import Suspect
from batchtts.runner.beside import are_there, captions, captions_key, facts_beside
from batchtts.runner.bookentries import book_facts, doubts_in, shortcomings
from batchtts.runner.chapters import Chapters
from batchtts.runner.collection import Collection, Found, Made, Tally, Wanted
from batchtts.runner.differences import Reason
from batchtts.runner.finding import Finding
from batchtts.runner.gathering import Gathering, part_of
from batchtts.runner.ledger import Ledger, key_in
from batchtts.runner.places import relative
from batchtts.runner.recipes import Recipes
from batchtts.runner.workshop import Workshop
from batchtts.targets import Target, values_of

if TYPE_CHECKING:
    from batchtts.outputs.audiobook.making import Finished
    from batchtts.outputs.captions import Sentence
    from batchtts.tracks import Track

__all__ = ["Audiobooks"]


@dataclass(slots=True)
class _Book:
    """A book: first its parts, then what is known of it, then their tracks."""

    parts: list[Part] = field(default_factory=list)
    hearsay: Hearsay = field(default_factory=Hearsay)
    metadata: Metadata | None = None
    rate_hz: int = 0
    found: tuple[Mapping[str, object], ...] = ()  # of each file, if none is due
    needed: frozenset[TextId] = frozenset()
    chapters: Gathering = field(default_factory=Gathering)
    doubts: dict[TextId, Sequence[Suspect]] = field(default_factory=dict)
    sentences: dict[TextId, list[Sentence]] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    key: str = ""

    def name(self, settings: Mapping[str, object]) -> None:
        """Take the settings, and make the key of them and the parts."""
        # What it stands beside takes long to load.
        from batchtts.outputs.audiobook.keys import book_key

        self.settings = settings
        self.key = book_key(settings, self.parts)


class Audiobooks(Collection):
    """The books that one output of a job asks for; see `Collection`.

    Only what says where the tracks are is held: they wait in scratch files until
    the last one of their book is there, since one gain is for all.
    """

    def __init__(
        self,
        job: Job,
        output: AudiobookOutput,
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
        self._books: dict[tuple[str, ...], _Book] = {}

    # --- what is to be done ------------------------------------------------------

    def expect(self, reading: Reading, target: Target) -> None:
        """Take notice of a chapter, in the order of the book."""
        book = self._books.setdefault(self._name(reading, target), _Book())
        text = reading.text
        part = part_of(reading, target.path)
        book.parts.append(replace(part, content=self._content(reading)))
        self._chapters.expect(reading, target.path)
        book.hearsay.hear(text.columns, text.book, reading.voice.lang)

    def settle(self) -> Tally:
        """Find out which books are not what they should be."""
        for book in self._books.values():
            self._settle(book)
        done = sum(len(book.found) for book in self._books.values())
        files = sum(len(_paths(book, self._output)) for book in self._books.values())
        return Tally(files, done)

    def _settle(self, book: _Book) -> None:
        output = self._output
        if output.sample_s is not None:
            from batchtts.outputs.audiobook.making import sample_lengths

            book.parts = [sampled(book.parts, sample_lengths(output)[0])]
        book.metadata = book.hearsay.metadata(output.about, title=self._job.name)
        asked_hz = output.audio.sample_rate
        book.rate_hz = rate_of(book.parts, output.suffix, asked_hz)
        book.needed = frozenset(part.text for part in book.parts)
        if self._ledger.is_empty and self._shop is not None:
            return
        book.name(self._settings(book, self._picture(book)[0]))
        paths = _paths(book, output)
        known = [(path, self._ledger.unchanged(path, book.key)) for path in paths]
        whole = [
            facts
            for path, facts in known
            if facts is not None and are_there(output, path, facts)
        ]
        if len(whole) == len(known):
            book.found, book.needed = tuple(whole), frozenset()
            if self._shop is not None:
                for path, texts in _files(book, output):
                    self._chapters.note(path, texts)

    def found(self) -> Iterator[Found]:
        """Tell of the files that are as they should be."""
        for book in self._books.values():
            paths = _paths(book, self._output)
            for path, facts in zip(paths, book.found, strict=False):
                entry = {**self._head(path, "unchanged"), **facts}
                yield Found(entry=entry, outputs=1, suspects=doubts_in(facts))

    def findings(self) -> Iterator[Finding]:
        """Say of each file that is not as it should be why that is."""
        output = self._output
        for book in self._books.values():
            if book.found:
                continue
            told = [
                self._chapters.finding(path, texts, book.key, book.settings)
                for path, texts in _files(book, output)
            ]
            found = [finding for finding in told if finding is not None]
            yield from found or [self._unseen(book)]

    def _unseen(self, book: _Book) -> Finding:
        """Say what cannot be seen at any one chapter."""
        path = self._ledger.name(book.parts[0].path)
        row = self._ledger.row(path)
        is_same = row is not None and key_in(row) == book.key
        what = "its subtitles missing or altered"
        if not is_same:
            what = "its chapters are others, or in another order"
        return Finding(
            state="altered" if is_same else "changed",
            path=path,
            text=None,
            voice=None,
            reasons=(Reason(self._output.place, what),),
        )

    def wanted(self, reading: Reading, target: Target) -> Wanted | None:
        """Say that a chapter is needed, if its book is."""
        book = self._books[self._name(reading, target)]
        if reading.text.id not in book.needed:
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
        book = self._books[self._name(reading, target)]
        if book.chapters.lost:
            return
        text = reading.text.id
        book.sentences[text] = self._sentences(reading, track)
        book.doubts[text] = suspects
        kept = self._workshop.keep(track)
        if book.chapters.add(text, kept, of=len(book.parts)):
            yield from self._make(book)

    def lose(self, reading: Reading, target: Target, reason: str) -> int:
        """Give the whole book up, once."""
        del reason
        book = self._books[self._name(reading, target)]
        return len(_paths(book, self._output)) if book.chapters.lose() else 0

    def finish(self) -> Iterator[Made]:
        """Make nothing more: each book was made with its last chapter."""
        yield from ()

    def close(self) -> None:
        """Let go of the tracks of books that were not made."""
        for book in self._books.values():
            book.chapters.release()

    def _make(self, book: _Book) -> Iterator[Made]:
        from batchtts.outputs.audiobook.making import make_book

        shop, output = self._workshop, self._output
        metadata = book.metadata
        assert metadata is not None  # noqa: S101 - it is settled
        with shop.turn():
            picture, remark = self._picture(book)
            for folder in {part.path.parent for part in book.parts}:
                shop.enter(folder)
            finished = make_book(
                output,
                book.parts,
                book.chapters.tracks,
                metadata,
                picture,
                scratch=shop.scratch,
                owner=shop.owner,
                check=shop.check,
            )
        book.chapters.release()
        book.name(self._settings(book, picture))
        remarks = [f'"{finished[0].written.path}": {remark}'] if remark else []
        for one in finished:
            written = one.written
            doubts = [doubt for part in one.parts for doubt in book.doubts[part.text]]
            facts = {
                **book_facts(one, metadata.title, output, doubts),
                **facts_beside(self._subtitled(book, one)),
            }
            self._chapters.record(
                written.path,
                [part.text for part in one.parts],
                key=book.key,
                about=book.settings,
                sha256=written.sha256,
                facts=facts,
            )
            head = self._head(written.path, "made")
            yield Made(
                path=written.path,
                entry={**head, "sha256": written.sha256, **facts},
                outputs=1,
                seconds=float(written.duration_s),
                suspects=tuple(doubts),
                warnings=(*remarks, *shortcomings(one, output)),
            )
            remarks.clear()

    def _sentences(self, reading: Reading, track: Track) -> list[Sentence]:
        """Return when each sentence of a chapter is heard, if that is to be shown."""
        if not self._output.subtitles:
            return []
        from batchtts.outputs.captions import timed

        return timed(track, captions(reading))

    def _subtitled(self, book: _Book, one: Finished) -> Mapping[str, str]:
        """Write what stands beside a file; return the SHA-256 of each by its path."""
        output, written, metadata = self._output, one.written, book.metadata
        assert metadata is not None  # noqa: S101 - it is settled
        if not output.subtitles:
            return {}
        from batchtts.outputs.captions import Heading
        from batchtts.outputs.files import write_subtitles

        length_s = float(written.duration_s)
        heard = [
            sentence.later(start / written.rate_hz)
            for part, start in zip(one.parts, one.starts, strict=True)
            for sentence in book.sentences[part.text]
        ]
        return write_subtitles(
            [sentence for sentence in heard if sentence.end_s <= length_s],
            written.path,
            kinds=output.subtitles,
            heading=Heading(
                title=one.parts[0].title if output.own_files else metadata.title,
                author=metadata.author,
                album=metadata.title,
                length_s=length_s,
            ),
            owner=self._workshop.owner,
        )

    # --- names -------------------------------------------------------------------

    @property
    def _workshop(self) -> Workshop:
        assert self._shop is not None  # noqa: S101 - nobody makes what he looks at
        return self._shop

    def _name(self, reading: Reading, target: Target) -> tuple[str, ...]:
        """Return what tells a book from the others of the output."""
        if not self._output.own_files:
            return (names.fold(str(target.path)),)
        values = {
            **values_of(self._job, reading.text, reading.voice.name, "", reading.take),
            **self._output.values,
        }
        asked = names.fields(self._output.pattern)
        return tuple(values[name] for name in asked if name not in CHAPTER_FIELDS)

    def _content(self, reading: Reading) -> str:
        """Return what stands for all that is heard and shown of a chapter."""
        if not self._output.subtitles:
            return reading.content
        return f"{reading.content} {captions_key(reading)}"

    def _settings(self, book: _Book, picture: Picture | None) -> dict[str, object]:
        from batchtts.outputs.audiobook.keys import book_settings

        assert book.metadata is not None  # noqa: S101 - it is settled
        return book_settings(self._output, book.metadata, picture, book.rate_hz)

    def _picture(self, book: _Book) -> tuple[Picture | None, str]:
        from batchtts.outputs.audiobook.covers import cover_of

        return cover_of(self._output.cover, book.hearsay.book)

    def _head(self, path: Path, state: str) -> dict[str, object]:
        return {"path": relative(path, self._job.path.parent), "state": state}


def _paths(book: _Book, output: AudiobookOutput) -> list[Path]:
    """Return the files of a book."""
    return [path for path, _ in _files(book, output)]


def _files(book: _Book, output: AudiobookOutput) -> Iterator[tuple[Path, list[TextId]]]:
    """Yield the files of a book, each with its chapters."""
    if output.own_files:
        yield from ((part.path, [part.text]) for part in book.parts)
    else:
        yield book.parts[0].path, [part.text for part in book.parts]
