"""What is known of one voice, and what that makes of a take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batchtts.completeness.doubt import SUSPICIOUS, Doubt
from batchtts.completeness.endings import BROKEN, Endings
from batchtts.completeness.pace import Expected, Pace
from batchtts.completeness.service import Service
from batchtts.completeness.units import Close, Units
from batchtts.model import Fingerprint

__all__ = ["Evidence", "VoiceRecord"]

_CLIPPED = 4.0  # the weight of clipping all the time
_HABIT = 6  # takes that are like broken ones, before that is a voice's way


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a take tells of its voice."""

    units: Units
    close: Close
    seconds: float
    ending: int
    clipped: bool = False


@dataclass(slots=True)
class VoiceRecord:
    """The takes of a voice in figures, and those still to be judged by the others."""

    pace: Pace
    endings: Endings = field(default_factory=Endings)
    _open: dict[Fingerprint, Evidence] = field(default_factory=dict)
    _counted: set[Fingerprint] = field(default_factory=set)  # of those, for the service
    _verdicts: dict[Fingerprint, Doubt | None] = field(default_factory=dict)

    @property
    def takes(self) -> int:
        """Return by how many takes the voice is known."""
        return len(self.pace)

    def add(self, evidence: Evidence) -> None:
        """Count a take."""
        self.pace.add(evidence.units, evidence.seconds)
        self.endings.add(evidence.ending, evidence.close)

    def add_open(self, fingerprint: Fingerprint, evidence: Evidence) -> None:
        """Count a take that `review` is to judge."""
        self._open[fingerprint] = evidence
        self._verdicts.pop(fingerprint, None)
        self.add(evidence)

    def is_open(self, fingerprint: Fingerprint) -> bool:
        """Say whether a take is believed only until `review` tells of it."""
        return fingerprint in self._open or fingerprint in self._verdicts

    def review(
        self, fingerprint: Fingerprint, service: Service, enough: int
    ) -> Doubt | None:
        """Return what is doubtful about a take beside the voice's others.

        All that are open are judged together, and each is told once. Until there
        are ``enough`` of them they stay open as long as others are doubtful: what
        is made anew of those may tell more.
        """
        if fingerprint not in self._verdicts:
            doubts = self._doubts(service)
            self._verdicts |= dict.fromkeys(self._open) | doubts
            for name in doubts:
                del self._open[name]
            if not doubts or self.takes >= enough:
                self._open.clear()
            self._counted &= self._open.keys()
        return self._verdicts.pop(fingerprint, None)

    def _doubts(self, service: Service) -> dict[Fingerprint, Doubt]:
        """Judge the open takes by one another, and count them for the service.

        The more of them are doubtful, the less are the others believed. Where
        none can be, all are that fit together: a voice may have ways that no
        other has.
        """
        waiting = dict(self._open)
        new = len(waiting.keys() - self._counted)
        fit = self._fit_together(waiting)
        for evidence in waiting.values():
            self._remove(evidence)
        doubts = self._doubtful(waiting, service.suspicious(new))
        if fit and len(doubts) == len(waiting):
            for evidence in waiting.values():
                self.add(evidence)
            doubts = {}
        before = 0
        while before < len(doubts) < len(waiting):
            before = len(doubts)
            for name, evidence in waiting.items():
                if name not in doubts:
                    self._remove(evidence)
            doubts = self._doubtful(waiting, service.suspicious(new, before))
        service.count(new, len(doubts))
        self._counted.update(waiting)
        return doubts

    def _doubtful(
        self, waiting: Mapping[Fingerprint, Evidence], suspicious: float
    ) -> dict[Fingerprint, Doubt]:
        """Count those that can be believed, the least doubtful first; doubt the rest.

        Each that is believed counts when the next is judged, and no other does:
        else broken takes would vouch for one another.
        """
        left = dict(waiting)
        doubts: dict[Fingerprint, Doubt] = {}
        while left:
            doubts = {name: self.weigh(evidence) for name, evidence in left.items()}
            best = min(doubts, key=lambda name: doubts[name].weight)
            if doubts[best].weight >= suspicious:
                return doubts
            self.add(left.pop(best))
        return {}

    def _fit_together(self, waiting: Mapping[Fingerprint, Evidence]) -> bool:
        """Say whether none of the takes is doubtful beside all others.

        A few show no way of a voice: not those that end as broken ones do, whatever
        the others are like, nor two that are equally far too short.
        """
        broken = sum(evidence.ending in BROKEN for evidence in waiting.values())
        if len(waiting) < _HABIT or 0 < broken < _HABIT:
            return False
        for evidence in waiting.values():
            self._remove(evidence)
            doubt = self.weigh(evidence)
            self.add(evidence)
            if doubt.weight >= SUSPICIOUS:
                return False
        return self.pace.is_steady

    def weigh(self, evidence: Evidence) -> Doubt:
        """Weigh a take that is not counted; the doubt may be none at all."""
        expected = self.pace.expect(evidence.units)
        length = expected.surprise(evidence.seconds)
        ending = self.endings.surprise(evidence.ending, evidence.close)
        clipped = _CLIPPED if evidence.clipped else 0.0
        if clipped > max(length, ending):
            reason = "clipped throughout"
        elif ending > length:
            reason = f"ends as if cut off, after {evidence.seconds:.2f} s"
        else:
            reason = _length_reason(evidence.seconds, expected)
        weight = length + ending + clipped
        return Doubt(reason, weight, evidence.seconds, evidence.ending)

    def _remove(self, evidence: Evidence) -> None:
        self.pace.remove(evidence.units, evidence.seconds)
        self.endings.remove(evidence.ending, evidence.close)


def _length_reason(seconds: float, expected: Expected) -> str:
    shortest_s, longest_s = expected.range_s()
    return (
        f"{seconds:.2f} s of speech where this voice should need {shortest_s:.2f} to "
        f"{longest_s:.2f} s"
    )
