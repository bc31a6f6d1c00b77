"""What the lock knows of earlier runs, for those who cut texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from batchtts.lock.lines import (
    Made,
    PinLine,
    TakeLine,
)
from batchtts.lock.marks import PREFIX, Mark, mark_of
from batchtts.lock.parsing import line_of, made_of
from batchtts.model import Request, TextId, VoiceName
from batchtts.runner.ledger import Ledger
from batchtts.runner.recipes import RECORDED, RETAKE

__all__ = ["Remembered"]

_MOST = 16  # files of the same words that are looked at


class Remembered:
    """The `Earlier` runs of a job, as its lock was when it was last read or written.

    What a run makes does not change what it knows, so that the cuts do not depend
    on which file is done first.
    """

    def __init__(
        self,
        ledger: Ledger,
        provide: Callable[[Request, PinLine], None] | None = None,
    ) -> None:
        """Read the wishes that the lock has, which are few.

        ``provide`` is called for each request that stands for a recording.
        """
        self._ledger = ledger
        self._provide = provide
        self.takes: dict[tuple[str, str, str], int] = {}
        self.pins: dict[tuple[str, str, str], PinLine] = {}
        with ledger.lock:
            rows = ledger.database.execute(
                "select line from notes where kind in ('take', 'pin')"
            ).fetchall()
        for (written,) in rows:
            line = line_of(written)
            if isinstance(line, TakeLine):
                self.takes[line.text, line.voice, line.request] = line.number
            elif isinstance(line, PinLine):
                self.pins[line.text, line.voice, line.request] = line

    def marks(
        self, text: TextId, voice: VoiceName, words: str, rules: str
    ) -> Sequence[Mark]:
        """Return how these words were cut by the same rules, if they were."""
        found = self._made(
            "select made from cuts where words = ?"
            " order by (text = ? and voice = ?) desc, path limit ?",
            (words, text, voice, _MOST),
        )
        for made in found:
            if made.cut == rules:
                return tuple(map(mark_of, made.chunks))
        return ()

    def former(self, text: TextId, voice: VoiceName) -> Collection[Mark]:
        """Return the chunks that a reading was made of last."""
        found = self._made(
            "select made from cuts where text = ? and voice = ? order by path limit ?",
            (text, voice, _MOST),
        )
        return {mark_of(chunk) for made in found for chunk in made.chunks}

    def wanted(self, text: TextId, voice: VoiceName, request: Request) -> Request:
        """Return the retake or the recording that a person wants, or the request."""
        if not (self.takes or self.pins):
            return request
        key = text, voice, request.fingerprint[:PREFIX]
        if pin := self.pins.get(key):
            recorded = Request(RECORDED, (("sha256", pin.sha256),), request.text)
            if self._provide is not None:
                self._provide(recorded, pin)
            return recorded
        if number := self.takes.get(key):
            return replace(request, take=request.take + RETAKE * number)
        return request

    def _made(self, query: str, values: tuple[object, ...]) -> list[Made]:
        with self._ledger.lock:
            rows = self._ledger.database.execute(query, values).fetchall()
        return [made_of(json.loads(made)) for (made,) in rows]
