"""The chapters of a book, whose tracks come one by one and are kept."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from batchtts.model import TextId
from batchtts.outputs.audiobook.planning import Part, title_of
from batchtts.plan import Reading

if TYPE_CHECKING:
    from batchtts.tracks import Track

__all__ = ["Gathering", "part_of"]


class Gathering:
    """The tracks of a book that is made when the last one of them is there."""

    def __init__(self) -> None:
        """Begin with none."""
        self.tracks: dict[TextId, Track] = {}
        self.lost = False
        self._lock = threading.Lock()

    def add(self, text: TextId, track: Track, *, of: int) -> bool:
        """Take a track that has been kept; tell whether it completes so many."""
        with self._lock:
            self.tracks[text] = track
            return len(self.tracks) == of and not self.lost

    def lose(self) -> bool:
        """Give the book up; tell whether it was not given up before."""
        with self._lock:
            if self.lost:
                return False
            self.lost = True
            self.release()
            return True

    def release(self) -> None:
        """Let go of the tracks, whose files are not read again."""
        for track in self.tracks.values():
            track.spool.unlink(missing_ok=True)
        self.tracks.clear()


def part_of(reading: Reading, path: Path) -> Part:
    """Return what a book is to know of one of its chapters, with its file."""
    text = reading.text
    return Part(
        text=text.id,
        voice=reading.voice.name,
        title=title_of(text.title) or text.id,
        path=path,
        content=reading.content,
        chunks=len(reading.pieces),
        characters=reading.characters,
        rate_hz=reading.voice.sampling_rate,
    )
