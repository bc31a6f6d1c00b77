"""A stretch of a book to be heard before it is bought."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from batchtts.outputs.audiobook.program import Chapter

__all__ = ["sample_of"]

_LAST_PART = 0.75


def sample_of(
    chapters: Sequence[Chapter], *, least_s: float, most_s: float, title: str
) -> Chapter | None:
    """Return the beginning of the first chapter that is long enough, cut at a pause.

    That is the longest pause in the last quarter of what may be heard; where the
    chapter itself ends earlier, all of it. None if every chapter is too short.
    """
    for chapter in chapters:
        rate_hz = chapter.track.rate_hz
        if chapter.samples >= least_s * rate_hz:
            end = _end(chapter, int(least_s * rate_hz), int(most_s * rate_hz))
            return Chapter(
                title=title, track=chapter.track, start=chapter.start, end=end
            )
    return None


def _end(chapter: Chapter, least: int, most: int) -> int:
    if chapter.samples <= most:
        return chapter.start + chapter.samples
    earliest = chapter.start + max(least, int(most * _LAST_PART))
    latest = chapter.start + most
    spans = [span for span in chapter.track.spans if span.end > span.start]
    pauses = [
        (after.start - before.end, before.end)
        for before, after in pairwise(spans)
        if earliest <= before.end <= latest
    ]
    # Without a pause there, where it must: within a word, but not too long.
    return max(pauses)[1] if pauses else latest
