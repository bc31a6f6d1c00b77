"""The chapters of books, and what the lock says of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from batchtts.lock.lines import Made, SharedLine
from batchtts.lock.parsing import made_of
from batchtts.model import Output, Place, TextId
from batchtts.plan import Reading
from batchtts.runner.differences import Reason, settings_changes, spoken_differences
from batchtts.runner.finding import Finding, State
from batchtts.runner.ledger import Ledger, Row, key_in
from batchtts.runner.recipes import Recipes

__all__ = ["Chapters"]


class _Chapter(NamedTuple):
    made: Made
    place: Place
    reasons: tuple[Reason, ...]


class Chapters:
    """The chapters that the books of an output have, by their files.

    Why one is not what the lock says is found out only where it ``tells``.
    """

    def __init__(
        self, ledger: Ledger, recipes: Recipes, output: Output, *, tells: bool
    ) -> None:
        """Expect the chapters of ``output``."""
        self._ledger = ledger
        self._recipes = recipes
        self._output = output
        self._tells = tells
        self._files: dict[str, dict[TextId, _Chapter]] = {}

    def expect(self, reading: Reading, path: Path) -> None:
        """Take notice of a chapter of the book at ``path``."""
        of, text = self._ledger.name(path), reading.text
        made = self._recipes.part(reading)
        reasons = tuple(self._changes(reading, of, made)) if self._tells else ()
        self._files.setdefault(of, {})[text.id] = _Chapter(made, text.place, reasons)

    def note(self, path: Path, texts: Iterable[TextId]) -> None:
        """Note that the file at ``path`` has these chapters, as they are now."""
        of = self._ledger.name(path)
        known = self._files[of]
        self._ledger.set_parts(of, {text: known[text].made for text in texts})

    def record(
        self,
        path: Path,
        texts: Iterable[TextId],
        *,
        key: str,
        about: Mapping[str, object],
        sha256: str,
        facts: Mapping[str, object],
    ) -> None:
        """Note that a file was made of these chapters, and facts about it."""
        name = self._ledger.name(path)
        self.note(path, texts)
        line = SharedLine(path=name, key=key, about=about, sha256=sha256, facts=facts)
        self._ledger.record(path, line)

    def finding(
        self, path: Path, texts: Iterable[TextId], key: str, about: Mapping[str, object]
    ) -> Finding | None:
        """Say why a file is not what it should be; None: it is, as far as is seen."""
        name = self._ledger.name(path)
        row = self._ledger.row(name)
        state, reasons = self._state(path, name, row, texts, key, about)
        if not reasons:
            return None
        return Finding(
            state=state, path=name, text=None, voice=None, reasons=tuple(reasons)
        )

    def _state(
        self,
        path: Path,
        name: str,
        row: Row | None,
        texts: Iterable[TextId],
        key: str,
        about: Mapping[str, object],
    ) -> tuple[State, list[Reason]]:
        place = self._output.place
        if row is None:
            what = "not in the lock" if path.exists() else "not made yet"
            return "new", [Reason(place, what)]
        if key_in(row) != key:
            return "changed", list(self._reasons(name, row, texts, about))
        if not path.exists():
            return "missing", [Reason(place, "file missing")]
        if not self._ledger.is_whole(path, row):
            return "altered", [Reason(place, "file altered by hand")]
        return "altered", []

    def _reasons(
        self, name: str, row: Row, texts: Iterable[TextId], about: Mapping[str, object]
    ) -> Iterator[Reason]:
        """Say what of a book has changed: itself, or which chapters."""
        place = self._output.place
        before = json.loads(row.made).get("about")
        for change in settings_changes(before, about):
            yield Reason(place, change)
        gone = dict.fromkeys(self._ledger.parts(name))
        for text in texts:
            gone.pop(text, None)
            yield from self._files[name][text].reasons
        for former in gone:
            yield Reason(place, f'chapter "{former}" is not in the job any more')

    def _changes(self, reading: Reading, of: str, made: Made) -> Iterator[Reason]:
        text = reading.text
        before = self._ledger.part(of, text.id)
        if before is None:
            yield Reason(text.place, f'chapter "{text.id}" is new')
            return
        old = made_of(json.loads(before))
        if old == made:
            return
        for reason in spoken_differences(
            self._ledger, self._recipes, reading, old, made
        ):
            whose = reason.what.startswith("voice ")
            what = reason.what if whose else f'chapter "{text.id}": {reason.what}'
            yield Reason(reason.place, what)
