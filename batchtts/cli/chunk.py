"""``batchtts chunk``: show where a text would be cut."""

from __future__ import annotations

import json
import statistics
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from batchtts.chunking import chunk, clean, speakable
from batchtts.errors import JobError, Problem
from batchtts.model import Boundary, Chunk, Place

__all__ = ["command"]


@click.command("chunk")
@click.argument("file", type=click.Path(allow_dash=True, path_type=str))
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
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(file: str, limit: int, lang: str, *, as_json: bool) -> None:
    """Show the chunks that FILE would be sent in ("-" reads standard input)."""
    cleaned = clean(_read(file))
    chunks = chunk(cleaned.text, limit=limit, lang=lang)
    if as_json:
        document = {
            "limit": limit,
            "lang": lang,
            "changes": dict(cleaned.changes),
            "summary": _summary(chunks),
            "chunks": [_entry(piece) for piece in chunks],
            "cleaned": cleaned.text,
        }
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    _show(chunks, cleaned.changes)


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


def _entry(piece: Chunk) -> dict[str, str | int]:
    """Give one chunk for the JSON document."""
    return {
        "text": piece.text,
        "start": piece.start,
        "end": piece.end,
        "boundary": piece.boundary.value,
    }


def _summary(chunks: Sequence[Chunk]) -> dict[str, object]:
    """Count what would be sent, and how the chunks end."""
    lengths = [len(piece.words) for piece in chunks if speakable(piece.text)]
    ends = Counter(piece.boundary for piece in chunks)
    return {
        "requests": len(lengths),
        "pauses": len(chunks) - len(lengths),
        "characters": sum(lengths),
        "smallest": min(lengths, default=0),
        "largest": max(lengths, default=0),
        "spread": round(statistics.pstdev(lengths), 1) if lengths else 0.0,
        "ends": {kind.value: ends[kind] for kind in Boundary if ends[kind]},
    }


def _show(chunks: Sequence[Chunk], changes: Mapping[str, int]) -> None:
    """Print the chunks and a summary for people."""
    width = len(str(len(chunks)))
    for number, piece in enumerate(chunks, 1):
        words = " / ".join(piece.words.split("\n"))
        length = len(piece.words)
        click.echo(f"{number:{width}}  {length:5}  {piece.boundary.value:9}  {words}")
    summary = _summary(chunks)
    if chunks:
        click.echo()
    click.echo(
        f"{summary['requests']:,} requests, {summary['characters']:,} characters; "
        f"smallest {summary['smallest']}, largest {summary['largest']}, "
        f"spread {summary['spread']}"
    )
    ends = Counter(piece.boundary for piece in chunks)
    if chunks:
        shares = (
            f"{kind.value} {ends[kind] / len(chunks):.0%}"
            for kind in Boundary
            if ends[kind]
        )
        click.echo(f"ends: {', '.join(shares)}")
    if changes:
        made = (f"{name} {count:,}" for name, count in changes.items())
        click.echo(f"cleaned: {', '.join(made)}")
