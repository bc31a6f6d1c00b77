"""What a job makes now and did not make at an earlier revision.

The old job is planned first and written down as if it had been run: what each of
its files would be made of, in a lock that is thrown away. The new one is compared
with that as `check` compares with the real one. What many readings go into is
written down reading by reading, and a book as a whole beside that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from batchtts.cache import Cache
from batchtts.lock.lines import FileLine, Made, SharedLine, written
from batchtts.lock.parsing import made_of
from batchtts.model import Job, Place, Text
from batchtts.plan import Reading
from batchtts.runner.allowance import cost_of
from batchtts.runner.checking import MAX_FINDINGS
from batchtts.runner.differences import (
    Reason,
    differences,
    settings_changes,
    spoken_differences,
)
from batchtts.runner.finding import Finding
from batchtts.runner.ledger import (
    PUT,
    Ledger,
    Row,
    is_made_of,
    key_in,
    row_of,
    shared_row,
)
from batchtts.runner.looking import looked_into
from batchtts.runner.parts import Group, Part, Planned
from batchtts.runner.places import cache_folder
from batchtts.runner.recipes import RECORDED
from batchtts.runner.revision import Past, told_of
from batchtts.seen import Seen

__all__ = ["Comparison", "compare"]

_BOOK = "\n"  # begins the name of a book's file, which is written down as a whole


@dataclass(slots=True, kw_only=True)
class Comparison:
    """What has changed since a revision.

    A book counts as its files, a dataset as its utterances.
    """

    revision: str
    commit: str
    outputs_to_make: int = 0
    outputs_to_remake: int = 0
    outputs_to_remove: int = 0
    requests: int = 0  # that the job did not make then
    requests_cached: int = 0  # of these
    characters: int = 0  # of the requests
    characters_to_send: int = 0  # of those that are not in the cache
    cost: float | None = None  # of the characters, if the job knows a price
    findings: list[Finding] = field(default_factory=list)
    more: int = 0  # findings that were only counted

    def add(self, finding: Finding) -> None:
        """Note a change."""
        if finding.state == "new":
            self.outputs_to_make += 1
        elif finding.state == "orphan":
            self.outputs_to_remove += 1
        else:
            self.outputs_to_remake += 1
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
        else:
            self.more += 1


def compare(job: Job, past: Past) -> Comparison:
    """Compare what ``job`` asks for with what it asked for then.

    Nothing is sent or written. Raises JobError when an input of either is bad.
    """
    found = Comparison(revision=past.revision, commit=past.commit)
    with (
        Ledger.temporary(base=job.path.parent) as before,
        Seen() as asked,
        Seen() as met,
    ):
        with told_of(past.root, past.revision), looked_into(past.job) as (then, _):
            _write_down(Planned(past.job, then), before, asked)
        with looked_into(job) as (ledger, _):
            comparer = _Comparer(Planned(job, ledger), before, met, found)
            cache = Cache(cache_folder(job))
            for reading in comparer.readings():
                _count(reading, asked, cache, found)
    found.cost = cost_of(found.characters, job)
    return found


def _count(reading: Reading, asked: Seen, cache: Cache, found: Comparison) -> None:
    """Count the requests of a reading that were not made before."""
    for piece in reading.pieces:
        request = piece.request
        if request is None or request.engine == RECORDED:
            continue
        if asked.add(request.fingerprint, "") is None:
            found.requests += 1
            found.characters += len(request.text)
            if cache.has(request.fingerprint):
                found.requests_cached += 1
            else:
                found.characters_to_send += len(request.text)


def _write_down(planned: Planned, before: Ledger, asked: Seen) -> None:
    """Write down what an old job would make, and which requests it would need."""
    with before.transaction() as database:
        for reading in planned.readings():
            for piece in reading.pieces:
                if piece.request is not None:
                    asked.add(piece.request.fingerprint, "")
            for part in planned.parts(reading):
                place = part.text.place
                facts = {
                    "place": [place.file, place.line, place.column],
                    "sharing": part.target.output.sharing,
                    "shown": part.shown,
                }
                line = FileLine(
                    path=part.name, made=part.made, codecs="", sha256="", facts=facts
                )
                database.execute(PUT, row_of(line, 0))
        for group in planned.groups.values():
            for shown in group.files:
                whole = SharedLine(
                    path=_BOOK + shown, key=group.key, about=group.settings, sha256=""
                )
                database.execute(PUT, shared_row(whole, 0))
        for one in planned.recipes.definitions:
            before.note(one.kind, one.id, written(one))


class _Comparer:
    """Compares a plan with what was written down of an older one."""

    def __init__(
        self, planned: Planned, before: Ledger, met: Seen, found: Comparison
    ) -> None:
        self._planned = planned
        self._before = before
        self._met = met
        self._found = found

    def readings(self) -> Iterator[Reading]:
        """Yield each reading once it is compared, and in the end compare the rest."""
        for reading in self._planned.readings():
            for part in self._planned.parts(reading):
                self._met.add(part.name, "")
                self._compare(reading, part)
            yield reading
        for group in self._planned.groups.values():
            for shown in group.files:
                self._met.add(_BOOK + shown, "")
        self._removed()
        for group in self._planned.groups.values():
            self._group(group)

    def _compare(self, reading: Reading, part: Part) -> None:
        row = self._before.row(part.name)
        place, output = part.text.place, part.target.output
        if row is None:
            reasons: tuple[Reason, ...] = (Reason(place, "new"),)
        elif is_made_of(row, part.made):
            return
        else:
            reasons = self._reasons(reading, part, row)
        if output.sharing != "none":
            group = self._planned.group(part.shown, output)
            group.note(*(_of_text(one, part.text) for one in reasons))
        if output.sharing == "file":
            return
        self._found.add(
            Finding(
                state="new" if row is None else "changed",
                path=part.shown,
                text=part.text.id,
                voice=part.made.voice,
                reasons=reasons,
            )
        )

    def _reasons(self, reading: Reading, part: Part, row: Row) -> tuple[Reason, ...]:
        before, recipes = self._before, self._planned.recipes
        output = part.target.output
        if output.sharing == "none":
            found = differences(before, recipes, reading, output, row.made)
        else:
            old = made_of(json.loads(row.made))
            found = tuple(spoken_differences(before, recipes, reading, old, part.made))
        return found or (Reason(part.text.place, "made of something else"),)

    def _removed(self) -> None:
        """Tell of what was written down and is not asked for any more."""
        query = "select path, made, facts from outputs order by path"
        for name, made, facts in self._before.database.execute(query):
            if self._met.add(name, "") is not None:
                continue
            if name.startswith(_BOOK):
                self._gone(name.removeprefix(_BOOK), None, Place(self._found.revision))
                continue
            known, old = json.loads(facts), made_of(json.loads(made))
            file, line, column = known["place"]
            place = Place(f"{self._found.revision}:{file}", line, column)
            if known["sharing"] == "file":
                self._gone_from_book(known["shown"], Reason(place, _gone(old.text)))
            else:
                self._gone(known["shown"], old, place)

    def _gone(self, shown: str, old: Made | None, place: Place) -> None:
        self._found.add(
            Finding(
                state="orphan",
                path=shown,
                text=None if old is None else old.text,
                voice=None if old is None else old.voice,
                reasons=(Reason(place, "not asked for any more"),),
            )
        )

    def _gone_from_book(self, shown: str, reason: Reason) -> None:
        folder = shown.rpartition("/")[0] + "/"
        for name in (shown, folder):
            if name in self._planned.groups:
                self._planned.groups[name].note(reason)

    def _group(self, group: Group) -> None:
        """Tell of a book of which anything has changed, or of a dataset's settings."""
        is_book = group.output.sharing == "file"
        for shown in group.files:
            row = self._before.row(_BOOK + shown)
            place = group.output.place
            if row is None:
                reasons = [Reason(place, "new")]
            else:
                about = json.loads(row.made).get("about")
                changes = settings_changes(about, group.settings)
                reasons = [Reason(place, change) for change in changes]
                reasons += group.reasons if is_book else []
                if not reasons and key_in(row) != group.key:
                    reasons = [Reason(place, "its texts are in another order")]
            if reasons and (is_book or row is not None):
                self._found.add(
                    Finding(
                        state="new" if row is None else "changed",
                        path=shown,
                        text=None,
                        voice=None,
                        reasons=tuple(reasons),
                    )
                )


def _of_text(reason: Reason, text: Text) -> Reason:
    if reason.place != text.place:
        return reason
    return Reason(reason.place, f'text "{text.id}": {reason.what}')


def _gone(text: str) -> str:
    return f'text "{text}": not asked for any more'
