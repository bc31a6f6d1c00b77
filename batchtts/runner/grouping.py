"""What many outputs have in common that are out of date, told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from batchtts.model import Place
from batchtts.runner.finding import Finding, State

__all__ = ["Group", "grouped"]


@dataclass(frozen=True, slots=True)
class Group:
    """Outputs that are out of date for one reason."""

    state: State
    place: Place
    what: str
    findings: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        """Give ``lines.csv:3: line "greet" in voice "clerk": text changed (path)``."""
        return f"{self.place}: {self.sentence}"

    @property
    def sentence(self) -> str:
        """Say what it is, but not where."""
        first, more = self.findings[0], len(self.findings) - 1
        paths = first.path if not more else f"{first.path} and {more:,} more"
        whose = ""
        if not more and first.text is not None and not self.what.startswith("voice "):
            whose = f'line "{first.text}" in voice "{first.voice}": '
        return f"{whose}{self.what} ({paths})"


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """Bring findings together that have their reason and its place in common.

    One that has several reasons is in as many groups.
    """
    groups: dict[tuple[str, Place, str], Group] = {}
    for finding in findings:
        for reason in finding.reasons:
            key = finding.state, reason.place, reason.what
            group = groups.get(key)
            if group is None:
                group = groups[key] = Group(finding.state, reason.place, reason.what)
            group.findings.append(finding)
    return list(groups.values())
