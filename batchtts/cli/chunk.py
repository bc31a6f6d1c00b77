"""``batchtts chunk``: show where a text would be cut."""

from __future__ import annotations

import functools
import re
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from batchtts.books import read_book
from batchtts.books.plain import read_text
from batchtts.chunking import (
    MINIMUM_LIMIT,
    Cleaned,
    Markup,
    Rules,
    chunk,
    speakable,
    units,
)
from batchtts.cli.respelling import Respeller
from batchtts.errors import JobError, Problem
from batchtts.model import Boundary, Chunk, Place
from batchtts.text_safety import many, visible_json

__all__ = ["command"]

_CHANGES = {
    "surrogates": "halves of characters replaced",
    "line_ends": "line ends made plain",
    "controls": "control characters removed",
    "bidi": "marks of direction removed",
    "invisible": "invisible characters removed",
    "commands": "commands made words",
    "spaces": "long white space shortened",
    "lines": "wrapped lines joined",
}
"""What people read of the changes. White space around a text is not among them,
nor that letters were put together with their marks: neither is heard."""


_BREAK = re.compile(r"\s*\n\s*")


def _shown_break(found: re.Match[str]) -> str:
    """Show the end of a line as one stroke, that of a paragraph as two."""
    return " / " if found.group().count("\n") == 1 else " // "


