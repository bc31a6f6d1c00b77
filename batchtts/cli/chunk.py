"""``batchtts chunk``: show where a text would be cut."""

from __future__ import annotations

import functools
import json
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from batchtts.books import read_book
from batchtts.chunking import Cleaned, Markup, Rules, chunk, clean, speakable
from batchtts.errors import JobError, Problem
from batchtts.model import Boundary, Chunk, Place

__all__ = ["command"]


@click.command("chunk")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option(
    "--limit",
    type=click.IntRange(40, 10_000),
    default=500,
    show_default=True,
    help="Characters a chunk may have.",
)
@click.option(
    "--lang", default="eng", show_default=True, help="2- or 3-letter language code."
)
@click.option("--separate", is_flag=True, help="Keep paragraphs in separate chunks.")
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
    "--against",
    metavar="OLD",
    type=click.Path(),
    help="An earlier version of the file: show what would be made again.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(
    *,
    file: str,
    limit: int,
    lang: str,
    separate: bool,
    phrases: bool,
    markup: Sequence[str],
    against: str | None,
    as_json: bool,
) -> None:
    """Show the chunks that FILE would be sent in ("-" reads standard input).

    Of Markdown each chapter is cut by itself, as in a run; other files are cut
    as they are. Offsets count in the cleaned texts, one after the other.
    """
    notations = frozenset(map(Markup, markup))
    rules = Rules(separate=separate, phrases=phrases, markup=notations)
    cut = functools.partial(chunk, limit=limit, lang=lang, rules=rules)
    previous: Sequence[Chunk] | None = None
    if against is not None:
        _, previous = _joined(map(clean, _texts(against)), cut)
    known = [piece.text for piece in previous or ()]
    cleaned, chunks = _joined(
        map(clean, _texts(file)), functools.partial(cut, previous=known)
    )
    words = None if previous is None else frozenset(old.words for old in previous)
    cutting = _Cutting(cleaned, chunks, words)
    if as_json:
        document = {"limit": limit, "lang": lang, **cutting.document()}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(cutting.lines()))


def _texts(file: str) -> list[str]:
    """Read a file's texts: the chapters of Markdown, all of any other file."""
    if Path(file).suffix.lower() not in {".md", ".markdown"}:
        return [_read(file)]
    return [chapter.words for chapter in read_book(Path(file), file).chapters]


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
            replace(piece, start=piece.start + offset, end=piece.end + offset)
            for piece in cut(text.text)
        )
        whole.append(text.text)
        changes.update(text.changes)
    return Cleaned("".join(whole), changes), chunks


def _read(file: str) -> str:
    """Read a file, or standard input, as UTF-8."""
    shown = "standard input" if file == "-" else file
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        problem = Problem(
            Place(shown, line), "not UTF-8 text", "save the file with that encoding"
        )
        raise JobError([problem]) from exc
    except OSError as exc:
        reason = (exc.strerror or type(exc).__name__).lower()
        problem = Problem(Place(shown), f"cannot be read: {reason}", "check the path")
        raise JobError([problem]) from exc


@dataclass(frozen=True, slots=True)
class _Cutting:
    """A cleaned text with its chunks, and the words an earlier version paid for."""

    cleaned: Cleaned
    chunks: Sequence[Chunk]
    known: frozenset[str] | None

    def document(self) -> dict[str, object]:
        """Give what programs read."""
        return {
            "changes": dict(self.cleaned.changes),
            "summary": self.summary(),
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

    def summary(self) -> dict[str, object]:
        """Count what would be sent, and how the chunks end."""
        lengths = [len(piece.words) for piece in self.chunks if speakable(piece.text)]
        return {
            "requests": len(lengths),
            "pauses": len(self.chunks) - len(lengths),
            "characters": sum(lengths),
            "smallest": min(lengths, default=0),
            "largest": max(lengths, default=0),
            "spread": round(statistics.pstdev(lengths), 1) if lengths else 0.0,
            "ends": {kind.value: count for kind, count in self.ends().items()},
            "made_again": self.made_again(),
        }

    def ends(self) -> Mapping[Boundary, int]:
        """Count the chunks by what stands at their ends."""
        counts = Counter(piece.boundary for piece in self.chunks)
        return {kind: counts[kind] for kind in Boundary if counts[kind]}

    def made_again(self) -> dict[str, int] | None:
        """Count what an edit costs, None where there is no earlier version."""
        if self.known is None:
            return None
        new = [piece.words for piece in self.chunks if self._is_new(piece)]
        return {"requests": len(new), "characters": sum(map(len, new))}

    def _is_new(self, piece: Chunk) -> bool:
        """Whether a chunk has to be made although the earlier version was."""
        return (
            self.known is not None
            and piece.words not in self.known
            and speakable(piece.text)
        )

    def lines(self) -> list[str]:
        """Give what people read: each chunk, then a summary."""
        width = len(str(len(self.chunks)))
        lines = []
        for number, piece in enumerate(self.chunks, 1):
            mark = "+ " if self._is_new(piece) else ""
            words = " / ".join(piece.words.split("\n"))
            kind = f"{piece.boundary.value:9}"
            lines.append(
                f"{mark}{number:{width}}  {len(piece.words):5}  {kind}  {words}"
            )
        return [*lines, *([""] if lines else []), *self._summary_lines()]

    def _summary_lines(self) -> list[str]:
        """Give the last lines: totals, ends, the cost of an edit, what was cleaned."""
        summary = self.summary()
        total = (
            f"{summary['requests']:,} requests, {summary['characters']:,} characters"
        )
        sizes = f"smallest {summary['smallest']}, largest {summary['largest']}"
        lines = [f"{total}; {sizes}, spread {summary['spread']}"]
        if self.chunks:
            shares = [
                f"{kind.value} {count / len(self.chunks):.0%}"
                for kind, count in self.ends().items()
            ]
            lines.append(f"ends: {', '.join(shares)}")
        again = self.made_again()
        if again is not None:
            lines.append(
                f"made again (+): {again['requests']:,} requests,"
                f" {again['characters']:,} characters"
            )
        if self.cleaned.changes:
            made = [f"{name} {count:,}" for name, count in self.cleaned.changes.items()]
            lines.append(f"cleaned: {', '.join(made)}")
        return lines
