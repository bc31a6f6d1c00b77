"""Make a book of the tracks of its parts, and hold its files against their norm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from batchtts.audiobook import AudiobookOutput
from batchtts.metadata import Metadata, Picture
from batchtts.model import TextId
from batchtts.outputs.audiobook.bookfile import BookFile, chapter_files, whole_book
from batchtts.outputs.audiobook.crew import Crew
from batchtts.outputs.audiobook.planning import Part
from batchtts.outputs.audiobook.program import Chapter
from batchtts.outputs.audiobook.sample import sample_of
from batchtts.outputs.audiobook.verdicts import Verdict, verdicts
from batchtts.outputs.audiobook.write import write_book
from batchtts.outputs.files import Written
from batchtts.tracks import Track
from batchtts.workers import hands

__all__ = ["Finished", "make_book", "sample_lengths"]

_SHORT_S = 180  # of sound: made before workers would have begun


@dataclass(frozen=True, slots=True)
class Finished:
    """A file of a book: its parts, where each begins, and how it measures."""

    written: Written
    parts: tuple[Part, ...]
    starts: tuple[int, ...]  # samples: where each part's first word is heard
    verdicts: tuple[Verdict, ...]


def make_book(
    output: AudiobookOutput,
    parts: Sequence[Part],
    tracks: Mapping[TextId, Track],
    metadata: Metadata,
    picture: Picture | None,
    *,
    scratch: Path,
    owner: str,
    check: Callable[[], None],
) -> list[Finished]:
    """Write the files of a book, all or none, and measure what was written.

    ``scratch``, ``owner`` and ``check``: see `write_book`. Raises LocalError.
    """
    files = _files(output, parts, tracks, metadata, picture)
    norm = output.norm
    seconds = sum(one.program.samples / one.program.rate_hz for one in files)
    with Crew(hands() if seconds > _SHORT_S else 0) as crew:
        written = write_book(
            files,
            loudness=output.audio.loudness,
            bitrate=output.audio.bitrate,
            crew=crew,
            scratch=scratch,
            owner=owner,
            check=check,
            within=norm.within if norm and len(files) > 1 else None,
        )
        found: list[tuple[Verdict, ...]] = [()] * len(files)
        if norm and norm.limits:
            paths = (one.path for one in written)
            found = [verdicts(one, norm) for one in crew.measure(paths, check)]
    shares = [(part,) for part in parts] if output.own_files else [tuple(parts)]
    return [
        Finished(one, share, file.program.starts, told)
        for one, share, file, told in zip(written, shares, files, found, strict=True)
    ]


def _files(
    output: AudiobookOutput,
    parts: Sequence[Part],
    tracks: Mapping[TextId, Track],
    metadata: Metadata,
    picture: Picture | None,
) -> list[BookFile]:
    chapters = [Chapter(title=one.title, track=tracks[one.text]) for one in parts]
    spacing = output.spacing
    if output.own_files:
        paths = [part.path for part in parts]
        return [
            *chapter_files(paths, chapters, metadata, spacing=spacing, picture=picture)
        ]
    if output.sample_s is not None:
        least_s, most_s = sample_lengths(output)
        title = chapters[0].title
        cut = sample_of(chapters, least_s=least_s, most_s=most_s, title=title)
        chapters = [cut or chapters[0]]
        metadata = replace(metadata, title=f"{metadata.title} (sample)")
    path = parts[0].path
    return [whole_book(path, chapters, metadata, spacing=spacing, picture=picture)]


def sample_lengths(output: AudiobookOutput) -> tuple[float, float]:
    """Return the least and the most seconds of a book that its sample has."""
    spacing, norm = output.spacing, output.norm
    around_s = spacing.head_s + spacing.tail_s
    most_s = max(1.0, (output.sample_s or 0.0) - around_s)
    least_s = norm.sample_s[0] - around_s if norm and norm.sample_s else most_s / 2
    return min(least_s, most_s), most_s