def _language(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """Take a language as a job file does."""
    if not re.fullmatch("[A-Za-z]{2,3}", value):
        message = f'must be a language code of 2 or 3 letters, not "{value}"'
        raise click.BadParameter(message)
    return value


@click.command("chunk")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option(
    "--limit",
    type=click.IntRange(MINIMUM_LIMIT),
    default=500,
    show_default=True,
    help="Characters a chunk may have.",
)
@click.option(
    "--lang",
    default="eng",
    show_default=True,
    callback=_language,
    help="2- or 3-letter language code.",
)
@click.option(
    "--separate-paragraphs",
    "--separate",
    "separate",
    is_flag=True,
    help="Let no chunk have words of two paragraphs.",
)
@click.option(
    "--phrases",
    is_flag=True,
    help="Cut unmarked Chinese, Japanese and Thai at phrases (extra: phrases).",
)
@click.option(
    "--markup",
    type=click.Choice([kind.value for kind in Markup]),
    multiple=True,
    help="A notation the engine obeys, never to be cut; may be repeated.",
)
@click.option(
    "--lexicon",
    "lexicons",
    metavar="FILE",
    type=click.Path(),
    multiple=True,
    help="Respell words by a .yaml or .pls file; may be repeated.",
)
@click.option(
    "--against",
    metavar="OLD",
    type=click.Path(),
    help="An earlier version of the file: show what would be made again.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(  # noqa: PLR0913 - one for each option
    *,
    file: str,
    limit: int,
    lang: str,
    separate: bool,
    phrases: bool,
    markup: Sequence[str],
    lexicons: Sequence[str],
    against: str | None,
    as_json: bool,
) -> None:
    """Show the chunks that FILE would be sent in ("-" reads standard input).

    FILE is read as a job reads it: chapters are cut one by one. A line shows a
    chunk's number, its length as the limit counts it, what it ends at, and its
    words. Offsets in JSON count in the cleaned texts, respelt, one after the other.
    """
    notations = frozenset(map(Markup, markup))
    rules = Rules(separate=separate, phrases=phrases, markup=notations)
    cut = functools.partial(chunk, limit=limit, lang=lang, rules=rules)
    previous: Sequence[Chunk] | None = None
    respelling = Respeller(lexicons, notations)
    if against is not None:
        _, previous = _joined(map(respelling.said, _texts(against)), cut)
        respelling.uses.clear()
    words = None if previous is None else frozenset(old.words for old in previous)
    if words is not None:
        cut = functools.partial(cut, previous=words.__contains__)
    cleaned, chunks = _joined(map(respelling.said, _texts(file)), cut)
    cutting = _Cutting(cleaned, chunks, words, notations)
    if as_json:
        document = {"limit": limit, "lang": lang, **cutting.document()}
        if lexicons:
            document["respelt"] = respelling.document()
        click.echo(visible_json(document, indent=2))
    else:
        click.echo("\n".join([*cutting.lines(), *respelling.lines()]))


def _texts(file: str) -> list[str]:
    """Read a file's texts: its chapters, where it has any."""
    path = Path(file)
    if file == "-":
        return [_piped()]
    if not path.is_file():
        message = "this is a folder" if path.is_dir() else "there is no such file"
        raise JobError([Problem(Place(file), message, "name a file with text")])
    if not path.suffix:
        return [read_text(path, file)]
    return [chapter.words for chapter in read_book(path, file).chapters]


def _joined(
    texts: Iterable[Cleaned], cut: Callable[[str], Sequence[Chunk]]
) -> tuple[Cleaned, list[Chunk]]:
    """Cut each text, and give all of them as one with offsets into it."""
    whole: list[str] = []
    changes: Counter[str] = Counter()
    chunks: list[Chunk] = []
    for text in texts:
        offset = sum(map(len, whole))
        chunks += (
            piece._replace(start=piece.start + offset, end=piece.end + offset)
            for piece in cut(text.text)
        )
        whole.append(text.text)
        changes.update(text.changes)
    return Cleaned("".join(whole), changes), chunks


def _piped() -> str:
    """Read standard input as UTF-8."""
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        place = Place("standard input", line)
        problem = Problem(place, "this is not UTF-8", "convert it to that encoding")
        raise JobError([problem]) from exc


@dataclass(frozen=True, slots=True)
class _Again:
    """What an edit makes again."""

    requests: int
    characters: int


@dataclass(frozen=True, slots=True)
class _Summary:
    """What would be sent, and how the chunks end."""

    requests: int
    pauses: int  # chunks with nothing to speak
    characters: int
    smallest: int
    largest: int
    spread: float  # standard deviation of the lengths
    ends: Mapping[str, int]
    made_again: _Again | None

    def lines(self) -> Iterator[str]:
        """Give it as people read it."""
        yield (
            f"{_counted(self.requests, self.characters)}; smallest {self.smallest}, "
            f"largest {self.largest}, spread {self.spread}"
        )
        total = sum(self.ends.values())
        if total:
            shares = (f"{kind} {n / total:.0%}" for kind, n in self.ends.items())
            yield f"ends: {', '.join(shares)}"
        if again := self.made_again:
            yield f"made again (+): {_counted(again.requests, again.characters)}"


def _counted(requests: int, characters: int) -> str:
    return f"{many(requests, 'request')}, {many(characters, 'character')}"


@dataclass(frozen=True, slots=True)
class _Cutting:
    """A cleaned text with its chunks, and the words an earlier version paid for."""

    cleaned: Cleaned
    chunks: Sequence[Chunk]
    known: frozenset[str] | None
    markup: frozenset[Markup]

    def document(self) -> dict[str, object]:
        """Give what programs read."""
        return {
            "changes": dict(self.cleaned.changes),
            "summary": asdict(self.summary()),
            "chunks": [
                {
                    "text": piece.text,
                    "start": piece.start,
                    "end": piece.end,
                    "boundary": piece.boundary.value,
                }
                for piece in self.chunks
            ],
            "cleaned": self.cleaned.text,
        }

    def summary(self) -> _Summary:
        """Count what would be sent, and how the chunks end."""
        lengths = [units(one.words) for one in self.chunks if self._is_sent(one)]
        counts = Counter(piece.boundary for piece in self.chunks)
        again = [units(piece.words) for piece in self.chunks if self._is_new(piece)]
        return _Summary(
            requests=len(lengths),
            pauses=len(self.chunks) - len(lengths),
            characters=sum(lengths),
            smallest=min(lengths, default=0),
            largest=max(lengths, default=0),
            spread=round(statistics.pstdev(lengths), 1) if lengths else 0.0,
            ends={kind.value: counts[kind] for kind in Boundary if counts[kind]},
            made_again=None if self.known is None else _Again(len(again), sum(again)),
        )

    def _is_new(self, piece: Chunk) -> bool:
        """Whether a chunk has to be made although the earlier version was."""
        return (
            self.known is not None
            and piece.words not in self.known
            and self._is_sent(piece)
        )

    def _is_sent(self, piece: Chunk) -> bool:
        """Whether a chunk is a request, not a pause."""
        return speakable(piece.text, self.markup)

    def lines(self) -> Iterator[str]:
        """Give what people read: each chunk, then a summary."""
        width = len(str(len(self.chunks)))
        for number, piece in enumerate(self.chunks, 1):
            mark = "+ " if self._is_new(piece) else "  " if self.known else ""
            words = _BREAK.sub(_shown_break, piece.words)
            kind = f"{piece.boundary.value:9}"
            yield f"{mark}{number:{width}}  {units(piece.words):5}  {kind}  {words}"
        if self.chunks:
            yield ""
        yield from self.summary().lines()
        made = [
            f"{words} {self.cleaned.changes[name]:,}"
            for name, words in _CHANGES.items()
            if name in self.cleaned.changes
        ]
        if made:
            yield f"cleaned: {', '.join(made)}"
