"""Telling whoever listens to a run what happens."""

from __future__ import annotations

from batchtts.events import Event, OnEvent, RunPlanned, Warned
from batchtts.plan import Survey

__all__ = ["Told", "planned"]


class Told:
    """Passes events on; whoever listens cannot end the run by failing."""

    def __init__(self, on_event: OnEvent | None) -> None:
        """Tell ``on_event``, if there is one; warnings are kept."""
        self._on_event = on_event
        self.warnings: list[str] = []

    def __call__(self, event: Event) -> None:
        """Pass an event on."""
        if isinstance(event, Warned):
            self.warnings.append(event.message)
        if self._on_event is None:
            return
        try:
            self._on_event(event)
        except Exception as exc:  # noqa: BLE001 - it is another's code
            self._on_event = None
            self.warnings.append(f"progress is no longer told: {exc!r}")


def planned(size: Survey) -> RunPlanned:
    """Return what is told of a job before it is worked on."""
    return RunPlanned(
        size.texts, size.readings, size.outputs, size.characters, size.utterances
    )
